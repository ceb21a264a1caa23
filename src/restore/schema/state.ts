import { relatedId } from "../../content/attributes.ts";
import type { Resource, Site } from "../../content/resource.ts";
import type { SchemaIndex } from "../../content/schema_index.ts";
import { readSchema } from "../../source/datocms/schema.ts";
import type { Snapshot } from "../../tools/open.ts";
import type { Target } from "../target.ts";
import { type KindName, KINDS } from "./kinds.ts";

/** What comes with the models. */
const OF_MODELS: readonly KindName[] = ["item_type", "fieldset", "field"];

/** A schema and its settings: of a snapshot, or of a target as it is, or as it will be. */
export class SchemaState {
  /** The project. */
  site: Site;
  readonly #kinds = new Map<KindName, Map<string, Resource>>();

  /**
   * Begins with the project alone.
   *
   * @param site The project.
   */
  constructor(site: Site) {
    this.site = site;
  }

  /** Whether it is known what there is of a kind. */
  knows(kind: KindName): boolean {
    return this.#kinds.has(kind);
  }

  /** All of a kind; none if nothing is known. */
  all(kind: KindName): Resource[] {
    return [...this.#kinds.get(kind)?.values() ?? []];
  }

  /** One of a kind, by its id. */
  get(kind: KindName, id: string): Resource | undefined {
    return this.#kinds.get(kind)?.get(id);
  }

  /** The fields or fieldsets of each model, by the model's id. */
  byModel(kind: "field" | "fieldset"): ReadonlyMap<string, readonly Resource[]> {
    return Map.groupBy(this.all(kind), (one) => relatedId(one, "item_type") ?? "");
  }

  /** From now on there are these of a kind. */
  set(kind: KindName, resources: readonly Resource[]): void {
    this.#kinds.set(kind, new Map(resources.map((one) => [one.id, one])));
  }

  /** Adds one, or puts it in the place of the one with its id. */
  put(resource: Resource): void {
    this.#kinds.get(resource.type as KindName)?.set(resource.id, resource);
  }

  /** There is no such one any more. */
  remove(kind: KindName, id: string): void {
    this.#kinds.get(kind)?.delete(id);
  }

  /** Takes over what comes with the models. */
  setSchema(schema: SchemaIndex): void {
    const { itemTypes } = schema;
    this.set("item_type", itemTypes);
    this.set("field", itemTypes.flatMap(({ id }) => schema.fields(id)));
    this.set("fieldset", itemTypes.flatMap(({ id }) => schema.fieldsets(id)));
  }
}

/**
 * The schema and settings of a snapshot. Kinds that it hasn't aren't known.
 *
 * @param snapshot The snapshot.
 * @param signal Aborts the reading.
 * @throws {SluiceError} If it can't be read.
 */
export async function snapshotState(
  snapshot: Snapshot,
  signal: AbortSignal,
): Promise<SchemaState> {
  const state = new SchemaState(await snapshot.site({ signal }));
  state.setSchema(await snapshot.schema({ signal }));
  for (const { type, resource } of Object.values(KINDS)) {
    if (resource === undefined) continue;
    const list = await snapshot.settings(resource, { signal });
    if (list !== undefined) state.set(type, list);
  }
  return state;
}

/**
 * The schema and settings of a target as they are.
 *
 * @param target The target.
 * @param kinds Which kinds are read; the project always is.
 * @param signal Aborts the requests.
 * @throws {CmaError} If the API refuses.
 */
export async function targetState(
  target: Target,
  kinds: ReadonlySet<KindName>,
  signal: AbortSignal,
): Promise<SchemaState> {
  let state: SchemaState;
  if (OF_MODELS.some((kind) => kinds.has(kind))) {
    const { site, schema } = await readSchema(target.client, signal);
    state = new SchemaState(site);
    state.setSchema(schema);
  } else state = new SchemaState(await target.find("/site", { signal }) as unknown as Site);
  for (const { type, path, resource } of Object.values(KINDS)) {
    if (resource === undefined || !kinds.has(type)) continue;
    state.set(type, await target.list(path, { signal }) as unknown as Resource[]);
  }
  return state;
}
