import { concurrently } from "../../async/concurrently.ts";
import { modelPath } from "../../snapshot/layout.ts";
import type { SnapshotWriter } from "../../snapshot/snapshot_writer.ts";
import type { ProjectSchema } from "../../source/datocms/schema.ts";
import type { Tallies } from "../tallies.ts";

/** What {@linkcode writeSchema} uses. */
export interface SchemaParts {
  /** The project and its schema. */
  readonly project: Pick<ProjectSchema, "document" | "schema">;
  /** Where it is written. */
  readonly snapshot: Pick<SnapshotWriter, "putJson">;
  /** Where it is counted. */
  readonly tallies: Tallies;
  /** The most files at a time. */
  readonly concurrency: number;
}

/** Writes the site, and a file for each model and block model. */
export async function writeSchema(
  { project, snapshot, tallies, concurrency }: SchemaParts,
  signal: AbortSignal,
): Promise<void> {
  const { document, schema } = project;
  const site = await snapshot.putJson("site.json", document);
  tallies.setResource("site", { count: 1, bytes: site.size });
  let bytes = 0;
  await concurrently(
    schema.itemTypes.map((model) => async () => {
      const included = [...schema.fields(model.id), ...schema.fieldsets(model.id)];
      const path = modelPath(model.attributes.api_key);
      // Read after the wait, as others are written meanwhile.
      const { size } = await snapshot.putJson(path, { data: model, included });
      bytes += size;
    }),
    concurrency,
    signal,
  );
  tallies.setResource("models", { count: schema.itemTypes.length, bytes });
}
