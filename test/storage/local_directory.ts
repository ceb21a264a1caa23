import { LocalStorage } from "../../src/storage/local/local_storage.ts";
import type { Storage } from "../../src/storage/storage.ts";
import type { OpenedStorage } from "./opened_storage.ts";
import { join } from "node:path";
import { temporaryPath } from "../support/temporary.ts";

/** A directory of its own for a test, removed afterwards. */
export async function temporaryDirectory(): Promise<{ path: string } & AsyncDisposable> {
  const path = await temporaryPath();
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}

/** Everything in a directory that isn't a file with a name of its own. */
export async function leftoversIn(root: string, base = ""): Promise<string[]> {
  const found: string[] = [];
  const entries = await Array.fromAsync(Deno.readDir(join(root, base)))
    .catch((error) => error instanceof Deno.errors.NotFound ? [] : Promise.reject(error));
  if (entries.length === 0 && base !== "") found.push(base);
  for (const entry of entries) {
    if (entry.isDirectory) found.push(...await leftoversIn(root, `${base}${entry.name}/`));
    else if (entry.name.startsWith(".sluice-")) found.push(base + entry.name);
  }
  return found;
}

/** Replaces a method until disposed. */
export function patch<T extends object, K extends keyof T>(
  target: T,
  name: K,
  method: T[K],
): Disposable {
  const original = target[name];
  target[name] = method;
  return {
    [Symbol.dispose]() {
      target[name] = original;
    },
  };
}

/**
 * Opens a storage in a new directory.
 *
 * @param around Puts another storage around it.
 */
export async function openLocal(
  around: (storage: Storage) => Storage = (storage) => storage,
): Promise<OpenedStorage> {
  const directory = await temporaryDirectory();
  const root = join(directory.path, "not made", "yet");
  const patches = new DisposableStack();
  return {
    storage: around(new LocalStorage(root)),
    leftovers: () => leftoversIn(root),
    maxHeld: 256 * 1024,
    sizes: [65_536, 256 * 1024, 256 * 1024 + 1],
    holdWrites() {
      const waiting = Promise.withResolvers<void>();
      const released = Promise.withResolvers<void>();
      const write = Deno.FsFile.prototype.write;
      patches.use(patch(Deno.FsFile.prototype, "write", async function (this: Deno.FsFile, bytes) {
        waiting.resolve();
        await released.promise;
        return await write.call(this, bytes);
      }));
      return { waiting: waiting.promise, release: released.resolve };
    },
    async [Symbol.asyncDispose]() {
      patches.dispose();
      await directory[Symbol.asyncDispose]();
    },
  };
}
