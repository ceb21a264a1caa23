import { rmdir } from "node:fs/promises";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { type Storage, StorageError } from "../storage/storage.ts";
import type { DoctorCheck } from "./check.ts";
import { probeStorage } from "./probe_storage.ts";

/** Bytes below which a disk counts as nearly full. */
const LITTLE = 1_000_000_000;

/**
 * Checks a directory: whether files can be written, read, listed and deleted, and how much fits.
 *
 * @param storage A storage with a `file:` address. A directory that isn't there isn't there afterwards.
 * @param options The signal.
 * @throws The signal's reason.
 */
export async function checkLocal(
  storage: Storage,
  options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<DoctorCheck[]> {
  const root = fileURLToPath(storage.url);
  const missing = await missingDirectories(root);
  try {
    const { checks } = await probeStorage(storage, options);
    return [...checks, ...await checkSpace(storage, root)];
  } finally {
    // What isn't an empty directory by now is someone else's; Deno.remove() would remove a file, too.
    for (const directory of missing) await rmdir(directory).catch(() => {});
  }
}

/** The directories that the probe makes, the deepest first. */
async function missingDirectories(path: string): Promise<string[]> {
  const missing: string[] = [];
  for (let directory = path; !await isThere(directory); directory = dirname(directory)) {
    missing.push(directory);
    if (directory === dirname(directory)) break;
  }
  return missing;
}

async function isThere(path: string): Promise<boolean> {
  try {
    await Deno.lstat(path);
    return true;
  } catch (error) {
    return !(error instanceof Deno.errors.NotFound);
  }
}

async function checkSpace(storage: Storage, path: string): Promise<DoctorCheck[]> {
  const common = { area: "destination", name: "free_space" } as const;
  let bytes: number | undefined;
  try {
    bytes = await storage.freeBytes?.();
  } catch (error) {
    if (!(error instanceof StorageError)) throw error;
    return [{ ...common, status: "unknown", message: error.message }];
  }
  if (bytes === undefined) {
    return [{
      ...common,
      status: "unknown",
      message: "Deno isn't allowed to check the free space.",
      fix: "Run it with --allow-sys=statfs besides the other permissions.",
    }];
  }
  const gigabytes = `${(bytes / 1e9).toFixed(1)} GB`;
  return [
    bytes < LITTLE
      ? {
        ...common,
        status: "warning",
        message: `Only ${gigabytes} are free on the disk of ${JSON.stringify(path)}.`,
        fix: "Free some space, or export to another disk.",
        code: "little_space",
      }
      : { ...common, status: "ok", message: `${gigabytes} are free.` },
  ];
}
