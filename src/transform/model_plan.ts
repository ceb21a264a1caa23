import { relatedId } from "../content/attributes.ts";
import { fieldTypeInfo } from "../content/field_types.ts";
import type { Field, Item, ItemType } from "../content/resource.ts";
import type { SchemaIndex } from "../content/schema_index.ts";
import {
  BLOCK_META,
  EXTRA,
  type KeyColumn,
  RECORD_CREATOR,
  RECORD_HEAD,
  RECORD_META,
  RECORD_PLACE,
} from "./meta_columns.ts";

/** What the transforms need to know of a field, worked out once. */
export interface FieldPlan {
  /** The field's `api_key`, which is its attribute. */
  readonly key: string;
  /** The field's column in a table: its `api_key`, unless a meta column has that name. */
  readonly column: string;
  /** The field's `field_type`. */
  readonly type: string;
  /** Whether its values are kept by locale. */
  readonly localized: boolean;
  /** The field itself. */
  readonly field: Field;
}

/** What the transforms need to know of a model or block model, worked out once. */
export interface ModelPlan {
  /** The item type's id. */
  readonly id: string;
  /** The model, or `undefined` if the schema doesn't have it. */
  readonly itemType: ItemType | undefined;
  /** The model's `api_key`, or its id if the schema doesn't have it. */
  readonly apiKey: string;
  /** All fields, in schema order. */
  readonly fields: readonly FieldPlan[];
  /** The fields that are localized. */
  readonly localizedFields: readonly FieldPlan[];
  /** The fields whose values hold blocks. */
  readonly blockFields: readonly FieldPlan[];
  /** The fields whose values refer to records or assets, or hold blocks that may. */
  readonly linkFields: readonly FieldPlan[];
  /** The fields whose type isn't known. */
  readonly unknownFields: readonly FieldPlan[];
  /** The structured text fields. */
  readonly structuredTextFields: readonly FieldPlan[];
  /** The field that holds the titles of its records, if the project says so. */
  readonly titleField: FieldPlan | undefined;
  /** The field that holds the images that stand for its records, if the project says so. */
  readonly imageField: FieldPlan | undefined;
  /** The attributes that place a record in a tree or a sorted model, unless fields have their names. */
  readonly placeColumns: readonly KeyColumn[];
  /** The keys of all fields. */
  readonly keys: ReadonlySet<string>;
}

interface Plans {
  readonly byId: Map<string, ModelPlan>;
  readonly byApiKey: Map<string, ModelPlan>;
}

const BLOCK_TYPES = new Set(["rich_text", "single_block", "structured_text"]);
const LINK_TYPES = new Set([...BLOCK_TYPES, "link", "links", "file", "gallery", "seo"]);

/** Names that no field's column can have, in whichever table it is. */
const TAKEN: ReadonlySet<string> = new Set(
  [...RECORD_HEAD, ...RECORD_META, ...RECORD_CREATOR, ...RECORD_PLACE, ...BLOCK_META, EXTRA]
    .map(({ name }) => name),
);

const plans = new WeakMap<SchemaIndex, Plans>();

/**
 * The plan of a model or block model. It is worked out once per schema.
 *
 * @param schema The project's schema.
 * @param itemTypeId The item type's id; for one that the schema doesn't have the plan has no fields.
 */
export function modelPlan(schema: SchemaIndex, itemTypeId: string): ModelPlan {
  const { byId } = plansOf(schema);
  let plan = byId.get(itemTypeId);
  if (!plan) byId.set(itemTypeId, plan = makePlan(schema, itemTypeId));
  return plan;
}

/**
 * The plan of the model or block model whose rows have this `_model`.
 *
 * @param schema The project's schema.
 * @param apiKey The `api_key`, or an id for an item type that the schema doesn't have.
 */
export function modelPlanByApiKey(schema: SchemaIndex, apiKey: string): ModelPlan {
  const { byApiKey } = plansOf(schema);
  return byApiKey.get(apiKey) ?? modelPlan(schema, apiKey);
}

/**
 * The plan of the model that a record or block belongs to.
 *
 * @param schema The project's schema.
 * @param item A record or block; it may lack what the API documents.
 */
export function modelPlanOf(schema: SchemaIndex, item: Item): ModelPlan {
  const relationships = item.relationships as Partial<Item["relationships"]> | null | undefined;
  const id: unknown = relationships?.item_type?.data?.id;
  return modelPlan(schema, typeof id === "string" ? id : "unknown");
}

/**
 * A name for a column that no other column has.
 *
 * @param wanted The name to use if it is free; otherwise `_` is added until it is.
 * @param taken Names that are taken; the result is added.
 */
export function freeColumn(wanted: string, taken: Set<string>): string {
  let name = wanted;
  while (taken.has(name)) name += "_";
  taken.add(name);
  return name;
}

/**
 * The names that the columns of a model's tables have, for naming one more.
 *
 * @param plan The model's plan.
 */
export function takenColumns(plan: ModelPlan): Set<string> {
  return new Set([...TAKEN, ...plan.fields.map(({ column }) => column)]);
}

function plansOf(schema: SchemaIndex): Plans {
  let known = plans.get(schema);
  if (!known) {
    known = { byId: new Map(), byApiKey: new Map() };
    plans.set(schema, known);
    for (const { id } of schema.itemTypes) {
      const plan = makePlan(schema, id);
      known.byId.set(id, plan);
      known.byApiKey.set(plan.apiKey, plan);
    }
  }
  return known;
}

function makePlan(schema: SchemaIndex, id: string): ModelPlan {
  const itemType = schema.itemType(id);
  const taken = new Set(TAKEN);
  // Fields whose names are free come first, so that none loses its name to one that had to give way.
  const fields = schema.fields(id);
  for (const { attributes } of fields) taken.add(attributes.api_key);
  const planned = fields.map((field): FieldPlan => {
    const { api_key: key, field_type: type, localized } = field.attributes;
    const column = TAKEN.has(key) ? freeColumn(`${key}_`, taken) : key;
    return { key, column, type, localized: localized === true, field };
  });
  const keys = new Set(planned.map(({ key }) => key));
  return {
    id,
    itemType,
    apiKey: itemType?.attributes.api_key ?? id,
    fields: planned,
    localizedFields: planned.filter(({ localized }) => localized),
    blockFields: planned.filter(({ type }) => BLOCK_TYPES.has(type)),
    linkFields: planned.filter(({ type }) => LINK_TYPES.has(type)),
    unknownFields: planned.filter(({ type }) => fieldTypeInfo(type) === undefined),
    structuredTextFields: planned.filter(({ type }) => type === "structured_text"),
    titleField: fieldNamed(["presentation_title_field", "title_field"], itemType, planned),
    imageField: fieldNamed(["presentation_image_field", "image_preview_field"], itemType, planned),
    placeColumns: placeColumns(itemType).filter(({ key }) => !keys.has(key)),
    keys,
  };
}

/** The field that the first of a model's relationships with one names. */
function fieldNamed(
  relationships: readonly string[],
  itemType: ItemType | undefined,
  fields: readonly FieldPlan[],
): FieldPlan | undefined {
  for (const name of relationships) {
    const id = itemType && relatedId(itemType, name);
    const found = fields.find(({ field }) => field.id === id);
    if (found) return found;
  }
  return undefined;
}

/** Records of a tree have both attributes, of a sorted model a position, and of others neither. */
function placeColumns(itemType: ItemType | undefined): KeyColumn[] {
  const tree = itemType?.attributes.tree === true;
  const sorted = tree || itemType?.attributes.sortable === true;
  return RECORD_PLACE.map((column) => ({
    ...column,
    optional: column.key === "parent_id" ? !tree : !sorted,
  }));
}
