import { LONGEST_TIMER } from "../../async/delay.ts";
import { PageGate } from "../../async/page_gate.ts";
import type { SnapshotWriter } from "../../snapshot/snapshot_writer.ts";
import type { Emit } from "../events.ts";
import { writeCheckpoint } from "./checkpoint.ts";
import { CheckpointPace } from "./checkpoint_pace.ts";
import type { ResumeState } from "./resume_state.ts";

/** Something that is only at rest once a segment of it is ended. */
export interface Segmented {
  /** Ends the segment: what was written so far has come to where a checkpoint finds it. */
  endSegment(): Promise<void>;
}

/** Unfinished batches may take so much memory (bytes), together, before the journal is saved. */
const MOST_PENDING = 32 * 1024 * 1024;

/** Options of {@linkcode Checkpoints}. */
export interface CheckpointsOptions {
  /** What is written down. */
  readonly state: ResumeState;
  /** Where it goes. */
  readonly snapshot: Pick<SnapshotWriter, "address" | "putAside">;
  /** Called with each checkpoint. */
  readonly emit: Emit;
  /** Once it is aborted, one is written at once. */
  readonly stop: AbortSignal | undefined;
  /** How far apart checkpoints are, in milliseconds. @default As {@linkcode CheckpointPace} says */
  readonly everyMs?: number | undefined;
  /** Aborts the writing. */
  readonly signal: AbortSignal;
}

/**
 * When it is written down how far an export is. For a checkpoint all pages that are being written are
 * finished, and none is begun: then everything that it counts is in the storage, or in the journal of bytes.
 */
export class Checkpoints {
  readonly #options: CheckpointsOptions;
  readonly #gate = new PageGate();
  readonly #writers = new Set<Segmented>();
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
    this.#options = options;
    this.#pace = new CheckpointPace(options.everyMs);
  }

  /**
   * Runs a step that is done as a whole, unless an earlier run has done it. At its end a checkpoint is
   * written if one is due, or else as soon as one is.
   *
   * @param name Its name; the objects that it writes have paths that begin with it.
   * @param run The step.
   */
  async once(name: string, run: () => Promise<void>): Promise<void> {
    const { state } = this.#options;
    if (state.isDone(name)) return;
    await this.always(name, run);
    state.finish(name);
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
    this.#options.state.open(name);
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
      const { bytes } = this.#options.state;
      while (bytes.pendingBytes > MOST_PENDING) await bytes.save();
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
    return this.#options.stop?.aborted || this.#pace.dueInMs <= 0;
  }

  /**
   * Lets checkpoints be written in the background, until it is disposed: when one is due, and as soon as the
   * export is to stop, since what is waited for then may never come.
   */
  saving(): AsyncDisposable {
    const { stop } = this.#options;
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
    const { state, snapshot, emit, stop, signal } = this.#options;
    await this.#gate.alone(async () => {
      if (!isDue()) return;
      if (this.#loss) throw this.#loss.reason;
      const begun = performance.now();
      this.#isSavedAtStop ||= stop?.aborted ?? false;
      try {
        await endAll(this.#writers);
        await state.saveBytes();
        // One of them may have been ended meanwhile by what ends the export.
        if (this.#loss) throw (this.#loss as { readonly reason: unknown }).reason;
        const checkpoint = state.capture();
        await writeCheckpoint(snapshot, checkpoint, signal);
        await state.bytes.tidy();
        const objects = checkpoint.objects.length;
        const { progressed } = state;
        emit({ type: "checkpoint", snapshot: snapshot.address, objects, progressed });
      } catch (error) {
        this.giveUp(error);
        throw error;
      }
      clearTimeout(this.#timer);
      this.#timer = undefined;
      this.#pace.saved(performance.now() - begun);
    });
  }
}

/** Ends the segments of all writers, and waits for all of them even if one fails. */
async function endAll(writers: Iterable<Segmented>): Promise<void> {
  const ends = await Promise.allSettled(Array.from(writers, (writer) => writer.endSegment()));
  for (const end of ends) if (end.status === "rejected") throw end.reason;
}
