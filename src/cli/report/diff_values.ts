import { isObject, type Json } from "../../text/json.ts";
import type { Change } from "../../tools/diff.ts";

/** How many of something became what. */
export interface ChangeTally {
  added: number;
  removed: number;
  changed: number;
}

/** What is said of all changes of one kind: a model's, for records. */
export class ChangeTallies {
  readonly #groups = new Map<string, ChangeTally>();

  /** Counts a change. */
  add(change: Change): void {
    const group = groupOf(change);
    const tally = this.#groups.get(group) ?? { added: 0, removed: 0, changed: 0 };
    tally[change.change === "replaced" ? "changed" : change.change]++;
    this.#groups.set(group, tally);
  }

  /** Whether nothing was counted. */
  get isEmpty(): boolean {
    return this.#groups.size === 0;
  }

  /** The groups, in their order, with what was counted. */
  get groups(): readonly (readonly [group: string, tally: ChangeTally])[] {
    return [...this.#groups];
  }
}

/** What schema changes and assets are headed. */
export const [SCHEMA_GROUP, ASSET_GROUP] = ["Models and settings", "Assets"];

/** What a change stands under: for a record, its model. */
export function groupOf(change: Change): string {
  if (change.kind === "record") return change.model;
  return change.kind === "schema" ? SCHEMA_GROUP! : ASSET_GROUP!;
}

/** What people call what was changed, and its id. */
export function namesOf(change: Change): { readonly name: string; readonly id: string } {
  const { id } = change;
  switch (change.kind) {
    case "record":
      return { name: change.title ?? "", id };
    case "schema":
      return { name: `${change.type.replaceAll("_", " ")} ${change.name}`, id };
    case "asset":
      return { name: change.filename ?? "", id };
  }
}

/** A value as people read it: the text of a structured text, what a block holds, or JSON. */
export function valueText(value: Json): string {
  if (typeof value === "string") return value;
  if (isObject(value)) {
    const text = textOf(value);
    if (text !== undefined) return text;
    if (value.type === "item" && isObject(value.attributes)) {
      return attributesText(value.attributes);
    }
  }
  if (Array.isArray(value) && value.some((one) => isObject(one) && one.type === "item")) {
    return value.map(valueText).join("\n");
  }
  return JSON.stringify(value);
}

function attributesText(attributes: { readonly [key: string]: Json }): string {
  return Object.entries(attributes)
    .filter(([key, value]) => value !== null && key !== "created_at" && key !== "updated_at")
    .map(([key, value]) => `${key}: ${valueText(value)}`).join(", ");
}

/** The text of a node of a structured text, or of all of it. */
function textOf(value: { readonly [key: string]: Json }): string | undefined {
  if (isObject(value.document)) return textOf(value.document);
  if (value.type === "span" && typeof value.value === "string") return value.value;
  if (value.type === "code" && typeof value.code === "string") return value.code;
  if (!Array.isArray(value.children)) return undefined;
  const isBlock = value.type === "root" || value.type === "list" || value.type === "blockquote";
  return value.children.map((child) => {
    if (!isObject(child)) return "";
    return textOf(child) ?? (child.item === undefined ? "" : ` [${valueText(child.item)}] `);
  }).join(isBlock ? "\n" : "");
}

/** Around what differs of two long texts: what they begin with alike is left out. */
export function excerpts(before: string, after: string, width: number): [string, string] {
  let same = 0;
  while (same < before.length && before[same] === after[same]) same++;
  const start = before.length > width || after.length > width ? Math.max(0, same - 20) : 0;
  return [before, after].map((text) => {
    const cut = text.slice(start, start + width).toWellFormed();
    return `${start > 0 ? "…" : ""}${cut}${text.length > start + width ? "…" : ""}`;
  }) as [string, string];
}
