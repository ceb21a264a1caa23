import { PlainDirectory } from "./plain_directory.ts";
import { LocalStorage } from "../../src/storage/local/local_storage.ts";
import type { Storage } from "../../src/storage/storage.ts";

/**
 * Makes a lock look an hour older, as if that time had passed since its owner was killed.
 *
 * @param storage Where it is.
 * @param key Its key; if nothing is there, nothing is done.
 * @param age Makes the object look older, if it isn't a file.
 */
export async function expireLock(
  storage: Storage,
  key: string,
  age: (storage: Storage, key: string) => Promise<void> | void = ageFile,
): Promise<void> {
  if (await storage.stat(key) === undefined) return;
  const lock = await new Response(await storage.get(key)).json();
  const earlier = (time: string) => new Date(Date.parse(time) - 3_600_000).toISOString();
  const old = { ...lock, renewedAt: earlier(lock.renewedAt), expiresAt: earlier(lock.expiresAt) };
  await storage.put(key, new TextEncoder().encode(JSON.stringify(old)));
  await age(storage, key);
}

async function ageFile(storage: Storage, key: string): Promise<void> {
  if (!(storage instanceof LocalStorage || storage instanceof PlainDirectory)) {
    throw new TypeError("Only a file's time can be set.");
  }
  const earlier = new Date(Date.now() - 3_600_000);
  await Deno.utime(`${storage.root}/${key}`, earlier, earlier);
}
