import { relatedId } from "../../content/attributes.ts";
import type { JsonObject, Relationship, Resource } from "../../content/resource.ts";
import { isSame } from "../../tools/diff/compare_json.ts";
import { isObject, type Json } from "../../text/json.ts";
import type { RestoreRun } from "../run.ts";
import { attributesOf, type Kind, type KindName, KINDS } from "./kinds.ts";
import type { SchemaState } from "./state.ts";

/** A request that changes a schema or its settings, and what it does. */
export interface Write {
  /** What is done. */
  readonly action: "create" | "update" | "move" | "destroy";
  /** To what: the API's name of the type. */
  readonly type: KindName | "site";
  /** The ids of what is written. */
  readonly ids: readonly string[];
  /** Requests that it takes, without repetitions. */
  readonly requests: number;

  /**
   * Sends it.
   *
   * @param run The target.
   * @return The resource as it is then, if the answer tells.
   * @throws {CmaError} If the API refuses.
   */
  send(run: RestoreRun): Promise<Resource | undefined>;

  /**
   * Changes what is known of the target as the write will, as far as that can be foreseen.
   *
   * @param state What is known.
   */
  foresee(state: SchemaState): void;
}

/** Attributes and relationships that are sent. */
export interface Parts {
  /** The attributes. */
  readonly attributes: JsonObject;
  /** The relationships. */
  readonly relationships: Readonly<Record<string, Relationship>>;
}

/**
 * What a resource says of what is sent.
 *
 * @param kind Its kind.
 * @param wanted The resource.
 */
export function partsOf(kind: Kind, wanted: Resource): Parts {
  const { attributes, relationships } = kind;
  const says = attributesOf(wanted);
  return {
    attributes: picked(says, attributes),
    relationships: Object.fromEntries(
      relationships.flatMap((name) => {
        const data = wanted.relationships?.[name]?.data;
        return data === undefined ? [] : [[name, { data }]];
      }),
    ),
  };
}

/**
 * What of some parts a resource has otherwise.
 *
 * @param parts The parts.
 * @param present The resource.
 * @return `undefined` if it has all of them.
 */
export function partsThatDiffer(parts: Parts, present: Resource): Parts | undefined {
  const says = attributesOf(present);
  const attributes = Object.entries(parts.attributes).filter(([name, value]) => {
    return name === "validators"
      ? !isSameValidators(value, says[name])
      : !isSame(value, says[name]);
  });
  const relationships = Object.entries(parts.relationships).filter(([name, { data }]) => {
    const now = present.relationships?.[name]?.data ?? null;
    return !isSame(identity(data), identity(now));
  });
  if (attributes.length + relationships.length === 0) return undefined;
  return {
    attributes: Object.fromEntries(attributes),
    relationships: Object.fromEntries(relationships),
  };
}

/** The ids that a relationship refers to. */
function identity(data: Relationship["data"]): Json {
  if (data === null || data === undefined) return null;
  return "id" in data ? data.id : data.map(({ id }) => id);
}

/** Whether two sets of validators are the same, but for what the API fills in by itself. */
function isSameValidators(wanted: Json | undefined, present: Json | undefined): boolean {
  const [a, b] = [wanted, present].map((one) => isObject(one) ? one : {}) as [
    JsonObject,
    JsonObject,
  ];
  return isSame(Object.keys(a).sort(), Object.keys(b).sort()) &&
    Object.entries(a).every(([name, settings]) => {
      const now = b[name];
      if (!isObject(settings) || !isObject(now)) return isSame(settings, now);
      const own = Object.entries(now).filter(([key]) => {
        return Object.hasOwn(settings, key) || !key.endsWith("_strategy");
      });
      return isSame(settings, Object.fromEntries(own));
    });
}

/** Those of an object's own entries that have one of some names. */
export function picked(object: JsonObject, names: readonly string[]): JsonObject {
  const own = names.filter((name) => Object.hasOwn(object, name));
  return Object.fromEntries(own.map((name) => [name, object[name]!]));
}

/**
 * The same parts without some.
 *
 * @param parts The parts.
 * @param names The names of attributes and relationships that are left out.
 */
export function without({ attributes, relationships }: Parts, names: readonly string[]): Parts {
  const left = <T>(object: Readonly<Record<string, T>>) =>
    Object.fromEntries(Object.entries(object).filter(([name]) => !names.includes(name)));
  return { attributes: left(attributes), relationships: left(relationships) };
}

/** How a resource is made. */
export interface CreateOptions {
  /** Where, if that isn't the kind's path. */
  readonly path?: string | undefined;
  /** Parameters of the query. */
  readonly query?: Readonly<Record<string, string>> | undefined;
}

/**
 * Makes a resource.
 *
 * @param wanted The resource, whose id is kept.
 * @param parts What is sent of it.
 * @param options How.
 */
export function creates(wanted: Resource, parts: Parts, options: CreateOptions = {}): Write {
  const kind = KINDS[wanted.type as KindName];
  const { path = kind.path, query } = options;
  const data = body(wanted, parts);
  return {
    action: "create",
    type: kind.type,
    ids: [wanted.id],
    requests: requestsOf(kind, wanted.type === "field"),
    send: async ({ target, signal }) => {
      const at = `${kind.path}/${encodeURIComponent(wanted.id)}`;
      return resourceIn(await target.create(path, data, { signal, query, at }));
    },
    // Where it belongs is in the path it is made at.
    foresee: (state) =>
      state.put(withParts({
        id: wanted.id,
        type: wanted.type,
        relationships: picked(
          { ...wanted.relationships } as unknown as JsonObject,
          ["item_type"],
        ) as unknown as Record<string, Relationship>,
      }, parts)),
  };
}

/**
 * Changes a resource.
 *
 * @param present The resource as it is.
 * @param parts What it becomes.
 * @param options Called before and after the request.
 */
export function updates(
  present: Resource,
  parts: Parts,
  options: {
    readonly before?: ((run: RestoreRun) => Promise<void>) | undefined;
    readonly after?: ((run: RestoreRun) => Promise<void>) | undefined;
  } = {},
): Write {
  const kind = KINDS[present.type as KindName];
  const { id } = present;
  return {
    action: "update",
    type: kind.type,
    ids: [id],
    requests: requestsOf(kind, true),
    send: async (run) => {
      await options.before?.(run);
      const { target, signal } = run;
      const path = `${kind.path}/${encodeURIComponent(id)}`;
      const answer = await target.update(path, body(present, parts), { signal });
      await options.after?.(run);
      return resourceIn(answer);
    },
    foresee: (state) => state.put(withParts(state.get(kind.type, id) ?? present, parts)),
  };
}

/**
 * Destroys a resource.
 *
 * @param present The resource.
 */
export function destroys({ type, id }: Resource): Write {
  const kind = KINDS[type as KindName];
  return {
    action: "destroy",
    type: kind.type,
    ids: [id],
    requests: requestsOf(kind, true),
    send: async ({ target, signal }) => {
      await target.destroy(`${kind.path}/${encodeURIComponent(id)}`, { signal });
      return undefined;
    },
    foresee(state) {
      state.remove(kind.type, id);
      if (kind.type !== "item_type") return;
      // What is of a model goes with it.
      for (const { type } of Object.values(KINDS)) {
        for (const one of state.all(type)) {
          if (relatedId(one, "item_type") === id) state.remove(type, one.id);
        }
      }
    },
  };
}

/** Where a resource is among others. */
export interface Place {
  /** The resource. */
  readonly resource: Resource;
  /** Its position among its siblings. */
  readonly position: number;
  /** The relationships that say who its siblings are. */
  readonly relationships: Readonly<Record<string, Relationship>>;
}

/**
 * Puts resources into another order.
 *
 * @param path Where that is done, such as `/menu-items/reorder`.
 * @param type What is counted.
 * @param places The places.
 */
export function moves(path: string, type: KindName, places: readonly Place[]): Write {
  const data = places.map(({ resource: { id, type }, position, relationships }) => ({
    id,
    type,
    attributes: { position },
    ...Object.keys(relationships).length > 0 ? { relationships } : {},
  }));
  return {
    action: "move",
    type,
    ids: places.map(({ resource }) => resource.id),
    requests: 2,
    send: async ({ target, signal }) => {
      await target.send("POST", path, { data: data as unknown as JsonObject[], signal });
      return undefined;
    },
    foresee: (state) => {
      for (const { resource: { id, type }, position, relationships } of places) {
        const present = state.get(type as KindName, id);
        if (present) state.put(withParts(present, { attributes: { position }, relationships }));
      }
    },
  };
}

/** A request, and another one for its job. */
function requestsOf({ isJob = false }: Kind, isAsync: boolean): number {
  return isJob && isAsync ? 2 : 1;
}

function body(
  { id, type }: Resource,
  { attributes, relationships }: Parts,
): JsonObject & { readonly id: string } {
  const isBare = Object.keys(relationships).length === 0;
  return {
    id,
    type,
    attributes,
    ...isBare ? {} : { relationships: relationships as unknown as JsonObject },
  };
}

function withParts(resource: Resource, { attributes, relationships }: Parts): Resource {
  return {
    ...resource,
    attributes: { ...resource.attributes, ...attributes },
    relationships: { ...resource.relationships, ...relationships },
  };
}

function resourceIn(answer: unknown): Resource | undefined {
  const isOne = isObject(answer) && typeof answer.id === "string" &&
    typeof answer.type === "string" && answer.type !== "job";
  return isOne ? answer as unknown as Resource : undefined;
}
