import type { Json, JsonObject, Resource } from "../../content/resource.ts";
import { isObject } from "../../text/json.ts";
import { type IncludedKind, PERMISSION_LISTS } from "./kinds.ts";

/** What ids and names become that something of a project refers to. */
export interface References {
  /**
   * What takes the place of something.
   *
   * @param type The API's name of its type, or `environment`.
   * @param id Its id in the snapshot.
   * @return `undefined` if the project has nothing that does.
   */
  of(type: string, id: string): string | undefined;
  /** Whether permissions in an environment are about what is restored: of others, ids stay as they were. */
  isHere(environment: string): boolean;
}

/** How something of a project is made. */
export interface Body {
  /** What is sent. */
  readonly data: JsonObject;
  /** What of it an export has left out, as it is secret: paths with dots, such as `headers.Authorization`. */
  readonly byHand: readonly string[];
  /** What it referred to that the project doesn't have, such as `build_trigger 615`. */
  readonly dropped: readonly string[];
}

/** What an export writes in the place of a secret. */
const REDACTED = "[redacted]";

/** What the settings of a build trigger must have, by its adapter. */
const SETTINGS: Readonly<Record<string, JsonObject>> = {
  custom: { trigger_url: "", headers: {}, payload: {} },
  netlify: { trigger_url: "", access_token: "", branch: "", site_id: "" },
  vercel: { project_id: "", token: "", branch: "", team_id: "", deploy_hook_url: "" },
  gitlab: { trigger_url: "", token: "", ref: "", build_parameters: {} },
};

/** What entries of permissions name, by the type. */
const NAMED = ["item_type", "workflow", "upload_collection"] as const;
/** What entries name that is the whole project's. */
const OF_PROJECT = ["build_trigger", "search_index"] as const;
/** What filters of webhooks name that can be told to be gone. */
const FILTERED: ReadonlySet<string> = new Set(["item_type", "build_trigger", "environment"]);

/**
 * What is sent to make something of a project.
 *
 * @param kind How its kind is made.
 * @param resource It, with ids as they are to be in the target.
 * @param raw The same as the snapshot has it.
 * @param references What else it refers to becomes.
 */
export function bodyOf(
  { type, required, optional, fixed, relationships }: IncludedKind,
  { attributes = {}, relationships: given = {} }: Resource,
  raw: Resource,
  references: References,
): Body {
  const [byHand, dropped]: [string[], string[]] = [[], []];
  const drop = (what: string) => {
    if (!dropped.includes(what)) dropped.push(what);
  };
  const own = Object.fromEntries([
    ...Object.keys(required).map((name) => [name, attributes[name] ?? required[name]!] as const),
    ...optional.flatMap((name) =>
      Object.hasOwn(attributes, name) ? [[name, attributes[name]!] as const] : []
    ),
  ]);
  const told = Object.fromEntries(
    Object.entries(own).map(([name, value]) => [
      name,
      // What is text where nothing need be is nothing without it.
      value === REDACTED ? (byHand.push(name), required[name] ?? null) : blanked(value, name),
    ]),
  );
  const changed = type === "role"
    ? permissions(told)
    : type === "webhook"
    ? { events: events(told.events) }
    : type === "build_trigger"
    ? { adapter_settings: settings(told) }
    : {};
  const related = Object.fromEntries(relationships.map((name) => {
    const data = given[name]?.data;
    const refs = data === null || data === undefined ? [] : "id" in data ? [data] : data;
    return [name, {
      data: refs.flatMap((ref) => {
        const id = references.of(ref.type, ref.id);
        if (id === undefined) drop(`${ref.type} ${ref.id}`);
        return id === undefined ? [] : [{ type: ref.type, id }];
      }),
    }];
  }));
  const data = {
    type,
    attributes: { ...told, ...changed, ...fixed },
    ...relationships.length > 0 && { relationships: related },
  };
  return { data, byHand, dropped };

  /** Without what an export has left out. */
  function blanked(value: Json, path: string): Json {
    if (value === REDACTED) {
      byHand.push(path);
      return "";
    }
    if (Array.isArray(value)) return value.map((each, i) => blanked(each, `${path}.${i}`));
    if (!isObject(value)) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, each]) => [key, blanked(each, `${path}.${key}`)]),
    );
  }

  function settings({ adapter, adapter_settings: found }: JsonObject): Json {
    const needed = Object.hasOwn(SETTINGS, String(adapter)) ? SETTINGS[String(adapter)]! : {};
    return { ...needed, ...isObject(found) ? found : {} };
  }

  /** An entry that names something which isn't there is left out: without it, less is permitted, or as much. */
  function permissions(attributes: JsonObject): JsonObject {
    return Object.fromEntries(PERMISSION_LISTS.map((name) => {
      const list = attributes[name];
      const before = raw.attributes?.[name];
      if (!Array.isArray(list)) return [name, []];
      return [
        name,
        list.flatMap((entry, i) => permission(entry, Array.isArray(before) ? before[i] : entry)),
      ];
    }));
  }

  function permission(entry: Json, before: Json | undefined): Json[] {
    if (!isObject(entry)) return [];
    let next = entry;
    const to = (name: string, as: JsonObject) => {
      const id = as[name];
      if (typeof id !== "string") return true;
      const found = references.of(name, id);
      if (found === undefined) drop(`${name} ${id}`);
      else next = { ...next, [name]: found };
      return found !== undefined;
    };
    const environment = typeof entry.environment === "string"
      ? references.of("environment", entry.environment)
      : undefined;
    const isElsewhere = environment !== undefined && !references.isHere(environment);
    // The ids of other environments aren't changed by this restore.
    if (isElsewhere && isObject(before)) return [before];
    const names = ["environment", ...NAMED, ...OF_PROJECT];
    return names.every((name) => to(name, entry)) ? [next] : [];
  }

  /** Without what isn't there: a filter that has nothing left would let everything pass, so that its event goes. */
  function events(list: Json | undefined): Json {
    if (!Array.isArray(list)) return [];
    return list.flatMap((event) => {
      if (!isObject(event) || !Array.isArray(event.filters)) return [event];
      const filters = event.filters.map(filter);
      const isMeant = filters.every((one) =>
        !isObject(one) || !Array.isArray(one.entity_ids) || one.entity_ids.length > 0
      );
      return isMeant ? [{ ...event, filters }] : [];
    });
  }

  function filter(one: Json): Json {
    if (!isObject(one) || !Array.isArray(one.entity_ids)) return one;
    const of = String(one.entity_type);
    if (!FILTERED.has(of)) return one;
    const ids = one.entity_ids.flatMap((id) => {
      const found = typeof id === "string" ? references.of(of, id) : undefined;
      if (found === undefined) drop(`${of} ${String(id)}`);
      return found ?? [];
    });
    return { ...one, entity_ids: ids };
  }
}
