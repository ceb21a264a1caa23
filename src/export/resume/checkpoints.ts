import { LONGEST_TIMER } from "../../async/delay.ts";
import { PageGate } from "../../async/page_gate.ts";
import {
  type Amendable,
  type Checkpoint,
  type ListingState,
  type Outdated,
  writeCheckpoint,
} from "./checkpoint.ts";
import { NO_IDS } from "../../snapshot/id_sum.ts";
import { Journal } from "../../snapshot/journal.ts";
import type { Manifest } from "../../snapshot/manifest.ts";
import type { SnapshotWriter } from "../../snapshot/snapshot_writer.ts";
import { CheckpointPace } from "./checkpoint_pace.ts";
import type { ExportRun } from "../export_run.ts";

/** Something that is only at rest once a segment of it is ended. */
export interface Segmented {
  /** Ends the segment: what was written so far has come to where a checkpoint finds it. */
  endSegment(): Promise<void>;
}

/** Tables that are being made, as far as checkpoints know them. */
export interface CheckpointedTables {
  /** How far they are, once {@linkcode CheckpointedTables.addTo} has resolved. */
  readonly state: NonNullable<Checkpoint["tables"]>;
  /** What has rows already: another position with every page. */
  readonly position: readonly number[];
  /** Adds to a journal the rows that were collected since the last time. */
  addTo(journal: Journal): Promise<void>;
}

/** Unfinished batches may take so much memory (bytes), together, before the journal is saved. */
const MOST_PENDING = 32 * 1024 * 1024;

/** Options of {@linkcode Checkpoints}. */
export interface CheckpointsOptions {
  /** What was counted and noted. */
  readonly run: ExportRun;
  /** Where it goes. */
  readonly snapshot: SnapshotWriter;
  /** The tables, if they are made. */
  readonly tables: CheckpointedTables | undefined;
  /** What has to be the same to continue. */
  readonly fingerprint: Checkpoint["fingerprint"];
  /** When the export began. */
  readonly startedAt: Date;
  /** The checkpoint to continue from. */
  readonly from?: Checkpoint | undefined;
  /** How far apart checkpoints are, in milliseconds. @default As {@linkcode CheckpointPace} says */
  readonly everyMs?: number | undefined;
  /** Aborts the writing. */
  readonly signal: AbortSignal;
}

/**
 * How far an export is, and when that is written down. For a checkpoint all pages that are being written
 * are finished, and none is begun: then everything that it counts is in the storage, or in the journal.
 */
export class Checkpoints {
  /** Since when changes are still to be looked for. */
  changedSince: Date;
  /** What is kept of objects that aren't finished. */
  readonly journal: Journal;
  /** How many lists of assets that are done were written. */
  assetLists: number;
  /** What is being brought up to date. */
  readonly amending: Set<Amendable> = new Set<Amendable>();
  /** What is still to be brought up to date, by what it is and its id. */
  readonly outdated: Map<string, Outdated>;
  /** What was brought up to date since {@linkcode Checkpoints.changedSince}, and to which state of it. */
  readonly amended: Map<string, string>;
  readonly #options: CheckpointsOptions;
  readonly #gate = new PageGate();
  readonly #writers = new Set<Segmented>();
  readonly #listings: Map<string, ListingState>;
  readonly #done: Set<string>;
  /** Steps that aren't done: what they wrote is written again when they are begun again. */
  readonly #open = new Set<string>();
  /** How far the export was when this run began. */
  readonly #begun: string;
  readonly #pace: CheckpointPace;
  #isSavedAtStop = false;
  /** Writes what no other page brings down. */
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** The checkpoints that a timer or the stop began; `undefined` while none may. */
  #background: Set<Promise<void>> | undefined;
  /** Why what is counted isn't in the storage any more. */
  #loss: { readonly reason: unknown } | undefined;

  /**
   * @param options What is to be written down.
   */
  constructor(options: CheckpointsOptions) {
    const { from, run, snapshot: { storage, prefix }, signal } = options;
    this.#options = options;
    this.#pace = new CheckpointPace(options.everyMs);
    this.journal = new Journal({ storage, prefix, signal, files: from?.journal });
    this.changedSince = from === undefined ? run.project.readAt : new Date(from.changedSince);
    this.assetLists = from?.assetLists ?? 0;
    this.outdated = new Map(from?.outdated.map((one) => [`${one.what} ${one.id}`, one]));
    this.amended = new Map(Object.entries(from?.amended ?? {}));
    this.#listings = new Map(Object.entries(structuredClone(from?.listings ?? {})));
    this.#done = new Set(from?.done);
    this.#begun = this.#reached();
  }

  /** Whether the export is further than where this run began. */
  get progressed(): boolean {
    return this.#reached() !== this.#begun;
  }

  /**
   * How far a listing is; what is changed in it is written down with the next checkpoint.
   *
   * @param key The listing's name, such as `records/article/current`.
   */
  listing(key: string): ListingState {
    let state = this.#listings.get(key);
    if (state === undefined) {
      state = {
        read: 0,
        bytes: 0,
        batches: 0,
        last: [],
        done: false,
        total: 0,
        publicIds: NO_IDS,
      };
      this.#listings.set(key, state);
    }
    return state;
  }

  /**
   * Runs a step that is done as a whole, unless an earlier run has done it. At its end a checkpoint is
   * written if one is due, or else as soon as one is.
   *
   * @param name Its name; the objects that it writes have paths that begin with it.
   * @param run The step.
   */
  async once(name: string, run: () => Promise<void>): Promise<void> {
    if (this.#done.has(name)) return;
    await this.always(name, run);
    this.#open.delete(name);
    this.#done.add(name);
    await this.saveIfDue();
  }

  /**
   * Runs a step that an export that resumes runs again, whether or not it came to its end: no checkpoint
   * counts what it writes.
   *
   * @param name Its name; the objects that it writes have paths that begin with it.
   * @param run The step.
   */
  async always<T>(name: string, run: () => Promise<T>): Promise<T> {
    this.#open.add(name);
    return await run();
  }

  /**
   * Writes a page. At its end a checkpoint is written if one is due.
   *
   * @param write Writes it.
   */
  async page(write: () => Promise<void>): Promise<void> {
    await this.#gate.shared(async () => {
      try {
        await write();
      } catch (error) {
        // Before the gate is open to a checkpoint.
        this.giveUp(error);
        throw error;
      }
      while (this.journal.pendingBytes > MOST_PENDING) await this.journal.save();
    });
    await this.saveIfDue();
  }

  /**
   * Writes a checkpoint if one is due; if none is, one is written as soon as it is. It always is when the
   * export is to stop: a request that hangs must not take with it what the others have brought.
   *
   * @throws {StorageError} If something can't be written.
   */
  async saveIfDue(): Promise<void> {
    // Of those that wait for the same checkpoint, the first one writes it.
    if (this.#isDue()) await this.#saveIf(() => this.#isDue());
    else this.saveWhenDue();
  }

  /** Lets a checkpoint be written as soon as one is due, also if nothing else happens by then. */
  saveWhenDue(): void {
    if (this.#background === undefined || this.#timer !== undefined) return;
    // It is overdue where the storage was away.
    const dueInMs = Math.max(0, Math.ceil(this.#pace.dueInMs));
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      // A timer may be early.
      if (this.#isDue()) this.#saveInBackground(() => this.#isDue());
      else this.saveWhenDue();
    }, Math.min(dueInMs, LONGEST_TIMER));
  }

  #isDue(): boolean {
    return this.#options.run.stop?.aborted || this.#pace.dueInMs <= 0;
  }

  /**
   * Lets checkpoints be written in the background, until it is disposed: when one is due, and as soon as the
   * export is to stop, since what is waited for then may never come.
   */
  saving(): AsyncDisposable {
    const { stop } = this.#options.run;
    const background = this.#background ??= new Set();
    const save = () => this.#saveInBackground(() => !this.#isSavedAtStop);
    stop?.addEventListener("abort", save, { once: true });
    return {
      [Symbol.asyncDispose]: async () => {
        stop?.removeEventListener("abort", save);
        clearTimeout(this.#timer);
        this.#timer = undefined;
        this.#background = undefined;
        await Promise.all(background);
      },
    };
  }

  #saveInBackground(isDue: () => boolean): void {
    const background = this.#background;
    // Its failure is the reason why no other checkpoint can be written: the next one tells.
    const saving = this.#saveIf(isDue).catch(() => {}).finally(() => background?.delete(saving));
    background?.add(saving);
  }

  /**
   * Writes no checkpoint any more: something that is counted was lost before it was in the storage. What
   * is in the last checkpoint isn't touched by that.
   *
   * @param reason Why.
   */
  giveUp(reason: unknown): void {
    this.#loss ??= { reason };
  }

  /**
   * Counts a writer in until it is disposed.
   *
   * @param writer The writer.
   */
  attach(writer: Segmented): Disposable {
    this.#writers.add(writer);
    return { [Symbol.dispose]: () => void this.#writers.delete(writer) };
  }

  /**
   * Writes a checkpoint.
   *
   * @throws {StorageError} If something can't be written.
   */
  async save(): Promise<void> {
    await this.#saveIf(() => true);
  }

  async #saveIf(isDue: () => boolean): Promise<void> {
    const { run, snapshot, tables, signal } = this.#options;
    await this.#gate.alone(async () => {
      if (!isDue()) return;
      if (this.#loss) throw this.#loss.reason;
      const begun = performance.now();
      this.#isSavedAtStop ||= run.stop?.aborted ?? false;
      try {
        await endAll(this.#writers);
        await tables?.addTo(this.journal);
        await this.journal.save();
        // One of them may have been ended meanwhile by what ends the export.
        if (this.#loss) throw (this.#loss as { readonly reason: unknown }).reason;
        const checkpoint = this.#describe();
        await writeCheckpoint(snapshot, checkpoint, signal);
        await this.journal.tidy();
        const objects = checkpoint.objects.length;
        const { address } = snapshot;
        run.emit({ type: "checkpoint", snapshot: address, objects, progressed: this.progressed });
      } catch (error) {
        this.giveUp(error);
        throw error;
      }
      clearTimeout(this.#timer);
      this.#timer = undefined;
      this.#pace.saved(performance.now() - begun);
    });
  }

  /** How far the export is: it is the same as before if nothing was done that stays done. */
  #reached(): string {
    const listings = this.#listings.entries().map(([key, { read, done }]) => [key, read, done]);
    const { tables } = this.#options;
    const others = [
      this.changedSince,
      this.amended.size,
      this.assetLists,
      ...tables?.position ?? [],
      ...this.#done,
    ];
    return JSON.stringify([...listings.filter(([, read, done]) => read || done), ...others]);
  }

  #describe(): Checkpoint {
    const { run, snapshot, tables, fingerprint, startedAt } = this.#options;
    const isOpen = (path: string) => {
      return this.#open.values().some((name) => path.startsWith(name));
    };
    const resources: Manifest["resources"] = { ...run.resources };
    return {
      formatVersion: 3,
      fingerprint,
      startedAt: startedAt.toISOString(),
      changedSince: this.changedSince.toISOString(),
      done: [...this.#done],
      amending: [...this.amending],
      outdated: [...this.outdated.values()],
      amended: Object.fromEntries(this.amended),
      listings: Object.fromEntries(this.#listings),
      ...(tables && { tables: tables.state }),
      journal: this.journal.files,
      assetLists: this.assetLists,
      objects: snapshot.objects.filter(({ path }) => !isOpen(path)),
      resources,
      records: run.records,
      notes: run.journal.notes,
    };
  }
}

/** Ends the segments of all writers, and waits for all of them even if one fails. */
async function endAll(writers: Iterable<Segmented>): Promise<void> {
  const ends = await Promise.allSettled(Array.from(writers, (writer) => writer.endSegment()));
  for (const end of ends) if (end.status === "rejected") throw end.reason;
}
