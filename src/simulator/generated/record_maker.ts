import type { Item, Version } from "../../content/resource.ts";
import { ref } from "../schema_builder.ts";
import type { PlannedBlock } from "./block_plan.ts";
import { draw } from "./random.ts";
import {
  linkToModel,
  type ModelLink,
  RecordContent,
  type RecordOptions,
} from "./record_content.ts";
import { kindOf, modelKey } from "./schema.ts";

/** A record's status. */
export type Status = "draft" | "updated" | "published";

/** The statuses of ten records in a row of a model with drafts. */
const STATUSES: readonly Status[] = [
  "published",
  "published",
  "updated",
  "published",
  "published",
  "draft",
  "published",
  "updated",
  "published",
  "published",
];

/** After how many records of a model their statuses begin anew. */
export const STATUS_PERIOD: number = STATUSES.length;

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const FIRST = Date.UTC(2020, 0, 1);

/** Makes up records: the same ones whenever it is asked. */
export class RecordMaker {
  readonly #options: RecordOptions;
  readonly #content: RecordContent;
  readonly #modelLinks: readonly ModelLink[];

  /**
   * Prepares what all records have in common.
   *
   * @param options What the records depend on.
   */
  constructor(options: RecordOptions) {
    this.#options = options;
    this.#content = new RecordContent(options, (index) => this.createdAt(index));
    this.#modelLinks = Array.from({ length: options.models }, (_, i) => linkToModel(modelKey(i)));
  }

  /**
   * The blocks that each record of a model has.
   *
   * @param model The model's number.
   */
  plan(model: number): readonly PlannedBlock[] {
    return this.#content.plan(model);
  }

  /**
   * The status of a record. It only depends on the index modulo `models * STATUS_PERIOD`.
   *
   * @param index The record's number.
   */
  status(index: number): Status {
    const { models, seed } = this.#options;
    if (kindOf(index % models) === "product") return "published";
    const turn = Math.floor(index / models) + draw(seed, 1) % STATUS_PERIOD;
    return STATUSES[turn % STATUS_PERIOD]!;
  }

  /**
   * When a record was created: later than all before it.
   *
   * @param index The record's number.
   * @return Milliseconds since 1970.
   */
  createdAt(index: number): number {
    return FIRST + index * MINUTE + draw(this.#options.seed, 2, index) % MINUTE;
  }

  /**
   * When a record's current version was saved: later than all before it.
   *
   * @param index The record's number.
   * @return Milliseconds since 1970.
   */
  updatedAt(index: number): number {
    return this.createdAt(index) + 30 * DAY;
  }

  /**
   * A record in nested form, or `undefined` if it has no such version.
   *
   * @param index The record's number.
   * @param version The version.
   */
  item(index: number, version: Version): Item | undefined {
    const { ids, models } = this.#options;
    const status = this.status(index);
    if (version === "published" && status === "draft") return undefined;
    const old = version === "published" && status === "updated";
    const created = iso(this.createdAt(index));
    const updated = iso(old ? this.createdAt(index) + 10 * DAY : this.updatedAt(index));
    const published = status === "draft" ? null : iso(
      (status === "updated" ? this.createdAt(index) + 10 * DAY : this.updatedAt(index)) + 500,
    );
    const isPublished = published === null ? null : true;
    return {
      id: ids.encode({ kind: "record", index, block: 0 }),
      type: "item",
      attributes: {
        ...this.#content.attributes(index, Number(old)),
        updated_at: updated,
        created_at: created,
      },
      relationships: {
        item_type: this.#modelLinks[index % models]!,
        creator: { data: ref("account", "52759") },
      },
      meta: {
        created_at: created,
        updated_at: updated,
        published_at: published,
        first_published_at: published,
        publication_scheduled_at: null,
        unpublishing_scheduled_at: null,
        status,
        is_valid: true,
        is_current_version_valid: true,
        is_published_version_valid: isPublished,
        current_version: String(100_000 + 2 * index + Number(status === "updated")),
        stage: null,
        has_children: null,
      },
    };
  }
}

function iso(time: number): string {
  return new Date(time).toISOString();
}
