import { toText } from "@std/streams/to-text";
import { type Clock, SYSTEM_CLOCK } from "../../async/clock.ts";
import { hashNumber } from "../../text/hash_number.ts";
import {
  type DeleteOptions,
  DeletionRefusedError,
  ObjectChangedError,
  ObjectExistsError,
  ObjectNotFoundError,
  type PutOptions,
  type Storage,
} from "../../storage/storage.ts";
import { expiryOf, holdKey, hostName, type LockContent, parseLock, ttlOf } from "./lock_content.ts";

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
  /** Tells the time, and waits. @default {SYSTEM_CLOCK} */
  readonly clock?: Clock | undefined;
}

/** What a lock is written or deleted with. */
export interface LockWriteOptions {
  /** Aborts it. */
  readonly signal: AbortSignal;
  /** Asked right before it is written or deleted. */
  readonly check?: (() => void) | undefined;
}

/** An object that only one process at a time has: it creates, renews, and finally deletes it. */
export class LockFile {
  /** The object's key. */
  readonly key: string;
  readonly #storage: Storage;
  readonly #holdsOf: string;
  readonly #clock: Clock;
  /** The tag of what this process wrote last, if that is known. */
  #tag: string | undefined;

  /**
   * Names a lock; nothing is read or written.
   *
   * @param storage Where the lock is.
   * @param key Its key.
   * @param options What its owner holds.
   */
  constructor(
    storage: Storage,
    key: string,
    { holdsOf = key, clock = SYSTEM_CLOCK }: LockFileOptions = {},
  ) {
    this.#storage = storage;
    this.key = key;
    this.#holdsOf = holdsOf;
    this.#clock = clock;
  }

  /**
   * Creates the lock.
   *
   * @return Whether there was none.
   * @throws {StorageError} If it can't be written.
   */
  async create(content: LockContent, options: LockWriteOptions): Promise<boolean> {
    try {
      await this.#put(content, options, { ifAbsent: true });
      return true;
    } catch (error) {
      if (error instanceof ObjectExistsError) return false;
      throw error;
    }
  }

  /**
   * Writes the lock anew, which has to be one's own.
   *
   * @return Whether it was still there.
   * @throws {StorageError} If it can't be written.
   */
  async renew(content: LockContent, options: LockWriteOptions): Promise<boolean> {
    const { signal } = options;
    if (this.#tag === undefined) {
      // It isn't known what became of the last one. Of what is there now, the text is looked at afterwards.
      this.#tag = (await this.#storage.stat(this.key, { signal }))?.etag;
      const found = await this.read(signal);
      if (found?.content?.owner !== content.owner) return false;
    }
    try {
      await this.#put(content, options, { replaces: this.#tag });
      return true;
    } catch (error) {
      if (error instanceof ObjectChangedError) return false;
      throw error;
    }
  }

  /**
   * Writes the lock anew although it is so old that others may be taking it over: it takes what they take
   * first, so that either they find it renewed, or it is lost.
   *
   * @param found The lock, as it was read.
   * @return Whether it was renewed.
   * @throws {StorageError} If something can't be read or written.
   */
  async renewLate(
    found: FoundLock,
    content: LockContent,
    options: LockWriteOptions,
  ): Promise<boolean> {
    const guard = this.#guardOf(found);
    if (!await guard.create(content, options)) return false;
    try {
      const now = await this.read(options.signal);
      return now?.text === found.text && await this.renew(content, options);
    } finally {
      await guard.release(content.owner, options);
    }
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
  async release(owner: string, options: LockWriteOptions): Promise<void> {
    const found = await this.read(options.signal);
    if (found?.content?.owner === owner) await this.end(found.content, options);
  }

  /**
   * Takes a lock that says that it is over, in the place of just that one.
   *
   * @param found The lock.
   * @param mine What it is to say.
   * @return Whether it is taken now.
   * @throws {StorageError} If something can't be read or written.
   */
  async take(found: FoundLock, mine: LockContent, options: LockWriteOptions): Promise<boolean> {
    const { signal } = options;
    const info = await this.#storage.stat(this.key, { signal });
    const isStill = async () => (await this.read(signal))?.text === found.text;
    if (info?.etag !== undefined && this.#storage.replace !== undefined) {
      // Read once more, as the tag may be of what came after.
      if (!await isStill()) return false;
      const how = { ...AS_JSON, ...withFence(options) };
      const taken = await this.#storage.replace(this.key, info.etag, toBytes(mine), how);
      if (taken !== undefined) return taken;
    }
    const guard = this.#guardOf(found);
    if (!await guard.#obtain(mine, options)) return false;
    try {
      if (!await isStill()) return false;
      await this.#put(mine, options, {});
      return true;
    } finally {
      await guard.release(mine.owner, options);
    }
  }

  /**
   * Deletes a lock that doesn't count any more. Of several processes that find it so only one may delete
   * it, or the slower ones would delete the lock that the first one has created since: so each creates a lock on
   * the deletion of just this text. Who is killed while it holds that one leaves a lock that expires, too.
   *
   * @param found The lock.
   * @param mine What a lock of one's own says.
   * @param options The signal, and what is asked before anything is written.
   * @return Whether there is a chance to create the lock now.
   * @throws {StorageError} If something can't be read or written.
   */
  async remove(
    found: FoundLock,
    mine: LockContent,
    options: LockWriteOptions,
    depth = 0,
  ): Promise<boolean> {
    const { signal } = options;
    const guard = this.#guardOf(found);
    const isMine = await guard.#obtain(mine, options, depth);
    if (!isMine) return isMine === undefined;
    try {
      const now = await this.read(signal);
      if (now === undefined || now.text !== found.text) return true;
      // The storage's own clock has the last word: clocks of machines differ.
      const isDead = await this.#isDead(found, signal);
      if (!isDead && !await this.#hasExpired(found, guard, signal)) return false;
      await this.end(found.content ?? mine, options);
      // What its owner was just writing when it fell asleep must not come after the next one's lock.
      await this.#storage.abandon?.(this.key, { signal });
      if (isDead) await this.#removeHold(found, signal);
      return true;
    } finally {
      await guard.release(mine.owner, options);
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
    if (content && Date.parse(expiryOf(content)) < this.#clock.now()) return true;
    const info = await this.#storage.stat(this.key, { signal });
    return (info?.modifiedAt?.getTime() ?? this.#clock.now()) <
      this.#clock.now() - countsFor(content);
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
      await this.#clock.delay(attempt, { signal });
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
    return young.modifiedAt.getTime() - old.modifiedAt.getTime() >= countsFor(content);
  }

  async #put(
    content: LockContent,
    options: LockWriteOptions,
    how: Pick<PutOptions, "ifAbsent" | "replaces">,
  ): Promise<void> {
    // Until there is an answer nobody knows what is there.
    this.#tag = undefined;
    const bytes = toBytes(content);
    const all = { ...AS_JSON, ...withFence(options), ...how };
    const { etag } = await this.#storage.put(this.key, bytes, all);
    this.#tag = etag;
  }

  /**
   * Creates the lock, or takes one that is over.
   *
   * @return Whether that was done; `undefined` if there is a chance to do it now.
   */
  async #obtain(
    mine: LockContent,
    options: LockWriteOptions,
    depth = 0,
  ): Promise<boolean | undefined> {
    if (await this.create(mine, options)) return true;
    const other = await this.read(options.signal);
    if (other === undefined) return undefined;
    if (other.content?.released) return await this.take(other, mine, options) || undefined;
    if (depth > 2 || !await this.isOver(other, options.signal)) return false;
    return await this.remove(other, mine, options, depth + 1) ? undefined : false;
  }

  /**
   * Deletes the lock, whoever has it; where that is forbidden, writes that it is over.
   *
   * @throws {StorageError} If neither can be done.
   */
  async end(content: LockContent, options: LockWriteOptions): Promise<void> {
    try {
      await this.#storage.delete([this.key], withFence(options));
    } catch (error) {
      if (!(error instanceof DeletionRefusedError)) throw error;
      // Who doesn't know the mark sees that it has expired.
      const { renewedAt } = content;
      await this.#put({ ...content, expiresAt: renewedAt, released: true }, options, {});
    }
  }

  /** The lock on the deletion or the late renewal of just this text. */
  #guardOf(found: FoundLock): LockFile {
    const key = `${this.key}.${hashNumber(found.text).toString(36)}`;
    return new LockFile(this.#storage, key, { holdsOf: this.#holdsOf, clock: this.#clock });
  }
}

function withFence({ signal, check }: LockWriteOptions): DeleteOptions {
  return { signal, ...(check && { fence: { check } }) };
}

function toBytes(content: LockContent): Uint8Array<ArrayBuffer> {
  return ENCODER.encode(`${JSON.stringify(content, null, 2)}\n`);
}

/** How long a lock that can't be understood counts, in milliseconds. */
const UNREADABLE_MS = 120_000;

/** How long a lock counts after it was written, in milliseconds. */
function countsFor(content: LockContent | undefined): number {
  return content === undefined ? UNREADABLE_MS : ttlOf(content);
}
