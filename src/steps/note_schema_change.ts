import { type SchemaPart, schemaParts } from "../content/schema_parts.ts";
import { printable } from "../printable.ts";
import { readSchema } from "../source/schema.ts";
import type { ExportRun } from "./export_run.ts";

/** So many parts that changed are named. */
const NAMED = 10;

/**
 * Notes it if the schema isn't what it was when the export began: records that were read since may not fit
 * the one that was exported.
 *
 * @param run The export.
 * @param signal Aborts the reading.
 * @throws {CmaError} If the schema can't be read.
 */
export async function noteSchemaChange(run: ExportRun, signal: AbortSignal): Promise<void> {
  const { schema } = await readSchema(run.client, signal);
  const changed = differing(schemaParts(run.project.schema), schemaParts(schema));
  if (changed.length === 0) return;
  const names = changed.slice(0, NAMED).map(({ name }) => printable(name)).join(", ");
  run.find(
    "schema_changed",
    `The schema changed while the project was read (${names}${
      changed.length > NAMED ? ", …" : ""
    }): records may hold what the exported schema doesn't have, or the other way round; export again.`,
  );
}

/** Parts that are new, gone or not the same. */
function differing(
  before: ReadonlyMap<string, SchemaPart>,
  after: ReadonlyMap<string, SchemaPart>,
): SchemaPart[] {
  const gone = before.entries().filter(([id]) => !after.has(id));
  const other = after.entries().filter(([id, { text }]) => before.get(id)?.text !== text);
  return [...gone, ...other].map(([, part]) => part);
}
