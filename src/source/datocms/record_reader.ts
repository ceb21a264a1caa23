import { Tasks } from "../../async/tasks.ts";
import type { Item, ItemType, Page, Version } from "../../content/resource.ts";
import { census, type CensusPart } from "./census.ts";
import { Completion, type CompletionOptions } from "./completion.ts";
import type { ListingVerdict } from "./listing_check.ts";
import { EarlierJoin } from "./earlier_records.ts";
import { Lane, type ModelToRead, type Slot } from "./record_lane.ts";
import { isListedUpdated, recordRows } from "./records.ts";
import { UpdatedRows } from "./updated_rows.ts";

export type { ModelToRead };

/** Records that are handed on at once, and their size in bytes, about: at most. */
const AT_ONCE = { records: 500, bytes: 2 * 1024 * 1024 };
/** Rows for which earlier records are looked for before it is seen how much waits to be handed on. */
const JOINED_AT_ONCE = 20;

/** Records of a model, in the order in which they were created. */
export interface ReadRecords {
  /** The current versions, with their blocks. */
  readonly current: Page<Item>;
  /** The published versions of those of them that have one; `undefined` if they are read otherwise. */
  readonly published: Page<Item> | undefined;
  /** How many of these are earlier ones, with their blocks or as published versions. */
  readonly reused: Readonly<Record<Version, number>>;
}

/** How records are read, and where they go. */
export interface RecordReaderOptions extends CompletionOptions {
  /** The most models that are listed at a time. */
  readonly modelsAtOnce: number;
  /** Ends the reading. */
  readonly signal: AbortSignal;
  /** Nothing more is requested once it is aborted: what is there is handed on. */
  readonly stop?: AbortSignal | undefined;
  /** Takes records of a model, in order. */
  readonly write: (model: ItemType, records: ReadRecords) => Promise<void>;
  /** Called once all records of a model were taken, unless the reading was stopped. */
  readonly end: (
    model: ItemType,
    verdict: ListingVerdict,
    withPublished: boolean,
  ) => Promise<void>;
}

/** What a reading left to others. */
export interface LeftToRead {
  /** Models whose records can't be had by their ids: what wasn't handed on of them is to be listed with its blocks. */
  readonly apart: readonly ItemType[];
}

/**
 * Reads the records of some models, with all blocks, in the fewest requests: rows without blocks first, 500 at
 * a time, those of small models together; then what names blocks once more by its id, whichever pages and
 * models it is of. A published version is taken from the current one where the record is published; where it
 * was updated since, it is read by its id, or listed if there are many.
 *
 * What is taken for granted of the API is checked: where it turns out wrong, a fallback is told, and the
 * records in doubt are left to be read otherwise.
 *
 * @param models What is read.
 * @param options How, and where it goes.
 * @return What is left to be read otherwise.
 * @throws {CmaError} If the API can't be read.
 */
export async function readRecords(
  models: readonly ModelToRead[],
  options: RecordReaderOptions,
): Promise<LeftToRead> {
  return await new RecordReader(models, options).run();
}

class RecordReader {
  readonly #options: RecordReaderOptions;
  readonly #tasks = new Tasks();
  readonly #signal: AbortSignal;
  readonly #byId: ReadonlyMap<string, ModelToRead>;
  readonly #census: AsyncGenerator<CensusPart, void>;
  readonly #lanes = new Set<Lane>();
  readonly #completion: Completion;
  /** Models that are listed by themselves, and aren't yet. */
  readonly #alone: ModelToRead[] = [];
  readonly #apart: ItemType[] = [];
  #isCensusRead = false;
  #isCensusReading = false;

  constructor(models: readonly ModelToRead[], options: RecordReaderOptions) {
    this.#options = options;
    this.#signal = AbortSignal.any([options.signal, this.#tasks.signal]);
    this.#byId = new Map(models.map((one) => [one.model.id, one]));
    const isBegun = ({ listing }: ModelToRead) => listing.after !== undefined;
    this.#alone.push(...models.filter(isBegun));
    this.#completion = new Completion(options, {
      tasks: this.#tasks,
      signal: this.#signal,
      lanes: this.#lanes,
      withPublished: models.some(({ withPublished }) => withPublished),
      reject: (lane) => this.#reject(lane),
    });
    const fresh = models.filter((one) => !isBegun(one)).map(({ model }) => model);
    this.#census = census(options.client, fresh, {
      signal: this.#signal,
      stop: options.stop,
      onSample: (rows) => this.#completion.check.look(rows),
      onFallback: options.onFallback,
    });
  }

  async run(): Promise<LeftToRead> {
    const tasks = this.#tasks;
    try {
      for (;;) {
        this.#start(false);
        // Nothing comes by itself: packs that aren't full are asked for, however much is held.
        if (tasks.size === 0) this.#start(true);
        if (tasks.size === 0) break;
        await tasks.next();
      }
      if (this.#lanes.size > 0 && !this.#options.stop?.aborted) {
        throw new Error("Expected records to be handed on, but nothing was under way any more.");
      }
      return { apart: this.#apart };
    } finally {
      await tasks.stop(new DOMException("No more records are read.", "AbortError"));
      for (const lane of this.#lanes) await lane.cancel();
      await this.#census.return();
    }
  }

  /** Begins whatever may begin; what only runs ahead, as long as not too much is held. */
  #start(isIdle: boolean): void {
    const { modelsAtOnce, stop } = this.#options;
    const completion = this.#completion;
    if (!stop?.aborted) {
      const mayRead = completion.mayRead || isIdle;
      if (mayRead) this.#readCensus();
      while (this.#alone.length > 0 && this.#open < modelsAtOnce) {
        this.#openLane(this.#alone.shift()!);
      }
      const mayJoin = completion.mayJoin || isIdle;
      for (const lane of this.#lanes) {
        if (lane.join === undefined ? mayRead : mayJoin) {
          this.#joinRows(lane);
          this.#readRows(lane);
        }
        completion.readUpdated(lane);
      }
      const isAllListed = this.#isCensusRead && this.#alone.length === 0 &&
        !this.#lanes.values().some(({ isOpen }) => isOpen);
      completion.ask(isAllListed, isIdle);
    }
    for (const lane of this.#lanes) this.#drain(lane);
  }

  /** How many models are being listed. */
  get #open(): number {
    let open = 0;
    for (const { rows } of this.#lanes) if (rows !== undefined) open++;
    return open;
  }

  #readCensus(): void {
    // Whatever is alone is opened first: the next part may be another one that is.
    if (this.#isCensusRead || this.#isCensusReading || this.#alone.length > 0) return;
    if (this.#lanes.values().some(({ pending }) => pending !== undefined)) return;
    this.#isCensusReading = true;
    this.#tasks.begin(async () => {
      const { done, value: part } = await this.#census.next();
      this.#isCensusReading = false;
      if (done) this.#isCensusRead = true;
      else if ("alone" in part) this.#alone.push(this.#byId.get(part.alone.id)!);
      else {
        const count = part.together.reduce((sum, { rows }) => sum + rows.length, 0);
        for (const { model, rows } of part.together) {
          const lane = this.#newLane(this.#byId.get(model.id)!);
          const { length } = rows;
          lane.listing.onTotal?.(length);
          lane.verdict = { announced: length, sent: length, state: "whole" };
          this.#takeRows(lane, rows, part.bytes / Math.max(1, count));
        }
      }
    });
  }

  #newLane(one: ModelToRead): Lane {
    const lane = new Lane(one, !this.#options.schema.holdsBlocks(one.model.id));
    lane.withPublished &&= this.#completion.check.derives !== false;
    if (one.earlier && (lane.withPublished || !lane.isFlat)) {
      lane.join = new EarlierJoin(
        this.#options.schema,
        one.model.id,
        one.earlier,
        this.#signal,
      );
    }
    this.#lanes.add(lane);
    return lane;
  }

  #openLane(one: ModelToRead): void {
    const lane = this.#newLane(one);
    const { listing, model } = lane;
    lane.rows = recordRows(this.#options.client, model, {
      ...listing,
      // A page of rows makes work for many requests, if their blocks are to be read.
      prefetch: lane.isFlat ? listing.prefetch : 2,
      signal: this.#signal,
      onTotal: (total) => {
        lane.total = total;
        listing.onTotal?.(total);
      },
      onEnd: (verdict) => lane.verdict = verdict,
      onBytes: (bytes) => lane.pageBytes = bytes,
    }).getReader();
  }

  #readRows(lane: Lane): void {
    const { rows } = lane;
    if (rows === undefined || lane.isReading || lane.isRejected || lane.pending) return;
    lane.isReading = true;
    const isFirst = lane.total === 0;
    this.#tasks.begin(async () => {
      const { done, value = [] } = await rows.read();
      lane.isReading = false;
      if (done) lane.rows = undefined;
      if (lane.isRejected) return;
      if (isFirst) this.#expectUpdated(lane, value);
      this.#takeRows(lane, value, lane.pageBytes / Math.max(1, value.length));
    });
  }

  #takeRows(lane: Lane, rows: Page<Item>, bytes: number): void {
    const { check } = this.#completion;
    if (lane.join === undefined) return this.#completion.take(lane, rows, bytes);
    if (lane.withPublished) check.look(rows);
    if (rows.length > 0) lane.pending = { rows: [...rows], bytes };
  }

  /** Looks for earlier records of some rows: what is reused waits to be handed on, too. */
  #joinRows(lane: Lane): void {
    const { pending } = lane;
    if (pending === undefined || lane.isJoining || lane.isRejected) return;
    lane.isJoining = true;
    this.#tasks.begin(async () => {
      const { rows, bytes } = pending;
      const some = rows.splice(0, JOINED_AT_ONCE);
      for (const row of some) await this.#completion.join(lane, row, bytes);
      if (rows.length === 0) lane.pending = undefined;
      lane.isJoining = false;
    });
  }

  /** Where a listing of updated records takes fewer requests than their ids do, it is read along. */
  #expectUpdated(lane: Lane, first: Page<Item>): void {
    const { client } = this.#options;
    const { model, listing, total, isFlat, withPublished } = lane;
    if (!isFlat || !withPublished || listing.after !== undefined || first.length === 0) return;
    // Most of them are as they were.
    if (lane.join !== undefined) return;
    const share = first.filter(({ meta }) => meta?.status === "updated").length / first.length;
    if (!isListedUpdated(total * share)) return;
    // Pages of it that wait for the current ones must not keep these from being read.
    const ahead = { prefetch: 1, stop: listing.stop, signal: this.#signal };
    lane.updated = new UpdatedRows(client, model, ahead);
  }

  /** Leaves what wasn't handed on of a model to be listed with its blocks. */
  #reject(lane: Lane): void {
    this.#apart.push(lane.model);
    this.#tasks.begin(async () => {
      await lane.cancel();
      this.#lanes.delete(lane);
    });
  }

  /** Hands on what is whole of a model. */
  #drain(lane: Lane): void {
    const { slots, model, verdict } = lane;
    if (lane.isWriting || lane.isRejected) return;
    const some: Slot[] = [];
    let bytes = 0;
    for (const slot of slots) {
      if (slot.state === "reading") break;
      bytes += slot.bytes;
      if (some.length === AT_ONCE.records || some.length > 0 && bytes > AT_ONCE.bytes) break;
      some.push(slot);
    }
    const { length: whole } = some;
    const isDerived = some.some(({ item, published }) => item && item === published);
    const isKnown = !lane.withPublished || this.#completion.check.derives !== undefined;
    if (whole > 0 && (isKnown || !isDerived)) {
      slots.splice(0, whole);
      return this.#write(lane, some);
    }
    if (slots.length > 0 || lane.isOpen) return;
    this.#lanes.delete(lane);
    if (verdict === undefined) return;
    this.#tasks.begin(async () => {
      await lane.cancel();
      await this.#options.end(model, verdict, lane.withPublished);
    });
  }

  #write(lane: Lane, slots: readonly Slot[]): void {
    const there = slots.filter(({ state }) => state === "done");
    const published = lane.withPublished
      ? there.flatMap(({ published }) => published === undefined ? [] : [published])
      : undefined;
    lane.isWriting = true;
    this.#tasks.begin(async () => {
      const current = there.map(({ item }) => item!);
      const reused = {
        current: there.filter(({ isReused }) => isReused).length,
        published: there.filter((slot) => slot.published && slot.isPublishedReused).length,
      };
      if (current.length > 0) {
        await this.#options.write(lane.model, { current, published, reused });
      }
      for (const slot of slots) this.#completion.release(slot);
      lane.isWriting = false;
    });
  }
}
