import { concurrently } from "../../async/concurrently.ts";
import { modelPath } from "../../snapshot/layout.ts";
import type { ExportContext } from "../export_context.ts";

/** Writes the site, and a file for each model and block model. */
export async function writeSchema(
  { run, snapshot }: Pick<ExportContext, "run" | "snapshot">,
  signal: AbortSignal,
): Promise<void> {
  const { document, schema } = run.project;
  const site = await snapshot.putJson("site.json", document);
  run.resources.site = { count: 1, bytes: site.size };
  let bytes = 0;
  await concurrently(
    schema.itemTypes.map((model) => async () => {
      const included = [...schema.fields(model.id), ...schema.fieldsets(model.id)];
      const path = modelPath(model.attributes.api_key);
      // Read after the wait, as others are written meanwhile.
      const { size } = await snapshot.putJson(path, { data: model, included });
      bytes += size;
    }),
    run.concurrency,
    signal,
  );
  run.resources.models = { count: schema.itemTypes.length, bytes };
}
