import type { Item, Version } from "../../content/resource.ts";
import type { SchemaIndex } from "../../content/schema_index.ts";
import type { ItemReference, KeepReference } from "../../content/item_references.ts";
import { compareListings, type EntryPair } from "../../tools/diff/compare_listings.ts";
import { type ReadableSide, readableSide } from "../../tools/diff/diff_side.ts";
import { IdNumbers } from "../../text/id_numbers.ts";
import { isObject } from "../../text/json.ts";
import { printable } from "../../text/printable.ts";
import { isEditedSince, isInScope, mayOverwrite, removesExtras } from "../living.ts";
import { itemsInSchema, withItems } from "./in_schema.ts";
import type { PlanInput, PlannedWrites } from "../plan.ts";
import { comparedText, datesToSet, RecordContent } from "./record_content.ts";
import { whatToDo } from "./decision.ts";
import { BIT, RecordGraph, WRITTEN } from "./record_graph.ts";
import {
  droppedFrom,
  droppedReference,
  isOfFiles,
  isRefused,
  type LackingUploads,
} from "./refusals.ts";
import { surveyed, type SurveyedModel } from "./surveyed_model.ts";
import { initialStages, stageToBe } from "./stages.ts";
import { UniqueValues } from "./unique_values.ts";

const VERSIONS = ["current", "published"] as const satisfies readonly Version[];

/** What a snapshot and a target have of records, and what has to be written. */
export class Survey {
  /** The records of the snapshot, and what is done with them. */
  readonly graph: RecordGraph = new RecordGraph();
  /** The snapshot's models, by number. */
  readonly models: readonly SurveyedModel[];
  /** The snapshot's schema. */
  readonly schema: SchemaIndex;
  /** What a record of the target is once its schema is the snapshot's. */
  inSchema: (item: Item) => Item = (item) => item;
  /** What records hold, as it is sent. */
  readonly content: RecordContent;
  /** The ids of the models whose validators would refuse what is written. */
  readonly relaxed: Set<string> = new Set();
  /** The records that the target has and the snapshot hasn't. */
  readonly extras: IdNumbers = new IdNumbers();
  /** How many references to assets are dropped. */
  droppedAssets = 0;
  /** The records that are moved to a stage, by its id. */
  readonly stages: Map<string, number[]> = new Map();
  readonly #input: PlanInput;
  readonly #lacking: LackingUploads;
  readonly #uploads = new IdNumbers();
  readonly #initialStages: ReadonlyMap<string, string>;

  private constructor(
    schema: SchemaIndex,
    input: PlanInput,
    uploads: LackingUploads,
    initialStages: ReadonlyMap<string, string>,
  ) {
    this.schema = schema;
    this.content = new RecordContent(schema);
    this.models = schema.models.map(surveyed);
    this.#input = input;
    this.#lacking = uploads;
    this.#initialStages = initialStages;
  }

  /**
   * Compares the records of a snapshot with those of a target. All are read once for their ids and once for what
   * they hold, and what differs a third time.
   *
   * @param input What is planned.
   * @param uploads The uploads that won't have their file there.
   */
  static async of(input: PlanInput, uploads: LackingUploads): Promise<Survey> {
    const { signal } = input;
    const wanted = await readableSide(input.wanted, signal);
    const present = await readableSide(input.present, signal);
    const initial = initialStages(await input.snapshot.settings("workflows", { signal }) ?? []);
    const survey = new Survey(wanted.schema, input, uploads, initial);
    survey.inSchema = itemsInSchema(present.schema, wanted.schema);
    await survey.#readIds(wanted, present);
    for (const index of survey.models.keys()) await survey.#compare(index, wanted, present);
    return survey;
  }

  /** Whether a reference of a record can stay, as far as the snapshot and the target tell. */
  keeps(record: number): KeepReference {
    // A record without drafts is public at once, and so must be what it links to.
    const mayLinkToDrafts = this.modelOf(record).hasDrafts || !this.graph.has(record, BIT.PUBLIC);
    return ({ type, id }) => {
      if (type === "upload") {
        return !this.#lacking.missingUploads.has(id) && this.#uploads.numberOf(id) !== undefined;
      }
      const n = this.graph.ids.numberOf(id);
      if (n === undefined) return this.extras.numberOf(id) !== undefined && !this.isDestroyed(id);
      if (!this.graph.has(n, BIT.PRESENT) && !isInScope(this.#input, "item", id)) return false;
      return mayLinkToDrafts || this.graph.has(n, BIT.PUBLIC);
    };
  }

  /** Whether a record that the snapshot lacks is destroyed. */
  isDestroyed(id: string): boolean {
    return removesExtras(this.#input) && isInScope(this.#input, "item", id);
  }

  /** The model of a record. */
  modelOf(n: number): SurveyedModel {
    return this.models[this.graph.model(n)]!;
  }

  /**
   * How many records of each model something is done with.
   *
   * @param numbers The records.
   * @param action What is done.
   * @param requests How many requests it takes for a number of records.
   */
  planned(
    numbers: Iterable<number>,
    action: PlannedWrites["action"],
    requests: (count: number) => number = (count) => count,
  ): PlannedWrites[] {
    const counts = new Map<number, number>();
    for (const n of numbers) {
      const model = this.graph.model(n);
      counts.set(model, (counts.get(model) ?? 0) + 1);
    }
    let sum = 0;
    return Array.from(counts, ([model, count]) => {
      // Several models share their requests.
      const before = requests(sum);
      sum += count;
      const { api_key } = this.models[model]!.type.attributes;
      return { action, type: "item", model: api_key, count, requests: requests(sum) - before };
    });
  }

  async #readIds(wanted: ReadableSide, present: ReadableSide): Promise<void> {
    const { signal, living } = this.#input;
    // Where nothing is published, what is public already stays so, and what has no drafts is public at once.
    const publishes = living?.publishes ?? true;
    for (const [index, { type, hasDrafts }] of this.models.entries()) {
      for (const path of wanted.records(type.attributes.api_key, "current")) {
        for await (const page of wanted.entries(path, signal)) {
          for (const { id, meta } of page) {
            const isPublic = publishes ? meta?.status !== "draft" : !hasDrafts;
            this.graph.add(id, index, isPublic ? BIT.PUBLIC : 0);
          }
        }
      }
    }
    for (const { attributes: { api_key } } of present.schema.models) {
      for (const path of present.records(api_key, "current")) {
        for await (const page of present.entries(path, signal)) {
          for (const { id, meta } of page) {
            const n = this.graph.ids.numberOf(id);
            if (n === undefined) this.extras.add(id);
            else {
              const isPublic = !publishes && meta?.status !== "draft";
              this.graph.mark(n, BIT.PRESENT | (isPublic ? BIT.PUBLIC : 0));
            }
          }
        }
      }
    }
    for (const side of [wanted, present]) {
      for (const path of side.uploads) {
        for await (const page of side.entries(path, signal)) {
          for (const { id } of page) this.#uploads.add(id);
        }
      }
    }
  }

  async #compare(index: number, wanted: ReadableSide, present: ReadableSide): Promise<void> {
    const model = this.models[index]!;
    const { id, attributes: { api_key: key } } = model.type;
    const own = present.schema.itemType(id)?.attributes.api_key;
    const versions = VERSIONS.filter((version) => wanted.hasRecords(key, version));
    const unique = new UniqueValues(
      this.schema.fields(id).filter(({ attributes: { validators } }) => {
        return isObject(validators) && Object.hasOwn(validators, "unique");
      }),
      (record) =>
        this.graph.ids.numberOf(record) ?? this.graph.size + (this.extras.numberOf(record) ?? 0),
    );
    const pairs = compareListings<Item>({
      before: withItems(present, this.inSchema),
      after: wanted,
      listings: versions.map((version) => ({
        before: present.records(own, version),
        after: wanted.records(key, version),
      })),
      textOf: (record, version) => {
        unique.add(record as Item);
        return comparedText(record, versions[version]!);
      },
      signal: this.#input.signal,
    });
    let written = 0;
    for await (const pair of pairs) {
      const { earlierTarget, signal } = this.#input;
      const was = pair.before[0] && await earlierTarget?.record(pair.id, { signal });
      if (this.#decide(pair, model, was?.current)) written++;
    }
    const { validators } = this.#input;
    if (written > 0 && unique.areShared && validators === "auto") this.relaxed.add(id);
  }

  /** Decides what is done with a record that may differ. */
  #decide(
    { before: [present, presentPublic], after: [current, listed] }: EntryPair<Item>,
    model: SurveyedModel,
    was: Item | undefined,
  ): boolean {
    if (current === undefined || (!present && !isInScope(this.#input, "item", current.id))) {
      return false;
    }
    const n = this.graph.ids.numberOf(current.id)!;
    // Without a listing of public versions, only what has one version alone is known in both.
    const published = listed ?? (current.meta?.status === "published" ? current : undefined);
    if (published === undefined && current.meta?.status === "updated") {
      this.#lose("published_missing", current.id, "the snapshot lacks its public version");
    }
    const keep = this.keeps(n);
    const same = (a: Item, b: Item) => {
      const [from, to] = [this.content.values(a, keep), this.content.values(b, keep)];
      return Object.keys(this.content.difference(model.type.id, from, to)).length === 0;
    };
    const isSettled = present !== undefined && same(present, current) &&
      Object.keys(datesToSet(present, current)).length === 0;
    const isPublicRight = published !== undefined && presentPublic !== undefined &&
      same(presentPublic, published);
    const publishes = this.#input.living?.publishes ?? true;
    const asDraft = published !== undefined && model.hasDrafts &&
      (!publishes || (!isPublicRight && this.#linksToDraft(published, keep)));
    const first = asDraft ? current : published ?? current;
    const isUpdated = first !== current && current.meta?.status === "updated";
    let bits = whatToDo({
      present,
      presentPublic,
      published,
      asDraft,
      isUpdated,
      isSettled,
      isPublicRight,
      publishes,
      isFirst: () =>
        same(present!, published!) && Object.keys(datesToSet(present!, published!)).length === 0,
    });
    const stage = this.#input.stages === "initial"
      ? undefined
      : stageToBe(current, present, model.type, this.#initialStages);
    const differs = (bits & WRITTEN) !== 0 || stage !== undefined;
    // What neither an earlier run has left nor was there before it is somebody's who came in between.
    const isOthers = present !== undefined && was !== undefined &&
      ![was, current, published ?? current].some((one) => same(present, one));
    if (present && differs && !this.#mayOverwrite(present, current, model, isOthers)) {
      this.#keep(n, presentPublic !== undefined, model);
      return false;
    }
    if (stage !== undefined) {
      bits |= BIT.STAGE;
      const records = this.stages.get(stage);
      if (records) records.push(n);
      else this.stages.set(stage, [n]);
    }
    this.graph.mark(n, bits);
    const isWritten = (bits & WRITTEN) !== 0;
    const isNeeding = this.#dropped(asDraft ? [current] : [current, published], keep);
    if (!isWritten) return false;
    this.#link(n, first);
    const isInvalid = isNeeding || isRefused(current, published, model, this.schema);
    if (isInvalid && this.#input.validators === "auto") this.relaxed.add(model.type.id);
    return true;
  }

  #linksToDraft(published: Item, keep: KeepReference): boolean {
    const { parent_id: parent } = published.attributes;
    const isDraft = (id: unknown) => {
      const n = typeof id === "string" ? this.graph.ids.numberOf(id) : undefined;
      return n !== undefined && !this.graph.has(n, BIT.PUBLIC);
    };
    const references = this.content.references(published);
    const draft = references.find((one) => one.type === "item" && keep(one) && isDraft(one.id));
    const id = draft?.id ?? (isDraft(parent) ? String(parent) : undefined);
    if (id === undefined) return false;
    const why =
      `it was public and linked to ${printable(id, 60)}, which wasn't, and DatoCMS doesn't ` +
      "publish that";
    this.#lose("published_link_to_draft", published.id, why);
    return true;
  }

  #lose(code: string, id: string, why: string): void {
    const message = `The record ${printable(id, 60)} stays a draft: ${why}.`;
    this.#input.onLoss({ code, message, type: "item", id });
  }

  #mayOverwrite(
    present: Item,
    { id, meta }: Item,
    { type }: SurveyedModel,
    isOthers: boolean,
  ): boolean {
    const { api_key: name } = type.attributes;
    const conflict = { type: "item", id, name, isEdited: isEditedSince(present.meta, meta) };
    if (isOthers) this.#input.onConflict?.({ ...conflict, isEdited: true });
    return !isOthers && mayOverwrite(this.#input, conflict);
  }

  /** A record stays as the target has it: nothing becomes public that links to it while it isn't. */
  #keep(n: number, isPublic: boolean, { hasDrafts }: SurveyedModel): void {
    const isOpen = isPublic || !hasDrafts;
    const set = isOpen ? BIT.OPEN | BIT.PUBLIC : BIT.AS_DRAFT;
    this.graph.mark(n, set, isOpen ? 0 : BIT.PUBLIC);
  }

  #link(n: number, first: Item): void {
    const targets = new Set<number>();
    for (const { type, id } of this.content.references(first)) {
      const target = type === "item" ? this.graph.ids.numberOf(id) : undefined;
      if (target !== undefined) targets.add(target);
    }
    const { parent_id: parent } = first.attributes;
    const above = typeof parent === "string" ? this.graph.ids.numberOf(parent) : undefined;
    this.graph.link(n, targets, above);
  }

  /** Names the references that are dropped, and tells whether validators want one of them. */
  #dropped(versions: readonly (Item | undefined)[], keep: KeepReference): boolean {
    const { references, isNeeding } = droppedFrom(versions, this.content, keep, (reference) => {
      return this.#lacking.replacedUploads.has(reference.id) && isOfFiles(reference);
    });
    for (const [id, reference] of references) this.#tellDropped(id, reference);
    return isNeeding;
  }

  #tellDropped(id: string, reference: ItemReference): void {
    if (reference.type === "upload") this.droppedAssets++;
    const isKnown = this.graph.ids.numberOf(reference.id) !== undefined;
    this.#input.onLoss(droppedReference(id, reference, isKnown));
  }
}
