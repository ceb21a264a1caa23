import * as z from "zod";
import { generatorStream } from "../../async/generator_stream.ts";
import { type Change, diffSnapshots } from "../../tools/diff.ts";
import { DiffJson } from "../../tools/diff/diff_json.ts";
import { ndjsonAnswer, wantsLines } from "../answer.ts";
import { type Call, type NamedSnapshot, queryOf, snapshotOf } from "../call.ts";
import { invalid } from "../failure.ts";
import { changeLine, changes } from "../schemas.ts";
import { shown } from "../shelf.ts";
import { covers } from "../token.ts";
import { environment, type Route } from "./route.ts";

const query = z.strictObject({
  environment,
  models: z.string().max(4000).optional()
    .describe("Only these models and their records, by api_key, separated by commas"),
});
/** What says how content is arranged; the rest says who works on it. */
const OF_CONTENT: ReadonlySet<string> = new Set([
  "item_type",
  "field",
  "fieldset",
  "site",
  "workflow",
  "menu_item",
  "schema_menu_item",
  "upload_collection",
  "upload_filter",
  "item_type_filter",
  "upload_tag",
]);
const ENCODER = new TextEncoder();

/** What differs between two snapshots. */
export const DIFF_ROUTES: readonly Route[] = [{
  path: "/projects/:project/snapshots/:snapshot/diff/:other",
  summary: "What differs between an earlier snapshot and a later one",
  scope: "preview",
  query,
  answers: { "application/json": changes, "application/x-ndjson": changeLine },
  async answer(call) {
    const models = queryOf(call, query).models?.split(",").map((one) => one.trim()).filter(Boolean);
    const [before, after] = [await snapshotOf(call), await snapshotOf(call, "other")];
    for (const model of models ?? []) await assertModel(call, [before, after], model);
    const notes: string[] = [];
    const { storage } = call.service.shelf;
    const pages = diffSnapshots({ storage, snapshot: before.found }, {
      storage,
      snapshot: after.found,
    }, { models, onNote: (note) => notes.push(note), signal: call.signal });
    const seen = visible(pages, covers(call.scope, "admin"));
    return wantsLines(call.request) ? ndjsonAnswer(seen) : documentAnswer(seen, notes);
  },
}];

async function assertModel(
  { signal }: Call,
  sides: readonly NamedSnapshot[],
  key: string,
): Promise<void> {
  for (const { snapshot } of sides) {
    const models = await snapshot.models({ signal });
    if (models.some(({ model }) => model.attributes.api_key === key)) return;
  }
  throw invalid("models", `Neither snapshot has a model ${shown(key)}.`);
}

/**
 * What of differences may be seen: not everybody is told who works on the content.
 *
 * @param pages The differences.
 * @param isAdmin Whether all may be seen.
 */
export function visible(
  pages: ReadableStream<readonly Change[]>,
  isAdmin: boolean,
): ReadableStream<readonly Change[]> {
  if (isAdmin) return pages;
  return pages.pipeThrough(
    new TransformStream(
      {
        transform(page, controller) {
          controller.enqueue(
            page.filter((one) => one.kind !== "schema" || OF_CONTENT.has(one.type)),
          );
        },
      },
    ),
  );
}

function documentAnswer(
  pages: ReadableStream<readonly Change[]>,
  notes: readonly string[],
): Response {
  const json = new DiffJson();
  const bytes = generatorStream(async function* () {
    for await (const page of pages) yield ENCODER.encode(json.render(page));
    yield ENCODER.encode(json.end(notes));
  });
  return new Response(bytes, {
    headers: { "Content-Type": "application/json; charset=utf-8", "Cache-Control": "no-store" },
  });
}
