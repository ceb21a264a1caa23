import { delay } from "../../async/delay.ts";
import { EXIT, SluiceError } from "../../error.ts";
import { limited } from "../../async/limited.ts";
import { FencedStorage } from "../../storage/fenced_storage.ts";
import type { ObjectInfo, PutOptions, Storage } from "../../storage/storage.ts";
import { printable, shownAddress } from "../../text/printable.ts";
import { ClaimedSnapshot } from "../claimed_snapshot.ts";
import { LOCK, type SnapshotPlace, snapshotsPrefix } from "../layout.ts";
import { LockAge } from "./lock_age.ts";
import { holdKey, hostName, type LockContent, LONGEST_TTL_MS } from "./lock_content.ts";
import {
  destinationGone,
  LockedError,
  LostLockError,
  lostTo,
  pausedTooLong,
} from "./lock_errors.ts";
import { type FoundLock, LockFile } from "./lock_file.ts";

export { LockedError };

/** Options of {@linkcode ExportLock.acquire}. */
export interface ExportLockOptions {
  /** How long the lock of an export that was killed elsewhere holds others off, in milliseconds. @default {120_000} */
  readonly ttlMs?: number | undefined;
  /** Ends the waiting, and is passed on by {@linkcode ExportLock.signal}. */
  readonly signal?: AbortSignal | undefined;
}

/** A renewal that fails is tried again so often before the lock expires. */
const RENEWALS = 4;
/** How often the lock is tried for while others come and go. */
const ATTEMPTS = 5;
/** What part of its time a lock has left at least when something is written without a look at it. */
const SPARE = 1 / 2;
/** How long it may take to see why an export ended, in milliseconds: after a sleep, networks take their time. */
const REASON_MS = 30_000;
/** How long the lock's deletion may take at the end, in milliseconds: should it fail, the lock expires. */
const RELEASE_MS = 5000;

/**
 * Sees to it that a project and environment isn't exported to one place twice at a time: an object that
 * is there while an export runs, and says who runs it.
 *
 * It is renewed all the while. The lock of an export that was killed expires after two minutes, and is
 * then taken over; at once, if that export ran on this machine and the storage is a disk. An export whose lock
 * can't be renewed in time, or was taken by another one, is aborted.
 *
 * Who was paused for longer than that must not write into what another one has resumed, and may have
 * sealed: all that is written under the lock goes through its {@linkcode ExportLock.storage}.
 *
 * @example
 * ```ts
 * import { LocalStorage } from "../../storage/local/local_storage.ts";
 * import { ExportLock } from "./export_lock.ts";
 *
 * const storage = new LocalStorage(await Deno.makeTempDir());
 * await using lock = await ExportLock.acquire(storage, { projectId: "123" });
 * await lock.storage.put("note.txt", new TextEncoder().encode("under the lock"));
 * ```
 */
export class ExportLock implements AsyncDisposable {
  /** Aborted when the lock is lost, or when the signal that was given is. */
  readonly signal: AbortSignal;
  /** The storage, which changes nothing any more once the lock may be lost. */
  readonly storage: Storage;
  /** The owner's id. */
  readonly owner: string;
  readonly #bare: Storage;
  readonly #file: LockFile;
  readonly #address: string;
  readonly #ttlMs: number;
  readonly #about: Omit<LockContent, "renewedAt" | "expiresAt">;
  readonly #hold: AsyncDisposable | undefined;
  readonly #stop = new AbortController();
  readonly #lost = new AbortController();
  #age: LockAge;
  #claimed: ClaimedSnapshot | undefined;
  #renewal: Promise<void> | undefined;
  #confirming: Promise<void> | undefined;
  #keeping: Promise<void> = Promise.resolve();

  private constructor(
    storage: Storage,
    key: string,
    { ttlMs = 120_000, signal }: ExportLockOptions,
    about: Pick<LockContent, "owner" | "host">,
    hold: AsyncDisposable | undefined,
  ) {
    this.#hold = hold;
    this.#bare = storage;
    this.#file = new LockFile(storage, key);
    this.#address = shownAddress(`${storage.url}/${key}`);
    this.#ttlMs = ttlMs;
    this.owner = about.owner;
    this.#about = {
      ...about,
      pid: Deno.pid,
      startedAt: new Date().toISOString(),
      ...(hold && { held: true }),
    };
    this.#age = this.#newAge();
    this.signal = signal ? AbortSignal.any([signal, this.#lost.signal]) : this.#lost.signal;
    this.storage = new FencedStorage(storage, {
      check: () => this.#check(),
      confirm: () => this.confirm(),
      sealOf: (key) => this.#claimed?.sealOf(key),
      settle: (info, options) => this.#settle(info, options),
    });
  }

  /**
   * Takes the lock, and keeps it until it is disposed.
   *
   * @param storage Where snapshots are written.
   * @param place Which project and environment.
   * @param options How long an unattended lock counts, and the signal.
   * @throws {LockedError} If another export holds it.
   * @throws {SluiceError} If nobody would believe that it counts for so long.
   * @throws {StorageError} If the storage can't be written to.
   */
  static async acquire(
    storage: Storage,
    place: SnapshotPlace,
    options: ExportLockOptions = {},
  ): Promise<ExportLock> {
    assertTtl(options.ttlMs);
    const key = `${snapshotsPrefix(place)}/${LOCK}`;
    const about = { owner: crypto.randomUUID(), host: await hostName() };
    // Before there is a lock, or others would take it for a dead one's.
    const hold = await storage.hold?.(holdKey(key, about.owner), options);
    const lock = new ExportLock(storage, key, options, about, hold);
    try {
      await lock.#acquire();
      lock.#keeping = lock.#keep();
      return lock;
    } catch (error) {
      await drop(hold);
      throw error;
    }
  }

  /**
   * Who holds the lock of a project and environment, if anybody does.
   *
   * @param storage Where snapshots are written.
   * @param prefix Where its snapshots lie.
   * @param signal Aborts the reading.
   * @throws {StorageError} If it can't be read.
   */
  static async isHeld(storage: Storage, prefix: string, signal: AbortSignal): Promise<boolean> {
    const file = new LockFile(storage, `${prefix}/${LOCK}`);
    const found = await file.read(signal);
    return found !== undefined && !await file.isOver(found, signal);
  }

  /**
   * Names the snapshot that is written under the lock: whoever resumes it changes its claim, and this
   * one is then over. Nothing more is put into it once it is sealed.
   *
   * @param prefix Where it lies, without a trailing slash.
   * @param sha256 SHA-256 of its claim as it was written, in hexadecimal.
   */
  watch(prefix: string, sha256: string): void {
    this.#claimed = new ClaimedSnapshot(this.#bare, prefix, sha256);
  }

  /** Names no snapshot any more: it is sealed. */
  unwatch(): void {
    this.#claimed = undefined;
  }

  /**
   * Makes sure that no other export has taken the lock over, as it may while this machine sleeps: what can't
   * be undone comes after that. Also that the destination is still the one that it was, where that can be
   * told, as after the disk was unmounted.
   *
   * @throws {SluiceError} If another one has, or it isn't.
   * @throws {StorageError} If the lock can't be read or written.
   */
  async confirm(): Promise<void> {
    try {
      await this.#renew(this.signal);
    } catch (error) {
      this.#lose(error);
      this.signal.throwIfAborted();
      throw error;
    }
  }

  /**
   * Why an export ended: whatever it failed with, that it has lost its lock is what matters.
   *
   * @param error What it failed with.
   */
  async reasonOf(error: unknown): Promise<unknown> {
    if (this.#lost.signal.aborted) return this.#lost.signal.reason;
    if (this.signal.aborted) return error;
    try {
      await limited(REASON_MS, this.signal, async (signal) => {
        await this.#renew(signal).catch((error) => this.#lose(error));
      });
    } catch {
      // It can't be told, so that what it failed with is all that is known.
    }
    return this.#lost.signal.aborted ? this.#lost.signal.reason : error;
  }

  /** Gives the lock back. Never fails: a lock that can't be deleted expires. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort(new DOMException("The lock isn't needed any more.", "AbortError"));
    await this.#keeping;
    await limited(RELEASE_MS, undefined, (signal) => {
      // One that is old may be another one's by the time that it is deleted.
      return this.#file.release(this.owner, { signal, check: () => this.#assertYoung(this.#age) });
    }).catch(() => {});
    await drop(this.#hold);
  }

  /** Takes the lock. */
  async #acquire(): Promise<void> {
    const { signal } = this;
    for (let attempt = 1;; attempt++) {
      this.#age = this.#newAge();
      try {
        // One that comes late is seen to be old, and looked at before anything else is written.
        if (await this.#file.create(this.#content(), { signal })) return;
        const found = await this.#file.read(signal);
        if (found === undefined && attempt < ATTEMPTS) continue;
        // Who falls asleep while it takes a lock over finds that others have done so.
        const begun = this.#newAge();
        const options = { signal, check: () => this.#assertYoung(begun, 1 - 1 / RENEWALS) };
        if (found?.content?.released && attempt < ATTEMPTS) {
          if (await this.#file.take(found, this.#content(), options)) return;
          continue;
        }
        const isFree = found !== undefined && attempt < ATTEMPTS &&
          await this.#file.isOver(found, signal) &&
          await this.#file.remove(found, this.#content(), options);
        if (!isFree) throw this.#locked(found);
      } catch (error) {
        if (!(error instanceof LateError)) throw error;
        if (attempt === ATTEMPTS) throw this.#locked(undefined);
      }
    }
  }

  /** Renews the lock until it is given back or lost. */
  async #keep(): Promise<void> {
    const stop = AbortSignal.any([this.#stop.signal, this.signal]);
    while (!stop.aborted) {
      try {
        await delay(this.#ttlMs / RENEWALS, stop);
        const left = this.#ttlMs - this.#age.ms;
        // After a sleep of the machine there may be none left, but nobody else may have come.
        const ms = left > 0 ? left / 2 : this.#ttlMs / RENEWALS;
        await limited(ms, stop, (signal) => this.#renew(signal));
      } catch (error) {
        if (stop.aborted) return;
        this.#lose(error);
        const isLate = this.#age.ms > this.#ttlMs * (1 - 1 / RENEWALS);
        if (!isLate) continue;
        // After a sleep what was under way may fail for that alone: it is the lock that tells.
        if (this.#age.ms >= this.#ttlMs) await this.reasonOf(error);
        if (this.#isLate(this.#age)) this.#lost.abort(this.#unrenewable(error));
      }
    }
  }

  /** Fails if the lock is lost; it takes no time as long as the lock is young. */
  #check(): Promise<void> | undefined {
    this.#lost.signal.throwIfAborted();
    if (!this.#isLate(this.#age)) return undefined;
    return this.#confirming ??= this.confirm().finally(() => this.#confirming = undefined);
  }

  /** Looks at the lock after something was written that took long, and undoes that if it came too late. */
  async #settle(info: ObjectInfo, { replaces }: Pick<PutOptions, "replaces">): Promise<void> {
    try {
      await this.#check();
    } catch (error) {
      if (this.#lost.signal.aborted && replaces === null) {
        await limited(RELEASE_MS, undefined, async (signal) => {
          await this.#claimed?.withdraw(info, signal);
        }).catch(() => {});
      }
      throw error;
    }
  }

  /** Whether something may be written without a look at the lock. */
  #isLate(age: LockAge, part: number = SPARE): boolean {
    return age.ms > this.#ttlMs * part;
  }

  #assertYoung(age: LockAge, part?: number): void {
    this.#lost.signal.throwIfAborted();
    if (this.#isLate(age, part)) {
      throw new LateError("The lock is too old to be written without a look.");
    }
  }

  #newAge(): LockAge {
    return new LockAge(() => this.#bare.now?.());
  }

  /** Aborts the export if an error says that the lock is lost for good. */
  #lose(error: unknown): void {
    if (error instanceof LockedError) this.#lost.abort(lostTo(error));
    else if (error instanceof LostLockError) this.#lost.abort(error);
  }

  /** Renews the lock, once at a time. */
  async #renew(signal: AbortSignal): Promise<void> {
    while (this.#renewal !== undefined) await this.#renewal.catch(() => {});
    this.#renewal = this.#renewAlone(signal);
    try {
      await this.#renewal;
    } finally {
      this.#renewal = undefined;
    }
  }

  async #renewAlone(signal: AbortSignal): Promise<void> {
    for (let attempt = 1;; attempt++) {
      const found = await this.#file.read(signal);
      const age = this.#newAge();
      try {
        if (found === undefined) await this.#assertDeletedByHand(signal);
        else if (found.content?.owner !== this.owner) throw this.#locked(found);
        await this.#claimed?.assertUnchanged(signal);
        if (await this.#write(found, age, signal)) {
          this.#age = age;
          return;
        }
      } catch (error) {
        if (!(error instanceof LateError)) throw error;
      }
      if (attempt === ATTEMPTS) throw pausedTooLong(this.#address);
      await delay(attempt * 10, signal);
    }
  }

  /** Writes the lock, which was read as it is; gives `false` if it was changed since. */
  async #write(found: FoundLock | undefined, age: LockAge, signal: AbortSignal): Promise<boolean> {
    const content = this.#content();
    const last = this.#age;
    if (found !== undefined && this.#isLate(last)) {
      const options = { signal, check: () => this.#assertYoung(age) };
      return await this.#file.renewLate(found, content, options);
    }
    const options = { signal, check: () => this.#assertYoung(found === undefined ? age : last) };
    if (found !== undefined) return await this.#file.renew(content, options);
    return await this.#file.create(content, options);
  }

  /** Makes sure that nobody else can have had a lock that isn't there any more. */
  async #assertDeletedByHand(signal: AbortSignal): Promise<void> {
    if (await this.#isGone(signal)) throw destinationGone(this.#address);
    await this.#claimed?.assertUnchanged(signal);
    if (this.#age.ms >= this.#ttlMs) throw pausedTooLong(this.#address);
  }

  /** Whether also what is held beside the lock is gone, which nobody deletes by hand. */
  async #isGone(signal: AbortSignal): Promise<boolean> {
    if (this.#hold === undefined) return false;
    const key = holdKey(this.#file.key, this.owner);
    return await this.#bare.isHeld?.(key, { signal }) === undefined;
  }

  #content(): LockContent {
    const now = Date.now();
    return {
      ...this.#about,
      renewedAt: new Date(now).toISOString(),
      expiresAt: new Date(now + this.#ttlMs).toISOString(),
    };
  }

  #locked(found: FoundLock | undefined): LockedError {
    return new LockedError(this.#address, found?.content);
  }

  #unrenewable(cause: unknown): SluiceError {
    const why = cause instanceof Error ? cause.message.replace(/\.$/, "") : String(cause);
    return new LostLockError(
      `The export was stopped because its lock ${this.#address} couldn't be renewed (${
        printable(why, 300)
      }): see to that, then export again.`,
      undefined,
      { cause },
    );
  }
}

/** Something that was to be written waited for too long. */
class LateError extends SluiceError {
  override readonly name = "LateError";
}

function assertTtl(ttlMs: number | undefined): void {
  if (ttlMs === undefined || (ttlMs > 0 && ttlMs <= LONGEST_TTL_MS)) return;
  throw new SluiceError(
    `A lock's time must be more than 0 and at most ${LONGEST_TTL_MS} ms, as others don't believe a longer ` +
      `one, but is ${ttlMs}.`,
    EXIT.usage,
  );
}

/** Gives a hold back. Should that fail, it ends with the process. */
async function drop(hold: AsyncDisposable | undefined): Promise<void> {
  try {
    await hold?.[Symbol.asyncDispose]();
  } catch {
    // What is left of it hides nothing and holds nobody off.
  }
}
