import type { Json } from "../content/resource.ts";
import { printable } from "../text/printable.ts";

/** Deeper than any real JSON field; much deeper text could not be written as JSON again. */
const MAX_DEPTH = 500;

/** Numbers with fewer digits and smaller exponents than these are always exact. */
const MAYBE_INEXACT = /[\d.]{16}|[eE][+-]?\d{3}/;

/**
 * The numbers of a valid JSON text, and what tells where strings begin and end. A pattern for whole strings
 * would need more memory than there is for a long one.
 */
const NUMBERS = /\\.|"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/gs;

/** A JSON field's text as a table's column holds it. */
export interface JsonCell {
  /** The value, or the text itself if it can't be parsed without loss. */
  readonly value: Json;
  /** Whether writing the value as compact JSON gives the text again. */
  readonly exact: boolean;
  /** Why the value is still text. */
  readonly problem?: { readonly code: "invalid_json" | "inexact_json"; readonly message: string };
}

/**
 * Parses a JSON field's text, unless that would lose something.
 *
 * @param text The field's value.
 */
export function parseJsonCell(text: string): JsonCell {
  let value: Json;
  try {
    value = JSON.parse(text) as Json;
  } catch (error) {
    return asText(text, "invalid_json", printable((error as Error).message, 150));
  }
  if (depth(text) > MAX_DEPTH) {
    return asText(text, "invalid_json", `nested more than ${MAX_DEPTH} levels deep`);
  }
  // A null column stands for a null field, so the text "null" isn't exact.
  if (value !== null && JSON.stringify(value) === text) return { value, exact: true };
  const lost = MAYBE_INEXACT.test(text) ? inexactNumber(text) : undefined;
  return lost === undefined
    ? { value, exact: false }
    : asText(text, "inexact_json", `${printable(lost, 60)} has more digits than a number can hold`);
}

function asText(text: string, code: "invalid_json" | "inexact_json", message: string): JsonCell {
  return { value: text, exact: false, problem: { code, message } };
}

/** Brackets in strings are counted too: at worst a strange text stays text. */
function depth(text: string): number {
  if (text.length <= MAX_DEPTH) return 0;
  let depth = 0;
  let deepest = 0;
  for (let i = 0; i < text.length; i++) {
    const char = text.charCodeAt(i);
    // "[" or "{", "]" or "}"
    if (char === 0x5b || char === 0x7b) deepest = Math.max(deepest, ++depth);
    else if (char === 0x5d || char === 0x7d) depth--;
  }
  return deepest;
}

/** The first number of a valid JSON text that a JavaScript number can't hold. */
function inexactNumber(text: string): string | undefined {
  let inString = false;
  for (const [token] of text.matchAll(NUMBERS)) {
    if (token === '"') inString = !inString;
    if (inString || token === '"') continue;
    const number = Number(token);
    if (!Number.isFinite(number) || canonical(token) !== canonical(String(number))) return token;
  }
  return undefined;
}

/** A decimal number as digits and exponent, so that 1.50, 15e-1 and 1.5 are all the same. */
function canonical(decimal: string): string {
  const [mantissa = "", exponent = "0"] = decimal.toLowerCase().split("e");
  const [whole = "", fraction = ""] = mantissa.replace("-", "").split(".");
  const digits = (whole + fraction).replace(/^0+/, "");
  // Not `replace(/0+$/, "")`: that takes minutes for many zeros that aren't at the end.
  const trimmed = /^\d*[1-9]/.exec(digits)?.[0] ?? "";
  if (trimmed === "") return "0";
  const power = Number(exponent) - fraction.length + digits.length - trimmed.length;
  return `${mantissa.startsWith("-") ? "-" : ""}${trimmed}e${power}`;
}
