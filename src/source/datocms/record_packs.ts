import { Budget } from "../../async/budget.ts";
import type { Tasks } from "../../async/tasks.ts";
import type { Item, Version } from "../../content/resource.ts";
import type { CmaClient } from "./cma_client.ts";
import { CmaError } from "./cma_error.ts";
import { type Pack, type PackKind, PackQueue } from "./pack_queue.ts";
import type { Slot } from "./record_lane.ts";
import { recordsById } from "./records_by_id.ts";
import type { Unreadable } from "./unreadable.ts";

/** What came in place of a record that was asked for by its id. */
export interface Answer extends PackKind {
  /** The record; `undefined` if there is none. */
  readonly item: Item | undefined;
  /** Its size in bytes, about. */
  readonly bytes: number;
  /** Whether there is one that nobody can read. */
  readonly isLost: boolean;
  /** Why nothing can be said of it, a clause, if the API can't be asked so. */
  readonly problem: string | undefined;
}

/** Options of {@linkcode RecordPacks}. */
export interface RecordPacksOptions {
  /** Reads the API. */
  readonly client: CmaClient;
  /** Runs the requests. */
  readonly tasks: Tasks;
  /** Aborts them. */
  readonly signal: AbortSignal;
  /** The most packs in flight. */
  readonly concurrency: number;
  /** Called with what came in place of each record. */
  readonly take: (slot: Slot, answer: Answer) => void;
  /** Called with each record that nobody can read. */
  readonly onUnreadable: (slot: Slot, version: Version, entry: Unreadable) => void;
  /** Called when addresses turn out too long. */
  readonly onFallback?: ((message: string) => void) | undefined;
}

/** Asks for records by their ids, in packs that are filled across models. */
export class RecordPacks {
  readonly #options: RecordPacksOptions;
  readonly #queue = new PackQueue<Slot>();
  /** Large records come one after the other. */
  readonly #turns = new Budget(1);
  #fetching: Record<Version, number> = { current: 0, published: 0 };
  /** What is likely to come of those in flight (bytes). */
  #expected = 0;

  /**
   * Asks for nothing yet.
   *
   * @param options How it is asked, and whom to tell.
   */
  constructor(options: RecordPacksOptions) {
    this.#options = options;
  }

  /**
   * Adds a record to those that are to be asked for.
   *
   * @param slot The record.
   * @param kind How.
   */
  add(slot: Slot, kind: PackKind): void {
    this.#queue.add(kind, slot.id, slot);
  }

  /**
   * Takes packs as full that aren't: nothing more comes for them.
   *
   * @param version Of which version.
   */
  flush(version: Version): void {
    this.#queue.flush(version);
  }

  /**
   * Whether all that was added was asked for, and came.
   *
   * @param version Of which version.
   */
  isDone(version: Version): boolean {
    return this.#queue.waiting[version] === 0 && this.#fetching[version] === 0;
  }

  /**
   * Asks for packs that are full. If none is in flight, one is whatever room there is.
   *
   * @param roomFor How many bytes may come.
   */
  ask(roomFor: number): void {
    const { concurrency } = this.#options;
    for (;;) {
      const inFlight = this.#fetching.current + this.#fetching.published;
      if (inFlight >= concurrency || inFlight > 0 && this.#expected >= roomFor) return;
      const pack = this.#queue.next();
      if (pack === undefined) return;
      this.#fetch(pack);
    }
  }

  #fetch(pack: Pack<Slot>): void {
    const { tasks, signal, take } = this.#options;
    const { version, nested, waiting } = pack;
    const expected = this.#queue.expected(pack);
    this.#fetching[version]++;
    this.#expected += expected;
    tasks.begin(async () => {
      let found: Map<string, Item> | undefined;
      let problem: string | undefined;
      let bytes = 0;
      const lost = new Set<string>();
      try {
        found = await this.#read(pack, lost, (size) => bytes += size);
        if (found === undefined) problem = "sent others";
      } catch (error) {
        signal.throwIfAborted();
        if (!(error instanceof CmaError) || !error.isRefusedQuery) throw error;
        problem = `refused that: ${error.message}`;
      } finally {
        this.#fetching[version]--;
        this.#expected -= expected;
      }
      const size = bytes / Math.max(1, found?.size ?? 0);
      if (found && found.size > 0) this.#queue.learn(pack, size);
      for (const [id, slot] of waiting) {
        const item = found?.get(id);
        take(slot, { version, nested, item, bytes: size, isLost: lost.has(id), problem });
      }
    });
  }

  async #read(
    { version, nested, waiting }: Pack<Slot>,
    lost: Set<string>,
    onBytes: (bytes: number) => void,
  ): Promise<Map<string, Item> | undefined> {
    const { client, signal, onUnreadable, onFallback } = this.#options;
    return await recordsById(client, [...waiting.keys()], {
      version,
      nested,
      signal,
      turns: this.#turns,
      onBytes,
      onUnreadable: (entry) => {
        lost.add(entry.id);
        const slot = waiting.get(entry.id);
        if (slot) onUnreadable(slot, version, entry);
      },
      onTooLong: (most, message) => {
        onFallback?.(`DatoCMS refused an address with ${2 * most} ids or more: ${message}`);
        this.#queue.shrink(most);
      },
    });
  }
}
