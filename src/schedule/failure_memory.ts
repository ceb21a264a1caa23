import type { Storage } from "../storage/storage.ts";
import { SKEW_MS } from "../snapshot/find_snapshots.ts";
import type { SnapshotPlace } from "../snapshot/layout.ts";
import { bestEffort } from "../async/limited.ts";
import { oneMore, retryTime, type RetryWait } from "./retry_wait.ts";
import { failureNote, type FailureRow } from "./schedule_notes.ts";

/** A tick whose failure is to be remembered. */
export interface FailingTick {
  /** When it began. */
  readonly now: Date;
  /** Which project and environment; `undefined` if that couldn't be found out. */
  readonly place: SnapshotPlace | undefined;
  /** What went wrong before. */
  readonly failures: FailureRow | undefined;
  /** How long is waited after failures. */
  readonly wait: RetryWait;
  /** How many ticks the latest were that brought nothing, if that is the failure. */
  readonly stuck?: number | undefined;
  /** Ends the writing. */
  readonly signal: AbortSignal;
}

/**
 * Remembers what went wrong in a row: in the storage, for whoever tries again, and here as far as the storage
 * can't take it, or the project can't be found.
 */
export class FailureMemory {
  readonly #storage: Storage;
  #own: FailureRow | undefined;

  /**
   * Nothing is read or written yet.
   *
   * @param storage Where snapshots are.
   */
  constructor(storage: Storage) {
    this.#storage = storage;
  }

  /**
   * What counts: what is remembered here, if it is newer. What a clock that ran ahead, or was set back since,
   * has dated doesn't: it would be waited for that time.
   *
   * @param noted What the storage says, if that is known.
   * @param now The time in milliseconds since the Unix epoch.
   */
  newest(noted: FailureRow | undefined, now: number): FailureRow | undefined {
    const [own, other] = [this.#own, noted].map((row) => {
      return row && Date.parse(row.at) <= now + SKEW_MS ? row : undefined;
    });
    return own && other && own.at < other.at ? other : own ?? other;
  }

  /**
   * Counts a failure, unless it is too early for one: there is no looking whether something is due while the
   * project or the storage can't be reached.
   *
   * @param tick The tick that failed.
   * @return The failures; the last one isn't this one if it isn't counted.
   */
  async add({ now, wait, place, failures, stuck, signal }: FailingTick): Promise<FailureRow> {
    let noted = failures;
    await bestEffort(signal, async (signal) => {
      noted = await failureNote(this.#storage, place).read(signal) ?? noted;
    });
    const before = this.newest(noted, now.getTime());
    if (before !== undefined && retryTime(before, wait) > now) {
      if (place === undefined) this.#own = before;
      return before;
    }
    const row = { ...oneMore(before, now, wait), ...(stuck && { stuck }) };
    await this.keep(row, place, signal);
    return row;
  }

  /**
   * Writes a row down.
   *
   * @param row The row.
   * @param place Which project and environment, if that is known.
   * @param signal Ends it.
   */
  async keep(
    row: FailureRow,
    place: SnapshotPlace | undefined,
    signal: AbortSignal,
  ): Promise<void> {
    const note = failureNote(this.#storage, place);
    const isWritten = await bestEffort(signal, (signal) => note.write(row, signal));
    // As long as the project can't be found, this saves looking for it.
    this.#own = isWritten && place !== undefined ? undefined : row;
  }

  /**
   * Forgets all of it, also that the project couldn't be found.
   *
   * @param place Which project and environment.
   * @param signal Ends it.
   * @throws {StorageError} If what the storage says can't be read or deleted.
   */
  async forget(place: SnapshotPlace | undefined, signal?: AbortSignal): Promise<void> {
    this.#own = undefined;
    for (const where of [place, undefined]) {
      const note = failureNote(this.#storage, where);
      // In a bucket with versions, deleting nothing would leave a trace, too.
      if (await note.read(signal) !== undefined) await note.delete(signal);
    }
  }
}
