import { relatedId } from "../../content/attributes.ts";
import type { Resource } from "../../content/resource.ts";
import { EXIT, SluiceError } from "../../error.ts";
import { isObject } from "../../text/json.ts";
import { FIELD_ROLES, KINDS, ORDERING, positionOf, validatorsOf } from "./kinds.ts";
import {
  fieldKey,
  fieldParts,
  isBack,
  isOrdered,
  modelKey,
  modelParts,
  noteField,
  noteModel,
} from "./relaxing.ts";
import { freesKeys, nameOf, type Stage } from "./stage.ts";
import type { SchemaState } from "./state.ts";
import {
  creates,
  moves,
  type Parts,
  partsOf,
  partsThatDiffer,
  type Place,
  updates,
  without,
  type Write,
} from "./write.ts";

/** What a model gets once its fields are there. */
const LATE = [...ORDERING, ...FIELD_ROLES];
/** What says where a field or fieldset is. */
const PLACE = ["position", "fieldset"];

/** Models whose `api_key` another one is to have get another one, and so do their fields. */
export const modelKeys: Stage = {
  needs: ["item_type", "field"],
  writes(wanted, present, context) {
    const [own, now] = [wanted.byModel("field"), present.byModel("field")];
    return [
      freesKeys(wanted.all("item_type"), present.all("item_type"), context),
      ...wanted.all("item_type").map(({ id }) => {
        return freesKeys(own.get(id) ?? [], now.get(id) ?? [], context);
      }),
    ];
  },
};

/** Models without their fields, in their workflows: set later, a workflow puts all records to its first stage. */
export const models: Stage = {
  needs: ["item_type"],
  writes(wanted, present, context) {
    const menu = new Map(
      wanted.all("schema_menu_item").map((one) => [relatedId(one, "item_type"), one.id]),
    );
    return wanted.all("item_type").map((model): Write[] => {
      const parts = modelParts(model, context);
      const now = present.get("item_type", model.id);
      if (now === undefined) {
        const entry = menu.get(model.id);
        const query = {
          skip_menu_item_creation: "true",
          ...entry === undefined ? {} : { schema_menu_item_id: entry },
        };
        return [withEntry(creates(model, without(parts, LATE), { query }), model, entry)];
      }
      assertSameKind(model, now);
      // What orders records otherwise has to go before they can be sorted by hand.
      const late = isOrdered(model)
        ? LATE
        : FIELD_ROLES.filter((role) => role !== "ordering_field");
      // Records that are too many for it go first.
      const changes = partsThatDiffer(without(parts, [...late, "singleton"]), now);
      if (changes === undefined) return [];
      const isRelaxed = context.relaxed.has(model.id) &&
        changes.attributes.all_locales_required === false;
      return [
        updates(now, changes, { before: isRelaxed ? noteModel(model) : undefined }),
      ];
    });
  },
};

/** Groups of fields. */
export const fieldsets: Stage = {
  needs: ["fieldset"],
  writes(wanted, present) {
    return inModels(wanted, (model, own) =>
      own.fieldsets.flatMap((fieldset): Write[] => {
        const parts = partsOf(KINDS.fieldset, fieldset);
        const now = present.get("fieldset", fieldset.id);
        if (now === undefined) {
          const path = `/item-types/${encodeURIComponent(model.id)}/fieldsets`;
          return [creates(fieldset, parts, { path })];
        }
        const changes = partsThatDiffer(without(parts, PLACE), now);
        return changes === undefined ? [] : [updates(now, changes)];
      }));
  },
};

/** Fields in their order, those that make slugs after the ones they make them of. */
export const fields: Stage = {
  needs: ["field"],
  writes(wanted, present, context) {
    return inModels(wanted, (model, own) => {
      const isRelaxed = context.relaxed.has(model.id);
      return inOrder(own.fields).flatMap((field): Write[] => {
        const parts = fieldParts(field, isRelaxed);
        const now = present.get("field", field.id);
        if (now === undefined) {
          const path = `/item-types/${encodeURIComponent(model.id)}/fields`;
          return [withRole(creates(field, parts, { path }), field, model)];
        }
        const changes = partsThatDiffer(without(parts, PLACE), now);
        if (changes === undefined) return [];
        const stepAside = isRelaxed && changes.attributes.validators !== undefined;
        return [updates(now, changes, { before: stepAside ? noteField(now) : undefined })];
      });
    });
  },
};

/** Where fields and fieldsets are. */
export const places: Stage = {
  needs: ["item_type", "field", "fieldset"],
  rereads: true,
  writes(wanted, present, { reorders }) {
    if (!reorders) return [];
    const now = { field: present.byModel("field"), fieldset: present.byModel("fieldset") };
    return inModels(wanted, (model, { fields, fieldsets }) => {
      const all = [...fieldsets, ...fields];
      const isElsewhere = (one: Resource) => {
        const found = present.get(one.type as "field", one.id);
        if (found === undefined) return false;
        return positionOf(found) !== positionOf(one) ||
          relatedId(found, "fieldset") !== relatedId(one, "fieldset");
      };
      if (!all.some(isElsewhere)) return [];
      const ids = new Set(all.map(({ id }) => id));
      const last = Math.max(0, ...all.map(positionOf));
      const others = [...now.fieldset.get(model.id) ?? [], ...now.field.get(model.id) ?? []]
        .filter(({ id }) => !ids.has(id));
      const path = `/item-types/${encodeURIComponent(model.id)}/reorder-fields-and-fieldsets`;
      return [
        moves(path, "field", [
          ...all.map((one) => placeOf(one, positionOf(one))),
          ...others.map((one, i) => placeOf(one, last + 1 + i)),
        ]),
      ];
    });
  },
};

/** What fields are for: titles, pictures, the order of records. */
export const fieldRoles: Stage = {
  needs: ["item_type"],
  writes(wanted, present, context) {
    return wanted.all("item_type").map((model): Write[] => {
      const now = present.get("item_type", model.id);
      if (now === undefined) return [];
      const parts = onlyLate(modelParts(model, context));
      // A snapshot that has an order without a direction says nothing about it.
      const isSilent = isOrdered(model) &&
        (model.attributes?.ordering_direction ?? null) === null &&
        partsThatDiffer(without(parts, ["ordering_direction"]), now) === undefined;
      const changes = isSilent ? undefined : partsThatDiffer(parts, now);
      return changes === undefined ? [] : [updates(now, changes)];
    });
  },
};

/** Full validators, and what else says which records there may be. */
export const validators: Stage = {
  needs: ["item_type", "field"],
  writes(wanted, present, context) {
    return inModels(wanted, (model, own) => {
      const isRelaxed = context.relaxed.has(model.id);
      const chain = own.fields.flatMap((field): Write[] => {
        const now = present.get("field", field.id);
        const changes = now && partsThatDiffer(without(fieldParts(field, false), PLACE), now);
        if (changes === undefined) return [];
        return [updates(now!, changes, { after: isRelaxed ? isBack(fieldKey(field)) : undefined })];
      });
      const now = present.get("item_type", model.id);
      const parts = without(partsOf(KINDS.item_type, model), LATE);
      const changes = now && partsThatDiffer(parts, now);
      if (changes !== undefined) {
        chain.push(
          updates(now!, changes, { after: isRelaxed ? isBack(modelKey(model)) : undefined }),
        );
      }
      return chain;
    });
  },
};

/**
 * The fields of the snapshot that are made anew where the target has other ones of the same `api_key`: what records
 * hold in those is lost, however alike it is.
 *
 * @param wanted The schema of the snapshot.
 * @param present The target's.
 * @return The fields' ids.
 */
export function fieldsMadeAnew(wanted: SchemaState, present: SchemaState): ReadonlySet<string> {
  const fields = wanted.all("field").filter(({ id, ...field }) => {
    const model = relatedId({ id, ...field }, "item_type") ?? "";
    return present.get("field", id) === undefined &&
      present.get("item_type", model) !== undefined;
  });
  return new Set(fields.map(({ id }) => id));
}

function inModels(
  wanted: SchemaState,
  writes: (
    model: Resource,
    own: { readonly fields: readonly Resource[]; readonly fieldsets: readonly Resource[] },
  ) => Write[],
): Write[][] {
  const [fields, fieldsets] = [wanted.byModel("field"), wanted.byModel("fieldset")];
  return wanted.all("item_type").map((model) =>
    writes(model, { fields: fields.get(model.id) ?? [], fieldsets: fieldsets.get(model.id) ?? [] })
  );
}

function onlyLate({ attributes, relationships }: Parts): Parts {
  const late = <T>(object: Readonly<Record<string, T>>) =>
    Object.fromEntries(Object.entries(object).filter(([name]) => LATE.some((one) => one === name)));
  return { attributes: late(attributes), relationships: late(relationships) };
}

/** A model has an entry in the menu of the schema by itself: the last one. */
function withEntry(write: Write, model: Resource, entry: string | undefined): Write {
  return {
    ...write,
    foresee(state) {
      write.foresee(state);
      if (entry === undefined) return;
      const kind = model.attributes?.modular_block === true ? "modular_block" : "item_type";
      const others = state.all("schema_menu_item").filter((one) =>
        one.attributes?.kind === kind && relatedId(one, "parent") === null
      );
      state.put({
        id: entry,
        type: "schema_menu_item",
        attributes: { label: null, kind, position: 1 + Math.max(0, ...others.map(positionOf)) },
        relationships: {
          item_type: { data: { type: "item_type", id: model.id } },
          parent: { data: null },
        },
      });
    },
  };
}

/** The first text of a model becomes its title by itself, and the first file its picture. */
function withRole(write: Write, { id, attributes }: Resource, model: Resource): Write {
  const role = attributes?.field_type === "string"
    ? "title_field"
    : attributes?.field_type === "file"
    ? "image_preview_field"
    : undefined;
  if (role === undefined) return write;
  return {
    ...write,
    foresee(state) {
      write.foresee(state);
      const now = state.get("item_type", model.id);
      if (now === undefined || relatedId(now, role) !== null) return;
      const relationships = { ...now.relationships, [role]: { data: { type: "field", id } } };
      state.put({ ...now, relationships });
    },
  };
}

/** Fields by their position, each after the one whose text makes its slugs. */
function inOrder(fields: readonly Resource[]): Resource[] {
  const sorted = fields.toSorted((a, b) => positionOf(a) - positionOf(b));
  const isSlug = (field: Resource) => isObject(validatorsOf(field).slug_title_field);
  return [...sorted.filter((field) => !isSlug(field)), ...sorted.filter(isSlug)];
}

function placeOf(resource: Resource, position: number): Place {
  const fieldset = resource.relationships?.fieldset?.data ?? null;
  const relationships = resource.type === "field" ? { fieldset: { data: fieldset } } : {};
  return { resource, position, relationships: relationships as Place["relationships"] };
}

function assertSameKind(model: Resource, now: Resource): void {
  if (model.attributes?.modular_block === now.attributes?.modular_block) return;
  const [was, is] = model.attributes?.modular_block === true
    ? ["block model", "model"]
    : ["model", "block model"];
  throw new SluiceError(
    `Expected ${
      nameOf(model)
    } to be a ${was} as in the snapshot, but in the target it is a ${is}, which can't be ` +
      "changed: restore into an empty project, or destroy it in the target first.",
    EXIT.usage,
    { code: "target_taken" },
  );
}
