import { toText } from "@std/streams/to-text";
import { delay } from "../async/delay.ts";
import { hashNumber } from "../text/hash_number.ts";
import {
  DeletionRefusedError,
  ObjectExistsError,
  ObjectNotFoundError,
  type Storage,
} from "../sink/storage.ts";
import { holdKey, hostName, type LockContent, parseLock } from "./lock_content.ts";

/** A lock that is there. */
export interface FoundLock {
  /** Its whole text: it changes with each renewal. */
  readonly text: string;
  /** What it says, if that can be understood. */
  readonly content: LockContent | undefined;
}

/** How often the trace of a dead process's hold is tried to be removed. */
const REMOVALS = 20;

const ENCODER = new TextEncoder();
const AS_JSON = { contentType: "application/json" } as const;

/** Options of {@linkcode LockFile}. */
export interface LockFileOptions {
  /** The key that holds are named after, if it isn't the lock's own. */
  readonly holdsOf?: string | undefined;
}

/** An object that only one process at a time has: it creates, renews, and finally deletes it. */
export class LockFile {
  /** The object's key. */
  readonly key: string;
  readonly #storage: Storage;
  readonly #holdsOf: string;

  /**
   * Names a lock; nothing is read or written.
   *
   * @param storage Where the lock is.
   * @param key Its key.
   * @param options What its owner holds.
   */
  constructor(storage: Storage, key: string, { holdsOf = key }: LockFileOptions = {}) {
    this.#storage = storage;
    this.key = key;
    this.#holdsOf = holdsOf;
  }

  /**
   * Creates the lock.
   *
   * @return Whether there was none.
   * @throws {StorageError} If it can't be written.
   */
  async create(content: LockContent, signal: AbortSignal): Promise<boolean> {
    try {
      await this.#put(content, signal, true);
      return true;
    } catch (error) {
      if (error instanceof ObjectExistsError) return false;
      throw error;
    }
  }

  /**
   * Writes the lock anew.
   *
   * @throws {StorageError} If it can't be written.
   */
  async renew(content: LockContent, signal: AbortSignal): Promise<void> {
    await this.#put(content, signal, false);
  }

  /**
   * The lock, or `undefined` if there is none.
   *
   * @throws {StorageError} If it can't be read.
   */
  async read(signal: AbortSignal): Promise<FoundLock | undefined> {
    try {
      const text = await toText(await this.#storage.get(this.key, { signal }));
      return { text, content: parseLock(text) };
    } catch (error) {
      if (error instanceof ObjectNotFoundError) return undefined;
      throw error;
    }
  }

  /**
   * Deletes the lock if it is the owner's. Where that is forbidden, it then says that it is over.
   *
   * @throws {StorageError} If it can't be read, or neither deleted nor written.
   */
  async release(owner: string, signal: AbortSignal): Promise<void> {
    const found = await this.read(signal);
    if (found?.content?.owner === owner) await this.#end(found.content, signal);
  }

  /**
   * Takes a lock that says that it is over, in the place of just that one.
   *
   * @param found The lock.
   * @param mine What it is to say.
   * @return Whether it is taken now.
   * @throws {StorageError} If something can't be read or written.
   */
  async take(found: FoundLock, mine: LockContent, signal: AbortSignal): Promise<boolean> {
    const info = await this.#storage.stat(this.key, { signal });
    const isStill = async () => (await this.read(signal))?.text === found.text;
    if (info?.etag !== undefined && this.#storage.replace !== undefined) {
      // Read once more, as the tag may be of what came after.
      if (!await isStill()) return false;
      const options = { ...AS_JSON, signal };
      const taken = await this.#storage.replace(this.key, info.etag, toBytes(mine), options);
      if (taken !== undefined) return taken;
    }
    const guard = this.#guardOf(found);
    if (!await guard.#obtain(mine, signal)) return false;
    try {
      if (!await isStill()) return false;
      await this.renew(mine, signal);
      return true;
    } finally {
      await guard.release(mine.owner, signal);
    }
  }

  /**
   * Deletes a lock that doesn't count any more. Of several processes that find it so only one may delete
   * it, or the slower ones would delete the lock that the first one has created since: so each creates a lock on
   * the deletion of just this text. Who is killed while it holds that one leaves a lock that expires, too.
   *
   * @param found The lock.
   * @param mine What a lock of one's own says.
   * @return Whether there is a chance to create the lock now.
   * @throws {StorageError} If something can't be read or written.
   */
  async remove(
    found: FoundLock,
    mine: LockContent,
    signal: AbortSignal,
    depth = 0,
  ): Promise<boolean> {
    const guard = this.#guardOf(found);
    const isMine = await guard.#obtain(mine, signal, depth);
    if (!isMine) return isMine === undefined;
    try {
      const now = await this.read(signal);
      if (now === undefined || now.text !== found.text) return true;
      // The storage's own clock has the last word: clocks of machines differ.
      const isDead = await this.#isDead(found, signal);
      if (!isDead && !await this.#hasExpired(found, guard, signal)) return false;
      await this.#end(found.content ?? mine, signal);
      if (isDead) await this.#removeHold(found, signal);
      return true;
    } finally {
      await guard.release(mine.owner, signal);
    }
  }

  /**
   * Whether a lock doesn't count any more: it says so, it has expired, or was left by a process of this
   * machine that has ended. One that can't be understood counts for a while, too: it may be half-written.
   *
   * @throws {StorageError} If it can't be looked at.
   */
  async isOver(found: FoundLock, signal: AbortSignal): Promise<boolean> {
    if (found.content?.released) return true;
    return await this.#isExpired(found, signal) || await this.#isDead(found, signal);
  }

  /** Whether it has by the owner's clock or by the storage's: the owner's may be hours ahead. */
  async #isExpired({ content }: FoundLock, signal: AbortSignal): Promise<boolean> {
    if (content && Date.parse(content.expiresAt) < Date.now()) return true;
    const info = await this.#storage.stat(this.key, { signal });
    return (info?.modifiedAt?.getTime() ?? Date.now()) < Date.now() - ttlOf(content);
  }

  /** Whether the owner was a process of this machine, and has ended. */
  async #isDead({ content }: FoundLock, signal: AbortSignal): Promise<boolean> {
    // Elsewhere locks of the file system may not be known.
    if (!content?.held || content.host === null || content.host !== await hostName()) return false;
    const key = holdKey(this.#holdsOf, content.owner);
    return await this.#storage.isHeld?.(key, { signal }) === false;
  }

  /** Removes what the owner, which is dead, held. */
  async #removeHold({ content }: FoundLock, signal: AbortSignal): Promise<void> {
    if (content === undefined) return;
    const key = holdKey(this.#holdsOf, content.owner);
    for (let attempt = 1; attempt <= REMOVALS; attempt++) {
      // Its end removes every trace of it. Others may be looking at it right now.
      await using hold = await this.#storage.hold?.(key, { signal });
      if (hold !== undefined) return;
      await delay(attempt, signal);
    }
  }

  /** Whether the storage, too, says that the lock is that old. */
  async #hasExpired(
    { content }: FoundLock,
    guard: LockFile,
    signal: AbortSignal,
  ): Promise<boolean> {
    const [old, young] = [
      await this.#storage.stat(this.key, { signal }),
      await this.#storage.stat(guard.key, { signal }),
    ];
    if (old?.modifiedAt === undefined || young?.modifiedAt === undefined) return true;
    return young.modifiedAt.getTime() - old.modifiedAt.getTime() >= ttlOf(content);
  }

  async #put(content: LockContent, signal: AbortSignal, ifAbsent: boolean): Promise<void> {
    await this.#storage.put(this.key, toBytes(content), { ...AS_JSON, signal, ifAbsent });
  }

  /**
   * Creates the lock, or takes one that is over.
   *
   * @return Whether that was done; `undefined` if there is a chance to do it now.
   */
  async #obtain(mine: LockContent, signal: AbortSignal, depth = 0): Promise<boolean | undefined> {
    if (await this.create(mine, signal)) return true;
    const other = await this.read(signal);
    if (other === undefined) return undefined;
    if (other.content?.released) return await this.take(other, mine, signal) || undefined;
    if (depth > 2 || !await this.isOver(other, signal)) return false;
    return await this.remove(other, mine, signal, depth + 1) ? undefined : false;
  }

  /** Deletes the lock; where that is forbidden, writes that it is over. */
  async #end(content: LockContent, signal: AbortSignal): Promise<void> {
    try {
      await this.#storage.delete([this.key], { signal });
    } catch (error) {
      if (!(error instanceof DeletionRefusedError)) throw error;
      // Who doesn't know the mark sees that it has expired.
      const { renewedAt } = content;
      await this.#put({ ...content, expiresAt: renewedAt, released: true }, signal, false);
    }
  }

  /** The lock on the deletion of just this text. */
  #guardOf(found: FoundLock): LockFile {
    const key = `${this.key}.${hashNumber(found.text).toString(36)}`;
    return new LockFile(this.#storage, key, { holdsOf: this.#holdsOf });
  }
}

function toBytes(content: LockContent): Uint8Array<ArrayBuffer> {
  return ENCODER.encode(`${JSON.stringify(content, null, 2)}\n`);
}

/** How long a lock that can't be understood counts, in milliseconds. */
const UNREADABLE_MS = 120_000;

/** How long a lock counts after it was written, in milliseconds. */
function ttlOf(content: LockContent | undefined): number {
  if (content === undefined) return UNREADABLE_MS;
  return Date.parse(content.expiresAt) - Date.parse(content.renewedAt);
}
