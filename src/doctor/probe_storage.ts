import { collectBytes } from "../async/collect_bytes.ts";
import { limited } from "../async/limited.ts";
import { withGrace } from "../storage/grace.ts";
import { isDenied, S3Error } from "../storage/s3/s3_error.ts";
import type { Storage } from "../storage/storage.ts";
import { DeletionRefusedError, StorageError } from "../storage/storage.ts";
import type { DoctorCheck } from "./check.ts";

/** What is tried with a storage. */
export type ProbeAction = "write" | "read" | "list" | "delete";

/** What {@linkcode probeStorage} takes. */
export interface ProbeOptions {
  /** What puts a failure right. */
  readonly fixFor?: ((action: ProbeAction, error: StorageError) => string | undefined) | undefined;
  /** Ends the probe; what it wrote is removed all the same. */
  readonly signal?: AbortSignal | undefined;
}

/** What came of a probe. */
export interface Probe {
  /** The checks. */
  readonly checks: readonly DoctorCheck[];
  /** Whether the storage answers at all. */
  readonly isReachable: boolean;
}

/** Both of an export's directories: credentials can have permissions on one only. */
const DIRECTORIES = ["content", "assets"];
/** Milliseconds that an aborted probe may take to remove what it wrote. */
const GRACE = 10_000;
const DONE: Readonly<Record<ProbeAction, string>> = {
  write: "Objects can be written.",
  read: "Objects can be read.",
  list: "Objects can be listed.",
  delete: "Objects can be deleted.",
};

const REFUSED =
  "without it, exports are complete all the same, but each keeps its resume/ folder, " +
  "lock.json stays, and leftovers of killed exports aren't removed";

/**
 * Tries out what an export does with a storage, on two small objects that are removed again.
 *
 * @param storage The storage.
 * @param options What puts a refusal right, and the signal.
 * @throws The signal's reason.
 */
export async function probeStorage(storage: Storage, options: ProbeOptions): Promise<Probe> {
  const { signal = new AbortController().signal, fixFor } = options;
  // What can't be removed again is written over each time.
  const id = await mayDelete(storage, signal) ? crypto.randomUUID() : "stays";
  const keys = DIRECTORIES.map((directory) => `${directory}/sluice-doctor-${id}.txt`);
  const bytes = new TextEncoder().encode(`sluice doctor ${id}\n`);
  const checks: DoctorCheck[] = [];
  const add = (name: string, status: DoctorCheck["status"], message: string, fix?: string) => {
    checks.push({
      area: "destination",
      name,
      status,
      message,
      ...(fix !== undefined && { fix }),
    });
  };
  /** Tries something with each key. Gives the keys that it works with; none if nothing else would work. */
  const attempt = async (
    action: ProbeAction,
    tried: readonly string[],
    run: (key: string) => Promise<void>,
  ): Promise<string[] | undefined> => {
    const worked: string[] = [];
    let failure: StorageError | undefined;
    for (const key of tried) {
      try {
        await run(key);
        worked.push(key);
      } catch (error) {
        signal.throwIfAborted();
        if (!(error instanceof StorageError)) throw error;
        failure ??= error;
        // Whatever it is, it concerns all that could be asked.
        if (error instanceof S3Error && !isDenied(error)) break;
      }
    }
    if (failure instanceof DeletionRefusedError) {
      const message = `${failure.message.replace(/\.$/, "")}; ${REFUSED}.`;
      add(action, "warning", message, fixFor?.(action, failure));
    } else if (failure !== undefined) {
      add(action, "problem", failure.message, fixFor?.(action, failure));
      if (failure instanceof S3Error && !isDenied(failure)) return undefined;
    } else if (tried.length > 0) add(action, "ok", DONE[action]);
    else add(action, "unknown", `Nothing could be written, so there is nothing to ${action}.`);
    return worked;
  };

  let left: readonly string[] = keys;
  try {
    const written = await attempt("write", keys, async (key) => {
      await storage.put(key, bytes, { contentType: "text/plain", signal });
    });
    if (written === undefined) return { checks, isReachable: false };
    await attempt("read", written, async (key) => {
      const found = await collectBytes(await storage.get(key, { signal }));
      if (found.toString() !== bytes.toString()) {
        throw new StorageError(
          `${storage.url}/${key} came back with other bytes than were written.`,
        );
      }
    });
    await attempt("list", keys, async (key) => {
      const pages = await Array.fromAsync(storage.list(key, { signal }));
      if (written.includes(key) && !pages.flat().some((info) => info.key === key)) {
        throw new StorageError(`${storage.url}/${key} isn't listed right after it was written.`);
      }
    });
    const deleted = await attempt("delete", written, async (key) => {
      await withGrace(signal, GRACE, (signal) => storage.delete([key], { signal }));
    });
    if (deleted?.length === written.length) left = [];
    const kept = written.filter((key) => !deleted?.includes(key));
    if (kept.length > 0) {
      add("probe", "warning", `What was written for this test is still there: ${kept.join(", ")}.`);
    }
    return { checks, isReachable: true };
  } finally {
    // A put whose answer was lost may have written all the same.
    if (left.length > 0) await removeAll(storage, left);
  }
}

/** Whether objects can be removed again; what else is wrong, writing will tell. */
async function mayDelete(storage: Storage, signal: AbortSignal): Promise<boolean> {
  try {
    return await storage.mayDelete?.(`${DIRECTORIES[0]}/sluice-doctor.txt`, { signal }) ?? true;
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof StorageError) return true;
    throw error;
  }
}

async function removeAll(storage: Storage, keys: readonly string[]): Promise<void> {
  // If it can't be removed, why not is told already.
  await limited(GRACE, undefined, (signal) => storage.delete(keys, { signal })).catch(() => {});
}
