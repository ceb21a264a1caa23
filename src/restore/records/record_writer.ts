import type { Item, Json, JsonObject } from "../../content/resource.ts";
import type { KeepReference } from "../../content/item_references.ts";
import { CmaError } from "../../source/datocms/cma_error.ts";
import { printable } from "../../text/printable.ts";
import type { Phase } from "../phases.ts";
import type { PlanInput } from "../plan.ts";
import type { RestoreRun } from "../run.ts";
import { strangerOf } from "../creators.ts";
import { EditLock } from "./edit_lock.ts";
import { datesOf, datesToSet } from "./record_content.ts";
import { BIT } from "./record_graph.ts";
import type { Survey } from "./survey.ts";

/** A record as it is created. */
interface NewItem extends JsonObject {
  readonly id: string;
  readonly relationships: JsonObject;
}

/** A position behind those of all records. */
const FAR = 1_000_000_000;

/** Writes what records hold, each read from the snapshot when its turn comes. */
export class RecordWriter {
  /** Public records that were moved among others, which makes a new version of them. */
  readonly moved: Set<number> = new Set();
  /** Keeps what editors do meanwhile. */
  readonly lock: EditLock;
  readonly #survey: Survey;
  readonly #input: PlanInput;
  /** Records that the API refused: they aren't published, and nothing links to them that isn't there. */
  readonly #refused = new Set<number>();
  /** Records that lack links to those. */
  readonly #incomplete = new Set<number>();
  /** Records that are being made. */
  readonly #making = new Map<number, Promise<void>>();
  /** Whether blocks keep their ids; `undefined` before one was made. */
  #keepsBlocks: boolean | undefined;
  /** Creators that the target doesn't know. */
  readonly #strangers = new Set<string>();

  /**
   * @param survey What is written.
   * @param input What is planned.
   */
  constructor(survey: Survey, input: PlanInput) {
    this.#survey = survey;
    this.#input = input;
    this.lock = new EditLock(survey, input);
  }

  /** Whether the API refused a record, or a change of it, or somebody edited it meanwhile. */
  isRefused(n: number): boolean {
    return this.#refused.has(n) || this.lock.isEdited(this.#survey.graph.ids.idOf(n));
  }

  /** Whether a record is as it was to be, so that it may become public. */
  isWhole(n: number): boolean {
    return !this.isRefused(n) && !this.#incomplete.has(n);
  }

  /** The content that a record is made with: what is public, or else the current one. */
  async first(n: number): Promise<Item> {
    const { current, published } = await this.#wanted(n);
    if (this.#survey.graph.has(n, BIT.AS_DRAFT)) return current;
    return published ?? current;
  }

  /** Makes a record with its first content, after those that it links to. */
  async create(run: RestoreRun, n: number): Promise<void> {
    const { graph } = this.#survey;
    const needed = [...graph.targets(n), graph.parent(n)].flatMap((target) => {
      const making = target === undefined ? undefined : this.#making.get(target);
      return making && !graph.waits(n, target!) ? [making] : [];
    });
    const making = Promise.all(needed).then(() => this.#create(run, n));
    this.#making.set(n, making);
    try {
      await making;
    } finally {
      this.#making.delete(n);
    }
  }

  async #create(run: RestoreRun, n: number): Promise<void> {
    const { content, graph } = this.#survey;
    const item = await this.first(n);
    const type = item.relationships.item_type.data.id;
    const attributes: JsonObject = content.values(item, this.#keepsMade(n), this.#keepsBlocks);
    const { position, parent_id: parent } = item.attributes;
    if (this.#hasPlaces(n)) {
      // Behind all others, so that none of them moves when it leaves.
      if (graph.has(n, BIT.ORPHAN)) attributes.position = FAR + n;
      else if (typeof position === "number") attributes.position = position;
      if (!this.#hasParent(n, parent)) attributes.parent_id = null;
    }
    const data = {
      type: "item",
      id: item.id,
      attributes,
      relationships: { item_type: { data: { type: "item_type", id: type } } },
      meta: datesOf(item),
    };
    await this.#attempt(run, n, async () => {
      const made = await this.#createBy(run, this.#creatorOf(item), data, async (data) => {
        try {
          return await run.target.create("/items", data, { signal: run.signal });
        } catch (error) {
          if (!this.#refusesBlocks(error, item)) throw error;
          const own = content.values(item, this.#keepsMade(n), false);
          const { parent_id, position } = attributes;
          const place = { ...this.#isInTree(n) ? { parent_id } : {}, position };
          const without = { ...data, attributes: { ...own, ...this.#hasPlaces(n) ? place : {} } };
          return await run.target.create("/items", without, { signal: run.signal });
        }
      });
      this.#checkBlocks(run, item, made);
      this.lock.leave(item, attributes, made);
    });
    run.wrote("records", "item");
  }

  /** Creates a record as that of its creator, if the target knows who that is. */
  async #createBy(
    run: RestoreRun,
    creator: { type: string; id: string } | undefined,
    data: NewItem,
    create: (data: NewItem) => Promise<JsonObject>,
  ): Promise<JsonObject> {
    if (creator === undefined) return await create(data);
    const relationships = { ...data.relationships, creator: { data: creator } };
    try {
      return await create({ ...data, relationships });
    } catch (error) {
      const isStranger = error instanceof CmaError && error.codes.includes("INVALID_RELATIONSHIP");
      if (!isStranger) throw error;
      this.#strangers.add(creator.id);
      run.lost(strangerOf(creator));
      return await create(data);
    }
  }

  /** Whether the API may have refused a record because blocks have ids of ours. */
  #refusesBlocks(error: unknown, item: Item): boolean {
    return this.#keepsBlocks !== true && error instanceof CmaError &&
      error.message.includes("VALIDATION_INVALID_BLOCK") &&
      this.#survey.content.blockIds(item).length > 0;
  }

  /** Looks once whether blocks have got the ids that they were sent with. */
  #checkBlocks(run: RestoreRun, item: Item, made: JsonObject): void {
    if (this.#keepsBlocks !== undefined) return;
    const { content } = this.#survey;
    const ids = content.blockIds(item);
    if (ids.length === 0) return;
    const answer = new Set(content.blockIds(made as unknown as Item));
    this.#keepsBlocks = ids.every((id) => answer.has(id));
    if (this.#keepsBlocks) return;
    run.lost({
      code: "block_ids",
      message:
        "Blocks have other ids than in the snapshot: DatoCMS doesn't take those of new blocks.",
      type: "item",
    });
  }

  /** Puts the first content in place of what is there. */
  async putFirst(run: RestoreRun, n: number): Promise<void> {
    const item = await this.first(n);
    if (this.#survey.graph.has(n, BIT.CREATE)) {
      const made = this.#survey.content.values(item, this.#keepsMade(n));
      const { parent_id: parent } = item.attributes;
      if (this.#isInTree(n)) made.parent_id = this.#hasParent(n, parent) ? parent ?? null : null;
      await this.#put(run, n, "links", item, made, {});
    } else await this.#replace(run, n, "links", item);
  }

  /** Puts a record where it is in the tree. */
  async putPlace(run: RestoreRun, n: number): Promise<void> {
    const { id, attributes: { parent_id = null, position = null } } = await this.first(n);
    const data = { type: "item", id, attributes: { parent_id, position } };
    await this.#attempt(run, n, async () => {
      await run.target.update(`/items/${encodeURIComponent(id)}`, data, { signal: run.signal });
    });
  }

  /** Puts the current content on top of what is public. */
  async putCurrent(run: RestoreRun, n: number): Promise<void> {
    const { graph, content } = this.#survey;
    const { current, published } = await this.#wanted(n);
    if (published && graph.has(n, BIT.PUBLISH | BIT.CREATE)) {
      const there = content.values(published, this.#keeps(n));
      await this.#put(run, n, "current", current, there, {});
    } else await this.#replace(run, n, "current", current);
  }

  /** Puts a content in place of what the target had when it was looked at. */
  async #replace(run: RestoreRun, n: number, phase: Phase, item: Item): Promise<void> {
    const { target, signal } = this.#input;
    const found = await target.record(item.id, { signal });
    if (!found?.current) throw new TypeError(`The target had no record ${item.id}.`);
    const { content, inSchema } = this.#survey;
    const there = content.values(inSchema(found.current), () => true);
    await this.#put(run, n, phase, item, there, datesToSet(found.current, item));
  }

  async #put(
    run: RestoreRun,
    n: number,
    phase: Phase,
    item: Item,
    there: JsonObject,
    meta: JsonObject,
  ): Promise<void> {
    const { content } = this.#survey;
    const type = item.relationships.item_type.data.id;
    const values = content.values(item, this.#keeps(n), this.#keepsBlocks);
    if (phase === "links" && this.#survey.graph.has(n, BIT.ORPHAN)) values.parent_id = null;
    const changed = content.difference(type, there, values);
    // A record is "updated" by a change that changes nothing, too.
    const attributes = Object.keys(changed).length > 0 ? changed : content.unchanged(type, values);
    const data = { type: "item", id: item.id, attributes, ...isEmpty(meta) ? {} : { meta } };
    await this.#attempt(run, n, () => this.lock.update(run, item, data, values));
    run.wrote(phase, "item");
  }

  /** What the API refuses is lost, and told; the rest goes on. */
  async #attempt(run: RestoreRun, n: number, write: () => Promise<unknown>): Promise<void> {
    try {
      await write();
    } catch (error) {
      if (!(error instanceof CmaError) || !error.isRefusedQuery) throw error;
      this.#refused.add(n);
      const id = this.#survey.graph.ids.idOf(n);
      run.lost({
        code: "record_refused",
        message: `The record ${printable(id, 60)} isn't as in the snapshot: ${error.message}`,
        type: "item",
        id,
      });
    }
  }

  async #wanted(n: number): Promise<{ current: Item; published: Item | undefined }> {
    const id = this.#survey.graph.ids.idOf(n);
    const { snapshot, signal } = this.#input;
    const found = await snapshot.record(id, { signal });
    if (!found?.current) throw new TypeError(`The snapshot has no record ${id} any more.`);
    const { current, published } = found;
    const isOne = current.meta?.status === "published";
    return { current, published: published ?? (isOne ? current : undefined) };
  }

  /** References that stay once all records are there. */
  #keeps(n: number): KeepReference {
    const keep = this.#survey.keeps(n);
    return (reference) =>
      keep(reference) && (reference.type !== "item" || !this.#isAbsent(n, reference.id));
  }

  /** References that stay while a record is made: what they lead to is there. */
  #keepsMade(n: number): KeepReference {
    const keep = this.#survey.keeps(n);
    return (reference) =>
      keep(reference) && (reference.type !== "item" || this.#isThere(n, reference.id));
  }

  #isThere(n: number, id: string): boolean {
    const { graph } = this.#survey;
    const target = graph.ids.numberOf(id);
    return target === undefined || (!graph.waits(n, target) && !this.#isAbsent(n, id));
  }

  /** Whether what a record links to was to be made, and was refused. */
  #isAbsent(n: number, id: string): boolean {
    const { graph } = this.#survey;
    const target = graph.ids.numberOf(id);
    const isAbsent = target !== undefined && graph.has(target, BIT.CREATE) &&
      this.#refused.has(target);
    if (isAbsent) this.#incomplete.add(n);
    return isAbsent;
  }

  /** Whether what is above a record in the tree is there, or nothing is. */
  #hasParent(n: number, parent: Json | undefined): boolean {
    if (typeof parent !== "string") return true;
    return !this.#survey.graph.has(n, BIT.ORPHAN) && this.#isThere(n, parent);
  }

  #isInTree(n: number): boolean {
    return this.#survey.modelOf(n).type.attributes.tree === true;
  }

  #hasPlaces(n: number): boolean {
    return this.#isInTree(n) || this.#survey.modelOf(n).type.attributes.sortable === true;
  }

  #creatorOf({ relationships: { creator } }: Item): { type: string; id: string } | undefined {
    const data = creator?.data;
    const { isOtherProject, keepsCreators = !isOtherProject } = this.#input;
    if (!keepsCreators || !data || !("id" in data)) return undefined;
    return this.#strangers.has(data.id) ? undefined : { type: data.type, id: data.id };
  }
}

function isEmpty(object: JsonObject): boolean {
  return Object.keys(object).length === 0;
}
