import { printable } from "../text/printable.ts";

/** The statuses of answers that name another address. */
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/**
 * Where an answer redirects to, as it says it; `null` if it is no redirect.
 *
 * @param response The answer.
 */
export function redirectLocation({ status, headers }: Response): string | null {
  return REDIRECTS.has(status) ? headers.get("location") : null;
}

/**
 * A redirect's goal, for a sentence: without its path and query, which may be long or hold a secret.
 *
 * @param location What the answer says.
 * @param from The address that gave the answer.
 */
export function shownGoal(location: string, from: URL | string): string {
  const url = URL.parse(location, String(from));
  if (url === null) return "what is no address";
  if (url.origin === new URL(from).origin) return "another address of its own";
  return /^https?:$/.test(url.protocol)
    ? printable(url.origin, 110)
    : `a ${printable(url.protocol, 20)} address`;
}
