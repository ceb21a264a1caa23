import { isLoopback } from "../../http/address_ranges.ts";

/** What decides which hosts assets may be fetched from. */
export interface AssetHostOptions {
  /** Replaces scheme, host and port of the asset's address. */
  readonly assetHost?: string | undefined;
  /** The API's address: what serves the API may serve assets, too. */
  readonly baseUrl?: string | undefined;
  /**
   * The project's own asset domain, the `imgix_host` of its site. It counts only if it is a public name
   * without a port: an address, or a name of a private network, has to be given as `assetHost` or `baseUrl`.
   */
  readonly imgixHost?: unknown;
  /** The address of a private network to which that domain leads, if it does: then it doesn't count, either. */
  readonly privateAddress?: string | undefined;
}

/** Where DatoCMS serves the assets of all projects that have no domain of their own. */
const SHARED_HOST = "www.datocms-assets.com";

/** Ends of names that are never public. */
const PRIVATE_ENDS = [".localhost", ".localdomain", ".local", ".internal", ".home.arpa"];

/**
 * The hosts that assets may be fetched from, as `URL.host` tells them: with the port unless it is the
 * scheme's own. An asset's address is text that the API sends, and nothing else is asked for it.
 *
 * The list being short and exact, only who administrates the project can make it name another host. To where
 * that leads, {@linkcode assetDomain} has found out.
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
  { assetHost, baseUrl, imgixHost, privateAddress }: AssetHostOptions,
): ReadonlySet<string> {
  const hosts = new Set([SHARED_HOST]);
  const own = publicName(imgixHost);
  if (own !== undefined && privateAddress === undefined) hosts.add(own);
  for (const given of [assetHost, baseUrl]) {
    if (given !== undefined) hosts.add(new URL(given).host);
  }
  return hosts;
}

/**
 * An address, by https: `http` stays only where the user says so, by `assetHost`, or by a `baseUrl` of this
 * machine.
 *
 * @param url The address.
 * @param options What the user says.
 */
export function overHttps(url: URL, { assetHost, baseUrl }: AssetHostOptions): URL {
  const isOf = (given: string | undefined) => given && new URL(given).origin === url.origin;
  const secure = new URL(url);
  if (url.protocol === "http:" && !isOf(assetHost) && !(isLoopback(url) && isOf(baseUrl))) {
    secure.protocol = "https:";
  }
  return secure;
}

/**
 * A project's own asset domain, as `URL.hostname` tells it, if it is a public name and nothing else.
 *
 * @param text The `imgix_host`.
 */
export function publicName(text: unknown): string | undefined {
  if (typeof text !== "string" || text.includes(":")) return undefined;
  const url = URL.parse(`https://${text}`);
  const isName = url?.href === `https://${url?.hostname}/` && isPublicName(url.hostname);
  return isName ? url.hostname : undefined;
}

/** Whether a URL's host is a name, and not one of a private network. */
function isPublicName(hostname: string): boolean {
  // The URL parser writes every notation of an IPv4 address as four numbers, IPv6 in brackets.
  if (/^[\d.]+$/.test(hostname) || hostname.startsWith("[")) return false;
  const name = hostname.replace(/\.$/, "");
  return /^[^.]+(\.[^.]+)+$/.test(name) && !PRIVATE_ENDS.some((end) => name.endsWith(end));
}
