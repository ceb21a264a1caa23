import { lookup } from "node:dns/promises";
import { limited } from "../../async/limited.ts";
import { isPublicAddress } from "../../http/address_ranges.ts";
import { type AssetHostOptions, assetHosts, publicName } from "./asset_hosts.ts";
import { proxyVariable } from "../../http/proxy.ts";

/** How long a name may take to be looked up, in milliseconds. */
const LOOKUP_MS = 5000;

/** Options of {@linkcode assetDomain}. */
export interface AssetDomainOptions extends Pick<AssetHostOptions, "assetHost" | "baseUrl"> {
  /** Ends it. */
  readonly signal?: AbortSignal | undefined;
  /** Looks up a name's addresses. @default The system's resolver, as `fetch` asks it */
  readonly lookup?: ((name: string) => Promise<readonly string[]>) | undefined;
}

/**
 * Finds out whether a project's own asset domain leads to a private network, before anything is asked of it:
 * who administrates a project could have the files of others' networks fetched otherwise.
 *
 * It says nothing of a name that can't be looked up, or that a proxy looks up. Who has control of the name can
 * also have it lead elsewhere a moment later.
 *
 * @param imgixHost The `imgix_host` of the project's site.
 * @param options Which hosts the user names, which are allowed whatever they are.
 * @return What {@linkcode assetHosts} takes.
 * @throws The signal's reason.
 *
 * @example
 * ```ts
 * import { assetDomain } from "./asset_domain.ts";
 * import { assetHosts } from "./asset_hosts.ts";
 *
 * const lookup = () => Promise.resolve(["10.0.0.7"]);
 * const domain = await assetDomain("images.example.com", { lookup });
 * console.assert(!assetHosts(domain).has("images.example.com"));
 * ```
 */
export async function assetDomain(
  imgixHost: unknown,
  { assetHost, baseUrl, signal, lookup = lookUp }: AssetDomainOptions,
): Promise<Pick<AssetHostOptions, "imgixHost" | "privateAddress">> {
  signal?.throwIfAborted();
  const name = publicName(imgixHost);
  if (name === undefined || assetHosts({ assetHost, baseUrl }).has(name)) return { imgixHost };
  if (proxyVariable(new URL(`https://${name}`)) !== undefined) return { imgixHost };
  let addresses: readonly string[] = [];
  try {
    addresses = await limited(LOOKUP_MS, signal, (signal) => {
      // A lookup can't be aborted: whatever it comes to later is of no interest.
      return Promise.race([lookup(name), rejection(signal)]);
    });
  } catch {
    signal?.throwIfAborted();
    // `fetch` will say so, if it doesn't find it either.
  }
  const privateAddress = addresses.find((address) => !isPublicAddress(address));
  return { imgixHost, ...(privateAddress !== undefined && { privateAddress }) };
}

async function lookUp(name: string): Promise<string[]> {
  // Asking for the permission could interrupt an export with a question; `fetch` will need it, too.
  const { state } = Deno.permissions.querySync({ name: "net", host: name });
  if (state !== "granted") return [];
  return (await lookup(name, { all: true })).map(({ address }) => address);
}

function rejection(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}
