import assert from "node:assert/strict";
import type { Storage } from "../../src/storage/storage.ts";
import { assertBytes, collect } from "./bodies.ts";

/** A storage to test, empty, and what only its maker can tell of it. */
export interface OpenedStorage extends AsyncDisposable {
  /** The storage. */
  readonly storage: Storage;
  /** Names of everything that is there and isn't an object: unfinished files, uploads, empty directories. */
  leftovers(): Promise<readonly string[]>;
  /**
   * Makes every write wait until the returned function is called.
   * `waiting` is fulfilled when the first write waits.
   */
  holdWrites(): { readonly waiting: Promise<void>; readonly release: () => void };
  /** How many bytes of a body a put may hold while its writes wait. */
  readonly maxHeld: number;
  /** The sizes that are worth trying: around the storage's own limits. */
  readonly sizes?: readonly number[];
}

/** Registers a test on a storage of its own. */
export function testOpened(
  name: string,
  open: () => Promise<OpenedStorage>,
  run: (opened: OpenedStorage) => Promise<void>,
): void {
  Deno.test(name, async () => {
    await using opened = await open();
    await run(opened);
  });
}

/** Checks that a failed put left the storage as it was. */
export async function assertUntouched(
  { storage, leftovers }: OpenedStorage,
  key: string,
  before?: Uint8Array<ArrayBuffer>,
): Promise<void> {
  if (before === undefined) assert.equal(await storage.stat(key), undefined);
  else await assertBytes(await storage.get(key), before);
  const keys = (await collect(storage.list(""))).flat().map((info) => info.key);
  assert.deepEqual(keys, before === undefined ? [] : [key]);
  assert.deepEqual(await leftovers(), []);
}

/** A text's bytes. */
export function text(string: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(string);
}
