import type { Json } from "../../text/json.ts";
import { compareTexts, type TextPart } from "../../text/compare_texts.ts";
import { printable } from "../../text/printable.ts";
import type { Change, FieldChange } from "../../tools/diff.ts";
import { valueText } from "../../tools/diff/value_text.ts";
import { counted, formatCount } from "../text/format.ts";
import { movedText, placeOf, recordNotes } from "./diff_text.ts";
import { type ChangeTallies, groupOf, namesOf } from "./diff_values.ts";
import { pageBegin } from "./html_page.ts";

/** The most changes that are shown whole: a browser has to hold them. */
const MOST_CHANGES = 3000;
/** The most fields of a change, and characters of a value. */
const [MOST_FIELDS, MOST_CHARACTERS] = [200, 4000];
/** The most characters of a value that stands beside another one. */
const SHORT = 32;
const SIGNS = { added: "+", removed: "−", changed: "~", replaced: "~", moved: "→" } as const;

/** Writes changes as a page of HTML that needs nothing else, and in which nothing is markup that is content. */
export class DiffPage {
  #shown = 0;
  #group: string | undefined;
  readonly #groups = new Map<string, number>();

  /**
   * The beginning of the page.
   *
   * @param before What names the earlier snapshot.
   * @param after What names the later one.
   */
  begin(before: string, after: string): string {
    const [from, to] = [text(before), text(after)];
    const names = `<bdi>${from}</bdi> → <bdi>${to}</bdi>`;
    return pageBegin(`${from} → ${to}`, "What has changed", names);
  }

  /** The markup of changes. */
  render(changes: readonly Change[]): string {
    return changes.map((change) => {
      if (this.#shown >= MOST_CHANGES) return "";
      this.#shown++;
      return this.#section(groupOf(change)) + changeMarkup(change);
    }).join("");
  }

  /**
   * The end of the page. What is said first on it is written last, when it is known.
   *
   * @param tallies What was counted.
   * @param notes What wasn't compared, and why.
   */
  end(tallies: ChangeTallies, notes: readonly string[]): string {
    const sum = tallies.groups.reduce((sum, [, { added, removed, changed }]) => {
      return sum + added + removed + changed;
    }, 0);
    const rest = sum - this.#shown;
    const more = rest === 0
      ? ""
      : `<p class="note">${
        counted(rest, "more difference isn't shown", "more differences aren't shown")
      }.</p>\n`;
    const rows = tallies.groups.map(([group, tally]) => {
      const anchor = this.#groups.get(group);
      const name = `<bdi>${text(group)}</bdi>`;
      const cells = (["added", "removed", "changed"] as const).map((kind) => {
        return `<td class="${tally[kind] === 0 ? "none" : kind}">${formatCount(tally[kind])}</td>`;
      });
      const link = anchor === undefined ? name : `<a href="#g${anchor}">${name}</a>`;
      return `<tr><th scope="row">${link}</th>${cells.join("")}</tr>`;
    });
    const table = sum === 0
      ? `<p>No differences.</p>`
      : `<table><thead><tr><th scope="col">${
        counted(sum, "difference")
      }</th><th scope="col">added</th>` +
        `<th scope="col">removed</th><th scope="col">changed</th></tr></thead><tbody>${
          rows.join("\n")
        }</tbody></table>`;
    const told = notes.map((note) => `<p class="note">${text(note)}</p>`).join("\n");
    const open = this.#group === undefined ? "" : "</section>\n";
    return `${open}${more}</main>\n<nav>${table}${told}</nav>\n</body>\n</html>\n`;
  }

  #section(group: string): string {
    if (group === this.#group) return "";
    const open = this.#group === undefined ? "" : "</section>\n";
    this.#group = group;
    this.#groups.set(group, this.#groups.size);
    const id = `g${this.#groups.get(group)}`;
    return `${open}<section id="${id}"><h2><bdi>${text(group)}</bdi></h2>\n`;
  }
}

function changeMarkup(change: Change): string {
  const { name, id } = namesOf(change);
  const notes = change.kind === "record"
    ? change.change === "changed" ? recordNotes(change) : []
    : change.change === "replaced"
    ? ["file replaced"]
    : [];
  const head =
    `<span class="sign ${change.change}" title="${change.change}">${SIGNS[change.change]}</span>` +
    `<span class="name" dir="auto">${text(name === "" ? id : name)}</span>` +
    notes.map((note) => `<span class="tag">${text(note)}</span>`).join("") +
    (name === "" ? "" : `<code>${text(id)}</code>`);
  if (change.fields.length === 0) return `<div class="change">${head}</div>\n`;
  const isOpen = change.change === "changed" || change.change === "replaced" ? " open" : "";
  const fields = change.fields.slice(0, MOST_FIELDS).map(fieldMarkup).join("\n");
  const more = change.fields.length - MOST_FIELDS;
  const rest = more > 0 ? `\n<p class="note">${counted(more, "more field")}</p>` : "";
  return `<details${isOpen}><summary class="change">${head}</summary>\n<dl>${fields}</dl>${rest}</details>\n`;
}

function fieldMarkup(field: FieldChange): string {
  const { path, in: where } = placeOf(field);
  const tag = where === "" ? "" : `<span class="tag">${text(where)}</span>`;
  const shown = path.split("/").map((part) => `<bdi>${text(part)}</bdi>`).join("<i>/</i><wbr>");
  return `<dt><span class="sign ${field.change}" title="${field.change}">${
    SIGNS[field.change]
  }</span>` +
    `<span class="path">${shown}</span>${tag}</dt>\n<dd dir="auto">${valueMarkup(field)}</dd>`;
}

function valueMarkup({ change, before, after }: FieldChange): string {
  if (change === "moved") return lines(movedText(before, after));
  if (change === "added") return `<ins>${value(after)}</ins>`;
  if (change === "removed") return `<del>${value(before)}</del>`;
  const [a, b] = [valueText(before), valueText(after)];
  const isShort = Math.max(a.length, b.length) <= SHORT;
  const whole = `<del>${lines(a)}</del>${isShort ? " → " : "\n"}<ins>${lines(b)}</ins>`;
  const areTexts = typeof before === "string" || typeof before === "object";
  if (!areTexts || Math.max(a.length, b.length) > MOST_CHARACTERS) return whole;
  const parts = compareTexts(a, b);
  const same = parts.reduce((sum, { kind, text }) => {
    return kind === "same" ? sum + text.trim().length : sum;
  }, 0);
  // Where hardly a word is left, one is read after the other.
  return same < Math.min(a.length, b.length) / 3 ? whole : parts.map(partMarkup).join("");
}

function partMarkup({ kind, text }: TextPart): string {
  if (kind === "same") return lines(text);
  return kind === "removed" ? `<del>${lines(text)}</del>` : `<ins>${lines(text)}</ins>`;
}

function value(json: Json): string {
  return lines(valueText(json));
}

/** A text with its line breaks, and whatever else would be obeyed as plain text. */
function lines(content: string): string {
  const cut = content.length > MOST_CHARACTERS
    ? `${content.slice(0, MOST_CHARACTERS).toWellFormed()}…`
    : content;
  return cut.split("\n").map((line) => escape(printable(line, 2 * MOST_CHARACTERS))).join("\n");
}

/** A short text on one line. */
function text(content: string): string {
  return escape(printable(content, 300));
}

function escape(plain: string): string {
  return plain.replace(/[&<>"'`]/g, (char) => `&#${char.charCodeAt(0)};`);
}
