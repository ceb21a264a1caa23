import type { Clock } from "../../async/clock.ts";
import { SluiceError } from "../../error.ts";
import type { Storage } from "../../storage/storage.ts";
import { shownAddress } from "../../text/printable.ts";
import { LockAge } from "./lock_age.ts";
import { holdKey, type LockContent } from "./lock_content.ts";
import { destinationGone, LockedError, pausedTooLong } from "./lock_errors.ts";
import { type FoundLock, LockFile } from "./lock_file.ts";

/** What a {@linkcode Lease} is made of. */
export interface LeaseOptions {
  /** Whose it is, and where that one runs. */
  readonly about: Pick<LockContent, "owner" | "host">;
  /** How long it counts after it was written, in milliseconds. */
  readonly ttlMs: number;
  /** Tells the time, and waits. */
  readonly clock: Clock;
  /** What is held beside the lock as long as its owner lives. */
  readonly hold: AsyncDisposable | undefined;
  /** Aborted once the lock is lost: it isn't written any more then. */
  readonly lost: AbortSignal;
}

/** A renewal that fails is tried again so often before the lock expires. */
export const RENEWALS = 4;
/** How often the lock is tried for while others come and go. */
const ATTEMPTS = 5;
/** What part of its time a lock has left at least when something is written without a look at it. */
const SPARE = 1 / 2;

/**
 * A lock as its owner has it: for a time, which begins anew whenever the lock is written. However long a
 * machine sleeps between two steps, a lock that another one may have by now is looked at before it is
 * written.
 */
export class Lease {
  /** The lock's address, as it is shown. */
  readonly address: string;
  readonly #storage: Storage;
  readonly #file: LockFile;
  readonly #options: LeaseOptions;
  readonly #about: Omit<LockContent, "renewedAt" | "expiresAt">;
  #age: LockAge;

  /**
   * Has nothing yet; see {@linkcode Lease.take}.
   *
   * @param storage Where the lock is.
   * @param key The lock's key.
   * @param options Whose it is, and for how long.
   */
  constructor(storage: Storage, key: string, options: LeaseOptions) {
    this.#storage = storage;
    this.#file = new LockFile(storage, key, { clock: options.clock });
    this.#options = options;
    this.address = shownAddress(`${storage.url}/${key}`);
    this.#about = {
      ...options.about,
      pid: Deno.pid,
      startedAt: new Date(options.clock.now()).toISOString(),
      ...(options.hold && { held: true }),
    };
    this.#age = this.#newAge();
  }

  /** How long ago the lock was written, in milliseconds. */
  get ageMs(): number {
    return this.#age.ms;
  }

  /** Whether nothing may be written without a look at the lock. */
  get isLate(): boolean {
    return this.#isLate(this.#age);
  }

  /**
   * Takes the lock.
   *
   * @param signal Ends the waiting.
   * @throws {LockedError} If another export holds it.
   * @throws {StorageError} If the storage can't be written to.
   */
  async take(signal: AbortSignal): Promise<void> {
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

  /**
   * Renews the lock.
   *
   * @param signal Ends the waiting.
   * @param assertClaim Fails if what is written under the lock is another one's by now.
   * @throws {LockedError} If another export holds it.
   * @throws {LostLockError} If another one may have had it.
   * @throws {StorageError} If the lock can't be read or written.
   */
  async renew(
    signal: AbortSignal,
    assertClaim: (signal: AbortSignal) => Promise<void> | undefined,
  ): Promise<void> {
    for (let attempt = 1;; attempt++) {
      const found = await this.#file.read(signal);
      const age = this.#newAge();
      try {
        if (found === undefined) await this.#assertDeletedByHand(signal, assertClaim);
        else if (found.content?.owner !== this.#about.owner) throw this.#locked(found);
        await assertClaim(signal);
        if (await this.#write(found, age, signal)) {
          this.#age = age;
          return;
        }
      } catch (error) {
        if (!(error instanceof LateError)) throw error;
      }
      if (attempt === ATTEMPTS) throw pausedTooLong(this.address);
      await this.#options.clock.delay(attempt * 10, { signal });
    }
  }

  /**
   * Gives the lock back.
   *
   * @param signal Ends the waiting.
   */
  async release(signal: AbortSignal): Promise<void> {
    // One that is old may be another one's by the time that it is deleted.
    await this.#file.release(this.#about.owner, {
      signal,
      check: () => this.#assertYoung(this.#age),
    });
  }

  /** Whether something may be written without a look at the lock. */
  #isLate(age: LockAge, part: number = SPARE): boolean {
    return age.ms > this.#options.ttlMs * part;
  }

  #assertYoung(age: LockAge, part?: number): void {
    this.#options.lost.throwIfAborted();
    if (this.#isLate(age, part)) {
      throw new LateError("The lock is too old to be written without a look.");
    }
  }

  #newAge(): LockAge {
    return new LockAge(() => this.#storage.now?.(), this.#options.clock);
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
  async #assertDeletedByHand(
    signal: AbortSignal,
    assertClaim: (signal: AbortSignal) => Promise<void> | undefined,
  ): Promise<void> {
    if (await this.#isGone(signal)) throw destinationGone(this.address);
    await assertClaim(signal);
    if (this.ageMs >= this.#options.ttlMs) throw pausedTooLong(this.address);
  }

  /** Whether also what is held beside the lock is gone, which nobody deletes by hand. */
  async #isGone(signal: AbortSignal): Promise<boolean> {
    if (this.#options.hold === undefined) return false;
    const key = holdKey(this.#file.key, this.#about.owner);
    return await this.#storage.isHeld?.(key, { signal }) === undefined;
  }

  #content(): LockContent {
    const now = this.#options.clock.now();
    return {
      ...this.#about,
      renewedAt: new Date(now).toISOString(),
      expiresAt: new Date(now + this.#options.ttlMs).toISOString(),
    };
  }

  #locked(found: FoundLock | undefined): LockedError {
    return new LockedError(this.address, found?.content);
  }
}

/** Something that was to be written waited for too long. */
class LateError extends SluiceError {
  override readonly name = "LateError";
}
