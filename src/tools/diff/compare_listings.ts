import type { Resource } from "../../content/resource.ts";
import { isObject } from "../../text/json.ts";
import { writeSha256 } from "../../text/sha256_words.ts";
import { DIGEST_WORDS, EntryIndex, type Slot } from "./entry_index.ts";
import type { DiffSide } from "./diff_side.ts";

/** The batches that hold a kind of entries, in one version. */
export interface ListingPair {
  /** Those of the earlier snapshot. */
  readonly before: readonly string[];
  /** Those of the later one. */
  readonly after: readonly string[];
}

/** An entry that may differ, in each of the versions that were compared. */
export interface EntryPair<T> {
  /** Its id. */
  readonly id: string;
  /** What the earlier snapshot has, by version. */
  readonly before: readonly (T | undefined)[];
  /** What the later one has. */
  readonly after: readonly (T | undefined)[];
}

/** A snapshot, as far as its batches are read. */
type ReadSide = Pick<DiffSide, "entries" | "expect">;

/** What is compared, and by what. */
export interface ListingComparison {
  /** The earlier snapshot. */
  readonly before: ReadSide;
  /** The later snapshot. */
  readonly after: ReadSide;
  /** The listings, one for each version. */
  readonly listings: readonly ListingPair[];
  /** What of an entry is compared, as text: equal texts are of equal entries. */
  readonly textOf: (entry: Resource, version: number) => string;
  /** Aborts it. */
  readonly signal: AbortSignal;
}

/** JSON of entries that wait for their counterparts, in characters: a few times as many bytes. */
const MOST_WAITING = 16 * 1024 * 1024;

/**
 * Finds the entries that two snapshots don't have the same of, whatever the order in which they have them: reads all
 * once for their digests, and then what holds an entry that may differ. If counterparts are so far apart that too
 * many would wait, they are read again.
 *
 * @param comparison What is compared.
 * @param mostWaiting How much may wait, in characters of JSON. @default {16 Mi}
 */
export async function* compareListings<T extends Resource>(
  comparison: ListingComparison,
  mostWaiting: number = MOST_WAITING,
): AsyncGenerator<EntryPair<T>, void> {
  const index = new EntryIndex(2 * comparison.listings.length);
  for (const version of comparison.listings.keys()) await readDigests(index, comparison, version);
  while (index.open > 0) {
    index.beginPass();
    const before = index.open;
    yield* readOpen<T>(index, comparison, mostWaiting);
    // Each pass ends with the first of them; what isn't there any more must not be waited for.
    if (index.open >= before) throw new SyntaxError("Expected entries that were there before");
  }
}

/** Takes the digests of a version's entries, and opens those that aren't the same. */
async function readDigests(
  index: EntryIndex,
  { before, after, listings, textOf, signal }: ListingComparison,
  version: number,
): Promise<void> {
  const [from, to] = [2 * version, 2 * version + 1];
  const digest = new Uint32Array(DIGEST_WORDS);
  const digestOf = (entry: Resource) => {
    writeSha256(digest, textOf(entry, version));
    return digest;
  };
  for (const [batch, path] of listings[version]!.before.entries()) {
    for await (const page of before.entries(path, signal)) {
      for (const entry of page) {
        const n = index.add(idOf(entry, path), from, batch);
        if (n !== undefined) index.setDigest(n, digestOf(entry));
      }
    }
  }
  for (const [batch, path] of listings[version]!.after.entries()) {
    for await (const page of after.entries(path, signal)) {
      for (const entry of page) {
        const n = index.add(idOf(entry, path), to, batch);
        if (n === undefined || !index.isIn(n, from)) continue;
        if (!index.hasDigest(n, digestOf(entry))) index.setOpen(n, true);
      }
    }
  }
  for (const n of index.all()) {
    if (index.isIn(n, from) !== index.isIn(n, to)) index.setOpen(n, true);
  }
}

/** What has come of an entry. */
interface Waiting<T> {
  readonly id: string;
  readonly parts: (T | undefined)[];
  missing: number;
  size: number;
}

/** Reads entries that are open again, and puts their parts together. */
async function* readOpen<T extends Resource>(
  index: EntryIndex,
  comparison: ListingComparison,
  mostWaiting: number,
): AsyncGenerator<EntryPair<T>, void> {
  const slots = comparison.listings.flatMap(({ before, after }, version) => [
    reader(index, 2 * version, comparison.before, before, comparison.signal),
    reader(index, 2 * version + 1, comparison.after, after, comparison.signal),
  ]);
  const waiting = new Map<number, Waiting<T>>();
  let size = 0;
  try {
    for (;;) {
      // What has waited longest says what is read next.
      const [oldest] = waiting.values();
      const slot = oldest === undefined
        ? slots.findIndex(({ isOver }) => !isOver)
        : slots.findIndex(({ isOver }, slot) => !isOver && (oldest.missing & (1 << slot)) !== 0);
      if (slot < 0) return;
      for (const entry of await slots[slot]!.next()) {
        const n = index.numberOf(entry.id);
        if (n === undefined || !index.isDue(n) || !index.isIn(n, slot)) continue;
        let own = waiting.get(n);
        if (own === undefined) {
          own = { id: entry.id, parts: [], missing: slotsOf(index, n, slots.length), size: 0 };
          waiting.set(n, own);
        }
        if ((own.missing & (1 << slot)) === 0) continue;
        own.parts[slot] = entry as T;
        own.missing &= ~(1 << slot);
        if (own.missing === 0) {
          waiting.delete(n);
          size -= own.size;
          index.setOpen(n, false);
          yield pairOf(own, slots.length);
          continue;
        }
        const length = JSON.stringify(entry).length;
        own.size += length;
        size += length;
      }
      if (size <= mostWaiting) continue;
      const [, ...others] = waiting.keys();
      for (const n of others.slice(Math.floor(others.length / 2))) {
        size -= waiting.get(n)!.size;
        waiting.delete(n);
        index.putOff(n);
      }
    }
  } finally {
    for (const slot of slots) await slot.close();
  }
}

/** The places of an entry, as bits. */
function slotsOf(index: EntryIndex, n: number, slots: number): number {
  let bits = 0;
  for (let slot = 0; slot < slots; slot++) if (index.isIn(n, slot)) bits |= 1 << slot;
  return bits;
}

function pairOf<T>({ id, parts }: Waiting<T>, slots: number): EntryPair<T> {
  const versions = Array.from({ length: slots / 2 }, (_, version) => version);
  return {
    id,
    before: versions.map((version) => parts[2 * version]),
    after: versions.map((version) => parts[2 * version + 1]),
  };
}

/** Reads the batches of a place that hold an entry which is open, page by page. */
function reader(
  index: EntryIndex,
  slot: Slot,
  side: ReadSide,
  paths: readonly string[],
  signal: AbortSignal,
) {
  const needed = new Set<number>();
  for (const n of index.all()) {
    if (index.isDue(n) && index.isIn(n, slot)) needed.add(index.batchOf(n, slot));
  }
  const own = paths.filter((_, batch) => needed.has(batch));
  side.expect(own);
  const pages = (async function* () {
    for (const path of own) yield* side.entries(path, signal);
  })();
  return {
    isOver: own.length === 0,
    async next(): Promise<readonly Resource[]> {
      const { done, value } = await pages.next();
      if (!done) return value;
      this.isOver = true;
      return [];
    },
    close: () => pages.return(),
  };
}

function idOf(entry: unknown, path: string): string {
  if (isObject(entry) && typeof entry.id === "string") return entry.id;
  throw new SyntaxError(`Expected entries with an id in ${path}`);
}
