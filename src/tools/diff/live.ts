import { SluiceError } from "../../error.ts";
import type { FoundSnapshot } from "../../snapshot/find_snapshot.ts";
import { LocalStorage } from "../../storage/local/local_storage.ts";
import type { Storage } from "../../storage/storage.ts";
import { selectSnapshots } from "../list.ts";
import type { SnapshotSource } from "./diff_side.ts";
import { makeLiveDirectory } from "./live_directory.ts";

/**
 * An environment as it is now, as a snapshot in a temporary directory, which goes when it is disposed, or is removed by
 * the next one that is made beside it if the program was killed.
 *
 * @param exportTo Exports the environment to a storage.
 * @param signal Aborts the search for what was exported.
 * @param within The directory that the temporary one is made in. Default: that of the system.
 * @return The snapshot, called `live`.
 * @throws What the export throws.
 *
 * @example
 * ```ts no-eval
 * import { exportProject, LocalStorage } from "@sluice/datocms";
 * import { diffSnapshots, liveSnapshot } from "@sluice/datocms/tools";
 *
 * const storage = new LocalStorage("./backups");
 * const options = { apiToken: Deno.env.get("DATOCMS_API_TOKEN")!, assets: false, tables: false };
 * await exportProject({ ...options, storage });
 * await using live = await liveSnapshot((storage) => exportProject({ ...options, storage }));
 * for await (const page of diffSnapshots({ storage, snapshot: "latest" }, live)) {
 *   console.log(page.length);
 * }
 * ```
 */
export async function liveSnapshot(
  exportTo: (storage: Storage) => Promise<unknown>,
  signal: AbortSignal = new AbortController().signal,
  within?: string,
): Promise<SnapshotSource & { readonly snapshot: FoundSnapshot } & AsyncDisposable> {
  const directory = await makeLiveDirectory(within);
  const remove = () => directory[Symbol.asyncDispose]() as Promise<void>;
  try {
    const storage = new LocalStorage(`${directory.path}/snapshot`);
    await exportTo(storage);
    const [found] = await selectSnapshots(storage, {}, signal);
    if (found === undefined) throw new SluiceError("The export has written no snapshot.");
    return { storage, snapshot: { ...found, name: "live" }, [Symbol.asyncDispose]: remove };
  } catch (error) {
    await remove();
    throw error;
  }
}
