import { nearest } from "../text/nearest.ts";
import { printable } from "../text/printable.ts";
import { envName, OPTION_KEYS, OPTIONS } from "./options.ts";

const PREFIX = /^(?:SLUICE|DATOCMS)_/;
/** What the tests are told, and what has a sentence of its own. */
const OTHERS = /^SLUICE_(?:TEST_\w*|PRUNE)$/;

/** Each option's variable, by what follows its prefix: which one it has is easily mixed up. */
const BY_REST = new Map(OPTION_KEYS.map((key) => [envName(key).replace(PREFIX, ""), key]));

/**
 * A sentence for each variable that is meant for Sluice, but that it doesn't know.
 *
 * @param names The names of all variables that are set.
 *
 * @example
 * ```ts
 * import { unknownVariables } from "./unknown_variables.ts";
 *
 * const [warning] = unknownVariables(["SLUICE_MODLES", "SLUICE_TO", "HOME"]);
 * console.assert(warning?.endsWith("did you mean SLUICE_MODELS?"));
 * ```
 */
export function unknownVariables(names: readonly string[]): string[] {
  const known = new Set(OPTION_KEYS.map(envName));
  const unknown = names.filter((name) => {
    return name.startsWith("SLUICE_") && !known.has(name) && !OTHERS.test(name);
  });
  return unknown.sort().map((name) => {
    return `${printable(name, 100)} is no variable of Sluice: ${advice(name)}`;
  });
}

function advice(name: string): string {
  const rest = name.replace(PREFIX, "");
  const turnedOff = BY_REST.get(rest.replace(/^NO_/, ""));
  if (turnedOff !== undefined && rest.startsWith("NO_")) {
    const { kind, canBeOff } = OPTIONS[turnedOff];
    if (kind === "switch" || canBeOff) return `did you mean ${envName(turnedOff)}=false?`;
  }
  const close = nearest(rest, [...BY_REST.keys()]);
  if (close === undefined) return "unset it, or see those that --help lists.";
  return `did you mean ${envName(BY_REST.get(close)!)}?`;
}
