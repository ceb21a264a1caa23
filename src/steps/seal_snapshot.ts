import type { Manifest } from "../snapshot/manifest.ts";
import { VERSION } from "../version.ts";
import type { ExportContext } from "./export_context.ts";
import { notesOf } from "./notes_of.ts";
import { shapingOptions } from "./shaping_options.ts";

/**
 * Makes a snapshot complete. Everything has to be written.
 *
 * @param context The export.
 * @param assets What became of the asset files, if they were fetched.
 * @return The snapshot's manifest.
 * @throws {StorageError} If it can't be written.
 */
export async function sealSnapshot(
  { run, snapshot, checkpoints, options, startedAt }: ExportContext,
  assets: Manifest["assets"],
): Promise<Manifest> {
  const { site, environment } = run.project;
  const sealed = snapshot.seal({
    tool: { name: "sluice", version: VERSION },
    project: { id: site.id, name: run.projectName },
    environment: { id: run.sandbox ?? environment ?? null, primary: run.sandbox === undefined },
    locales: site.attributes.locales,
    startedAt: startedAt.toISOString(),
    endedAt: new Date().toISOString(),
    options: shapingOptions(options),
    resources: run.resources,
    records: run.records,
    ...(assets === undefined ? {} : { assets }),
    ...notesOf(run),
  }, () => checkpoints.delete());
  const manifest = await sealed.catch(async (error) => {
    // What --resume needs may be gone already.
    await checkpoints.save().catch(() => {});
    throw error;
  });
  run.emit({ type: "sealed", snapshot: snapshot.address });
  return manifest;
}
