import * as z from "zod";
import { referencesOf } from "../../content/item_references.ts";
import type { Item } from "../../content/resource.ts";
import { jsonAnswer } from "../answer.ts";
import { queryOf, snapshotOf } from "../call.ts";
import { notThere } from "../failure.ts";
import { references } from "../schemas.ts";
import { shown } from "../shelf.ts";
import { versionFor } from "../visibility.ts";
import { environment, type Route, version } from "./route.ts";

/** Records that refer to one, at most, that are named. */
const MOST = 1000;
const query = z.strictObject({ environment, version });

/** What a record refers to, and what refers to it. */
export const REFERENCE_ROUTES: readonly Route[] = [{
  path: "/projects/:project/snapshots/:snapshot/records/:id/references",
  summary: "The records and uploads that a record refers to, and the records that refer to it",
  scope: "read",
  query,
  answers: { "application/json": references },
  async answer(call) {
    const version = versionFor(call.scope, queryOf(call, query).version);
    const opened = await snapshotOf(call);
    const { params: { id = "" }, service: { shelf }, signal } = call;
    return await jsonAnswer(call, opened, async () => {
      const { snapshot } = opened;
      const item = (await snapshot.record(id, { signal }))?.[version];
      if (item === undefined) throw notThere(`${version} version of a record ${shown(id)} here`);
      const schema = await snapshot.schema({ signal });
      const outgoing = new Map<string, { type: "item" | "upload"; id: string }>();
      for (const { type, id } of referencesOf(item, schema)) {
        outgoing.set(`${type} ${id}`, { type, id });
      }
      const models = schema.models.map(({ attributes }) => attributes.api_key);
      const wanted = {
        groups: models.map((model) => opened.content.recordBatches(model, version)),
        entriesOf: (one: Item) => [one],
        matches: (one: Item) => {
          return referencesOf(one, schema).some((own) => own.type === "item" && own.id === id);
        },
      };
      const places = await shelf.places(opened, JSON.stringify(["to", version, id]), wanted);
      const found = await shelf.slice(opened, places, wanted, [0, MOST], signal);
      const incoming = found.map((one) => ({
        id: one.id,
        model: schema.itemTypeOf(one)?.attributes.api_key ?? null,
      }));
      return { out: [...outgoing.values()], in: incoming, total: places.count };
    });
  },
}];
