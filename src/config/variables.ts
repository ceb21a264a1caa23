/**
 * Whether a value is between quotation marks, which belong to it: a shell takes them away, but what reads the
 * file of `docker run --env-file` doesn't.
 *
 * @param value The value.
 */
export function isQuoted(value: unknown): boolean {
  return typeof value === "string" && /^(["'])[^]*\1$/.test(value) && value.length > 1;
}

/**
 * The sentence for a variable that is set, but empty.
 *
 * @param name The variable.
 */
export function emptyVariable(name: string): string {
  return `${name} is set, but empty, as if a secret were missing: give it a value, or unset it.`;
}

/**
 * The sentence for a variable whose value is between quotation marks.
 *
 * @param name The variable.
 */
export function quotedVariable(name: string): string {
  return `${name} begins and ends with quotation marks, which are part of its value: leave them out.`;
}
