import type { Item, JsonObject } from "../../content/resource.ts";
import { CmaError } from "../../source/datocms/cma_error.ts";
import { resourcesById } from "../../source/datocms/resources_by_id.ts";
import { IdNumbers } from "../../text/id_numbers.ts";
import { printable } from "../../text/printable.ts";
import { isSame } from "../../tools/diff/compare_json.ts";
import type { PlanInput } from "../plan.ts";
import type { RestoreRun } from "../run.ts";
import { DIGEST_BYTES } from "./record_content.ts";
import type { Survey } from "./survey.ts";

/** How often a record is written again that got a new version by itself, as others were moved. */
const MOST_TRIES = 5;
/** Records that are asked for at once, with their blocks. */
const [AT_ONCE, NESTED_AT_ONCE] = [200, 30];

/** What is known of a record: as it was when it was looked at, or as this restore left it. */
interface Known {
  readonly version: unknown;
  /** A digest of what it held in the snapshot's fields. */
  readonly digest: Uint8Array;
  /** All that it held, if this restore didn't write to it. */
  readonly item?: Item;
}

/** What follows from other records, or from the time. */
const NOT_EDITED: ReadonlySet<string> = new Set(["position", "updated_at"]);

/**
 * Keeps what editors do while a restore writes to where they work: a record is only changed, published or destroyed
 * if it is as it was when it was looked at, or as this restore left it. An update is sent with the version that it is
 * meant for; what can't carry one is looked at directly before. Versions alone decide nothing, as moving one record
 * makes new versions of others: what it holds does.
 */
export class EditLock {
  /** The records that were written: with version and digest at most 150 bytes each, whatever they hold. */
  readonly #left = new IdNumbers();
  /** Their versions, by number. */
  readonly #versions: unknown[] = [];
  /** The digests of what they were left with, by number. */
  #digests = new Uint8Array(64 * DIGEST_BYTES);
  /** Records that somebody edited meanwhile. */
  readonly #edited = new Set<string>();
  readonly #survey: Survey;
  readonly #input: PlanInput;
  readonly #isOn: boolean;

  /**
   * @param survey What is written.
   * @param input What is planned.
   */
  constructor(survey: Survey, input: PlanInput) {
    this.#survey = survey;
    this.#input = input;
    this.#isOn = input.living !== undefined;
  }

  /** Whether somebody edited a record meanwhile: it stays as it is. */
  isEdited(id: string): boolean {
    return this.#edited.has(id);
  }

  /** Remembers how this restore left a record. */
  leave(item: Item, values: JsonObject, answer: unknown): void {
    if (!this.#isOn) return;
    const { meta } = answer as Item;
    const n = this.#left.add(item.id);
    this.#versions[n] = meta?.current_version;
    if ((n + 1) * DIGEST_BYTES > this.#digests.length) {
      const larger = new Uint8Array(2 * this.#digests.length);
      larger.set(this.#digests);
      this.#digests = larger;
    }
    const { content } = this.#survey;
    const digest = content.digest(item.relationships.item_type.data.id, values);
    this.#digests.set(digest, n * DIGEST_BYTES);
  }

  /**
   * Updates a record, unless somebody edited it meanwhile: that is a loss, and told.
   *
   * @param run The restore.
   * @param item The record.
   * @param data What is sent.
   * @param wanted What it holds then.
   * @return Whether it was updated.
   */
  async update(
    run: RestoreRun,
    item: Item,
    data: JsonObject,
    wanted: JsonObject,
  ): Promise<boolean> {
    const path = `/items/${encodeURIComponent(item.id)}`;
    const send = async (meta: JsonObject) => {
      const own = { ...data.meta as JsonObject | undefined, ...meta };
      const body = Object.keys(own).length > 0 ? { ...data, meta: own } : data;
      this.leave(item, wanted, await run.target.update(path, body, { signal: run.signal }));
    };
    if (!this.#isOn) {
      await send({});
      return true;
    }
    let known = await this.#known(item.id);
    for (let tries = 1;; tries++) {
      try {
        const { version } = known ?? {};
        await send(typeof version === "string" ? { current_version: version } : {});
        return true;
      } catch (error) {
        const isStale = error instanceof CmaError && error.codes.includes("STALE_ITEM_VERSION");
        if (!isStale || tries === MOST_TRIES) throw error;
        const now = (await this.#read(run, [item.id])).get(item.id);
        if (now !== undefined && this.#holds(now, this.#digest(now, wanted))) {
          // The answer of an earlier attempt was lost.
          this.leave(item, wanted, now);
          return true;
        }
        if (now === undefined || known === undefined || !this.#isAsKnown(now, known)) {
          this.#lose(run, item.id);
          return false;
        }
        known = { ...known, version: now.meta?.current_version };
      }
    }
  }

  /**
   * Those of some records that nobody edited meanwhile; of the others it is told that they stay.
   *
   * @param run The restore.
   * @param ids The records.
   */
  async unedited(run: RestoreRun, ids: Iterable<string>): Promise<Iterable<string>> {
    if (!this.#isOn) return ids;
    const all = [...ids];
    const edited = new Set<string>(all.filter((id) => this.#edited.has(id)));
    for (let at = 0; at < all.length; at += AT_ONCE) {
      const some = all.slice(at, at + AT_ONCE).filter((id) => !edited.has(id));
      if (some.length === 0) continue;
      const there = await resourcesById<Item>(
        run.target.client,
        { path: "/items", ids: new Set(some), query: { version: "current" } },
        { signal: run.signal },
      );
      const others: string[] = [];
      for (const id of some) {
        // What isn't there any more is for the API to refuse.
        const now = there?.get(id);
        const known = await this.#known(id);
        if (now && known && now.meta?.current_version !== known.version) others.push(id);
      }
      for (const [id, now] of await this.#read(run, others)) {
        if (this.#isAsKnown(now, (await this.#known(id))!)) continue;
        edited.add(id);
        this.#lose(run, id);
      }
    }
    return all.filter((id) => !edited.has(id));
  }

  /** What a record is known to hold: as this restore left it, or as it was when it was looked at. */
  async #known(id: string): Promise<Known | undefined> {
    const n = this.#left.numberOf(id);
    if (n !== undefined) {
      const digest = this.#digests.slice(n * DIGEST_BYTES, (n + 1) * DIGEST_BYTES);
      return { version: this.#versions[n], digest };
    }
    const { target, signal } = this.#input;
    const current = (await target.record(id, { signal }))?.current;
    if (current === undefined) return undefined;
    const { current_version: version } = current.meta ?? {};
    return { version, digest: this.#digest(current, this.#values(current)), item: current };
  }

  async #read(run: RestoreRun, ids: readonly string[]): Promise<Map<string, Item>> {
    const found = new Map<string, Item>();
    for (let at = 0; at < ids.length; at += NESTED_AT_ONCE) {
      const some = new Set(ids.slice(at, at + NESTED_AT_ONCE));
      const query = { version: "current", nested: true };
      const items = await resourcesById<Item>(
        run.target.client,
        { path: "/items", ids: some, query },
        { signal: run.signal },
      );
      for (const [id, item] of items ?? []) found.set(id, item);
    }
    return found;
  }

  /** Whether a record holds what it is known to hold, also in fields that the snapshot hasn't. */
  #isAsKnown(now: Item, { digest, item }: Known): boolean {
    const isAsSeen = item === undefined ||
      Object.entries(item.attributes).every(([key, value]) => {
        return NOT_EDITED.has(key) || !Object.hasOwn(now.attributes, key) ||
          isSame(value, now.attributes[key]);
      });
    return isAsSeen && this.#holds(now, digest);
  }

  #holds(now: Item, digest: Uint8Array): boolean {
    const own = this.#digest(now, this.#values(now));
    return own.every((byte, i) => byte === digest[i]);
  }

  #digest(item: Item, values: JsonObject): Uint8Array {
    return this.#survey.content.digest(item.relationships.item_type.data.id, values);
  }

  #values(item: Item): JsonObject {
    const { content, inSchema } = this.#survey;
    return content.values(inSchema(item), () => true);
  }

  #lose(run: RestoreRun, id: string): void {
    this.#edited.add(id);
    run.lost({
      code: "edited_meanwhile",
      message: `The record ${
        printable(id, 60)
      } was edited while the restore ran: it stays as it is. Restore again to look at it anew.`,
      type: "item",
      id,
    });
  }
}
