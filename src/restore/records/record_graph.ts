import { IdNumbers } from "../../text/id_numbers.ts";
import { spreadOut } from "./spread.ts";

/** What is known of a record, and what is done with it. */
export const BIT = {
  /** A version of it is public in the snapshot. */
  PUBLIC: 1 << 0,
  /** The target has it. */
  PRESENT: 1 << 1,
  /** It is made, with its first content: what is public, or else the current one. */
  CREATE: 1 << 2,
  /** Its first content is put in place of what the target has, or what it links to is added. */
  FIRST: 1 << 3,
  /** Its first content is made public. */
  PUBLISH: 1 << 4,
  /** It is taken back from the public. */
  UNPUBLISH: 1 << 5,
  /** Its current content is put on top of what is public. */
  CURRENT: 1 << 6,
  /** It is another stage than a new one has. */
  STAGE: 1 << 7,
  /** It stays a draft, although the snapshot has a public version: what it links to isn't public. */
  AS_DRAFT: 1 << 8,
  /** Its current content is in the target already. */
  SETTLED: 1 << 9,
  /** It gets the record above it in the tree once that is public. */
  ORPHAN: 1 << 10,
  /** A version of it is public in the target. */
  OPEN: 1 << 11,
} as const;

/** What makes a record part of the order in which records are written. */
export const WRITTEN: number = BIT.CREATE | BIT.FIRST | BIT.PUBLISH | BIT.UNPUBLISH | BIT.CURRENT;

/** Numbers in a piece of memory: a list that grows by doubling would be half empty. */
const PIECE = 1 << 12;

/** A long list of whole numbers, 0 where nothing was set. */
class Numbers<T extends Uint32Array | Uint16Array> {
  readonly #make: new (length: number) => T;
  readonly #pieces: T[] = [];

  constructor(make: new (length: number) => T) {
    this.#make = make;
  }

  get(at: number): number {
    return this.#pieces[Math.floor(at / PIECE)]?.[at % PIECE] ?? 0;
  }

  set(at: number, value: number): void {
    const piece = Math.floor(at / PIECE);
    while (this.#pieces.length <= piece) this.#pieces.push(new this.#make(PIECE));
    this.#pieces[piece]![at % PIECE] = value;
  }
}

/**
 * The records of a snapshot and what they link to, as numbers: at most 60 bytes for each record and 4 for each link,
 * and 30 more while they are put in order.
 */
export class RecordGraph {
  /** The records' ids: a record's number is that of its id. */
  readonly ids: IdNumbers = new IdNumbers();
  readonly #bits = new Numbers(Uint16Array);
  readonly #models = new Numbers(Uint16Array);
  readonly #parents = new Numbers(Uint32Array);
  readonly #starts = new Numbers(Uint32Array);
  readonly #counts = new Numbers(Uint16Array);
  readonly #edges = new Numbers(Uint32Array);
  #edgeCount = 0;
  #order = new Uint32Array(0);
  #ranks = new Uint32Array(0);

  /**
   * Adds a record.
   *
   * @param id Its id.
   * @param model The number of its model.
   * @param bits What is known of it.
   * @return Its number.
   */
  add(id: string, model: number, bits: number): number {
    const n = this.ids.add(id);
    this.#models.set(n, model);
    this.#bits.set(n, bits);
    return n;
  }

  /** How many records there are. */
  get size(): number {
    return this.ids.size;
  }

  /** What is known of a record. */
  bits(n: number): number {
    return this.#bits.get(n);
  }

  /** Whether any of some bits is set. */
  has(n: number, bits: number): boolean {
    return (this.#bits.get(n) & bits) !== 0;
  }

  /** Sets some bits of a record, after others were cleared. */
  mark(n: number, set: number, clear = 0): void {
    this.#bits.set(n, (this.#bits.get(n) & ~clear) | set);
  }

  /** The number of a record's model. */
  model(n: number): number {
    return this.#models.get(n);
  }

  /**
   * Notes what a record links to, once.
   *
   * @param n The record.
   * @param targets The numbers of the records that its first content links to.
   * @param parent The number of the record above it in a tree.
   */
  link(n: number, targets: ReadonlySet<number>, parent: number | undefined): void {
    if (parent !== undefined) this.#parents.set(n, parent + 1);
    this.#starts.set(n, this.#edgeCount);
    this.#counts.set(n, Math.min(targets.size, 0xffff));
    let left = 0xffff;
    for (const target of targets) {
      // No record of at most 500 blocks links to as many: it wouldn't fit.
      if (left-- === 0) break;
      this.#edges.set(this.#edgeCount++, target);
    }
  }

  /** What a record's first content links to, without the record above it. */
  *targets(n: number): Generator<number, void> {
    const start = this.#starts.get(n);
    const count = this.#counts.get(n);
    for (let i = 0; i < count; i++) yield this.#edges.get(start + i);
  }

  /** The record above one in a tree. */
  parent(n: number): number | undefined {
    const parent = this.#parents.get(n);
    return parent === 0 ? undefined : parent - 1;
  }

  /** The records that are written, targets before what links to them as far as there are no cycles. */
  get order(): Uint32Array {
    return this.#order;
  }

  /** Some of the records that are written, in their order. */
  *inOrder(isMeant: (n: number) => boolean): Generator<number, void> {
    for (const n of this.#order) if (isMeant(n)) yield n;
  }

  /** Where a record is in the order, from 1; 0 if it isn't written. */
  rank(n: number): number {
    return this.#ranks[n] ?? 0;
  }

  /**
   * Whether a record has to be made without its link to another one, because that is made later.
   *
   * @param n The record.
   * @param target What it links to.
   */
  waits(n: number, target: number): boolean {
    return this.has(n, BIT.CREATE) && this.has(target, BIT.CREATE) &&
      this.rank(target) >= this.rank(n);
  }

  /**
   * Puts the records that are written in order: what is linked to comes first. Of a cycle, those above in a tree
   * come first, and then as few as a walk along the links finds have to wait. What links to each other is far enough
   * apart to be written at the same time as others.
   */
  sort(): void {
    this.#walk();
    const order = this.#order;
    const spread = spreadOut(order.length, (place) => this.#earlier(place));
    this.#order = spread.map((place) => order[place]!);
    for (const [i, n] of this.#order.entries()) this.#ranks[n] = i + 1;
  }

  /** Puts what is linked to first. */
  #walk(): void {
    const size = this.size;
    this.#ranks = new Uint32Array(size);
    let written = 0;
    for (let n = 0; n < size; n++) if (this.has(n, WRITTEN)) written++;
    this.#order = new Uint32Array(written);
    const walk = new Walk(this, size);
    let next = 0;
    for (let n = 0; n < size; n++) {
      if (!this.has(n, WRITTEN)) continue;
      for (const cycle of walk.from(n)) {
        for (const member of cycle) {
          this.#order[next++] = member;
          this.#ranks[member] = next;
        }
      }
    }
  }

  /** The places in the order of what the record at a place depends on and comes after. */
  *#earlier(place: number): Generator<number, void> {
    const n = this.#order[place]!;
    for (let k = 0;; k++) {
      const target = this.neighbour(n, k);
      if (target === undefined) return;
      const rank = this.rank(target);
      if (rank > 0 && rank <= place) yield rank - 1;
    }
  }

  /** The k-th record that one depends on: first the one above it, then what it links to. */
  neighbour(n: number, k: number): number | undefined {
    const parent = this.#parents.get(n);
    const own = parent === 0 ? k : k - 1;
    if (own < 0) return parent - 1;
    return own < this.#counts.get(n) ? this.#edges.get(this.#starts.get(n) + own) : undefined;
  }
}

/** Tarjan's walk for strongly connected components, without recursion: 28 bytes for each record. */
class Walk {
  readonly #graph: RecordGraph;
  /** When a record was met, from 1. */
  readonly #met: Uint32Array;
  /** The earliest record that one leads back to. */
  readonly #low: Uint32Array;
  /** When a record was left, from 1; 0 while it is on the way. */
  readonly #left: Uint32Array;
  /** The cycle that a record belongs to, from 1. */
  readonly #cycle: Uint32Array;
  /** The record that the way came from, plus one. */
  readonly #from: Uint32Array;
  /** Which neighbour of a record is next. */
  readonly #next: Uint32Array;
  /** The record that was met before one and is in no cycle yet either, plus one. */
  readonly #below: Uint32Array;
  /** The last one of those, plus one. */
  #top = 0;
  #time = 0;
  #cycles = 0;

  constructor(graph: RecordGraph, size: number) {
    this.#graph = graph;
    const each = () => new Uint32Array(size);
    [this.#met, this.#low, this.#left, this.#cycle] = [each(), each(), each(), each()];
    [this.#from, this.#next, this.#below] = [each(), each(), each()];
  }

  /** The cycles that are reached from a record, targets first; a record that is in none is one by itself. */
  *from(root: number): Generator<readonly number[], void> {
    if (this.#met[root] !== 0) return;
    this.#meet(root, 0);
    for (let n = root; n >= 0;) {
      const target = this.#graph.neighbour(n, this.#next[n]!++);
      if (target === undefined) {
        this.#left[n] = ++this.#time;
        if (this.#low[n] === this.#met[n]) yield this.#close(n);
        const above = this.#from[n]! - 1;
        if (above >= 0) this.#low[above] = Math.min(this.#low[above]!, this.#low[n]!);
        n = above;
      } else if (!this.#graph.has(target, WRITTEN)) continue;
      else if (this.#met[target] === 0) {
        this.#meet(target, n + 1);
        n = target;
      } else if (this.#cycle[target] === 0) {
        this.#low[n] = Math.min(this.#low[n]!, this.#met[target]!);
      }
    }
  }

  #meet(n: number, from: number): void {
    this.#met[n] = this.#low[n] = ++this.#time;
    this.#from[n] = from;
    this.#below[n] = this.#top;
    this.#top = n + 1;
  }

  #close(root: number): readonly number[] {
    const members: number[] = [];
    const cycle = ++this.#cycles;
    for (let n = -1; n !== root;) {
      n = this.#top - 1;
      this.#top = this.#below[n]!;
      this.#cycle[n] = cycle;
      members.push(n);
    }
    if (members.length === 1) return members;
    // Which neighbour is next doesn't matter any more.
    const depths = this.#next;
    for (const n of members) depths[n] = this.#depth(n, cycle);
    return members.sort((a, b) => depths[a]! - depths[b]! || this.#left[a]! - this.#left[b]!);
  }

  /** How many records of a cycle are above one in the tree. */
  #depth(n: number, cycle: number): number {
    let depth = 0;
    let above = this.#graph.parent(n);
    while (above !== undefined && this.#cycle[above] === cycle && depth < 1000) {
      depth++;
      above = this.#graph.parent(above);
    }
    return depth;
  }
}
