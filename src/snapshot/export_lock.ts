import { delay } from "../async/delay.ts";
import { SluiceError } from "../error.ts";
import { limited } from "../async/limited.ts";
import { printable } from "../text/printable.ts";
import { shownAddress } from "../text/shown_address.ts";
import type { Storage } from "../sink/storage.ts";
import { LOCK, type SnapshotPlace, snapshotsPrefix } from "./layout.ts";
import { holdKey, hostName, type LockContent } from "./lock_content.ts";
import { type FoundLock, LockFile } from "./lock_file.ts";

/** Options of {@linkcode ExportLock.acquire}. */
export interface ExportLockOptions {
  /** How long the lock of an export that was killed elsewhere holds others off, in milliseconds. @default {120_000} */
  readonly ttlMs?: number | undefined;
  /** Ends the waiting, and is passed on by {@linkcode ExportLock.signal}. */
  readonly signal?: AbortSignal | undefined;
}

/** Another export holds the lock. */
export class LockedError extends SluiceError {
  /** The error's name. */
  override readonly name = "LockedError";
  /** Who holds it, if its lock can be understood. */
  readonly holder: LockContent | undefined;

  /**
   * Says who holds the lock.
   *
   * @param address The lock's address, as it is shown.
   * @param holder What it says.
   */
  constructor(address: string, holder: LockContent | undefined) {
    const who = holder === undefined
      ? "its lock doesn't say who it is"
      : `on ${hostText(holder)}, process ${holder.pid}, since ${holder.startedAt}`;
    const until = holder === undefined ? "in some minutes" : `at ${holder.expiresAt}`;
    super(
      `Another export of this project and environment writes to the same place (${who}): wait for it ` +
        `to end; if it was killed, its lock ${address} expires ${until}.`,
    );
    this.holder = holder;
  }
}

/** The place where the lock was is gone, and with it whatever else was written there. */
class GoneError extends SluiceError {
  constructor(address: string) {
    super(
      `The export was stopped because its destination was removed, or replaced by another one, while it ` +
        `wrote: the directory of its lock ${address} isn't the one that it was; see to that, then export ` +
        "again.",
    );
  }
}

/** A renewal that fails is tried again so often before the lock expires. */
const RENEWALS = 4;
/** How often the lock is tried for while others come and go. */
const ATTEMPTS = 5;
/** How long the lock's deletion may take at the end, in milliseconds: should it fail, the lock expires. */
const RELEASE_MS = 5000;

/**
 * Sees to it that a project and environment isn't exported to one place twice at a time: an object that
 * is there while an export runs, and says who runs it.
 *
 * It is renewed all the while. The lock of an export that was killed expires after two minutes, and is
 * then taken over; at once, if that export ran on this machine and the storage is a disk. An export whose lock can't be renewed in time, or was taken by another one, is aborted.
 *
 * @example
 * ```ts
 * import { LocalStorage } from "../sink/local_storage.ts";
 * import { ExportLock } from "./export_lock.ts";
 *
 * const storage = new LocalStorage(await Deno.makeTempDir());
 * await using lock = await ExportLock.acquire(storage, { projectId: "123" });
 * lock.signal.throwIfAborted();
 * ```
 */
export class ExportLock implements AsyncDisposable {
  /** Aborted when the lock is lost, or when the signal that was given is. */
  readonly signal: AbortSignal;
  readonly #storage: Storage;
  readonly #file: LockFile;
  readonly #address: string;
  readonly #ttlMs: number;
  readonly #about: Omit<LockContent, "renewedAt" | "expiresAt">;
  readonly #hold: AsyncDisposable | undefined;
  readonly #stop = new AbortController();
  readonly #lost = new AbortController();
  #renewing: Promise<void> = Promise.resolve();

  private constructor(
    storage: Storage,
    key: string,
    { ttlMs = 120_000, signal }: ExportLockOptions,
    about: Pick<LockContent, "owner" | "host">,
    hold: AsyncDisposable | undefined,
  ) {
    this.#hold = hold;
    this.#storage = storage;
    this.#file = new LockFile(storage, key);
    this.#address = shownAddress(`${storage.url}/${key}`);
    this.#ttlMs = ttlMs;
    this.#about = {
      ...about,
      pid: Deno.pid,
      startedAt: new Date().toISOString(),
      ...(hold && { held: true }),
    };
    this.signal = signal ? AbortSignal.any([signal, this.#lost.signal]) : this.#lost.signal;
  }

  /**
   * Takes the lock, and keeps it until it is disposed.
   *
   * @param storage Where snapshots are written.
   * @param place Which project and environment.
   * @param options How long an unattended lock counts, and the signal.
   * @throws {LockedError} If another export holds it.
   * @throws {StorageError} If the storage can't be written to.
   */
  static async acquire(
    storage: Storage,
    place: SnapshotPlace,
    options: ExportLockOptions = {},
  ): Promise<ExportLock> {
    const key = `${snapshotsPrefix(place)}/${LOCK}`;
    const about = { owner: crypto.randomUUID(), host: await hostName() };
    // Before there is a lock, or others would take it for a dead one's.
    const hold = await storage.hold?.(holdKey(key, about.owner), options);
    const lock = new ExportLock(storage, key, options, about, hold);
    try {
      lock.#renewing = lock.#keep(await lock.#acquire());
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

  /** Gives the lock back. Never fails: a lock that can't be deleted expires. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort(new DOMException("The lock isn't needed any more.", "AbortError"));
    await this.#renewing;
    const { owner } = this.#about;
    await limited(RELEASE_MS, undefined, (signal) => this.#file.release(owner, signal))
      .catch(() => {});
    await drop(this.#hold);
  }

  /** Takes the lock, and returns how long ago its time began. */
  async #acquire(): Promise<() => number> {
    const { signal } = this;
    for (let attempt = 1;; attempt++) {
      const age = elapsed();
      if (await this.#file.create(this.#content(), signal)) return age;
      const found = await this.#file.read(signal);
      if (found === undefined && attempt < ATTEMPTS) continue;
      if (found?.content?.released && attempt < ATTEMPTS) {
        if (await this.#file.take(found, this.#content(), signal)) return age;
        continue;
      }
      const isFree = found !== undefined && attempt < ATTEMPTS &&
        await this.#file.isOver(found, signal) &&
        await this.#file.remove(found, this.#content(), signal);
      if (!isFree) throw this.#locked(found);
    }
  }

  /** Renews the lock until it is given back or lost. */
  async #keep(age: () => number): Promise<void> {
    const stop = AbortSignal.any([this.#stop.signal, this.signal]);
    while (!stop.aborted) {
      try {
        await delay(this.#ttlMs / RENEWALS, stop);
        const left = this.#ttlMs - age();
        // After a sleep of the machine there may be none left, but nobody else may have come.
        const ms = left > 0 ? left / 2 : this.#ttlMs / RENEWALS;
        const begun = elapsed();
        await limited(ms, stop, (signal) => this.#renew(signal));
        age = begun;
      } catch (error) {
        if (stop.aborted) return;
        this.#lose(error);
        const isLate = age() > this.#ttlMs * (1 - 1 / RENEWALS);
        if (isLate) this.#lost.abort(this.#unrenewable(error));
      }
    }
  }

  /** Aborts the export if an error says that the lock is lost for good. */
  #lose(error: unknown): void {
    if (error instanceof LockedError) this.#lost.abort(lostTo(error));
    else if (error instanceof GoneError) this.#lost.abort(error);
  }

  async #renew(signal: AbortSignal): Promise<void> {
    const found = await this.#file.read(signal);
    if (found?.content?.owner === this.#about.owner) {
      return await this.#file.renew(this.#content(), signal);
    }
    if (found === undefined && await this.#isGone(signal)) throw new GoneError(this.#address);
    // Somebody may have deleted it by hand.
    if (found === undefined && await this.#file.create(this.#content(), signal)) return;
    throw this.#locked(found);
  }

  /** Whether also what is held beside the lock is gone, which nobody deletes by hand. */
  async #isGone(signal: AbortSignal): Promise<boolean> {
    if (this.#hold === undefined) return false;
    const key = holdKey(this.#file.key, this.#about.owner);
    return await this.#storage.isHeld?.(key, { signal }) === undefined;
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
    return new SluiceError(
      `The export was stopped because its lock ${this.#address} couldn't be renewed (${
        printable(why, 300)
      }): see to that, then export again.`,
      undefined,
      { cause },
    );
  }
}

/** Tells how many milliseconds ago it was called, also if the clock is set or the machine sleeps. */
function elapsed(): () => number {
  const [time, begun] = [Date.now(), performance.now()];
  return () => Math.max(Date.now() - time, performance.now() - begun);
}

/** Gives a hold back. Should that fail, it ends with the process. */
async function drop(hold: AsyncDisposable | undefined): Promise<void> {
  try {
    await hold?.[Symbol.asyncDispose]();
  } catch {
    // What is left of it hides nothing and holds nobody off.
  }
}

function lostTo({ holder }: LockedError): SluiceError {
  const who = holder === undefined ? "" : ` on ${hostText(holder)}, process ${holder.pid},`;
  return new SluiceError(
    `The export was stopped because another one${who} has taken over its lock, as it does when a ` +
      "machine sleeps for minutes: wait for that one to end, then export again.",
  );
}

function hostText({ host }: LockContent): string {
  return host === null ? "an unknown host" : printable(host, 100);
}
