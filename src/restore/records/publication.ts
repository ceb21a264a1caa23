import type { ItemReference } from "../../content/item_references.ts";
import type { Field, JsonObject } from "../../content/resource.ts";
import { CmaError } from "../../source/datocms/cma_error.ts";
import { isObject } from "../../text/json.ts";
import { printable } from "../../text/printable.ts";
import type { Step } from "../plan.ts";
import type { RestoreRun } from "../run.ts";
import { bulkRequests, bulkUntilDone } from "./bulk.ts";
import { PublishOrder } from "./publish_order.ts";
import { BIT } from "./record_graph.ts";
import type { RecordWriter } from "./record_writer.ts";
import type { Survey } from "./survey.ts";

/** The validator that tells what happens to links to what isn't public, by field type. */
const VALIDATORS: Readonly<Record<string, string>> = {
  link: "item_item_type",
  links: "items_item_type",
  structured_text: "structured_text_links",
};
const STRATEGY = "on_publish_with_unpublished_references_strategy";
/** What is linked to becomes public along. */
const ALONG = "publish_references";

/**
 * Makes public what was public, in no other version at any moment: each record after those that it links to. In a
 * cycle of links none comes first; there the fields let what is linked to become public along, for as long as it
 * takes. A model without drafts publishes at once, which is too early for what links to something that isn't
 * public: such a model has drafts for that time.
 */
export class Publication {
  readonly #survey: Survey;
  readonly #writer: RecordWriter;
  /** Fields through which a record links to one that becomes public after it. */
  readonly #fields = new Map<string, Field>();
  /** Records that couldn't be taken back from the public, as others need them. */
  #kept: readonly string[] = [];
  /** The numbers of models that have drafts for some time. */
  readonly #held: Set<number>;

  /**
   * @param survey What is written; its records are in order.
   * @param writer Tells what may become public.
   */
  constructor(survey: Survey, writer: RecordWriter) {
    this.#survey = survey;
    this.#writer = writer;
    this.#held = heldModels(survey);
  }

  /** Whether a record links to one that comes after it. */
  isCyclic(n: number): boolean {
    return this.#survey.graph.targets(n).some((target) => this.#isLater(n, target));
  }

  /**
   * Notes a link of a record.
   *
   * @param n The record.
   * @param target What it links to.
   * @param reference How.
   */
  allow(n: number, target: number, { field }: ItemReference): void {
    if (!this.#isLater(n, target)) return;
    if (strategyOf(field) !== ALONG) this.#fields.set(field.id, field);
    const { graph } = this.#survey;
    const parent = graph.parent(target);
    // What is above it in the tree would have to be public by then; both versions have the same place.
    if (parent === undefined || parent === n || !this.#isLater(n, parent)) return;
    graph.mark(target, BIT.ORPHAN | (graph.has(target, BIT.CREATE) ? 0 : BIT.FIRST));
  }

  #isLater(n: number, target: number): boolean {
    const { graph } = this.#survey;
    return graph.has(n, BIT.PUBLISH) && graph.has(target, BIT.PUBLISH) &&
      !graph.has(target, BIT.OPEN) && graph.rank(target) > graph.rank(n);
  }

  /** What has to be done before records are made. */
  holding(): Step[] {
    if (this.#held.size === 0) return [];
    return [{
      phase: "records",
      writes: this.#writes("item_type", this.#held.size, 2),
      run: async (run) => {
        for (const [path, data] of this.#models()) {
          await run.temporary.note(keyOf(data), { data });
          await run.target.update(path, { ...data, attributes: { draft_mode_active: true } }, run);
        }
      },
    }];
  }

  /** What has to be done once current content is on top. */
  releasing(): Step[] {
    if (this.#held.size === 0) return [];
    return [{
      phase: "current",
      writes: this.#writes("item_type", this.#held.size, 2),
      run: async (run) => {
        for (const [path, data] of this.#models()) {
          await run.target.update(path, data, run);
          await run.temporary.done(keyOf(data));
        }
      },
    }];
  }

  /** What is done in the phase of publication. */
  steps(): Step[] {
    const { graph } = this.#survey;
    const published = () => this.#survey.graph.inOrder((n) => this.#isPublished(n));
    const orphans = () => graph.inOrder((n) => graph.has(n, BIT.ORPHAN));
    const unpublished = this.#survey.graph.inOrder((n) => graph.has(n, BIT.UNPUBLISH)).toArray();
    return [
      this.#fieldsStep(true),
      {
        phase: "publication",
        writes: this.#survey.planned(published(), "publish", bulkRequests),
        run: (run) => {
          const { moved } = this.#writer;
          const all = graph.inOrder((n) => this.#isPublished(n) || moved.has(n));
          // What isn't written otherwise isn't in the order.
          const others = [...moved].filter((n) => graph.rank(n) === 0);
          return this.#publish(run, [...others, ...all]);
        },
      },
      this.#fieldsStep(false),
      {
        phase: "publication",
        writes: this.#survey.planned(orphans(), "update", (count) => count + bulkRequests(count)),
        run: async (run) => {
          const whole = [...orphans()].filter((n) => this.#writer.isWhole(n));
          await run.forEach(whole, (n) => this.#writer.putPlace(run, n));
          await this.#publish(run, whole);
        },
      },
      {
        phase: "publication",
        writes: this.#survey.planned(unpublished, "unpublish", bulkRequests),
        // What links to others is taken back before them.
        run: async (run) => {
          const ids = unpublished.toReversed().map((n) => graph.ids.idOf(n));
          const own = await this.#writer.lock.unedited(run, ids);
          this.#kept = await this.#inBulk(run, "unpublish", own);
          if (this.#survey.extras.size === 0) await this.#singly(run, "unpublish", this.#kept);
        },
      },
    ];
  }

  /** What has to be done once the target has no other records than the snapshot: they may have been in the way. */
  ending(): Step[] {
    const { graph, extras } = this.#survey;
    const [first] = graph.inOrder((n) => graph.has(n, BIT.UNPUBLISH));
    if (first === undefined || extras.size === 0) return [];
    return [{
      phase: "removal",
      writes: [{ action: "unpublish", type: "item", count: 0, requests: 0 }],
      run: (run) => this.#singly(run, "unpublish", this.#kept),
    }];
  }

  /** Changes of models and fields are jobs. */
  #writes(type: string, count: number, requests: number): Step["writes"] {
    return count === 0 ? [] : [{ action: "update", type, count, requests: requests * count }];
  }

  /** The models that have drafts for some time, as they have to be again. */
  *#models(): Generator<[path: string, data: JsonObject], void> {
    for (const index of this.#held) {
      const { id } = this.#survey.models[index]!.type;
      const data = { type: "item_type", id, attributes: { draft_mode_active: false } };
      yield [`/item-types/${encodeURIComponent(id)}`, data];
    }
  }

  /** Lets what some fields link to become public along, or not any more. */
  #fieldsStep(isAllowed: boolean): Step {
    const fields = this.#fields;
    return {
      phase: "publication",
      writes: this.#writes("field", fields.size, 3),
      run: async (run) => {
        for (const field of fields.values()) {
          const path = `/fields/${encodeURIComponent(field.id)}`;
          const found = await run.target.find(path, run);
          const there = isObject(found?.attributes) ? found.attributes.validators : undefined;
          const put = (strategy: string | undefined) => ({
            type: "field",
            id: field.id,
            attributes: { validators: withStrategy(field, there, strategy) },
          });
          const data = put(strategyOf(field));
          if (isAllowed) await run.temporary.note(keyOf(data), { data });
          await run.target.update(path, isAllowed ? put(ALONG) : data, run);
          if (!isAllowed) await run.temporary.done(keyOf(data));
        }
      },
    };
  }

  /** Whether a record has to be made public by a request of its own. */
  #isPublished(n: number): boolean {
    const { graph } = this.#survey;
    if (!graph.has(n, BIT.PUBLISH)) return false;
    const index = graph.model(n);
    const isAtOnce = !this.#survey.models[index]!.hasDrafts && !this.#held.has(index);
    return !isAtOnce || !graph.has(n, BIT.CREATE | BIT.FIRST);
  }

  async #publish(run: RestoreRun, numbers: readonly number[]): Promise<void> {
    const { graph } = this.#survey;
    const order = new PublishOrder(graph, numbers, (n) => this.isCyclic(n));
    const unfit = new Set<number>();
    for (const n of graph.order) if (!this.#writer.isWhole(n)) unfit.add(n);
    const { lock } = this.#writer;
    // What somebody edited meanwhile is public all the same, if it was.
    const isPublic = (n: number) => graph.has(n, BIT.OPEN) && lock.isEdited(graph.ids.idOf(n));
    const ids = order.numbers.values().filter((n) => {
      // What links to something that isn't as it was to be would make that public, or be refused.
      const target = unfit.has(n)
        ? undefined
        : graph.targets(n).find((target) => unfit.has(target) && !isPublic(target));
      if (target !== undefined) {
        unfit.add(n);
        const [id, other] = [n, target].map((one) => printable(graph.ids.idOf(one), 60));
        run.lost({
          code: "publish_left",
          message:
            `The record ${id} isn't published: it links to ${other}, which isn't as in the snapshot.`,
          type: "item",
          id: graph.ids.idOf(n),
        });
      }
      return !unfit.has(n);
    }).map((n) => graph.ids.idOf(n));
    const own = await lock.unedited(run, ids);
    const before = (id: string) => {
      const n = graph.ids.numberOf(id);
      return n === undefined ? numbers.length : order.before(n);
    };
    await this.#singly(run, "publish", await this.#inBulk(run, "publish", own, before));
  }

  async #inBulk(
    run: RestoreRun,
    action: "publish" | "unpublish",
    ids: Iterable<string>,
    before?: (id: string) => number,
  ): Promise<readonly string[]> {
    return await bulkUntilDone(run, action, ids, {
      before,
      onDone: (count) => run.wrote("publication", "item", count),
    });
  }

  async #singly(
    run: RestoreRun,
    action: "publish" | "unpublish",
    ids: readonly string[],
  ): Promise<void> {
    await run.forEach(ids, async (id) => {
      // By itself it says why.
      const path = `/items/${encodeURIComponent(id)}/${action}`;
      try {
        await run.target.send("PUT", path, { signal: run.signal });
        run.wrote("publication", "item");
      } catch (error) {
        if (!(error instanceof CmaError) || !error.isRefusedQuery) throw error;
        run.lost({
          code: `${action}_refused`,
          message: `The record ${printable(id, 60)} can't be ${action}ed: ${error.message}`,
          type: "item",
          id,
        });
      }
    });
  }
}

/**
 * The models without drafts of which a record would become public although it isn't to be, or too early: before what
 * it links to is public, or without a link to what is made later.
 */
function heldModels({ graph, models }: Survey): Set<number> {
  const held = new Set<number>();
  const isAtOnce = (n: number) => !models[graph.model(n)]!.hasDrafts && !held.has(graph.model(n));
  for (let size = -1; size !== held.size;) {
    size = held.size;
    for (const n of graph.order) {
      if (!isAtOnce(n) || !graph.has(n, BIT.CREATE | BIT.FIRST | BIT.CURRENT)) continue;
      if (!graph.has(n, BIT.PUBLISH) || graph.has(n, BIT.CURRENT)) {
        held.add(graph.model(n));
        continue;
      }
      const parent = graph.parent(n);
      const needed = [...graph.targets(n), ...parent === undefined ? [] : [parent]];
      const isEarly = needed.some((target) => {
        if (!graph.has(target, BIT.CREATE | BIT.FIRST | BIT.PUBLISH)) return false;
        return !isAtOnce(target) || graph.rank(target) >= graph.rank(n);
      });
      if (isEarly) held.add(graph.model(n));
    }
  }
  return held;
}

/** The key under which it is noted what has to be put back. */
function keyOf({ type, id }: JsonObject): string {
  return `publication/${String(type)}/${String(id)}`;
}

function strategyOf({ attributes: { validators, field_type: type } }: Field): string | undefined {
  const settings = isObject(validators) ? validators[VALIDATORS[type] ?? ""] : undefined;
  const strategy = isObject(settings) ? settings[STRATEGY] : undefined;
  return typeof strategy === "string" ? strategy : undefined;
}

/** What a field's validators become with another strategy for links to what isn't public. */
function withStrategy(
  { attributes: { field_type: type } }: Field,
  validators: unknown,
  strategy: string | undefined,
): JsonObject {
  const own = isObject(validators) ? validators : {};
  const name = VALIDATORS[type] ?? "";
  const { [STRATEGY]: _, ...rest } = isObject(own[name]) ? own[name] : {};
  return { ...own, [name]: strategy === undefined ? rest : { ...rest, [STRATEGY]: strategy } };
}
