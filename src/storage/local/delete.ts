import { basename, dirname, join } from "node:path";
import { removeFile } from "./files.ts";
import type { LocalRoot } from "./root.ts";
import type { DeleteOptions } from "../storage.ts";

/** How many files are removed at a time. */
const AT_A_TIME = 64;

/**
 * Removes files, and the directories that this leaves empty.
 *
 * @param root The directory that they are in.
 * @param paths Their paths; those that aren't there are fine.
 * @param options The signal, and what is asked before each file.
 * @throws {StorageError} If one can't be removed.
 */
export async function removeFiles(
  root: LocalRoot,
  paths: readonly string[],
  { signal, fence }: DeleteOptions = {},
): Promise<void> {
  const emptied = new Set(paths.map((path) => dirname(path)));
  const directories = new Map<string, string>();
  for (const directory of emptied) {
    const find = () => root.realPath(directory);
    const real = await root.attempt("delete files", directory, find);
    if (real !== undefined) directories.set(directory, real);
  }
  const found = paths.flatMap((path) => {
    const real = directories.get(dirname(path));
    return real === undefined ? [] : [join(real, basename(path))];
  });
  for (let i = 0; i < found.length; i += AT_A_TIME) {
    signal?.throwIfAborted();
    const some = found.slice(i, i + AT_A_TIME);
    // One that can't be removed doesn't leave the others to themselves.
    const ends = await Promise.allSettled(some.map(async (path) => {
      await fence?.check();
      await removeFile(path);
    }));
    for (const end of ends) if (end.status === "rejected") throw end.reason;
  }
  for (const directory of emptied) {
    // A set's loop also visits what is added meanwhile, up to the root.
    if (directory !== root.path) emptied.add(dirname(directory));
  }
  const deepestFirst = [...emptied].sort((a, b) => b.length - a.length);
  await root.removeEmptyDirectories(deepestFirst);
}
