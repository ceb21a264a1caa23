/**
 * The secrets that an address holds: user and password, and the values of its parameters. A part of a path is
 * one if it looks like one.
 *
 * @param address The address; what isn't one has none.
 *
 * @example
 * ```ts
 * import { addressSecrets } from "./address_secrets.ts";
 *
 * const secrets = addressSecrets("https://me:hunter2@proxy.example.com:3128");
 * console.assert(secrets.includes("hunter2") && !secrets.includes("proxy.example.com"));
 * ```
 */
export function addressSecrets(address: string | undefined): string[] {
  const text = address?.trim() ?? "";
  // A proxy's address may lack its scheme.
  const url = URL.parse(/^[^/]*@/.test(text) ? `http://${text}` : text);
  const { username, password } = url?.username || url?.password ? url : misplaced(text);
  const user = decoded(username);
  const parameters = [...url?.searchParams.values() ?? [], url?.hash.slice(1) ?? ""];
  const secrets = [decoded(password), ...parameters.map(decoded)];
  // A name alone is a token; a longer one may be a key that came into the wrong place.
  if (password === "" || user.length >= LONG_NAME) secrets.push(user);
  // As a header for it has both.
  if (password !== "") secrets.push(`${user}:${decoded(password)}`);
  return secrets.filter((secret) => secret !== "");
}

/**
 * The secrets in an address that is one itself, as those are that messages are sent to: all of it, its path, and
 * what {@linkcode addressSecrets} finds.
 *
 * @param address The address; what isn't one is a secret as a whole.
 */
export function hookSecrets(address: string): string[] {
  const { pathname = "", search = "" } = URL.parse(address.trim()) ?? {};
  const path = `${pathname}${search}`;
  // "/hook" is a word like others.
  return [address, ...(path.length >= SHORTEST_PATH ? [path] : []), ...addressSecrets(address)];
}

const SHORTEST_PATH = 8;

/** Names of people and of machines are shorter. */
const LONG_NAME = 16;

/** A key with a slash in it isn't where an address has its password. */
function misplaced(address: string): Pick<URL, "username" | "password"> {
  const [, username = "", password = ""] =
    /^[a-z][\w+.-]*:\/\/([^\s:@]*):([^\s@]+)@/i.exec(address) ??
      [];
  return { username, password };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
