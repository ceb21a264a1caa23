/** What decides which hosts assets may be fetched from. */
export interface AssetHostOptions {
  /** Replaces scheme, host and port of the asset's address. */
  readonly assetHost?: string | undefined;
  /** The API's address: what serves the API may serve assets, too. */
  readonly baseUrl?: string | undefined;
  /**
   * The project's own asset domain, the `imgix_host` of its site. It counts only if it is a public name:
   * an address, or a name of a private network, has to be given as `assetHost` or `baseUrl`.
   */
  readonly imgixHost?: unknown;
}

/** Where DatoCMS serves the assets of all projects that have no domain of their own. */
const SHARED_HOST = "www.datocms-assets.com";

/** Ends of names that are never public. */
const PRIVATE_ENDS = [".localhost", ".localdomain", ".local", ".internal", ".home.arpa"];

/**
 * The hosts that assets may be fetched from, as `URL.host` tells them: with the port unless it is the
 * scheme's own. An asset's address is text that the API sends, and nothing else is asked for it.
 *
 * Names aren't looked up: what `fetch` would connect to is looked up again, and may be another address.
 * The list being short and exact, only who administrates the project can make it name another host.
 *
 * @param options What the user and the project say.
 * @see {@link https://www.datocms.com/docs/custom-asset-domains}
 *
 * @example
 * ```ts
 * import { assetHosts } from "./asset_hosts.ts";
 *
 * const hosts = assetHosts({ imgixHost: "images.example.com" });
 * console.assert([...hosts].join() === "www.datocms-assets.com,images.example.com");
 * console.assert(assetHosts({ imgixHost: "169.254.169.254" }).size === 1);
 * ```
 */
export function assetHosts(
  { assetHost, baseUrl, imgixHost }: AssetHostOptions,
): ReadonlySet<string> {
  const hosts = new Set([SHARED_HOST]);
  const own = ownHost(imgixHost);
  if (own !== undefined) hosts.add(own);
  for (const given of [assetHost, baseUrl]) {
    if (given !== undefined) hosts.add(new URL(given).host);
  }
  return hosts;
}

/** A project's own asset domain, if that is what it is. */
function ownHost(text: unknown): string | undefined {
  if (typeof text !== "string" || !URL.canParse(`https://${text}`)) return undefined;
  const { host, hostname, href } = new URL(`https://${text}`);
  return href === `https://${host}/` && isPublicName(hostname) ? host : undefined;
}

/** Whether a URL's host is a name, and not one of a private network. */
function isPublicName(hostname: string): boolean {
  // The URL parser writes every notation of an IPv4 address as four numbers, IPv6 in brackets.
  if (/^[\d.]+$/.test(hostname) || hostname.startsWith("[")) return false;
  const name = hostname.replace(/\.$/, "");
  return /^[^.]+(\.[^.]+)+$/.test(name) && !PRIVATE_ENDS.some((end) => name.endsWith(end));
}
