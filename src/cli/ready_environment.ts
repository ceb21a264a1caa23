import { homedir } from "node:os";
import { PROXY_VARIABLES, proxyIsNeverUsed } from "../http/proxy.ts";

/** Variables of the AWS SDK in which blanks or an empty text would be taken at their word. */
const TRIMMED = [
  "AWS_ACCESS_KEY_ID",
  "AWS_SECRET_ACCESS_KEY",
  "AWS_SESSION_TOKEN",
  "AWS_REGION",
  "AWS_DEFAULT_REGION",
  "AWS_PROFILE",
  "AWS_ROLE_ARN",
  "AWS_WEB_IDENTITY_TOKEN_FILE",
  "AWS_ENDPOINT_URL",
  "AWS_ENDPOINT_URL_S3",
  ...PROXY_VARIABLES,
];

/**
 * Puts variables right that others read by themselves, before they do: Deno reads those of proxies, and the AWS
 * SDK its own and the home directory's. Variables that may not be read or set are left alone.
 *
 * @param env The process's environment.
 */
export function readyEnvironment(env: Pick<Deno.Env, "get" | "set" | "delete">): void {
  const valueOf = (name: string) => attempt(() => env.get(name));
  for (const name of TRIMMED) {
    const value = valueOf(name);
    if (value === undefined || value === value.trim()) continue;
    attempt(() => env.set(name, value.trim()));
  }
  // The AWS SDK takes an empty region for one.
  if (valueOf("AWS_REGION") === "") attempt(() => env.delete("AWS_REGION"));
  // Deno knows names in NO_PROXY, but not the asterisk that stands for all.
  if (proxyIsNeverUsed(valueOf)) {
    for (const name of PROXY_VARIABLES) attempt(() => env.delete(name));
  }
  // A daemon has none, and without one the AWS SDK looks for the user, which needs more permissions.
  if (!["HOME", "USERPROFILE", "HOMEPATH"].some(valueOf)) {
    attempt(() => env.set("HOME", attempt(homedir) || "/"));
  }
}

/**
 * Has this machine asked without a proxy, from a process's first request on.
 *
 * @param env The process's environment.
 */
export function useNoProxyHere(env: Pick<Deno.Env, "set">): void {
  attempt(() => env.set("NO_PROXY", "127.0.0.1"));
}

/**
 * The names of all environment variables that may be read; none, if they may not be listed.
 *
 * @param env The process's environment.
 */
export function envNames(env: Pick<Deno.Env, "toObject">): string[] {
  return Object.keys(attempt(() => env.toObject()) ?? {});
}

function attempt<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch {
    // Without the permission, or where nothing can be set, as on some hosts.
    return undefined;
  }
}
