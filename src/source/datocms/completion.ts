import type { Item, ItemType, Page, Version } from "../../content/resource.ts";
import type { SchemaIndex } from "../../content/schema_index.ts";
import type { Tasks } from "../../async/tasks.ts";
import { modelIdOf, namesBlocks } from "./block_names.ts";
import type { CmaClient } from "./cma_client.ts";
import type { PackKind } from "./pack_queue.ts";
import { PublishedCheck } from "./published_check.ts";
import type { Reused } from "./earlier_records.ts";
import type { Lane, Slot } from "./record_lane.ts";
import { type Answer, RecordPacks } from "./record_packs.ts";
import type { Unreadable } from "./unreadable.ts";

/** Bytes that may wait to be handed on, unless something else is asked for. */
const MOST_HELD = 16 * 1024 * 1024;

/** How rows are completed. */
export interface CompletionOptions {
  /** Reads the API. */
  readonly client: CmaClient;
  /** The project's schema. */
  readonly schema: SchemaIndex;
  /** The most packs of records in flight. */
  readonly concurrency: number;
  /**
   * How many bytes of rows and records may wait to be handed on, beside what is on its way: as long as there
   * are more, nothing is read ahead. Of rows alone, a third of that.
   *
   * @default {16777216}
   */
  readonly mostHeld?: number | undefined;
  /** Called with each record that nobody can read. */
  readonly onUnreadable?:
    | ((model: ItemType, version: Version, entry: Unreadable) => void)
    | undefined;
  /** Called when the API doesn't do what is known of it, and a slower way is taken. */
  readonly onFallback?: ((message: string) => void) | undefined;
}

/** What {@linkcode Completion} needs of whoever reads the rows. */
export interface CompletionParts {
  /** Runs requests. */
  readonly tasks: Tasks;
  /** Aborts them. */
  readonly signal: AbortSignal;
  /** The lanes of all models that are being read. */
  readonly lanes: ReadonlySet<Lane>;
  /** Whether any published version is to be handed on. */
  readonly withPublished: boolean;
  /** Leaves what wasn't handed on of a model to others. */
  readonly reject: (lane: Lane) => void;
}

/** Completes rows to records in both versions: blocks and published versions are asked for by ids. */
export class Completion {
  /** Finds out whether published versions follow from current ones. */
  readonly check: PublishedCheck;
  readonly #options: CompletionOptions;
  readonly #parts: CompletionParts;
  readonly #packs: RecordPacks;
  #held = 0;

  /**
   * Asks for nothing yet.
   *
   * @param options How rows are completed.
   * @param parts Whose rows they are.
   */
  constructor(options: CompletionOptions, parts: CompletionParts) {
    this.#options = options;
    this.#parts = parts;
    this.check = new PublishedCheck({
      ...parts,
      client: options.client,
      onDiffers: (problem) => this.#leavePublished(problem),
    });
    this.#packs = new RecordPacks({
      ...options,
      ...parts,
      take: (slot, answer) => this.#takeAnswer(slot, answer),
      onUnreadable: ({ lane }, version, entry) => {
        options.onUnreadable?.(lane.model, version, entry);
      },
    });
  }

  /** Whether so little waits to be handed on that rows may be read ahead. */
  get mayRead(): boolean {
    return this.#held * 3 < this.#mostHeld;
  }

  /** Whether so little waits that earlier records may be looked for: what is reused needs no room to be read. */
  get mayJoin(): boolean {
    return this.#held < this.#mostHeld;
  }

  get #mostHeld(): number {
    return this.#options.mostHeld ?? MOST_HELD;
  }

  /**
   * Counts a record as handed on.
   *
   * @param slot The record.
   */
  release({ bytes }: Slot): void {
    this.#held -= bytes;
  }

  /**
   * Asks for what is ready to be asked for, as long as not too much is held.
   *
   * @param isAllListed Whether all rows are there, so that nothing more comes for packs that aren't full.
   * @param isIdle Whether nothing comes by itself any more.
   */
  ask(isAllListed: boolean, isIdle: boolean): void {
    const packs = this.#packs;
    if (isAllListed || isIdle) packs.flush("current");
    const isAllCurrent = isAllListed && packs.isDone("current");
    const isAwaited = this.#parts.lanes.values().some(({ awaited: { size } }) => size > 0);
    if (isAllCurrent && !isAwaited && this.check.derives !== undefined || isIdle) {
      packs.flush("published");
    }
    packs.ask(this.#mostHeld - this.#held);
  }

  /**
   * Takes rows of a model, in order.
   *
   * @param lane The model.
   * @param rows The rows.
   * @param bytes The size of each, about.
   */
  take(lane: Lane, rows: Page<Item>, bytes: number): void {
    if (lane.withPublished) this.check.look(rows);
    for (const row of rows) this.#take(lane, row, bytes);
  }

  /**
   * Takes a row of a model, in order, once it was looked for whether an earlier record can be reused.
   *
   * @param lane The model.
   * @param row The row.
   * @param bytes Its size, about.
   */
  async join(lane: Lane, row: Item, bytes: number): Promise<void> {
    const { schema } = this.#options;
    const withPublished = lane.withPublished && row.meta?.status === "updated";
    const isNeeded = withPublished || namesBlocks(row, schema, lane.model.id);
    this.#take(lane, row, bytes, isNeeded ? await lane.join?.find(row, withPublished) : undefined);
  }

  #take(lane: Lane, row: Item, bytes: number, reused?: Reused): void {
    if (lane.isRejected) return;
    const slot = lane.add(row, this.#isNested(lane, row));
    this.#held += slot.bytes;
    if (reused !== undefined) {
      slot.isReused = slot.namesBlocks;
      slot.isPublishedReused = reused.published !== undefined;
      slot.other = reused.published;
      this.#weigh(slot, reused.bytes);
      this.#settle(slot, reused.current);
    } else if (slot.namesBlocks) {
      this.#askFor(slot, { version: "current", nested: true });
      // Both at once, so that what comes first can soon be handed on.
      if (lane.withPublished && slot.status === "updated") this.#askForPublished(slot);
    } else {
      this.#weigh(slot, bytes);
      this.#settle(slot, row);
    }
  }

  /** Whether a record has to be read again with its blocks. */
  #isNested(lane: Lane, row: Item): boolean {
    const { schema, onFallback } = this.#options;
    const { model: { id, attributes: { api_key: key } } } = lane;
    if (!namesBlocks(row, schema, id)) return false;
    if (lane.isFlat && !lane.isTold) {
      lane.isTold = true;
      onFallback?.(`Records of model ${key} hold blocks, although its fields allow none.`);
    }
    return true;
  }

  /** Takes a record's current version, and finds out about its published one. */
  #settle(slot: Slot, item: Item): void {
    const { lane } = slot;
    slot.item = item;
    const status = item.meta?.status;
    if (!lane.withPublished || status === "draft") return this.#finish(slot, undefined);
    // What is published by its row was looked at before it is handed on.
    const isDerived = slot.status === "published" || this.check.derives === true;
    if (status === "published" && isDerived) return this.#finish(slot, item);
    if (slot.other !== undefined || slot.missed > 1) return this.#finish(slot, slot.other);
    if (slot.isAwaited) return;
    if (!lane.updated || slot.missed > 0) return this.#askForPublished(slot);
    lane.awaited.add(slot);
    this.#lookUp(lane);
  }

  #askFor(slot: Slot, kind: PackKind): void {
    const { lane, id } = slot;
    // A list in an address can't hold it.
    if (/,/.test(id) || !id.isWellFormed()) this.#reject(lane, "the id of one can't be sent");
    else this.#packs.add(slot, kind);
  }

  #askForPublished(slot: Slot): void {
    slot.isAwaited = true;
    const nested = !slot.lane.isFlat || slot.namesBlocks;
    this.#askFor(slot, { version: "published", nested });
  }

  #finish(slot: Slot, published: Item | undefined): void {
    slot.published = published;
    slot.state = "done";
  }

  /**
   * Reads on in a model's listing of updated records, if one of them is waited for.
   *
   * @param lane The model.
   */
  readUpdated(lane: Lane): void {
    const { updated, awaited } = lane;
    if (!updated || awaited.size === 0 || lane.isReadingUpdated || lane.isRejected) return;
    lane.isReadingUpdated = true;
    this.#parts.tasks.begin(async () => {
      await updated.read(this.#parts.signal);
      lane.isReadingUpdated = false;
      const { problem } = updated;
      if (problem !== undefined) {
        const { api_key: key } = lane.model.attributes;
        this.#options.onFallback?.(
          `DatoCMS was asked for updated records of model ${key}, and ${problem}.`,
        );
      }
      this.#lookUp(lane);
      if (problem === undefined) return;
      lane.updated = undefined;
      await updated.cancel();
    });
  }

  /** Finds out which published versions have come, and which won't. */
  #lookUp(lane: Lane): void {
    for (const slot of lane.awaited) {
      const found = lane.updated?.take(slot);
      if (found === undefined && lane.updated) continue;
      lane.awaited.delete(slot);
      if (found && !namesBlocks(found, this.#options.schema, lane.model.id)) {
        this.#finish(slot, found);
      } else this.#askForPublished(slot);
    }
  }

  #takeAnswer(slot: Slot, answer: Answer): void {
    const { lane } = slot;
    if (lane.isRejected) return;
    const problem = answer.problem ?? this.#problemOf(slot, answer);
    if (problem !== undefined) this.#reject(lane, problem);
    else if (answer.version === "current") this.#takeCurrent(slot, answer);
    else this.#takePublished(slot, answer);
  }

  /** What is wrong with a record that came by its id: a clause. */
  #problemOf({ lane }: Slot, { item, nested }: Answer): string | undefined {
    if (item === undefined) return undefined;
    if ((modelIdOf(item) ?? lane.model.id) !== lane.model.id) return "sent some as of other models";
    const isFlat = nested && namesBlocks(item, this.#options.schema, lane.model.id);
    return isFlat ? "sent some without their blocks" : undefined;
  }

  #takeCurrent(slot: Slot, { item, bytes }: Answer): void {
    // It was asked for twice: somebody deleted it meanwhile.
    if (item === undefined) {
      if (slot.item === undefined) slot.state = "gone";
      else this.#finish(slot, undefined);
      return;
    }
    // One that was read again without blocks may have some now.
    if (this.#isNested(slot.lane, item)) {
      return this.#askFor(slot, { version: "current", nested: true });
    }
    this.#weigh(slot, slot.other === undefined ? bytes : slot.bytes + bytes);
    slot.isReused = false;
    this.#settle(slot, item);
  }

  #takePublished(slot: Slot, { item, bytes, isLost, nested }: Answer): void {
    const { schema } = this.#options;
    const { lane, state } = slot;
    if (state !== "reading") return;
    if (item !== undefined) {
      if (!nested && namesBlocks(item, schema, lane.model.id)) {
        this.#askFor(slot, { version: "published", nested: true });
      } else {
        this.#weigh(slot, slot.bytes + bytes);
        slot.isAwaited = false;
        slot.other = item;
        slot.isPublishedReused = false;
        if (slot.item !== undefined) this.#settle(slot, slot.item);
      }
      return;
    }
    slot.isAwaited = false;
    // What its current version says when it comes is younger.
    if (slot.item === undefined) slot.missed++;
    else if (isLost) this.#finish(slot, undefined);
    else {
      // Somebody unpublished it meanwhile: what it says of itself is older.
      slot.missed++;
      this.#askFor(slot, { version: "current", nested: !lane.isFlat });
    }
  }

  #weigh(slot: Slot, bytes: number): void {
    this.#held += bytes - slot.bytes;
    slot.bytes = bytes;
  }

  /** Leaves what wasn't handed on of a model to be listed with its blocks. */
  #reject(lane: Lane, problem: string): void {
    const { model } = lane;
    lane.isRejected = true;
    this.#options.onFallback?.(
      `DatoCMS was asked for records of model ${model.attributes.api_key} by their ids, and ${problem}.`,
    );
    for (const slot of lane.slots.splice(0)) this.release(slot);
    lane.awaited.clear();
    lane.pending = undefined;
    this.#parts.reject(lane);
  }

  /** Published versions are to be read by themselves. */
  #leavePublished(problem: string): void {
    this.#options.onFallback?.(problem);
    for (const lane of this.#parts.lanes) {
      lane.withPublished = false;
      lane.awaited.clear();
      for (const slot of lane.slots) if (slot.item !== undefined) this.#finish(slot, undefined);
    }
  }
}
