import { relatedId } from "../../content/attributes.ts";
import type { Json, JsonObject, Relationship, Resource } from "../../content/resource.ts";
import type { SchemaIndex } from "../../content/schema_index.ts";
import { isObject } from "../../text/json.ts";

/** What the id of something becomes, by the API's name of its type. */
export type NewId = (type: string, id: string) => string;

/** Attributes of permissions that name something. */
const OF_PERMISSIONS = ["item_type", "workflow", "upload_collection"] as const;

/**
 * A model, field, upload, setting or anything else that isn't a record under another id, with other ids wherever it
 * refers to something.
 *
 * @param resource The resource.
 * @param newId What ids become.
 * @param schema The schema that it is of, with the ids as they were.
 */
export function renamedResource<T extends Resource>(
  resource: T,
  newId: NewId,
  schema: SchemaIndex,
): T {
  const { attributes, relationships } = resource;
  return {
    ...resource,
    id: newId(resource.type, resource.id),
    ...attributes && { attributes: { ...attributes, ...changed(resource, newId, schema) } },
    ...relationships && { relationships: related(relationships, newId) },
  };
}

function related(
  relationships: NonNullable<Resource["relationships"]>,
  newId: NewId,
): Record<string, Relationship> {
  const one = <T extends { readonly id: string; readonly type: string }>(ref: T): T => {
    return { ...ref, id: newId(ref.type, ref.id) };
  };
  return Object.fromEntries(
    Object.entries(relationships).map(([name, relation]) => {
      const data = relation?.data;
      if (!data) return [name, relation];
      return [name, { ...relation, data: "id" in data ? one(data) : data.map(one) }];
    }),
  );
}

/** The attributes that refer to something. */
function changed(resource: Resource, newId: NewId, schema: SchemaIndex): JsonObject {
  const { attributes = {} } = resource;
  const idOf = (type: string) => (id: Json): Json => typeof id === "string" ? newId(type, id) : id;
  const all = (type: string) => (ids: Json): Json =>
    Array.isArray(ids) ? ids.map(idOf(type)) : idOf(type)(ids);
  switch (resource.type) {
    case "field":
      return own(attributes, {
        validators: inEach({ item_types: all("item_type"), title_field_id: idOf("field") }),
        // Older answers have the name with the typo alone.
        appearance: inAppearance,
        appeareance: inAppearance,
      });
    case "site":
      return own(attributes, {
        favicon: idOf("upload"),
        theme: inObject({ logo: idOf("upload") }),
        global_seo: inSeo,
      });
    case "item_type_filter":
      return own(attributes, { filter: inFilter(typeOfKey(resource, schema)) });
    case "upload_filter":
      return own(attributes, { filter: inFilter(typeOfUploadKey) });
    case "role": {
      const inOne = inObject(
        Object.fromEntries(OF_PERMISSIONS.map((name) => [name, idOf(name)])),
      );
      const lists = Object.keys(attributes).filter((name) => /_permissions$/.test(name));
      return own(attributes, Object.fromEntries(lists.map((name) => [name, inList(inOne)])));
    }
    case "webhook":
      return own(attributes, {
        events: inList(inObject({
          filters: inList((filter) => {
            if (!isObject(filter) || typeof filter.entity_type !== "string") return filter;
            return { ...filter, ...own(filter, { entity_ids: all(filter.entity_type) }) };
          }),
        })),
      });
    default:
      return {};
  }

  /** Editors and addons are plugins, or have names that aren't ids. */
  function inAppearance(value: Json): Json {
    return inObject({
      editor: idOf("plugin"),
      addons: inList(inObject({ id: idOf("plugin") })),
    })(value);
  }

  /** For the project, or for each locale. */
  function inSeo(value: Json): Json {
    if (!isObject(value)) return value;
    if (isObject(value.fallback_seo)) {
      return inObject({ fallback_seo: inObject({ image: idOf("upload") }) })(value);
    }
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, inSeo(each)]));
  }

  /** Conditions of a filter: values of fields that name something, however they are compared. */
  function inFilter(typeOf: (key: string) => string | undefined) {
    return inObject({
      fields: (fields) => {
        if (!isObject(fields)) return fields;
        return Object.fromEntries(
          Object.entries(fields).map(([key, condition]) => {
            const type = typeOf(key);
            return [key, type === undefined ? condition : inCondition(condition, all(type))];
          }),
        );
      },
    });
  }
}

type Change = (value: Json) => Json;

/** Those of some attributes that are there, changed. */
function own(object: JsonObject, changes: Readonly<Record<string, Change>>): JsonObject {
  const names = Object.keys(changes).filter((name) => Object.hasOwn(object, name));
  return Object.fromEntries(names.map((name) => [name, changes[name]!(object[name]!)]));
}

function inObject(changes: Readonly<Record<string, Change>>): Change {
  return (value) => isObject(value) ? { ...value, ...own(value, changes) } : value;
}

function inList(change: Change): Change {
  return (value) => Array.isArray(value) ? value.map(change) : value;
}

/** In each value of an object. */
function inEach(changes: Readonly<Record<string, Change>>): Change {
  const change = inObject(changes);
  return (value) => {
    if (!isObject(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, change(each)]));
  };
}

/** `{ eq: "<id>" }`, `{ in: ["<id>"] }` and the like. */
function inCondition(condition: Json, change: Change): Json {
  if (!isObject(condition)) return change(condition);
  return Object.fromEntries(
    Object.entries(condition).map(([name, value]) => [name, change(value)]),
  );
}

/** What a record filter's keys name, by the fields of its model. */
function typeOfKey(filter: Resource, schema: SchemaIndex): (key: string) => string | undefined {
  const types = new Map(
    schema.fields(relatedId(filter, "item_type") ?? "").map(({ attributes }) => {
      return [attributes.api_key, attributes.field_type];
    }),
  );
  return (key) => {
    switch (types.get(key) ?? key) {
      case "link":
      case "links":
      case "id":
      case "ids":
      case "_id":
      case "parent":
      case "parent_id":
        return "item";
      case "file":
      case "gallery":
        return "upload";
      default:
        return undefined;
    }
  };
}

function typeOfUploadKey(key: string): string | undefined {
  if (key === "id" || key === "ids") return "upload";
  return key === "upload_collection" || key === "upload_collection_id"
    ? "upload_collection"
    : undefined;
}
