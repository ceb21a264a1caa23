/**
 * Text as one word of a shell's command line.
 *
 * @param text The text.
 */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./~-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
