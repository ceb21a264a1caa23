import { type ObjectInfo, ObjectNotFoundError, type Storage } from "../storage/storage.ts";
import { shownAddress } from "../text/printable.ts";
import { CANARY, CLAIM, MANIFEST } from "./layout.ts";
import { LostLockError, PAUSED, TakenOverError } from "./lock/lock_errors.ts";
import { objectDigest } from "./object_digest.ts";
import { readManifest } from "./read_manifest.ts";

/**
 * A snapshot that an export has claimed, as the one who has the lock sees it. Whoever resumes it writes
 * its claim anew.
 */
export class ClaimedSnapshot {
  readonly #storage: Storage;
  readonly #prefix: string;
  readonly #sha256: string;

  /**
   * @param storage Where it is.
   * @param prefix Where it lies in there, without a trailing slash.
   * @param sha256 SHA-256 of its claim as it was written, in hexadecimal.
   */
  constructor(storage: Storage, prefix: string, sha256: string) {
    this.#storage = storage;
    this.#prefix = prefix;
    this.#sha256 = sha256;
  }

  /**
   * The key whose object says that nothing may be put at a key any more.
   *
   * @param key The key.
   */
  sealOf(key: string): string | undefined {
    return key.startsWith(`${this.#prefix}/`) ? `${this.#prefix}/${CANARY}` : undefined;
  }

  /**
   * Makes sure that nobody else has resumed it.
   *
   * @param signal Ends the reading.
   * @throws {LostLockError} If somebody has.
   * @throws {StorageError} If it can't be read.
   */
  async assertUnchanged(signal: AbortSignal): Promise<void> {
    const key = `${this.#prefix}/${CLAIM}`;
    const found = await objectDigest(this.#storage, key, signal).catch(nothingIfNotFound);
    if (found?.sha256 === this.#sha256) return;
    const address = shownAddress(`${this.#storage.url}/${this.#prefix}`);
    if (found === undefined) {
      throw new LostLockError(
        `The export was stopped because its snapshot ${address} was deleted while it wrote: export again.`,
      );
    }
    throw new TakenOverError(
      await this.#isSealed(signal)
        ? `The export was stopped because another one has completed its snapshot ${address} ${PAUSED}: ` +
          "nothing was changed in it, and there is nothing left to do."
        : `The export was stopped because another one has continued its snapshot ${address} ${PAUSED}: ` +
          "wait for that one to end, then export again.",
    );
  }

  /**
   * Takes back an object that came after somebody else had sealed the snapshot, which doesn't know it. Before
   * the seal it is for the other one to see what is there.
   *
   * @param info The object, which was created by this process.
   * @param signal Ends it.
   * @throws {StorageError} If it can't be deleted.
   */
  async withdraw({ key, etag }: ObjectInfo, signal: AbortSignal): Promise<void> {
    if (this.sealOf(key) === undefined || !await this.#isSealed(signal)) return;
    const path = key.slice(this.#prefix.length + 1);
    const { objects } = await readManifest(this.#storage, this.#prefix, signal);
    if ([MANIFEST, CANARY].includes(path) || objects.some((object) => object.path === path)) return;
    const found = await this.#storage.stat(key, { signal });
    if (found !== undefined && found.etag === etag) await this.#storage.delete([key], { signal });
  }

  async #isSealed(signal: AbortSignal): Promise<boolean> {
    return await this.#storage.stat(`${this.#prefix}/${CANARY}`, { signal }) !== undefined;
  }
}

function nothingIfNotFound(error: unknown): undefined {
  if (!(error instanceof ObjectNotFoundError)) throw error;
}
