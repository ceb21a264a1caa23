import type { PutOptions, Storage } from "../sink/storage.ts";
import { CLAIM } from "../snapshot/layout.ts";

/** Another process has made the snapshot that was due. */
export class NotDueError extends Error {
  /** The error's name. */
  override readonly name = "NotDueError";
}

const NEW_SNAPSHOT = new RegExp(`/snapshot_\\d+/${CLAIM.replace(".", "\\.")}$`);

/**
 * A storage that looks once more whether a snapshot is due before one is begun. By then the export holds its
 * lock: a process that found it due at the same time may have made it, and be gone.
 *
 * @param storage The storage.
 * @param check Throws if no snapshot is to be begun.
 * @return The same storage, of the same class.
 */
export function guardBeginning<S extends Storage>(
  storage: S,
  check: (signal: AbortSignal | undefined) => Promise<void>,
): S {
  const put: Storage["put"] = async (key: string, body, options: PutOptions = {}) => {
    if (NEW_SNAPSHOT.test(key)) await check(options.signal);
    return await storage.put(key, body, options);
  };
  return new Proxy(storage, {
    get(target, name) {
      if (name === "put") return put;
      // Its own `this`, because it has private fields.
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}
