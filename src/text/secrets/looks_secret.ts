/** How tokens and keys look that can be told from names: DatoCMS's, AWS's, and those that say what they are. */
const SECRETS: readonly RegExp[] = [
  /^[0-9a-f]{28,}$/i,
  /^(?:AKIA|ASIA|AROA|AIDA)[0-9A-Z]{12,}$/,
  /^eyJ[\w-]{10,}\.[\w-]+\.[\w-]*$/,
  /^(?:gh[pousr]_|github_pat_|glpat-|xox[abeoprs]-|sk_|pk_|rk_|whsec_|npm_|dapi)[\w-]{12,}$/,
];

/** Of such characters are those that only chance has put together; AWS's secret keys have slashes, too. */
const RANDOM =
  /^(?=.*[a-z])(?=.*[A-Z])(?=.*\d)(?:[A-Za-z0-9+=]{28,}|[A-Za-z0-9+/]{40}|[A-Za-z0-9+/=]{100,})$/;

/**
 * Whether a text looks like a token or a key, wherever it stands.
 *
 * @param text The text.
 *
 * @example
 * ```ts
 * import { looksSecret } from "./looks_secret.ts";
 *
 * console.assert(looksSecret("5d0f1c9b7e3a48264f0b9c1d2e3f4a"));
 * console.assert(!looksSecret("staging-2026") && !looksSecret("/home/me/Backups/DatoCMS/2026/daily"));
 * ```
 */
export function looksSecret(text: string): boolean {
  const word = text.replace(/^[\s"'`]+|[\s"'`]+$/g, "");
  if (SECRETS.some((pattern) => pattern.test(word))) return true;
  return RANDOM.test(word);
}

/**
 * The parts of a text that look like tokens or keys, the whole of it included.
 *
 * @param text The text, such as an address or a list.
 */
export function secretsWithin(text: string): string[] {
  const parts = text.split(/[\s"'`,;:@/?&=#()<>[\]{}|\\]+/);
  return [...new Set([text, ...parts])].filter(looksSecret);
}
