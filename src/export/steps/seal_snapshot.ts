import { type Manifest, statusOf } from "../../snapshot/manifest.ts";
import type { ManifestContent } from "../../snapshot/seal.ts";
import { VERSION } from "../../version.ts";
import type { ExportContext } from "../export_context.ts";
import { notesOf } from "../notes_of.ts";
import { shapingSettings } from "../export_settings.ts";

/**
 * Makes a snapshot complete. Everything has to be written.
 *
 * @param context The export.
 * @param assets What became of the asset files, if they were fetched.
 * @return The snapshot's manifest.
 * @throws {StorageError} If it can't be written.
 */
export async function sealSnapshot(
  { run, snapshot, settings, startedAt }: ExportContext,
  assets: Manifest["assets"],
): Promise<Manifest> {
  const { site, environment } = run.project;
  const endedAt = new Date().toISOString();
  const content = (): ManifestContent => ({
    tool: { name: "sluice", version: VERSION },
    project: { id: site.id, name: run.projectName },
    environment: { id: run.sandbox ?? environment ?? null, primary: run.sandbox === undefined },
    locales: site.attributes.locales,
    status: statusOf(notesOf(run)),
    startedAt: startedAt.toISOString(),
    endedAt,
    options: shapingSettings(settings),
    resources: run.resources,
    records: run.records,
    ...(assets === undefined ? {} : { assets }),
    ...notesOf(run),
  });
  const manifest = await snapshot.seal(content, (paths, reason) => {
    const what = paths.length === 1
      ? `${JSON.stringify(paths[0])}, which isn't part of it, couldn't be deleted from it`
      : `${paths.length} objects that aren't part of it couldn't be deleted from it`;
    run.addWarning(
      "leftovers",
      `The snapshot's manifest names what is left in its folder: ${what} (${reason}).`,
    );
  });
  run.emit({ type: "sealed", snapshot: snapshot.address });
  return manifest;
}
