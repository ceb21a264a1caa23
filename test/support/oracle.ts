import type { JsonObject, Resource, Version } from "../../src/content/resource.ts";
import { SchemaIndex } from "../../src/content/schema_index.ts";
import type { MemoryProject } from "../../src/simulator/memory_project.ts";
import { tableRows } from "../../src/transform/normalize.ts";
import { projectRows } from "../../src/transform/schema_rows.ts";
import { uploadRows } from "../../src/transform/upload_rows.ts";
import type { ExportedSnapshot } from "./exported_snapshot.ts";
import { deepFreeze } from "./frozen.ts";

/** What is listed: records in one of their versions, or uploads. */
export type Kind = Version | "uploads";

/** From when to when, as {@linkcode Oracle.now} counts; both ends belong to it. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** What is wrong with an export. */
export interface Violation {
  /**
   * `missing`: was there all the time, but isn't exported. `twice`: is exported more than once. `made up`:
   * never existed. `altered`: exists, but never was so. `stale`: was so, but before the export or after it.
   * `misplaced`: in the folder of another model. `half`: its tables tell of another state than its
   * record.
   */
  readonly fault: "missing" | "twice" | "made up" | "altered" | "stale" | "misplaced" | "half";
  /** Where it was found. */
  readonly where: string;
  /** Of which record or upload. */
  readonly id: string;
  /** More about it. */
  readonly text: string;
}

/** What a record or upload was from one change to another. */
export interface State {
  readonly resource: Resource;
  /** The first moment at which it was so. */
  readonly from: number;
  /** The first moment at which it was so no more. */
  readonly to: number;
}

/** A state that may end yet. */
type OpenState = { -readonly [Key in keyof State]: State[Key] };

/**
 * Knows every state that the records and uploads of a project ever had, and when: so it can tell whether
 * what was exported while they changed is right.
 *
 * Time is counted in changes, not in seconds: nothing happens between two changes, many may happen within a
 * millisecond, and the project's clock may be wrong.
 */
export class Oracle {
  readonly #schema: SchemaIndex;
  readonly #histories: Record<Kind, Map<string, OpenState[]>> = {
    current: new Map(),
    published: new Map(),
    uploads: new Map(),
  };
  #now = 0;

  /**
   * Watches a project's primary environment from now on.
   *
   * @param project The project.
   */
  constructor(project: MemoryProject) {
    const { itemTypes, fields, fieldsets, site, items, uploads } = project.primary;
    const { locales } = site.attributes;
    this.#schema = new SchemaIndex({ locales, itemTypes, fields, fieldsets });
    for (const { current, published } of items.records()) {
      this.#note("current", current.id, current);
      this.#note("published", current.id, published);
    }
    for (const upload of uploads.uploads()) this.#note("uploads", upload.id, upload);
    project.watch((change) => {
      if (change.environment !== project.primaryEnvironment) return;
      this.#now++;
      if (change.type === "upload") return this.#note("uploads", change.id, change.upload);
      this.#note("current", change.id, change.item?.current);
      this.#note("published", change.id, change.item?.published);
    });
  }

  /** How many changes there were so far. */
  get now(): number {
    return this.#now;
  }

  /** The `api_key` of every model. */
  get models(): readonly string[] {
    return this.#schema.models.map((model) => model.attributes.api_key);
  }

  /**
   * The ids of all records of a model that there ever were.
   *
   * @param version In which version.
   * @param model The model's `api_key`.
   */
  ids(version: Version, model: string): readonly string[] {
    return [...this.#histories[version]]
      .filter(([, [first]]) => first && this.#modelOf(first.resource) === model)
      .map(([id]) => id);
  }

  /**
   * How many records or uploads came and how many went: each moves what follows it in its listing.
   *
   * @param kind What is listed.
   * @param span When.
   */
  moves(kind: Kind, { from, to }: Span): { readonly came: number; readonly went: number } {
    const during = (moment: number) => moment > from && moment <= to;
    let [came, went] = [0, 0];
    for (const states of this.#histories[kind].values()) {
      for (const [i, state] of states.entries()) {
        if (during(state.from) && states[i - 1]?.to !== state.from) came++;
        if (during(state.to) && states[i + 1]?.from !== state.to) went++;
      }
    }
    return { came, went };
  }

  /**
   * Every state that a record or upload ever was in, in order.
   *
   * @param kind What is listed.
   * @param id Which one.
   */
  states(kind: Kind, id: string): readonly State[] {
    return this.#histories[kind].get(id) ?? [];
  }

  /**
   * Whether a record or upload was there all the time.
   *
   * @param kind What is listed.
   * @param id Which one.
   * @param span When.
   */
  lasted(kind: Kind, id: string, span: Span): boolean {
    return lasted(this.states(kind, id), span);
  }

  /**
   * Everything that is wrong with what was read of a listing.
   *
   * @param kind What was listed.
   * @param resources What was read.
   * @param span From before the first request to after the last.
   * @param model The `api_key` of the model that was listed; all models if not given.
   */
  check(kind: Kind, resources: Iterable<Resource>, span: Span, model?: string): Violation[] {
    const where = model === undefined ? kind : `${kind} of ${model}`;
    const found: Violation[] = [];
    const seen = new Map<string, number>();
    const history = this.#histories[kind];
    for (const resource of resources) {
      const { id } = resource;
      seen.set(id, (seen.get(id) ?? 0) + 1);
      const states = history.get(id);
      if (!states) {
        found.push({ fault: "made up", where, id, text: "There never was such an id." });
        continue;
      }
      if (model !== undefined && this.#modelOf(resource) !== model) {
        found.push({ fault: "misplaced", where, id, text: `It is a ${this.#modelOf(resource)}.` });
      }
      const text = JSON.stringify(resource);
      const alike = states.filter((state) => textOf(state.resource) === text);
      if (alike.length === 0) {
        found.push({ fault: "altered", where, id, text: `It never was ${text}` });
      } else if (!alike.some((state) => state.from <= span.to && state.to > span.from)) {
        const times = alike.map(({ from, to }) => `${from} to ${to}`).join(", ");
        const stale = `It was so from ${times}, but was read from ${span.from} to ${span.to}.`;
        found.push({ fault: "stale", where, id, text: stale });
      }
    }
    for (const [id, times] of seen) {
      if (times > 1) found.push({ fault: "twice", where, id, text: `It is there ${times} times.` });
    }
    for (const [id, states] of history) {
      if (seen.has(id) || !lasted(states, span)) continue;
      if (model !== undefined && this.#modelOf(states[0]!.resource) !== model) continue;
      const text = `It was there from ${span.from} to ${span.to}.`;
      found.push({ fault: "missing", where, id, text });
    }
    return found;
  }

  /**
   * Everything that is wrong with a snapshot.
   *
   * @param snapshot The snapshot.
   * @param span From before the export to after it.
   */
  checkSnapshot(snapshot: ExportedSnapshot, span: Span): Violation[] {
    const found = this.check("uploads", snapshot.uploads, span);
    for (const model of this.models) {
      for (const version of ["current", "published"] as const) {
        const items = snapshot.records
          .filter((one) => one.model === model && one.version === version)
          .flatMap((one) => one.items);
        found.push(...this.check(version, items, span, model));
      }
    }
    return [...found, ...this.#checkTables(snapshot)];
  }

  /** Whether the tables have the rows of the very states that the records and uploads are in. */
  #checkTables(snapshot: ExportedSnapshot): Violation[] {
    const expected = new RowCounts();
    for (const { version, items } of snapshot.records) {
      for (const { table, rows } of tableRows(items, this.#schema, { version })) {
        expected.add(table, version, rows);
      }
    }
    expected.add("uploads", undefined, uploadRows(snapshot.uploads));
    for (const { table, rows } of projectRows(this.#schema, [])) {
      expected.add(table, undefined, rows);
    }
    const actual = new RowCounts();
    for (const { table, version, rows } of snapshot.tables) {
      if (table !== "creators") actual.add(table, version, rows);
    }
    return [
      ...expected.more(actual, "A row isn't there"),
      ...actual.more(expected, "A row is too much"),
    ];
  }

  #modelOf({ relationships }: Resource): string | undefined {
    const data = relationships?.item_type?.data;
    if (!data || !("id" in data)) return undefined;
    return this.#schema.itemType(data.id)?.attributes.api_key;
  }

  #note(kind: Kind, id: string, resource: Resource | undefined): void {
    const history = this.#histories[kind];
    const states = history.get(id) ?? [];
    const last = states.at(-1);
    if (last?.to === Infinity) {
      if (last.resource === resource) return;
      last.to = this.#now;
    }
    if (!resource) return;
    // Whoever changed it later would change what was.
    states.push({ resource: deepFreeze(resource), from: this.#now, to: Infinity });
    history.set(id, states);
  }
}

/**
 * The first few of many, for an error's text.
 *
 * @param violations What was found.
 */
export function told(violations: readonly Violation[]): string {
  const counts = Map.groupBy(violations, ({ fault, where }) => `${fault} in ${where}`);
  return [...counts].map(([what, { length, 0: first }]) => {
    return `${length} ${what}, such as ${first!.id}: ${first!.text.slice(0, 200)}`;
  }).join("\n");
}

/** Whether something was there all the time, in whatever states. */
function lasted(states: readonly State[], { from, to }: Span): boolean {
  let until = from;
  for (const state of states) {
    if (state.from <= until && state.to > until) until = state.to;
  }
  return until > to;
}

/** Records don't change, and many exports are compared with the same ones. */
const texts = new WeakMap<Resource, string>();

function textOf(resource: Resource): string {
  let text = texts.get(resource);
  if (text === undefined) {
    text = JSON.stringify(resource);
    texts.set(resource, text);
  }
  return text;
}

/** How often each row is there, by table. */
class RowCounts {
  readonly #tables = new Map<string, Map<string, number>>();

  add(table: string, version: Version | undefined, rows: readonly JsonObject[]): void {
    const where = version === undefined ? `table ${table}` : `table ${table} of ${version}`;
    const counts = this.#tables.get(where) ?? new Map<string, number>();
    for (const row of rows) {
      const text = JSON.stringify(row);
      counts.set(text, (counts.get(text) ?? 0) + 1);
    }
    this.#tables.set(where, counts);
  }

  /** What is here more often than there. */
  more(other: RowCounts, text: string): Violation[] {
    const found: Violation[] = [];
    for (const [where, counts] of this.#tables) {
      for (const [row, count] of counts) {
        if (count <= (other.#tables.get(where)?.get(row) ?? 0)) continue;
        const { _record_id, id } = JSON.parse(row) as JsonObject;
        found.push({ fault: "half", where, id: String(_record_id ?? id), text: `${text}: ${row}` });
      }
    }
    return found;
  }
}
