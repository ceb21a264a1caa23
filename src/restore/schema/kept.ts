import { relatedId } from "../../content/attributes.ts";
import type { JsonObject, Resource, Site } from "../../content/resource.ts";
import { mayOverwrite } from "../living.ts";
import type { PlanInput } from "../plan.ts";
import { type KindName, KINDS, validatorsOf } from "./kinds.ts";
import { siteFirst, siteLast } from "./settings.ts";
import { nameOf } from "./stage.ts";
import { SchemaState } from "./state.ts";
import { partsOf, partsThatDiffer, without } from "./write.ts";

/** What follows from others that came or went. */
const PLACE = ["position", "fieldset", "parent"];

/**
 * What of a schema and its settings stays as the target has it, because whoever restores doesn't want it overwritten.
 * For that the snapshot is taken to hold the same: what differs by then differs as validators stepped aside.
 */
export class KeptSchema {
  /** What the snapshot holds. */
  readonly held: SchemaState;
  readonly #kept = new Map<string, Resource>();
  /** What isn't there and isn't made. */
  readonly #left = new Set<string>();
  readonly #relaxed: ReadonlySet<string>;

  /**
   * @param held What the snapshot holds.
   * @param present What the target has.
   * @param input What is planned.
   * @param relaxed The models whose validators step aside.
   */
  constructor(
    held: SchemaState,
    present: SchemaState,
    input: PlanInput,
    relaxed: ReadonlySet<string>,
  ) {
    this.held = held;
    this.#relaxed = relaxed;
    const { living, isInScope, isOurs } = input;
    if (living === undefined) return;
    const isAllWritten = living.conflicts === "overwrite" && !isOurs;
    if (isAllWritten && !isInScope) return;
    for (const type of Object.keys(KINDS) as KindName[]) {
      for (const one of held.all(type)) {
        const now = presentOf(one, present);
        if (now === undefined) {
          if (isInScope?.(type, one.id) === false) this.#left.add(keyOf(one));
          continue;
        }
        if (partsThatDiffer(partsOf(KINDS[type], one), now) === undefined) continue;
        // Their places follow from what is made; they aren't edits.
        const isMoved = !isAllWritten &&
          partsThatDiffer(without(partsOf(KINDS[type], one), PLACE), now) ===
            undefined;
        const conflict = { type, id: one.id, name: nameOf(one), isEdited: null };
        if (isMoved || !mayOverwrite(input, conflict)) this.#kept.set(keyOf(one), now);
      }
    }
    if (differs(held, present, input)) {
      const conflict = { type: "site", id: "site", name: null, isEdited: null };
      if (!mayOverwrite(input, conflict)) this.#kept.set("site", present.site as Resource);
    }
  }

  /** Whether something stays as the target has it. */
  has(type: string, id: string): boolean {
    return this.#kept.has(`${type} ${id}`);
  }

  /**
   * What there is to be.
   *
   * @param present What there is now.
   */
  wanted(present: SchemaState): SchemaState {
    if (this.#kept.size + this.#left.size === 0) return this.held;
    const state = new SchemaState(this.#site(present));
    for (const type of Object.keys(KINDS) as KindName[]) {
      if (!this.held.knows(type)) continue;
      state.set(
        type,
        this.held.all(type).flatMap((one) => {
          if (this.#left.has(keyOf(one))) return [];
          const before = this.#kept.get(keyOf(one));
          if (before === undefined) return [one];
          const now = presentOf(one, present);
          // Whoever destroyed it meanwhile wanted that.
          if (now === undefined) return present.knows(type) ? [] : [before];
          return [this.#withValidators(now, before)];
        }),
      );
    }
    return state;
  }

  /** What stepped aside comes back, as it was before. */
  #withValidators(now: Resource, before: Resource): Resource {
    const model = now.type === "item_type" ? now.id : relatedId(now, "item_type") ?? "";
    if (!this.#relaxed.has(model)) return now;
    const own: JsonObject = now.type === "field"
      ? { validators: validatorsOf(before) }
      : now.type === "item_type"
      ? { all_locales_required: before.attributes?.all_locales_required ?? false }
      : {};
    return { ...now, attributes: { ...now.attributes, ...own } };
  }

  /** Locales are only added. */
  #site(present: SchemaState): Site {
    if (!this.#kept.has("site")) return this.held.site;
    const { site } = present;
    const { locales } = site.attributes;
    const missing = this.held.site.attributes.locales.filter((one) => !locales.includes(one));
    return { ...site, attributes: { ...site.attributes, locales: [...locales, ...missing] } };
  }
}

function keyOf({ type, id }: Resource): string {
  return `${type} ${id}`;
}

/** A model has one entry in the menu of the schema, whatever its id. */
function presentOf(one: Resource, present: SchemaState): Resource | undefined {
  const type = one.type as KindName;
  const own = present.get(type, one.id);
  const model = relatedId(one, "item_type");
  if (own !== undefined || type !== "schema_menu_item" || model === null) return own;
  return present.all(type).find((other) => relatedId(other, "item_type") === model);
}

/** Whether anything but locales that the target lacks would be written of the project. */
function differs(held: SchemaState, present: SchemaState, input: PlanInput): boolean {
  const { attributes } = present.site;
  const has = (locale: string) => attributes.locales.includes(locale);
  const [own, other] = [held.site.attributes.locales.filter(has), attributes.locales];
  const isInOrder = own.every((locale, i) =>
    locale === other.filter((one) => own.includes(one))[i]
  );
  const now = new SchemaState({
    ...present.site,
    // Added ones don't count, if they come in the same order.
    attributes: { ...attributes, locales: isInOrder ? withExtra(held, other) : other },
  });
  const context = {
    relaxed: new Set<string>(),
    missingUploads: new Set<string>(),
    isOwn: false,
    removes: false,
    isInScope: () => true,
    isKept: () => false,
    reorders: false,
    isOtherProject: input.isOtherProject,
    lose: () => {},
  };
  return [siteFirst, siteLast].some((stage) => stage.writes(held, now, context).flat().length > 0);
}

/** The locales that would be written. */
function withExtra(held: SchemaState, there: readonly string[]): string[] {
  const own = held.site.attributes.locales;
  return [...own, ...there.filter((locale) => !own.includes(locale))];
}
