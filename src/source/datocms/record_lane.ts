import { createdAt } from "../../content/attributes.ts";
import type { Item, ItemType, Json, Page } from "../../content/resource.ts";
import type { EarlierJoin, EarlierRecords } from "./earlier_records.ts";
import type { ListingOptions } from "./listing.ts";
import type { ListingVerdict } from "./listing_check.ts";
import type { UpdatedRows } from "./updated_rows.ts";

/** A model whose records are read. */
export interface ModelToRead {
  /** The model. */
  readonly model: ItemType;
  /** Whether the published versions are handed on with the current ones. */
  readonly withPublished: boolean;
  /** How its rows are listed, and from where on. */
  readonly listing: ListingOptions;
  /** Its records as they were read earlier, to reuse those that haven't changed. @default None */
  readonly earlier?: EarlierRecords | undefined;
}

/** What a record takes of which nothing is there yet but its place in line (bytes). */
const WAITING = 500;

/** A record on its way from its row to both its versions. */
export interface Slot {
  /** Where it is in line. */
  readonly lane: Lane;
  /** Its id. */
  readonly id: string;
  /** When it was created, in milliseconds since 1970; `NaN` if nobody knows. */
  readonly time: number;
  /** Its status, as it was listed. */
  readonly status: Json | undefined;
  /** Whether its row names blocks, so that it has to be read again with them. */
  readonly namesBlocks: boolean;
  /** Its current version, once it is there. */
  item: Item | undefined;
  /** Its published version, once it is there. */
  published: Item | undefined;
  /** The published version that came by its id. */
  other: Item | undefined;
  /** Whether that was asked for, and didn't come yet. */
  isAwaited: boolean;
  /** What it takes of the memory, about, in bytes of JSON. */
  bytes: number;
  /** Whether both versions are there; `gone` if the record isn't any more. */
  state: "reading" | "done" | "gone";
  /** How often its published version didn't come. */
  missed: number;
  /** Whether its current version is an earlier one. */
  isReused: boolean;
  /** Whether its published version is an earlier one. */
  isPublishedReused: boolean;
}

/** The records of a model on their way, in order. */
export class Lane implements ModelToRead {
  /** The model. */
  readonly model: ItemType;
  /** How its rows are listed. */
  readonly listing: ListingOptions;
  /** Whether its fields rule blocks out. */
  readonly isFlat: boolean;
  /** Whether published versions are handed on. */
  withPublished: boolean;
  /** The records that weren't handed on yet. */
  readonly slots: Slot[] = [];
  /** Its rows, as long as it is listed by itself. */
  rows: ReadableStreamDefaultReader<Page<Item>> | undefined;
  /** Finds earlier records for its rows, if there are any. */
  join: EarlierJoin | undefined;
  /** Rows for which none were looked for yet, and the size of each in bytes, about. */
  pending: { readonly rows: Item[]; readonly bytes: number } | undefined;
  /** Whether they are being looked for. */
  isJoining = false;
  /** Whether its rows came whole, once they did. */
  verdict: ListingVerdict | undefined;
  /** Published versions of updated records, if they are listed. */
  updated: UpdatedRows | undefined;
  /** Those that may come in that listing. */
  readonly awaited: Set<Slot> = new Set<Slot>();
  /** How many rows there are, as far as known. */
  total = 0;
  /** The size of the last page of rows in bytes. */
  pageBytes = 0;
  /** Whether a page of rows is being read. */
  isReading = false;
  /** Whether a page of updated records is being read. */
  isReadingUpdated = false;
  /** Whether records are being handed on. */
  isWriting = false;
  /** Whether its records can't be had by their ids: they are left to others. */
  isRejected = false;
  /** Whether it was told that it holds blocks although its fields rule them out. */
  isTold = false;

  /**
   * Holds no records yet.
   *
   * @param one The model.
   * @param isFlat Whether its fields rule blocks out.
   */
  constructor({ model, listing, withPublished }: ModelToRead, isFlat: boolean) {
    this.model = model;
    this.listing = listing;
    this.withPublished = withPublished;
    this.isFlat = isFlat;
  }

  /**
   * Adds a record at the end of the line. Its row isn't kept.
   *
   * @param row The record's row.
   * @param namesBlocks Whether it names blocks.
   */
  add(row: Item, namesBlocks: boolean): Slot {
    const slot: Slot = {
      lane: this,
      id: row.id,
      time: createdAt(row),
      status: row.meta?.status,
      namesBlocks,
      item: undefined,
      published: undefined,
      other: undefined,
      isAwaited: false,
      bytes: WAITING,
      state: "reading",
      missed: 0,
      isReused: false,
      isPublishedReused: false,
    };
    this.slots.push(slot);
    return slot;
  }

  /** Whether more rows may come. */
  get isOpen(): boolean {
    return this.rows !== undefined || this.isReading || this.isJoining ||
      this.pending !== undefined;
  }

  /** Ends its listings. */
  async cancel(): Promise<void> {
    await this.join?.cancel();
    // One that failed has told why.
    await this.rows?.cancel().catch(() => {});
    await this.updated?.cancel();
  }
}
