import { ByteJournal } from "../../snapshot/byte_journal.ts";
import { NO_IDS } from "../../snapshot/id_sum.ts";
import type { Labels } from "../../snapshot/labels.ts";
import type { SnapshotWriter } from "../../snapshot/snapshot_writer.ts";
import type { Journal } from "../journal.ts";
import type { Tallies } from "../tallies.ts";
import type { BaseState } from "../steps/base_snapshot.ts";
import type { Amendable, Checkpoint, ListingState, Outdated } from "./checkpoint.ts";

/** Tables and indexes that are being made, as far as checkpoints know them. */
export interface CheckpointedRows {
  /** How far they are, once {@linkcode CheckpointedRows.addTo} has resolved: further with every page. */
  readonly state: NonNullable<Checkpoint["derived"]>;
  /** Adds to a journal the rows that were collected since the last time. */
  addTo(journal: ByteJournal): Promise<void>;
  /** Takes from a journal the rows that an earlier run has collected. */
  restore(journal: ByteJournal): Promise<void>;
}

/** Options of {@linkcode ResumeState}. */
export interface ResumeStateOptions {
  /** What has to be the same to continue. */
  readonly fingerprint: Checkpoint["fingerprint"];
  /** When the export began. */
  readonly startedAt: Date;
  /** The labels that this run gives the snapshot. */
  readonly labels?: Labels | undefined;
  /** Since when changes are looked for, as long as nothing was brought up to date. */
  readonly changedSince: Date;
  /** What was written. */
  readonly snapshot: Pick<SnapshotWriter, "storage" | "prefix" | "objects">;
  /** What was counted. */
  readonly tallies: Tallies;
  /** What was noted. */
  readonly journal: Journal;
  /** The tables and indexes, if any are made. */
  readonly derived: CheckpointedRows | undefined;
  /** Aborts the reading and writing. */
  readonly signal: AbortSignal;
}

/** What another run needs to continue an export: all that a checkpoint holds. */
export class ResumeState {
  /** Since when changes are still to be looked for. */
  changedSince: Date;
  /** How many lists of assets that are done were written. */
  assetLists = 0;
  /** The snapshot whose records are reused where they haven't changed, if there is one, and how many were. */
  base: BaseState | undefined;
  /** What is being brought up to date. */
  readonly amending: Set<Amendable> = new Set<Amendable>();
  /** What is still to be brought up to date, by what it is and its id. */
  readonly outdated: Map<string, Outdated> = new Map<string, Outdated>();
  /** What was brought up to date since {@linkcode ResumeState.changedSince}, and to which state of it. */
  readonly amended: Map<string, string> = new Map<string, string>();
  /** How often runs have begun to list a model once more, by its id. */
  readonly compared: Map<string, number> = new Map<string, number>();
  #labels: Labels;
  readonly #options: ResumeStateOptions;
  readonly #listings = new Map<string, ListingState>();
  readonly #done = new Set<string>();
  /** Steps that aren't done: what they wrote is written again when they are begun again. */
  readonly #open = new Set<string>();
  #bytes: ByteJournal;
  /** How far the export was when this run began. */
  #begun: string;

  /**
   * Describes an export that has just begun.
   *
   * @param options What is described.
   */
  constructor(options: ResumeStateOptions) {
    this.#options = options;
    this.changedSince = options.changedSince;
    this.#labels = options.labels ?? {};
    this.#bytes = this.#openBytes([]);
    this.#begun = this.#reached();
  }

  /** The snapshot's labels: those of all runs, of one name that of the last run. */
  get labels(): Labels {
    return this.#labels;
  }

  /** What is kept of objects that aren't finished. */
  get bytes(): ByteJournal {
    return this.#bytes;
  }

  /** Whether the export is further than where this run began. */
  get progressed(): boolean {
    return this.#reached() !== this.#begun;
  }

  /**
   * Continues from where an earlier run was.
   *
   * @param checkpoint How far it was.
   * @throws {StorageError} If what it has kept can't be read.
   */
  async restore(checkpoint: Checkpoint): Promise<void> {
    const { tallies, journal, derived } = this.#options;
    tallies.restore(checkpoint);
    journal.restore(checkpoint.notes);
    this.#labels = { ...checkpoint.labels, ...this.#labels };
    this.base = structuredClone(checkpoint.base);
    this.changedSince = new Date(checkpoint.changedSince);
    this.assetLists = checkpoint.assetLists;
    // What was being brought up to date then is begun again.
    for (const one of checkpoint.outdated) this.outdated.set(`${one.what} ${one.id}`, one);
    for (const [key, state] of Object.entries(checkpoint.amended)) this.amended.set(key, state);
    for (const [id, times] of Object.entries(checkpoint.compared)) this.compared.set(id, times);
    for (const [key, state] of Object.entries(structuredClone(checkpoint.listings))) {
      this.#listings.set(key, state);
    }
    for (const name of checkpoint.done) this.#done.add(name);
    this.#bytes = this.#openBytes(checkpoint.journal);
    this.#begun = this.#reached();
    await derived?.restore(this.#bytes);
  }

  /**
   * Describes how far the export is. Nothing may be under way.
   *
   * @return The checkpoint.
   */
  capture(): Checkpoint {
    const { fingerprint, startedAt, snapshot, tallies, journal, derived } = this.#options;
    const isOpen = (path: string) => this.#open.values().some((name) => path.startsWith(name));
    const { resources, records } = tallies.counts;
    return {
      formatVersion: 5,
      fingerprint,
      startedAt: startedAt.toISOString(),
      labels: this.#labels,
      ...(this.base && { base: this.base }),
      changedSince: this.changedSince.toISOString(),
      done: [...this.#done],
      amending: [...this.amending],
      outdated: [...this.outdated.values()],
      amended: Object.fromEntries(this.amended),
      compared: Object.fromEntries(this.compared),
      listings: Object.fromEntries(this.#listings),
      ...(derived && { derived: derived.state }),
      journal: this.#bytes.files,
      assetLists: this.assetLists,
      objects: snapshot.objects.filter(({ path }) => !isOpen(path)),
      resources,
      records,
      notes: journal.notes,
    };
  }

  /**
   * Brings all that is kept of unfinished objects into the storage, so that a checkpoint may count it.
   *
   * @throws {StorageError} If it can't be written.
   */
  async saveBytes(): Promise<void> {
    await this.#options.derived?.addTo(this.#bytes);
    await this.#bytes.save();
  }

  /**
   * How far a listing is; what is changed in it is in the next checkpoint.
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
   * Whether a step is done.
   *
   * @param name Its name.
   */
  isDone(name: string): boolean {
    return this.#done.has(name);
  }

  /**
   * Begins a step: no checkpoint counts what it writes until it is done.
   *
   * @param name Its name; the objects that it writes have paths that begin with it.
   */
  open(name: string): void {
    this.#open.add(name);
  }

  /**
   * Ends a step: no other run begins it again.
   *
   * @param name Its name.
   */
  finish(name: string): void {
    this.#open.delete(name);
    this.#done.add(name);
  }

  #openBytes(files: Checkpoint["journal"]): ByteJournal {
    const { snapshot: { storage, prefix }, signal } = this.#options;
    return new ByteJournal({ storage, prefix, signal, files });
  }

  /** How far the export is: it is the same as before if nothing was done that stays done. */
  #reached(): string {
    const listings = this.#listings.entries().map(([key, { read, done }]) => [key, read, done]);
    const derived = this.#options.derived?.state;
    const others = [
      this.changedSince,
      this.amended.size,
      this.assetLists,
      derived?.batches,
      derived?.entries,
      ...this.#done,
    ];
    return JSON.stringify([...listings.filter(([, read, done]) => read || done), ...others]);
  }
}
