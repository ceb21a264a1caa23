/**
 * Exports a project that another process serves to a directory that is removed afterwards unless it is given, and
 * says what that took.
 *
 * @module
 */
import { exportProject, LocalStorage } from "../mod.ts";
import { tell } from "./measured.ts";

/** What {@linkcode exportProject} is called with. */
export interface Exported {
  readonly url: string;
  readonly model?: string;
  readonly tables: boolean;
  readonly assets: boolean;
  /** Where to, if that stays. */
  readonly root?: string;
  readonly since?: string;
}

const { url, model, tables, assets, root: kept, since } = JSON.parse(Deno.args[0]!) as Exported;
const root = kept ?? await Deno.makeTempDir({ prefix: "sluice-bench-" });
try {
  await tell(async () => {
    const { manifest } = await exportProject({
      apiToken: "demo",
      baseUrl: url,
      assetHost: url,
      storage: new LocalStorage(root),
      models: model === undefined ? undefined : [model],
      tables,
      assets,
      since,
    });
    const versions = Object.values(manifest.records)
      .flatMap(({ current, published }) => [current, published])
      .filter((tally) => tally !== undefined);
    return {
      versions: versions.reduce((sum, { count }) => sum + count, 0),
      bytes: versions.reduce((sum, { bytes }) => sum + bytes, 0),
    };
  });
} finally {
  if (kept === undefined) await Deno.remove(root, { recursive: true });
}
