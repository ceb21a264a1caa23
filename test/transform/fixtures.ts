import type { Field, Item, ItemType, Json, JsonObject } from "../../src/content/resource.ts";
import { SchemaIndex } from "../../src/content/schema_index.ts";
import type { OnWarning } from "../../src/transform/warnings.ts";

/** A model: its fields as `key: "field_type"`, or `key: "field_type localized"`. */
export interface ModelFixture {
  readonly block?: boolean;
  readonly tree?: boolean;
  readonly fields: Readonly<Record<string, string>>;
}

/** A schema whose item types have the same id as api_key, in capitals. */
export function schemaOf(
  models: Readonly<Record<string, ModelFixture>>,
  locales: readonly string[] = ["en", "it"],
  validators: Readonly<Record<string, JsonObject>> = {},
): SchemaIndex {
  const itemTypes = Object.entries(models).map(([api_key, { block, tree }]): ItemType => ({
    id: api_key.toUpperCase(),
    type: "item_type",
    attributes: {
      api_key,
      name: `The ${api_key}`,
      modular_block: block ?? false,
      tree: tree ?? false,
    },
  }));
  const fields = Object.entries(models).flatMap(([model, { fields }]) =>
    Object.entries(fields).map(([api_key, type], position): Field => ({
      id: `${model}.${api_key}`,
      type: "field",
      attributes: {
        api_key,
        label: `Label of ${api_key}`,
        field_type: type.replace(" localized", ""),
        localized: type.endsWith(" localized"),
        position,
        validators: validators[`${model}.${api_key}`] ?? {},
      },
      relationships: { item_type: { data: { id: model.toUpperCase(), type: "item_type" } } },
    }))
  );
  return new SchemaIndex({ locales, itemTypes, fields, fieldsets: [] });
}

/** A record or block of a model of {@linkcode schemaOf}. */
export function item(model: string, id: string, attributes: JsonObject): Item {
  const itemType = { data: { id: model.toUpperCase(), type: "item_type" } };
  return { id, type: "item", attributes, relationships: { item_type: itemType } };
}

/** An item as a value inside another. */
export function json(item: Item): Json {
  return item as unknown as Json;
}

/** A structured text document. */
export function dast(...children: Json[]): JsonObject {
  return { schema: "dast", document: { type: "root", children } };
}

/** A paragraph of structured text; a string is a span. */
export function paragraph(...children: (string | JsonObject)[]): JsonObject {
  return {
    type: "paragraph",
    children: children.map((child) =>
      typeof child === "string" ? { type: "span", value: child } : child
    ),
  };
}

/** Some columns of each row. */
export function pick(rows: readonly JsonObject[], ...columns: string[]): Json[][] {
  return rows.map((row) => columns.map((column) => row[column] as Json));
}

/** Notes all warnings as `code: example`. */
export function warnings(): { readonly all: string[]; readonly onWarning: OnWarning } {
  const all: string[] = [];
  return { all, onWarning: (code, example) => all.push(`${code}: ${example}`) };
}

/** What a JSON Pointer points at. */
export function resolve(document: unknown, pointer: string): unknown {
  return pointer.split("/").slice(1)
    .map((segment) => segment.replaceAll("~1", "/").replaceAll("~0", "~"))
    .reduce((value, segment) => (value as Record<string, unknown>)[segment], document);
}
