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
