import { relatedId } from "../../content/attributes.ts";
import { type Answer, ApiError, notFound } from "../../cma_server/answer.ts";
import { text } from "../../cma_server/parameters.ts";
import type { ItemType, JsonObject, Resource } from "../../content/resource.ts";
import { isObject } from "../../text/json.ts";
import { MODEL_DEFAULTS, ref } from "../schema_builder.ts";
import { withMeta } from "../stored_item.ts";
import { createField, createFieldset, reorderFields } from "./fields_writer.ts";
import { listAt, positionAfter } from "./lists.ts";
import { checkApiKey, checkIdle } from "./schema_checks.ts";
import { initialStage } from "./stages.ts";
import {
  type BodyData,
  bodyData,
  checkAttributes,
  invalidField,
  newEntityId,
  oneOf,
  type WriteCall,
} from "./write_call.ts";

/** What a new model has where nothing else was sent. */
const FIELD_ROLES = [
  "ordering_field",
  "presentation_title_field",
  "presentation_image_field",
  "title_field",
  "image_preview_field",
  "excerpt_field",
];

/**
 * `POST /item-types`, `PUT` and `DELETE /item-types/:id`, and what is made below one.
 *
 * @param call The request.
 * @see {@link https://www.datocms.com/docs/content-management-api/resources/item-type}
 */
export function itemTypesWriter(call: WriteCall): Answer | undefined {
  const { method, path, environment } = call;
  const [, id, part] = path;
  if (path.length > 3) return undefined;
  if (id === undefined) return method === "POST" ? create(call) : undefined;
  const model = environment.itemTypes.find((one) => one.id === id || one.attributes.api_key === id);
  if (!model) throw notFound();
  switch (`${method} ${part ?? ""}`) {
    case "PUT ":
      return update(call, model);
    case "DELETE ":
      return remove(call, model);
    case "POST fields":
      return createField(call, model);
    case "POST fieldsets":
      return createFieldset(call, model);
    case "POST reorder-fields-and-fieldsets":
      return reorderFields(call, model);
    default:
      return undefined;
  }
}

function create(call: WriteCall): Answer {
  const { environment } = call;
  const data = bodyData(call, "item_type");
  const id = newEntityId(
    call,
    data.id,
    "item_type",
    (one) => environment.itemTypes.some((type) => type.id === one),
  );
  const none = { data: null };
  const model: ItemType = {
    id,
    type: "item_type",
    attributes: attributesOf(call, id, MODEL_DEFAULTS, data.attributes),
    relationships: {
      fields: { data: [] },
      fieldsets: { data: [] },
      singleton_item: none,
      ...Object.fromEntries(FIELD_ROLES.map((role) => [role, none])),
      workflow: none,
      ...rolesOf(call, id, data),
    },
    meta: { has_singleton_item: false },
  };
  checkOrdering(model);
  environment.setSchema({ itemTypes: [...environment.itemTypes, model] });
  listInSite(call);
  addMenuItems(call, model);
  return { status: 201, body: { data: model } };
}

function update(call: WriteCall, before: ItemType): Answer {
  const { environment, jobs } = call;
  const data = bodyData(call, "item_type");
  checkIdle(call, before.id);
  const model: ItemType = {
    ...before,
    attributes: attributesOf(call, before.id, before.attributes, data.attributes),
    relationships: { ...before.relationships, ...rolesOf(call, before.id, data) },
  };
  checkOrdering(model);
  if (model.attributes.modular_block !== before.attributes.modular_block) {
    throw invalidField("modular_block", "VALIDATION_INVALID");
  }
  const records = environment.items.index().recordsOf(before.id);
  if (model.attributes.singleton === true && records.length > 1) {
    throw invalidField("singleton", "VALIDATION_INVALID");
  }
  environment.setSchema({
    itemTypes: environment.itemTypes.map((one) => one.id === before.id ? model : one),
  });
  // Another workflow begins at its beginning.
  if (relatedId(model, "workflow") !== relatedId(before, "workflow")) {
    const stage = initialStage(environment, model);
    for (const record of records) {
      const current = withMeta(record.current, { stage });
      const published = record.published === record.current
        ? current
        : record.published && withMeta(record.published, { stage });
      environment.items.put({ ...record, current, published });
    }
  }
  return jobs.start({ status: 200, body: { data: model } });
}

function remove(call: WriteCall, model: ItemType): Answer {
  const { environment, jobs, schema } = call;
  checkIdle(call, model.id);
  const users = environment.fields.filter(({ attributes: { validators }, relationships }) =>
    relationships.item_type.data !== null && isOther(relationships.item_type.data, model.id) &&
    JSON.stringify(validators ?? {}).includes(`"${model.id}"`)
  );
  if (model.attributes.modular_block && users.length > 0) {
    throw new ApiError(422, "MODULAR_BLOCK_IN_USE", {
      details: { fields: users.map(({ id }) => id) },
    });
  }
  for (const { current } of environment.items.index().recordsOf(model.id)) {
    environment.items.delete(current.id);
  }
  const own = new Set(
    [...schema.fields(model.id), ...schema.fieldsets(model.id)].map(({ id }) => id),
  );
  environment.setSchema({
    itemTypes: environment.itemTypes.filter((one) => one.id !== model.id),
    fields: environment.fields.filter((one) => !own.has(one.id)).map((field) => {
      if (!users.includes(field)) return field;
      const text = JSON.stringify(field.attributes.validators);
      const validators = JSON.parse(
        text,
        (key, value) =>
          key === "item_types" ? (value as string[]).filter((one) => one !== model.id) : value,
      );
      return { ...field, attributes: { ...field.attributes, validators } };
    }),
    fieldsets: environment.fieldsets.filter((one) => !own.has(one.id)),
  });
  listInSite(call);
  const keepsMenu = text(call.parameters, "skip_menu_items_deletion") === "true";
  for (const path of [...keepsMenu ? [] : ["/menu-items"], "/schema-menu-items"]) {
    const left = listAt(environment, path).filter((one) =>
      relatedId(one, "item_type") !== model.id
    );
    environment.settings.set(path, left);
  }
  return jobs.start({ status: 200, body: { data: model } });
}

function isOther(data: unknown, id: string): boolean {
  return !isObject(data) || data.id !== id;
}

function attributesOf(
  { environment }: WriteCall,
  id: string,
  before: JsonObject,
  given: JsonObject,
): ItemType["attributes"] {
  checkAttributes(
    given,
    (name) => Object.hasOwn(MODEL_DEFAULTS, name) && name !== "has_singleton_item",
  );
  const attributes = { ...before, ...given };
  const look = given.collection_appearance ?? given.collection_appeareance;
  if (look !== undefined) {
    Object.assign(attributes, { collection_appeareance: look, collection_appearance: look });
  }
  if (typeof attributes.name !== "string" || attributes.name === "") {
    throw invalidField("name", "VALIDATION_REQUIRED");
  }
  checkApiKey(
    attributes.api_key ?? null,
    "ItemType",
    environment.itemTypes.filter((one) => one.id !== id),
  );
  return attributes as ItemType["attributes"];
}

/** The relationships that were sent: fields of the model, and a workflow that is there. */
function rolesOf(
  { environment }: WriteCall,
  id: string,
  data: BodyData,
): { [name: string]: { data: { id: string; type: string } | null } } {
  const roles = Object.keys(data.relationships).map((name) => {
    const found = oneOf(data, name) ?? null;
    const isThere = found === null ||
      (name === "workflow"
        ? listAt(environment, "/workflows").some((one) => one.id === found.id)
        : FIELD_ROLES.includes(name) &&
          environment.fields.some((one) =>
            one.id === found.id && relatedId(one, "item_type") === id
          ));
    if (!isThere) {
      throw new ApiError(422, "INVALID_RELATIONSHIP", { details: { relationship: name } });
    }
    return [name, { data: found && ref(found.type, found.id) }] as const;
  });
  return Object.fromEntries(roles);
}

function checkOrdering(model: ItemType): void {
  const { ordering_direction, ordering_meta, singleton, sortable, tree } = model.attributes;
  const field = relatedId(model, "ordering_field");
  const isOrdered = field !== null || (ordering_meta ?? null) !== null;
  if (isOrdered && singleton === true) {
    throw new ApiError(422, "INVALID_ORDERING_FOR_SINGLETON_ITEM_TYPE");
  }
  if (isOrdered && (sortable === true || tree === true)) {
    throw new ApiError(422, "INVALID_ORDERING_FOR_SORTABLE_ITEM_TYPE");
  }
  const isBoth = field !== null && (ordering_meta ?? null) !== null;
  if (isBoth || isOrdered !== ((ordering_direction ?? null) !== null)) {
    throw new ApiError(422, "INVALID_ORDERING");
  }
}

/** The project tells which models there are. */
function listInSite({ environment }: WriteCall): void {
  const { site } = environment;
  const item_types = { data: environment.itemTypes.map(({ id }) => ref("item_type", id)) };
  environment.setSite({ ...site, relationships: { ...site.relationships, item_types } });
}

function addMenuItems(call: WriteCall, model: ItemType): void {
  const { environment, parameters } = call;
  const { name, modular_block: isBlock } = model.attributes;
  const add = (path: string, type: string, id: string | undefined, attributes: JsonObject) => {
    const list = listAt(environment, path);
    const item: Resource = {
      id: newEntityId(call, id, type, (one) => list.some((other) => other.id === one)),
      type,
      attributes: { ...attributes, position: 0 },
      relationships: {
        item_type: { data: ref("item_type", model.id) },
        ...type === "menu_item" ? { item_type_filter: { data: null } } : {},
        parent: { data: null },
        children: { data: [] },
      },
    };
    const position = positionAfter(list, item);
    environment.settings.set(path, [...list, { ...item, attributes: { ...attributes, position } }]);
  };
  const kind = isBlock ? "modular_block" : "item_type";
  const schemaId = text(parameters, "schema_menu_item_id");
  add("/schema-menu-items", "schema_menu_item", schemaId, { label: null, position: 0, kind });
  if (isBlock || text(parameters, "skip_menu_item_creation") === "true") return;
  add("/menu-items", "menu_item", text(parameters, "menu_item_id"), {
    label: String(name),
    position: 0,
    external_url: null,
    open_in_new_tab: false,
  });
}
