/** What a transform can warn about. Whatever it is, the content is passed through. */
export type WarningCode =
  /** A block that the API didn't send whole: it has no row of its own. */
  | "block_not_loaded"
  /** A JSON field's number has more digits than a number can hold: the field stays text. */
  | "inexact_json"
  /** A JSON field's text isn't valid JSON, or is nested too deep: the field stays text. */
  | "invalid_json"
  /** A text has a NUL character or half of a surrogate pair: its column has U+FFFD, `_extra` the text itself. */
  | "table_text_replaced"
  /** A value doesn't fit its column's type: the column is null, `_extra` has the value. */
  | "table_value_replaced"
  /** A value doesn't have the shape that its field type has. */
  | "unexpected_value"
  /** A block without an id or of an unknown model: it stays inside its parent. */
  | "unknown_block"
  /** A node type that isn't known in a structured text document. */
  | "unknown_dast_node"
  /** A field type that isn't known: its values are passed through. */
  | "unknown_field_type"
  /** A record of a model that the schema doesn't have: its attributes are in `_extra`. */
  | "unknown_model"
  /** A structured text document that can't be rendered: its text is null. */
  | "unrenderable_structured_text";

/**
 * Called for everything that a transform warns about.
 *
 * @param code What it is.
 * @param example Where and what: a record's id, a JSON Pointer, and what was found there.
 */
export type OnWarning = (code: WarningCode, example: string) => void;

/** How often something was warned about, and one example. */
export interface CountedWarning {
  /** What it is. */
  readonly code: WarningCode;
  /** How often it occurred. */
  readonly count: number;
  /** The first occurrence. */
  readonly example: string;
}

/**
 * Counts warnings by code and keeps the first example of each.
 *
 * @example
 * ```ts
 * import { WarningCounter } from "./warnings.ts";
 *
 * const warnings = new WarningCounter();
 * warnings.add("invalid_json", 'record "1", /attributes/data: Unexpected end of JSON input');
 * console.assert(warnings.all()[0]?.count === 1);
 * ```
 */
export class WarningCounter {
  readonly #warnings = new Map<WarningCode, { count: number; example: string }>();

  /**
   * Counts on from what was counted before.
   *
   * @param before What was counted before.
   */
  constructor(before: readonly { code: string; count: number; example: string }[] = []) {
    for (const { code, count, example } of before) {
      this.#warnings.set(code as WarningCode, { count, example });
    }
  }

  /** Counts a warning; pass it as `onWarning`. */
  readonly add: OnWarning = (code, example) => {
    const warning = this.#warnings.get(code);
    if (warning) warning.count++;
    else this.#warnings.set(code, { count: 1, example });
  };

  /** What was counted so far, ordered by code. */
  all(): CountedWarning[] {
    return [...this.#warnings]
      .map(([code, { count, example }]) => ({ code, count, example }))
      .sort((a, b) => a.code < b.code ? -1 : 1);
  }
}

/**
 * The sentence that tells of a warning that was counted.
 *
 * @param counted How often, and an example.
 */
export function warningText({ count, example }: Omit<CountedWarning, "code">): string {
  return `${example}${count === 1 ? "" : `, and ${count - 1} more like it`}.`;
}
