import * as z from "zod";
import { type ItemReference, referencesOf } from "../../content/item_references.ts";
import type { Item, Version } from "../../content/resource.ts";
import { jsonAnswer } from "../answer.ts";
import { type Call, queryOf, snapshotOf } from "../call.ts";
import { notThere } from "../failure.ts";
import type { Wanted } from "../places.ts";
import { references } from "../schemas.ts";
import { type OpenedSnapshot, shown } from "../shelf.ts";
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
    const { params: { id = "" }, signal } = call;
    return await jsonAnswer(call, opened, async () => {
      const { snapshot } = opened;
      const item = (await snapshot.record(id, { signal }))?.[version];
      if (item === undefined) throw notThere(`${version} version of a record ${shown(id)} here`);
      const schema = await snapshot.schema({ signal });
      const outgoing = new Map<string, { type: "item" | "upload"; id: string }>();
      for (const { type, id } of referencesOf(item, schema)) {
        outgoing.set(`${type} ${id}`, { type, id });
      }
      const wanted = { type: "item", id } as const;
      const { found, total } = await referrersOf(call, opened, wanted, { version, most: MOST });
      const incoming = found.map((one) => ({
        id: one.id,
        model: schema.itemTypeOf(one)?.attributes.api_key ?? null,
      }));
      return { out: [...outgoing.values()], in: incoming, total };
    });
  },
}];

/**
 * The records that refer to a record or an upload, in links, blocks and texts.
 *
 * @param call The request.
 * @param opened The snapshot.
 * @param to What they refer to.
 * @param options Which versions of them, and how many are read at most.
 * @return Them, model by model, and how many there are in all.
 * @throws {ServeError} If too much is being read through.
 */
export async function referrersOf(
  { service: { shelf }, signal }: Call,
  opened: OpenedSnapshot,
  { type, id }: Pick<ItemReference, "type" | "id">,
  { version, most }: { readonly version: Version; readonly most: number },
): Promise<{ readonly found: readonly Item[]; readonly total: number }> {
  const schema = await opened.snapshot.schema({ signal });
  const wanted: Wanted<Item> = {
    groups: schema.models.map(({ attributes }) => {
      return opened.content.recordBatches(attributes.api_key, version);
    }),
    entriesOf: (one) => [one],
    matches: (one) => referencesOf(one, schema).some((own) => own.type === type && own.id === id),
  };
  const places = await shelf.places(opened, JSON.stringify(["to", version, type, id]), wanted);
  const found = await shelf.slice(opened, places, wanted, [0, most], signal);
  return { found, total: places.count };
}
