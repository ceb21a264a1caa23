import { relatedId } from "../content/attributes.ts";
import { isObject } from "../text/json.ts";
import type { Field, ItemType, JsonObject, Resource } from "../content/resource.ts";
import type { SchemaIndex } from "../content/schema_index.ts";
import { loadableRows, strictColumns } from "./loadable_rows.ts";
import { PROJECT_TABLES } from "./meta_columns.ts";
import { modelPlan } from "./model_plan.ts";
import type { TableRows } from "./normalize.ts";
import type { OnWarning } from "./warnings.ts";

/** Types of those who make records and uploads, and that have a name that can be read. */
const CREATORS = new Set(["account", "user", "sso_user", "access_token", "organization"]);

/**
 * The rows of the tables `locales`, `models`, `fields` and `creators`.
 *
 * @param schema The project's schema.
 * @param people Collaborators, single sign-on users and API tokens, as the API sends them.
 * @param onWarning Called for each cell that readers would refuse.
 * @return The rows by table, always in the same order; a table without rows isn't there.
 */
export function projectRows(
  schema: SchemaIndex,
  people: readonly Resource[],
  onWarning?: OnWarning,
): TableRows[] {
  const rows: Record<Exclude<keyof typeof PROJECT_TABLES, "assets">, JsonObject[]> = {
    locales: schema.locales.map((locale, position) => {
      return { locale, position, is_main: position === 0 };
    }),
    models: schema.itemTypes.map((model) => modelRow(model, schema)),
    fields: schema.itemTypes.flatMap(({ id, attributes }) => {
      return modelPlan(schema, id).fields.map(({ field, column }) => {
        return fieldRow(field, column, attributes.api_key);
      });
    }),
    creators: people.filter(({ type }) => CREATORS.has(type)).map(creatorRow).sort(byTypeAndId),
  };
  return Object.entries(rows).filter(([, rows]) => rows.length > 0).map(([table, rows]) => {
    const columns = PROJECT_TABLES[table as keyof typeof PROJECT_TABLES];
    const strict = strictColumns(
      columns.map(({ name, sqlType }) => ({ name, sql_type: sqlType })),
    );
    return { table, rows: loadableRows(table, rows, strict, onWarning) };
  });
}

function modelRow(model: ItemType, schema: SchemaIndex): JsonObject {
  const { id, attributes } = model;
  const { titleField, imageField } = modelPlan(schema, id);
  return {
    id,
    api_key: attributes.api_key,
    name: attributes.name ?? null,
    is_block: attributes.modular_block === true,
    is_singleton: attributes.singleton === true,
    is_tree: attributes.tree === true,
    has_drafts: attributes.draft_mode_active === true,
    title_field: titleField?.key ?? null,
    image_field: imageField?.key ?? null,
    workflow_id: relatedId(model, "workflow"),
  };
}

function fieldRow({ id, attributes }: Field, column: string, model: string): JsonObject {
  const validators = isObject(attributes.validators) ? attributes.validators : {};
  return {
    id,
    model,
    api_key: attributes.api_key,
    label: attributes.label ?? null,
    field_type: attributes.field_type,
    localized: attributes.localized === true,
    required: Object.hasOwn(validators, "required"),
    unique: Object.hasOwn(validators, "unique"),
    position: attributes.position ?? null,
    validators: attributes.validators ?? null,
    column_name: column,
  };
}

function creatorRow(resource: Resource): JsonObject {
  const { id, type, attributes = {} } = resource;
  const { full_name, first_name, last_name, name, username, email } = attributes;
  const names = [first_name, last_name].filter((part) => typeof part === "string" && part !== "");
  return {
    type,
    id,
    name: full_name ?? name ?? (names.length > 0 ? names.join(" ") : null),
    email: email ?? username ?? null,
    role_id: relatedId(resource, "role"),
  };
}

function byTypeAndId(a: JsonObject, b: JsonObject): number {
  const [first, second] = [`${a.type} ${a.id}`, `${b.type} ${b.id}`];
  return first < second ? -1 : first > second ? 1 : 0;
}
