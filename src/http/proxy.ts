/** The variables that name a proxy; Deno reads them by itself. */
export const PROXY_VARIABLES = [
  "HTTP_PROXY",
  "http_proxy",
  "HTTPS_PROXY",
  "https_proxy",
  "ALL_PROXY",
  "all_proxy",
] as const;

/**
 * Whether `NO_PROXY` says that no address is reached through a proxy: `*` stands for all.
 *
 * @param valueOf A variable's value.
 */
export function proxyIsNeverUsed(valueOf: (name: string) => string | undefined): boolean {
  return exceptions(valueOf).includes("*");
}

/**
 * The environment variable that names the proxy which requests to an address go through; `undefined` if there
 * is none, or it may not be read.
 *
 * @param url The address.
 * @param valueOf A variable's value. @default The process's, as far as it may be read without asking
 * @see {@link https://docs.deno.com/runtime/reference/env_variables/}
 *
 * @example
 * ```ts
 * import { proxyVariable } from "./proxy.ts";
 *
 * const variables = new Map([["HTTPS_PROXY", "http://proxy:3128"], ["NO_PROXY", "example.com"]]);
 * const variableOf = (url: string) => proxyVariable(new URL(url), (name) => variables.get(name));
 * console.assert(variableOf("https://site-api.datocms.com") === "HTTPS_PROXY");
 * console.assert(variableOf("https://api.example.com") === undefined);
 * ```
 */
export function proxyVariable(
  { protocol, hostname }: URL,
  valueOf: (name: string) => string | undefined = readableVariable,
): string | undefined {
  const isExcepted = exceptions(valueOf).some((entry) => {
    return entry === "*" || entry === hostname || (entry !== "" && hostname.endsWith(`.${entry}`));
  });
  if (isExcepted) return undefined;
  const scheme = protocol.slice(0, -1);
  return [`${scheme.toUpperCase()}_PROXY`, `${scheme}_proxy`, "ALL_PROXY", "all_proxy"]
    .find((name) => Boolean(valueOf(name)));
}

/** The hosts, and ends of host names, that are reached without a proxy. */
function exceptions(valueOf: (name: string) => string | undefined): string[] {
  const list = valueOf("NO_PROXY") ?? valueOf("no_proxy") ?? "";
  return list.toLowerCase().split(",").map((entry) => entry.trim().replace(/^\./, ""));
}

/**
 * A variable's value, if it may be read: asking for the permission could interrupt an export with a question.
 *
 * @param variable Its name.
 */
export function readableVariable(variable: string): string | undefined {
  const { state } = Deno.permissions.querySync({ name: "env", variable });
  return state === "granted" ? Deno.env.get(variable) : undefined;
}
