import { type SchemaPart, schemaParts } from "../../content/schema_parts.ts";
import { fewNames, printable } from "../../text/printable.ts";
import { CmaError } from "../../source/datocms/cma_error.ts";
import type { CmaClient } from "../../source/datocms/cma_client.ts";
import { type ProjectSchema, readSchema } from "../../source/datocms/schema.ts";
import type { Journal } from "../journal.ts";

/** What {@linkcode noteSchemaChange} uses. */
export interface SchemaChangeParts {
  /** Reads from the API. */
  readonly client: CmaClient;
  /** The project as it was when the export began. */
  readonly project: ProjectSchema;
  /** Where it is noted. */
  readonly journal: Pick<Journal, "addFinding">;
}

/**
 * Notes it if the schema isn't what it was when the export began: records that were read since may not fit
 * the one that was exported.
 *
 * @param parts What is read again, and where it is noted.
 * @param signal Aborts the reading.
 * @throws {CmaError} If the schema can't be read, or is another environment's.
 */
export async function noteSchemaChange(
  { client, project, journal }: SchemaChangeParts,
  signal: AbortSignal,
): Promise<void> {
  const { schema, environment } = await readSchema(client, signal);
  assertSamePrimary({ client, project }, environment);
  const changed = differing(schemaParts(project.schema), schemaParts(schema));
  if (changed.length === 0) return;
  journal.addFinding(
    "schema_changed",
    `The schema changed while the project was read (${
      fewNames(changed.map(({ name }) => name))
    }): records may hold what the exported schema doesn't have, or the other way round; export again.`,
  );
}

/** Requests that name no environment are answered from the one that is the primary one just then. */
function assertSamePrimary(
  { client, project }: Pick<SchemaChangeParts, "client" | "project">,
  now: string | undefined,
): void {
  const { environment: before } = project;
  if (client.environment !== undefined || before === undefined || now === undefined) return;
  if (before === now) return;
  throw new CmaError(
    `Expected the primary environment to be ${printable(before, 60)} until the export's end, but ` +
      `now it is ${printable(now, 60)}, so parts of the snapshot may be of either: export again.`,
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
