import { type Clock, SYSTEM_CLOCK } from "../../async/clock.ts";
import { EXIT, SluiceError } from "../../error.ts";
import { limited } from "../../async/limited.ts";
import { FencedStorage } from "../../storage/fenced_storage.ts";
import type { ObjectInfo, PutOptions, Storage } from "../../storage/storage.ts";
import { printable } from "../../text/printable.ts";
import { ClaimedSnapshot } from "../claimed_snapshot.ts";
import { LOCK, type SnapshotPlace, snapshotsPrefix } from "../layout.ts";
import { Lease, RENEWALS } from "./lease.ts";
import { holdKey, hostName, type LockContent, LONGEST_TTL_MS } from "./lock_content.ts";
import { LockedError, LostLockError, lostTo } from "./lock_errors.ts";
import { LockFile } from "./lock_file.ts";

export { LockedError };

/** Options of {@linkcode ExportLock.acquire}. */
export interface ExportLockOptions {
  /** How long the lock of an export that was killed elsewhere holds others off, in milliseconds. @default {120_000} */
  readonly ttlMs?: number | undefined;
  /** What the lock is called. @default {LOCK} */
  readonly name?: string | undefined;
  /** Ends the waiting, and is passed on by {@linkcode ExportLock.signal}. */
  readonly signal?: AbortSignal | undefined;
  /** Tells the time, and waits. @default {SYSTEM_CLOCK} */
  readonly clock?: Clock | undefined;
}

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
  readonly #lease: Lease;
  readonly #ttlMs: number;
  readonly #clock: Clock;
  readonly #hold: AsyncDisposable | undefined;
  readonly #stop = new AbortController();
  readonly #lost = new AbortController();
  #claimed: ClaimedSnapshot | undefined;
  #renewal: Promise<void> | undefined;
  #confirming: Promise<void> | undefined;
  #keeping: Promise<void> = Promise.resolve();

  private constructor(
    storage: Storage,
    key: string,
    { ttlMs = 120_000, signal, clock = SYSTEM_CLOCK }: ExportLockOptions,
    about: Pick<LockContent, "owner" | "host">,
    hold: AsyncDisposable | undefined,
  ) {
    this.#hold = hold;
    this.#bare = storage;
    this.#ttlMs = ttlMs;
    this.#clock = clock;
    this.owner = about.owner;
    this.#lease = new Lease(storage, key, { about, ttlMs, hold, lost: this.#lost.signal, clock });
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
   * @param place Which project and environment, or where its snapshots lie.
   * @param options How long an unattended lock counts, and the signal.
   * @throws {LockedError} If another export holds it.
   * @throws {SluiceError} If nobody would believe that it counts for so long.
   * @throws {StorageError} If the storage can't be written to.
   */
  static async acquire(
    storage: Storage,
    place: SnapshotPlace | string,
    options: ExportLockOptions = {},
  ): Promise<ExportLock> {
    assertTtl(options.ttlMs);
    const key = `${typeof place === "string" ? place : snapshotsPrefix(place)}/${
      options.name ?? LOCK
    }`;
    const about = { owner: crypto.randomUUID(), host: await hostName() };
    // Before there is a lock, or others would take it for a dead one's.
    const hold = await storage.hold?.(holdKey(key, about.owner), options);
    const lock = new ExportLock(storage, key, options, about, hold);
    try {
      await lock.#lease.take(lock.signal);
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
   * @param name What the lock is called.
   * @throws {StorageError} If it can't be read.
   */
  static async isHeld(
    storage: Storage,
    prefix: string,
    signal: AbortSignal,
    name: string = LOCK,
  ): Promise<boolean> {
    const file = new LockFile(storage, `${prefix}/${name}`);
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
    await limited(RELEASE_MS, undefined, (signal) => this.#lease.release(signal)).catch(() => {});
    await drop(this.#hold);
  }

  /** Renews the lock until it is given back or lost. */
  async #keep(): Promise<void> {
    const stop = AbortSignal.any([this.#stop.signal, this.signal]);
    while (!stop.aborted) {
      try {
        await this.#clock.delay(this.#ttlMs / RENEWALS, { signal: stop });
        const left = this.#ttlMs - this.#lease.ageMs;
        // After a sleep of the machine there may be none left, but nobody else may have come.
        const ms = left > 0 ? left / 2 : this.#ttlMs / RENEWALS;
        await limited(ms, stop, (signal) => this.#renew(signal), this.#clock);
      } catch (error) {
        if (stop.aborted) return;
        this.#lose(error);
        const isLate = this.#lease.ageMs >= this.#ttlMs * (1 - 1 / RENEWALS);
        if (!isLate) continue;
        // After a sleep what was under way may fail for that alone: it is the lock that tells.
        if (this.#lease.ageMs >= this.#ttlMs) await this.reasonOf(error);
        if (this.#lease.isLate) this.#lost.abort(this.#unrenewable(error));
      }
    }
  }

  /** Fails if the lock is lost; it takes no time as long as the lock is young. */
  #check(): Promise<void> | undefined {
    this.#lost.signal.throwIfAborted();
    if (!this.#lease.isLate) return undefined;
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

  /** Aborts the export if an error says that the lock is lost for good. */
  #lose(error: unknown): void {
    if (error instanceof LockedError) this.#lost.abort(lostTo(error));
    else if (error instanceof LostLockError) this.#lost.abort(error);
  }

  /** Renews the lock, once at a time. */
  async #renew(signal: AbortSignal): Promise<void> {
    while (this.#renewal !== undefined) await this.#renewal.catch(() => {});
    this.#renewal = this.#lease.renew(signal, (signal) => this.#claimed?.assertUnchanged(signal));
    try {
      await this.#renewal;
    } finally {
      this.#renewal = undefined;
    }
  }

  #unrenewable(cause: unknown): SluiceError {
    const why = cause instanceof Error ? cause.message.replace(/\.$/, "") : String(cause);
    return new LostLockError(
      `The export was stopped because its lock ${this.#lease.address} couldn't be renewed (${
        printable(why, 300)
      }): fix the cause, then export again.`,
      undefined,
      { cause },
    );
  }
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
