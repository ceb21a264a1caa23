import type { Item, Page } from "../../content/resource.ts";
import { printable } from "../../text/printable.ts";
import type { PlanInput, Step } from "../plan.ts";
import type { RestoreRun } from "../run.ts";
import { BIT } from "./record_graph.ts";
import type { RecordWriter } from "./record_writer.ts";
import type { Survey } from "./survey.ts";
import type { SurveyedModel } from "./surveyed_model.ts";

/** A record among those that are below the same one. */
interface Sibling {
  readonly id: string;
  /** Its place, which others may have to make room for. */
  position: number;
  readonly status: unknown;
}

/** Records by the one that they are below, in their order. */
type Siblings = Map<string, Sibling[]>;

/** How often the order is read again and put right. */
const MOST_PASSES = 3;
/** Records that are listed at once. */
const PAGE = 500;

/**
 * Plans how records get their order, where a model has one. New records are made at their position; where others
 * are there already, they make room for each other, so that the order is looked at again. Only those that are out of
 * place are moved: each move is a new version.
 *
 * While the records of a model are put in order, about 300 bytes are held for each.
 *
 * @param survey What is written.
 * @param writer Remembers what was moved, which has to be published again.
 * @param input What is planned.
 */
export async function planOrder(
  survey: Survey,
  writer: RecordWriter,
  input: PlanInput,
): Promise<Step[]> {
  const { graph, models } = survey;
  const written = new Set<number>();
  for (const n of graph.inOrder((n) => graph.has(n, BIT.CREATE | BIT.FIRST))) {
    written.add(graph.model(n));
  }
  const { signal } = input;
  const known = await input.target.schema({ signal });
  const steps: Step[] = [];
  // Who overwrites nothing moves nothing; new records are made in their places.
  if ((input.living?.conflicts ?? "overwrite") !== "overwrite") return steps;
  for (const [index, model] of models.entries()) {
    const { id, attributes: { api_key: key, sortable, tree } } = model.type;
    const own = known.itemType(id)?.attributes.api_key;
    if ((sortable !== true && tree !== true) || own === undefined) continue;
    const present = await siblingsIn(input.target.records(own, { signal }));
    // Whoever comes into an empty place stays there.
    if (present.size === 0) continue;
    const wanted = await siblingsIn(input.snapshot.records(key, { signal }));
    const { isInScope, onTouch } = input;
    // What is undone is put in order where the restore has written.
    const isMeant = !isInScope ||
      wanted.values().some((all) => all.some((one) => isInScope("item", one.id)));
    if (!isMeant) continue;
    const out = misplaced(wanted, present);
    const count = out.length;
    if (count === 0 && !written.has(index)) continue;
    for (const { sibling } of out) onTouch?.("changed", "item", sibling.id);
    const pages = Math.ceil(wanted.values().reduce((sum, { length }) => sum + length, 1) / PAGE);
    steps.push({
      phase: "links",
      writes: [{ action: "move", type: "item", model: key, count, requests: count + 2 * pages }],
      run: (run) => putInOrder(run, survey, writer, model, input),
    });
  }
  return steps;
}

async function putInOrder(
  run: RestoreRun,
  { graph }: Survey,
  writer: RecordWriter,
  { type: { id, attributes: { api_key: key } } }: SurveyedModel,
  { snapshot, signal }: PlanInput,
): Promise<void> {
  const wanted = await siblingsIn(snapshot.records(key, { signal }));
  for (let pass = 1;; pass++) {
    const present = await siblingsIn(listed(run, id));
    const groups = misplaced(wanted, present);
    if (groups.length === 0) return;
    if (pass > MOST_PASSES) {
      for (const { sibling } of groups) {
        run.lost({
          code: "order_refused",
          message: `The record ${printable(sibling.id, 60)} isn't in its place among the others.`,
          type: "item",
          id: sibling.id,
        });
      }
      return;
    }
    // One makes room for another: they are moved one after the other.
    for (const { sibling, before, all } of groups) {
      await run.forEach([sibling], async () => {
        const n = graph.ids.numberOf(sibling.id);
        const position = placeAfter(before, sibling, all);
        const data = { type: "item", id: sibling.id, attributes: { position } };
        const path = `/items/${encodeURIComponent(sibling.id)}`;
        await run.target.update(path, data, { signal: run.signal });
        if (n !== undefined && sibling.status === "published") writer.moved.add(n);
        run.wrote("links", "item");
      });
    }
  }
}

/** Pages of a model's records in the target. */
async function* listed(run: RestoreRun, model: string): AsyncGenerator<Page<Item>, void> {
  for (let offset = 0;; offset += PAGE) {
    const { body } = await run.target.client.get<{ data: Item[] }>("/items", {
      filter: { type: model },
      order_by: "_created_at_ASC",
      page: { offset, limit: PAGE },
      version: "current",
    }, { signal: run.signal });
    yield body.data;
    if (body.data.length < PAGE) return;
  }
}

async function siblingsIn(pages: AsyncIterable<Page<Item>>): Promise<Siblings> {
  const groups: Siblings = new Map();
  for await (const page of pages) {
    for (const { id, attributes: { position, parent_id: parent }, meta } of page) {
      const key = typeof parent === "string" ? parent : "";
      const sibling = {
        id,
        position: typeof position === "number" ? position : 0,
        status: meta?.status,
      };
      const group = groups.get(key);
      if (group) group.push(sibling);
      else groups.set(key, [sibling]);
    }
  }
  for (const group of groups.values()) group.sort((a, b) => a.position - b.position);
  return groups;
}

/** A record that is out of place. */
interface Misplaced {
  readonly sibling: Sibling;
  /** The one that it has to come after; `undefined` if it is the first. */
  readonly before: Sibling | undefined;
  /** All of its siblings. */
  readonly all: readonly Sibling[];
}

/** The records that have to be moved, as few as possible, each after the one before it. */
function misplaced(wanted: Siblings, present: Siblings): Misplaced[] {
  const moves: Misplaced[] = [];
  for (const [parent, all] of present) {
    const own = new Map(all.map((sibling) => [sibling.id, sibling]));
    const order = (wanted.get(parent) ?? []).flatMap(({ id }) => own.get(id) ?? []);
    const staying = longestAscent(order);
    for (const [i, sibling] of order.entries()) {
      if (!staying.has(sibling)) moves.push({ sibling, before: order[i - 1], all });
    }
  }
  return moves;
}

/** The most siblings that are in order already: the longest ascending subsequence of their positions. */
function longestAscent(order: readonly Sibling[]): Set<Sibling> {
  /** The last of the best subsequence of each length. */
  const ends: Sibling[] = [];
  const previous = new Map<Sibling, Sibling | undefined>();
  for (const sibling of order) {
    let [low, high] = [0, ends.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (ends[middle]!.position < sibling.position) low = middle + 1;
      else high = middle;
    }
    previous.set(sibling, ends[low - 1]);
    ends[low] = sibling;
  }
  const found = new Set<Sibling>();
  for (let at = ends.at(-1); at !== undefined; at = previous.get(at)) found.add(at);
  return found;
}

/** The position behind another record, and what the others' positions become as they make room. */
function placeAfter(
  before: Sibling | undefined,
  sibling: Sibling,
  all: readonly Sibling[],
): number {
  const others = all.filter((one) => one !== sibling);
  const first = others.reduce((least, { position }) => Math.min(least, position), Infinity);
  const place = before ? before.position + 1 : Math.max(1, first);
  if (others.some(({ position }) => position === place)) {
    for (const one of others) if (one.position >= place) one.position++;
  }
  sibling.position = place;
  return place;
}
