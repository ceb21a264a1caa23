import { relatedId } from "../../content/attributes.ts";
import { type Answer, ApiError, notFound } from "../../cma_server/answer.ts";
import type { Field, ItemType, Json, JsonObject, Resource } from "../../content/resource.ts";
import { isObject } from "../../text/json.ts";
import { ref } from "../schema_builder.ts";
import { completeField, type FieldAttributes } from "./field_settings.ts";
import { reordered } from "./lists.ts";
import { checkIdle } from "./schema_checks.ts";
import { changeValues } from "./stored_values.ts";
import { checkAgain } from "./validity.ts";
import {
  type BodyData,
  bodyData,
  checkAttributes,
  invalidField,
  invalidFormat,
  newEntityId,
  oneOf,
  type WriteCall,
} from "./write_call.ts";

const FIELDSET: JsonObject = {
  title: null,
  hint: null,
  position: 0,
  collapsible: false,
  start_collapsed: false,
};

/**
 * `PUT` and `DELETE /fields/:id` and `/fieldsets/:id`.
 *
 * @param call The request.
 * @see {@link https://www.datocms.com/docs/content-management-api/resources/field}
 */
export function fieldsWriter(call: WriteCall): Answer | undefined {
  const { method, path: [kind, id], environment } = call;
  if (call.path.length !== 2 || (method !== "PUT" && method !== "DELETE")) return undefined;
  if (kind === "fieldsets") {
    const fieldset = environment.fieldsets.find((one) => one.id === id);
    if (!fieldset) throw notFound();
    return method === "PUT" ? updateFieldset(call, fieldset) : removeFieldset(call, fieldset);
  }
  const field = environment.fields.find((one) => one.id === id);
  if (!field) throw notFound();
  checkIdle(call, modelOf(field));
  return method === "PUT" ? updateField(call, field) : removeField(call, field);
}

/**
 * `POST /item-types/:id/fields`. The first text of a model becomes its title, the first file its picture.
 *
 * @param call The request.
 * @param model The model.
 */
export function createField(call: WriteCall, model: ItemType): Answer {
  const { environment, jobs, schema } = call;
  checkIdle(call, model.id);
  const data = bodyData(call, "field");
  const id = newEntityId(
    call,
    data.id,
    "field",
    (one) => environment.fields.some((field) => field.id === one),
  );
  const field: Field = {
    id,
    type: "field",
    attributes: completeField(call, model.id, id, undefined, data.attributes),
    relationships: {
      item_type: { data: ref("item_type", model.id) },
      fieldset: { data: fieldsetOf(call, model.id, data) ?? null },
    },
  };
  const { api_key: key, field_type: type, localized } = field.attributes;
  changeValues(environment, model.id, (attributes) => {
    return { ...attributes, [key]: localized ? emptyLocales(call, model.id, attributes) : null };
  });
  const role = { string: "title_field", file: "image_preview_field" }[type as string];
  const fields = [...schema.fields(model.id), field].map((one) => ref("field", one.id));
  environment.setSchema({
    fields: [...withRoom(environment.fields, field), field],
    itemTypes: withRelationships(environment.itemTypes, model.id, (relationships) => ({
      fields: { data: fields },
      ...role && relationships[role]?.data === null ? { [role]: { data: ref("field", id) } } : {},
    })),
  });
  if (Object.hasOwn(validatorsOf(field), "required")) check(call, model.id);
  return jobs.start({ status: 201, body: shown(call, field) });
}

function updateField(call: WriteCall, before: Field): Answer {
  const { environment, jobs } = call;
  const model = modelOf(before);
  const data = bodyData(call, "field");
  const fieldset = fieldsetOf(call, model, data);
  const field: Field = {
    ...before,
    attributes: completeField(call, model, before.id, before.attributes, data.attributes),
    relationships: {
      ...before.relationships,
      ...fieldset === undefined ? {} : { fieldset: { data: fieldset } },
    },
  };
  changeValues(environment, model, (attributes) => converted(call, before, field, attributes));
  environment.setSchema({
    fields: environment.fields.map((one) => one.id === field.id ? field : one),
  });
  const same = JSON.stringify(field.attributes.validators) ===
    JSON.stringify(before.attributes.validators);
  if (!same) check(call, model);
  return jobs.start({ status: 200, body: shown(call, field) });
}

function removeField(call: WriteCall, field: Field): Answer {
  const { environment, jobs, schema } = call;
  const model = modelOf(field);
  const slugs = schema.fields(model).filter((one) => {
    const source = validatorsOf(one).slug_title_field;
    return isObject(source) && source.title_field_id === field.id;
  });
  if (slugs.length > 0) {
    throw new ApiError(422, "USED_AS_SLUG_SOURCE", {
      details: { fields: slugs.map(({ id }) => id) },
    });
  }
  const body = shown(call, field);
  const { api_key: key } = field.attributes;
  changeValues(environment, model, (attributes) => {
    const { [key]: _, ...others } = attributes;
    return others;
  });
  environment.setSchema({
    fields: environment.fields.filter((one) => one.id !== field.id),
    itemTypes: withRelationships(
      environment.itemTypes,
      model,
      (relationships) =>
        Object.fromEntries(
          Object.entries(relationships).map(([name, { data }]) => {
            if (Array.isArray(data)) {
              return [name, { data: data.filter((one) => one.id !== field.id) }];
            }
            return [name, { data: data && "id" in data && data.id === field.id ? null : data }];
          }),
        ),
    ),
  });
  return jobs.start({ status: 200, body });
}

/**
 * `POST /item-types/:id/fieldsets`.
 *
 * @param call The request.
 * @param model The model.
 */
export function createFieldset(call: WriteCall, model: ItemType): Answer {
  const { environment, schema } = call;
  checkIdle(call, model.id);
  const data = bodyData(call, "fieldset");
  const id = newEntityId(
    call,
    data.id,
    "fieldset",
    (one) => environment.fieldsets.some((fieldset) => fieldset.id === one),
  );
  const others = schema.fieldsets(model.id);
  const position = 1 + Math.max(0, ...others.map((one) => Number(one.attributes?.position)));
  const fieldset: Resource = {
    id,
    type: "fieldset",
    attributes: fieldsetAttributes({ ...FIELDSET, position }, data.attributes),
    relationships: { item_type: { data: ref("item_type", model.id) } },
  };
  environment.setSchema({
    fieldsets: [...environment.fieldsets, fieldset],
    itemTypes: withRelationships(environment.itemTypes, model.id, () => ({
      fieldsets: { data: [...others, fieldset].map((one) => ref("fieldset", one.id)) },
    })),
  });
  return { status: 201, body: { data: fieldset } };
}

function updateFieldset({ environment, ...call }: WriteCall, before: Resource): Answer {
  const { attributes } = bodyData({ environment, ...call }, "fieldset");
  const fieldset = { ...before, attributes: fieldsetAttributes(before.attributes!, attributes) };
  environment.setSchema({
    fieldsets: environment.fieldsets.map((one) => one.id === fieldset.id ? fieldset : one),
  });
  return { status: 200, body: { data: fieldset } };
}

function removeFieldset({ environment }: WriteCall, fieldset: Resource): Answer {
  const isIn = ({ relationships: { fieldset: of } }: Field) =>
    of?.data && "id" in of.data && of.data.id === fieldset.id;
  environment.setSchema({
    fieldsets: environment.fieldsets.filter((one) => one.id !== fieldset.id),
    fields: environment.fields.map((field) =>
      isIn(field)
        ? { ...field, relationships: { ...field.relationships, fieldset: { data: null } } }
        : field
    ),
    itemTypes: withRelationships(environment.itemTypes, modelOf(fieldset), ({ fieldsets }) => ({
      fieldsets: {
        data: [fieldsets?.data ?? []].flat().filter((one) =>
          one !== null && one.id !== fieldset.id
        ),
      },
    })),
  });
  return { status: 200, body: { data: fieldset } };
}

/**
 * `POST /item-types/:id/reorder-fields-and-fieldsets`.
 *
 * @param call The request.
 * @param model The model.
 */
export function reorderFields(call: WriteCall, model: ItemType): Answer {
  const { content, environment, jobs } = call;
  const places = isObject(content) && Array.isArray(content.data) ? content.data : undefined;
  if (!places) throw invalidFormat("data", "must be a list of fields and fieldsets");
  const of = (type: string) =>
    places.filter((one) => isObject(one) && one.type === type) as unknown as Resource[];
  environment.setSchema({
    fields: reordered(environment.fields.filter((one) => modelOf(one) === model.id), of("field"))
      .concat(environment.fields.filter((one) => modelOf(one) !== model.id)) as Field[],
    fieldsets: reordered(
      environment.fieldsets.filter((one) => modelOf(one) === model.id),
      of("fieldset"),
    ).concat(environment.fieldsets.filter((one) => modelOf(one) !== model.id)),
  });
  return jobs.start({ status: 200, body: { data: places } });
}

/** The records of the model are checked again: that of a block model's, wherever its blocks may be. */
function check(call: WriteCall, model: string): void {
  const { environment, jobMs } = call;
  const isBlock = environment.schema.itemType(model)?.attributes.modular_block === true;
  const models = isBlock ? environment.schema.models.map(({ id }) => id) : [model];
  if (checkAgain(environment, models) === 0) return;
  environment.checking.set(model, performance.now() + jobMs);
}

/** What a record holds in a field that has another name, type or locales now. */
function converted(
  { schema }: WriteCall,
  before: Field,
  after: Field,
  attributes: JsonObject,
): JsonObject {
  const [old, now] = [before.attributes, after.attributes];
  const isSame = old.api_key === now.api_key && old.field_type === now.field_type &&
    old.localized === now.localized;
  if (isSame) return attributes;
  const { [old.api_key]: was = null, ...others } = attributes;
  let value: Json = old.field_type === now.field_type ? was : null;
  if (now.localized && !old.localized) value = { [schema.locales[0]!]: value };
  if (!now.localized && old.localized && isObject(value)) {
    value = value[schema.locales[0]!] ?? Object.values(value)[0] ?? null;
  }
  return { ...others, [now.api_key]: value };
}

/** A value for each locale that a record has already. */
function emptyLocales({ schema }: WriteCall, model: string, attributes: JsonObject): JsonObject {
  for (const { attributes: { api_key: key, localized } } of schema.fields(model)) {
    const value = attributes[key];
    if (localized && isObject(value)) {
      return Object.fromEntries(Object.keys(value).map((locale) => [locale, null]));
    }
  }
  return { [schema.locales[0]!]: null };
}

function fieldsetAttributes(before: JsonObject, given: JsonObject): JsonObject {
  checkAttributes(given, (name) => Object.hasOwn(FIELDSET, name));
  const attributes = { ...before, ...given };
  if (typeof attributes.title === "string" && attributes.title !== "") return attributes;
  throw invalidField("title", "VALIDATION_REQUIRED");
}

function fieldsetOf(
  { environment }: WriteCall,
  model: string,
  data: BodyData,
): { id: string; type: string } | null | undefined {
  const found = oneOf(data, "fieldset");
  if (!found) return found;
  const fieldset = environment.fieldsets.find(({ id }) => id === found.id);
  if (fieldset && modelOf(fieldset) === model) return ref("fieldset", found.id);
  throw new ApiError(422, "INVALID_RELATIONSHIP", { details: { relationship: "fieldset" } });
}

/** Those behind a new field take one step back where its place is taken. */
function withRoom(fields: readonly Field[], { attributes, relationships }: Field): Field[] {
  const place = (one: Field) => JSON.stringify([modelOf(one), one.relationships.fieldset?.data]);
  const position = Number(attributes.position);
  const here = JSON.stringify([relationships.item_type.data.id, relationships.fieldset?.data]);
  const siblings = fields.filter((one) => place(one) === here);
  if (!siblings.some((one) => one.attributes.position === position)) return [...fields];
  return fields.map((one) => {
    if (place(one) !== here || Number(one.attributes.position) < position) return one;
    const back: FieldAttributes = {
      ...one.attributes,
      position: Number(one.attributes.position) + 1,
    };
    return { ...one, attributes: back };
  });
}

type Relationships = NonNullable<ItemType["relationships"]>;

function withRelationships(
  itemTypes: readonly ItemType[],
  model: string,
  change: (relationships: Relationships) => Relationships,
): ItemType[] {
  return itemTypes.map((one) => {
    if (one.id !== model) return one;
    const { relationships = {} } = one;
    return { ...one, relationships: { ...relationships, ...change(relationships) } };
  });
}

function validatorsOf({ attributes: { validators } }: Field): JsonObject {
  return isObject(validators) ? validators : {};
}

function modelOf(field: Resource): string {
  return relatedId(field, "item_type") ?? "";
}

function shown({ environment }: WriteCall, field: Field): JsonObject {
  const included = environment.itemTypes.filter(({ id }) => id === modelOf(field));
  return { data: field, included } as unknown as JsonObject;
}
