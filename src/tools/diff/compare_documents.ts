import { isObject, type Json, type JsonObject } from "../../text/json.ts";
import { getOwn } from "../../text/own.ts";
import { align } from "./align.ts";
import type { FieldChange } from "./changes.ts";
import { compareJson, isSame, keysOf, type Path, pathText, valueChange } from "./compare_json.ts";

/** Where a structured text is. */
interface DocumentPlace {
  readonly path: Path;
  readonly locale: string | null;
}

/** What becomes of a text that keeps its place counts more than that of a block that moved past it. */
const [BLOCK, TEXT] = [1, 2];

/**
 * Compares two structured texts as trees: blocks with those of the same id, wherever they stand, all else by its
 * place.
 *
 * @param before The earlier value of the field.
 * @param after The later one.
 * @param place Where they are.
 * @param compareBlock Compares two blocks of the same id.
 */
export function compareDocuments<P extends DocumentPlace>(
  before: JsonObject,
  after: JsonObject,
  place: P,
  compareBlock: (before: Json, after: Json, place: P) => FieldChange[],
): FieldChange[] {
  const walk = new TreeWalk(place, compareBlock);
  walk.compareNodes(before, after, [], []);
  return walk.end();
}

/** A node, and where it stands. */
interface Found {
  readonly node: Json;
  readonly path: Path;
  /** How many changes were found before it. */
  readonly at: number;
}

class TreeWalk<P extends DocumentPlace> {
  readonly #place: P;
  readonly #compareBlock: (before: Json, after: Json, place: P) => FieldChange[];
  readonly #changes: FieldChange[] = [];
  /** Nodes that have no counterpart where they stand. */
  readonly #removed: Found[] = [];
  readonly #added: Found[] = [];

  constructor(
    place: P,
    compareBlock: (before: Json, after: Json, place: P) => FieldChange[],
  ) {
    this.#place = place;
    this.#compareBlock = compareBlock;
  }

  /** Compares two nodes that stand for one another. */
  compareNodes(before: JsonObject, after: JsonObject, from: Path, to: Path): void {
    for (const key of keysOf(before, after)) {
      const [a, b] = [getOwn(before, key), getOwn(after, key)];
      if (isSame(a, b)) continue;
      if (key === "children" && (Array.isArray(a) || Array.isArray(b))) {
        const lists = [a, b].map((list) => Array.isArray(list) ? list : []);
        this.#compareChildren(lists[0]!, lists[1]!, [...from, key], [...to, key]);
      } else if (key === "document" && isObject(a) && isObject(b)) {
        this.compareNodes(a, b, [...from, key], [...to, key]);
      } else if (key === "item" && blockOf(before) !== undefined && blockOf(after) !== undefined) {
        this.#changes.push(...this.#compareBlock(a!, b!, this.#place));
      } else {
        this.#changes.push(...compareJson(a, b, this.#at([...to, key]), this.#place.locale));
      }
    }
  }

  /** All that differs: blocks that are gone here and come there have moved. */
  end(): FieldChange[] {
    const gone = new Map<string, Found>();
    for (const found of this.#removed) {
      const id = blockOf(found.node);
      if (id !== undefined) gone.set(id, found);
    }
    const moved = new Set<Found>();
    const late: [at: number, FieldChange[]][] = [];
    for (const found of this.#added) {
      const id = blockOf(found.node);
      const other = id === undefined ? undefined : gone.get(id);
      if (other === undefined) {
        late.push([found.at, [this.#nodeChange(null, found)]]);
        continue;
      }
      moved.add(other);
      const [a, b] = [other.node as JsonObject, found.node as JsonObject];
      late.push([found.at, [
        ...this.#compareBlock(a.item!, b.item!, this.#place),
        this.#move(found.node, other.path, found.path),
      ]]);
    }
    for (const found of this.#removed) {
      if (!moved.has(found)) late.push([found.at, [this.#nodeChange(found, null)]]);
    }
    // The last one first, so that those before it keep their place.
    for (const [at, changes] of late.toSorted(([a], [b]) => b - a)) {
      this.#changes.splice(at, 0, ...changes);
    }
    return this.#changes;
  }

  #compareChildren(before: readonly Json[], after: readonly Json[], from: Path, to: Path): void {
    const [keys, others] = [before.map(keyOf), after.map(keyOf)];
    const { kept, moved, removed, added } = align(keys, others, (key) => {
      return key.startsWith("{") ? TEXT : BLOCK;
    });
    for (const [i, j] of [...kept, ...moved]) {
      const [a, b] = [before[i]!, after[j]!];
      if (isObject(a) && isObject(b)) this.compareNodes(a, b, [...from, i], [...to, j]);
    }
    for (const [i, j] of moved) {
      this.#changes.push(this.#move(after[j]!, [...from, i], [...to, j]));
    }
    const pairs = counterparts(before, after, { kept, removed, added });
    for (const i of removed) {
      const j = pairs.get(i);
      const at = this.#changes.length;
      if (j === undefined) this.#removed.push({ node: before[i]!, path: [...from, i], at });
      else {
        const [a, b] = [before[i] as JsonObject, after[j] as JsonObject];
        this.compareNodes(a, b, [...from, i], [...to, j]);
      }
    }
    const paired = new Set(pairs.values());
    const at = this.#changes.length;
    for (const j of added) {
      if (!paired.has(j)) this.#added.push({ node: after[j]!, path: [...to, j], at });
    }
  }

  #at(path: Path): Path {
    return [...this.#place.path, ...path];
  }

  /** What is said of a node: a block is known by its id. */
  #nodeChange(before: Found | null, after: Found | null): FieldChange {
    const { node, path } = (after ?? before)!;
    const id = blockOf(node);
    const at = id === undefined ? this.#at(path) : [...this.#place.path, id];
    const value = id === undefined ? node : (node as JsonObject).item!;
    const [from, to] = after === null ? [value, null] : [null, value];
    return valueChange(at, from, to, this.#place.locale);
  }

  #move(node: Json, from: Path, to: Path): FieldChange {
    const id = blockOf(node);
    return {
      path: pathText(id === undefined ? this.#at(to) : [...this.#place.path, id]),
      locale: this.#place.locale,
      change: "moved",
      before: pathText(from),
      after: pathText(to),
    };
  }
}

/** The id of the block that a node holds. */
function blockOf(node: Json): string | undefined {
  if (!isObject(node) || (node.type !== "block" && node.type !== "inlineBlock")) return undefined;
  const { item } = node;
  if (typeof item === "string") return item;
  return isObject(item) && typeof item.id === "string" ? item.id : undefined;
}

/** What is equal for nodes that stand for one another: a block's is its id. */
function keyOf(node: Json): string {
  const id = blockOf(node);
  return id === undefined ? JSON.stringify(isObject(node) ? node : { node }) : `block ${id}`;
}

/** Of nodes that only one list has, those that may have become one another: same type, and between the same. */
function counterparts(
  before: readonly Json[],
  after: readonly Json[],
  { kept, removed, added }: Pick<ReturnType<typeof align>, "kept" | "removed" | "added">,
): Map<number, number> {
  const pairs = new Map<number, number>();
  const gapOf = (side: 0 | 1) => {
    const places = kept.map((pair) => pair[side]);
    let gap = 0;
    return (i: number) => {
      while (gap < places.length && places[gap]! < i) gap++;
      return gap;
    };
  };
  const [gapBefore, gapAfter] = [gapOf(0), gapOf(1)];
  const free = Map.groupBy(added, gapAfter);
  for (const i of removed) {
    const open = free.get(gapBefore(i)) ?? [];
    const at = open.findIndex((j) => isOneType(before[i]!, after[j]!));
    if (at < 0) continue;
    pairs.set(i, open[at]!);
    // Those that were passed over stand before it, and so before all that come.
    free.set(gapBefore(i), open.slice(at + 1));
  }
  return pairs;
}

function isOneType(a: Json, b: Json): boolean {
  const isText = (node: Json) => isObject(node) && blockOf(node) === undefined;
  return isText(a) && isText(b) && (a as JsonObject).type === (b as JsonObject).type;
}
