import { printable } from "../../text/printable.ts";
import type { Json } from "../../text/json.ts";
import type { Change, FieldChange, RecordChange } from "../../tools/diff.ts";
import { valueText } from "../../tools/diff/value_text.ts";
import { counted, formatCount } from "../text/format.ts";
import { renderLine, type Span, type Style } from "../text/line.ts";
import { renderTable } from "../text/table.ts";
import { type ChangeTallies, excerpts, groupOf, namesOf } from "./diff_values.ts";

/** The most characters of a value that are shown. */
const SHOWN = 60;
/** What stands before what was added, removed or changed. */
const SIGNS = {
  added: ["green", "+"],
  removed: ["red", "-"],
  changed: ["yellow", "~"],
  replaced: ["yellow", "~"],
  moved: ["cyan", ">"],
} as const satisfies Record<Change["change"] | FieldChange["change"], readonly [Style, string]>;

/** Writes changes as lines for people, one group after the other. */
export class DiffText {
  readonly #color: boolean;
  #group: string | undefined;

  /** @param options Whether styles are shown. */
  constructor({ color }: { readonly color: boolean }) {
    this.#color = color;
  }

  /**
   * The lines of a change, with a heading where another group begins.
   *
   * @param change The change.
   */
  render(change: Change): string {
    const group = groupOf(change);
    const lines: Span[][] = [];
    if (group !== this.#group) {
      if (this.#group !== undefined) lines.push([]);
      lines.push([["bold", printable(group, 80)]]);
      this.#group = group;
    }
    const { name, id } = namesOf(change);
    const title: Span[] = name === ""
      ? [printable(id, 60)]
      : [printable(name, 80), " ", ["dim", printable(id, 60)]];
    lines.push(["  ", SIGNS[change.change], " ", ...title, ...notesOf(change)]);
    if (change.change === "changed" || change.change === "replaced") {
      for (const field of change.fields) lines.push(fieldLine(field));
    }
    return lines.map((line) => {
      return `${renderLine(line, { columns: Infinity, color: this.#color })}\n`;
    }).join("");
  }
}

/** What became of a change besides its fields. */
function notesOf(change: Change): Span[] {
  if (change.kind === "asset") return change.change === "replaced" ? ["  (file replaced)"] : [];
  if (change.kind !== "record" || change.change !== "changed") return [];
  const notes = recordNotes(change);
  return notes.length === 0 ? [] : [`  (${notes.join(", ")})`];
}

/** What became of a record's status and its published version, in words. */
export function recordNotes({ status, published }: RecordChange): string[] {
  if (status !== null) {
    return [[status.before, status.after].map((one) => printable(one ?? "none", 20)).join(" → ")];
  }
  if (published === "added") return ["now published"];
  return published === "removed" ? ["no longer published"] : [];
}

/** Where a value is, and in which versions it differs if that isn't all. */
export function placeOf(field: FieldChange): { readonly path: string; readonly in: string } {
  const versions = "versions" in field ? field.versions as readonly string[] : [];
  const isOne = versions.length === 1 && versions[0] === "published";
  const parts = [...field.locale === null ? [] : [field.locale], ...isOne ? ["published"] : []];
  return { path: field.path, in: parts.join(", ") };
}

/** How something moved; it may be where it was, if others went. */
export function movedText(before: Json, after: Json): string {
  const [from, to] = [valueText(before), valueText(after)];
  return from === to ? "moved" : `moved from ${from} to ${to}`;
}

function fieldLine(field: FieldChange): Span[] {
  const { path, in: where } = placeOf(field);
  const head: Span[] = [
    "      ",
    SIGNS[field.change],
    ` ${printable(path, 300)}`,
    ...where === "" ? [] : [["dim", ` [${printable(where, 60)}]`] as const],
  ];
  const { before, after } = field;
  if (field.change === "moved") return [...head, `: ${movedText(before, after)}`];
  const [from, to] = excerpts(valueText(before), valueText(after), SHOWN);
  const show = (text: string) => printable(text, 2 * SHOWN);
  if (field.change === "added") return [...head, ": ", ["green", show(to)]];
  if (field.change === "removed") return [...head, ": ", ["red", show(from)]];
  return [...head, ": ", ["red", show(from)], " → ", ["green", show(to)]];
}

/**
 * How many were added, removed and changed, group by group.
 *
 * @param tallies What was counted.
 */
export function renderTallies({ groups, isEmpty }: ChangeTallies): string {
  if (isEmpty) return "No differences.\n";
  const rows = groups.map(([group, { added, removed, changed }]) => {
    return [printable(group, 60), ...[added, removed, changed].map(formatCount)];
  });
  const head = ["", "added", "removed", "changed"];
  const lines = renderTable(["text", "number", "number", "number"], [head, ...rows]);
  const sum = groups.reduce((sum, [, { added, removed, changed }]) => {
    return sum + added + removed + changed;
  }, 0);
  return [...lines, counted(sum, "difference")].map((line) => `${line}\n`).join("");
}
