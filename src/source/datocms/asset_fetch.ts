import type { Upload } from "../../content/resource.ts";
import type { Facts, Problem } from "../../error.ts";
import { type Clock, SYSTEM_CLOCK } from "../../async/clock.ts";
import { printable } from "../../text/printable.ts";
import { type AssetHostOptions, assetHosts, overHttps, publicName } from "./asset_hosts.ts";
import { assertPace, networkReason, responseBody } from "../../http/body.ts";
import { askedWaitMs } from "../../async/retry.ts";
import { redirectLocation } from "../../http/redirect_location.ts";
import { Watchdog } from "../../http/watchdog.ts";

/** Options of {@linkcode fetchAsset}. */
export interface FetchAssetOptions extends AssetHostOptions {
  /** Sends the requests, such as that of {@linkcode assetClient}. @default The platform's */
  readonly client?: Deno.HttpClient | undefined;
  /** How long to wait for an answer, in milliseconds. @default {30000} */
  readonly headersTimeoutMs?: number | undefined;
  /** How long to wait for the next bytes, in milliseconds. @default {30000} */
  readonly stallTimeoutMs?: number | undefined;
  /** Whether the address is asked as it is, without what asks for the file as it was uploaded. @default {false} */
  readonly plain?: boolean | undefined;
  /**
   * Whether bytes in a coding that nobody asked for are taken as they are sent. The file itself may be stored
   * like that: it is if the upload has that size. @default {false}
   */
  readonly asSent?: boolean | undefined;
  /** Measures the time. @default {SYSTEM_CLOCK} */
  readonly clock?: Clock | undefined;
  /** Aborts the request and the body. */
  readonly signal?: AbortSignal | undefined;
}

/** An asset's bytes can't be had. */
export class AssetError extends Error {
  /** The error's name. */
  override readonly name = "AssetError";
  /** Whether another attempt may help. */
  readonly retryable: boolean;
  /** How long the server asks to wait before, in milliseconds. */
  readonly askedMs: number;
  /** Whether the server says that it has no such asset. */
  readonly isMissing: boolean;
  /** Whether the server understands what is asked for, and doesn't serve it (422). */
  readonly isNotServed: boolean;
  /** Whether the server refuses an address that isn't the upload's own, but has parameters of ours. */
  readonly refusesParameters: boolean;
  /** A stable name of what is wrong, if somebody can do something about it. */
  readonly code: string | undefined;
  /** What is known of it. */
  readonly facts: Facts | undefined;

  /**
   * Says why, and whether another attempt may help.
   *
   * @param message Why.
   * @param options Whether another attempt may help, and when.
   */
  constructor(
    message: string,
    options: {
      retryable: boolean;
      askedMs?: number;
      isMissing?: boolean;
      isNotServed?: boolean;
      refusesParameters?: boolean;
    } & Problem,
  ) {
    super(message);
    this.retryable = options.retryable;
    this.askedMs = options.askedMs ?? 0;
    this.isMissing = options.isMissing ?? false;
    this.isNotServed = options.isNotServed ?? false;
    this.refusesParameters = options.refusesParameters ?? false;
    this.code = options.code;
    this.facts = options.facts;
  }
}

/** Redirects that are followed, at most. */
const MOST_REDIRECTS = 5;

/** DatoCMS's CDN optimizes images of new projects unless asked not to: they would be other files. */
const NOT_OPTIMIZED = "skip-default-optimizations=true";

/** imgix, which is behind it, takes parts out of SVG unless asked not to. */
const NOT_SANITIZED = "svg-sanitize=false";

/** Codings that are taken off, by their names in HTTP and in the platform. */
const CODINGS: Readonly<Record<string, CompressionFormat>> = {
  "gzip": "gzip",
  "x-gzip": "gzip",
  "deflate": "deflate",
  "br": "brotli",
};

/**
 * The address that an asset is fetched from, without credentials, and with the parameters that ask the CDN
 * for the file as it was uploaded. An address that has parameters keeps those alone: it may be signed.
 *
 * @param upload The upload.
 * @param options `assetHost` replaces scheme, host and port; the path stays.
 * @throws {AssetError} If the upload's `url` isn't an HTTP address.
 * @see {@link https://www.datocms.com/docs/content-management-api/resources/upload}
 * @see {@link https://www.datocms.com/docs/asset-api/asset-cdn-settings}
 * @see {@link https://docs.imgix.com/apis/rendering/format/sanitize-svg}
 */
export function assetUrl(
  upload: Upload,
  { assetHost, plain = false }: Pick<FetchAssetOptions, "assetHost" | "plain"> = {},
): URL {
  const text = upload.attributes.url;
  const url = typeof text === "string" && URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    const shown = printable(JSON.stringify(text) ?? "nothing", 100);
    throw new AssetError(`expected an http(s) address, but the upload's url is ${shown}`, {
      retryable: false,
    });
  }
  if (url.search === "" && !plain) {
    url.search = isSvg(upload, url) ? `${NOT_OPTIMIZED}&${NOT_SANITIZED}` : NOT_OPTIMIZED;
  }
  if (assetHost === undefined) return withoutCredentials(url);
  // Not `new URL(path, assetHost)`: a path that begins with "//" would name another host.
  const replaced = new URL(assetHost);
  replaced.pathname = url.pathname;
  replaced.search = url.search;
  return replaced;
}

function isSvg({ attributes: { mime_type: type } }: Upload, { pathname }: URL): boolean {
  return type === "image/svg+xml" || /\.svg$/i.test(pathname);
}

/**
 * A client that speaks HTTP/1.1 only: many small files come faster over connections of their own than over the
 * one that HTTP/2 has.
 *
 * @return The client, to be closed when it isn't used any more; `undefined` where the platform has none, whose
 * own is good enough then.
 */
export function assetClient(): Deno.HttpClient | undefined {
  try {
    return Deno.createHttpClient({ http2: false });
  } catch {
    return undefined;
  }
}

/**
 * Opens an asset's bytes. A body that stalls ends with an error; time in which nobody reads doesn't count.
 *
 * No host is asked that isn't one of {@linkcode assetHosts}, redirects included.
 *
 * @param upload The upload.
 * @param options Where to fetch from, and how long to wait.
 * @return The bytes, which must be read or cancelled.
 * @throws {AssetError} If the address is of another host, or the server refuses or doesn't answer.
 * @throws The signal's reason.
 */
export async function fetchAsset(
  upload: Upload,
  options: FetchAssetOptions = {},
): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
  const { headersTimeoutMs = 30_000, stallTimeoutMs = 30_000 } = options;
  const { client, signal, clock = SYSTEM_CLOCK } = options;
  const hosts = assetHosts(options);
  const given = assetUrl(upload, options);
  assertHost(given, "the address is at", hosts, options);
  let url = overHttps(given, options);
  const hasOurs = given.search !== assetUrl(upload, { ...options, plain: true }).search;
  const watchdog = new Watchdog(signal, clock);
  // A file that is stored compressed would come decompressed otherwise.
  const headers = { "accept-encoding": "identity" };
  try {
    for (let redirects = 0;; redirects++) {
      watchdog.expect(headersTimeoutMs, "an answer");
      const init = { redirect: "manual", headers, signal: watchdog.signal } as const;
      const response = await fetch(url, client ? { ...init, client } : init);
      // The clock stands still until somebody reads.
      watchdog.rest();
      // Another success comes without the file, or with a part of it.
      if (response.status === 200) {
        return guarded(uncoded(response, upload, options), {
          watchdog,
          stallMs: stallTimeoutMs,
          clock,
          signal,
        });
      }
      await response.body?.cancel();
      const { status } = response;
      const location = redirectLocation(response);
      if (location === null) {
        throw new AssetError(`${url.host} answered with status ${status}`, {
          retryable: status < 300 || status >= 500 || status === 429 || status === 408,
          isMissing: status === 404 || status === 410,
          isNotServed: status === 422,
          refusesParameters: hasOurs && status >= 400 && status !== 408 && status !== 429,
          askedMs: askedWaitMs(response.headers),
        });
      }
      if (redirects === MOST_REDIRECTS) {
        throw new AssetError(`expected the file after ${MOST_REDIRECTS} redirects, but more came`, {
          retryable: false,
        });
      }
      url = redirected(url, location, hosts, options);
    }
  } catch (error) {
    watchdog[Symbol.dispose]();
    // It may be known by http alone.
    const hint = url.protocol === given.protocol
      ? ""
      : ` (asked by https; only as the asset host may ${
        printable(given.origin, 110)
      } be asked by http)`;
    throw assetError(error, signal, hint);
  }
}

/** The bytes of a file: without a coding that some server on the way may have put on. */
function uncoded(
  response: Response,
  { attributes: { size } }: Upload,
  { asSent }: Pick<FetchAssetOptions, "asSent">,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const body = responseBody(response);
  const coding = response.headers.get("content-encoding")?.trim().toLowerCase() ?? "";
  const isStored = response.headers.get("content-length") === String(size);
  if (asSent || isStored || !Object.hasOwn(CODINGS, coding)) return body;
  return body.pipeThrough(new DecompressionStream(CODINGS[coding]!));
}

/** Where a redirect leads: to an allowed host, and never from https to http. */
function redirected(
  from: URL,
  location: string,
  hosts: ReadonlySet<string>,
  options: AssetHostOptions,
): URL {
  const url = URL.parse(location, from.href);
  const next = url && overHttps(url, options);
  if (next === null || (next.protocol !== "https:" && next.protocol !== from.protocol)) {
    throw new AssetError(
      `${from.host} redirects to ${
        printable(JSON.stringify(location), 100)
      }, which isn't an address of the same protocol or https`,
      { retryable: false },
    );
  }
  assertHost(url!, `${from.host} redirects to`, hosts, options);
  return withoutCredentials(next);
}

function assertHost(
  { host, origin }: URL,
  what: string,
  hosts: ReadonlySet<string>,
  { imgixHost, privateAddress }: AssetHostOptions,
): void {
  if (hosts.has(host)) return;
  const why = privateAddress !== undefined && host === publicName(imgixHost)
    ? `which leads to the private address ${privateAddress}`
    : `which is none of the project's asset hosts (${[...hosts].join(", ")})`;
  const address = printable(origin, 110);
  throw new AssetError(
    `${what} ${printable(host, 100)}, ${why}: if the project's assets are there, make ${address} ` +
      "the asset host",
    { retryable: false, code: "asset_host_unknown", facts: { assetHost: address } },
  );
}

/** They would be sent, and nobody gave them to us. */
function withoutCredentials(url: URL): URL {
  url.username = "";
  url.password = "";
  return url;
}

/** A body whose reads don't wait for ever. */
function guarded(
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
  { watchdog, stallMs, clock, signal }: {
    readonly watchdog: Watchdog;
    readonly stallMs: number;
    readonly clock: Clock;
    readonly signal: AbortSignal | undefined;
  },
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const reader = body.getReader();
  let bytes = 0;
  let ms = 0;
  return new ReadableStream({
    async pull(controller) {
      try {
        watchdog.expect(stallMs, "the next bytes");
        ms -= clock.elapsed();
        const { done, value } = await reader.read();
        ms += clock.elapsed();
        watchdog.rest();
        if (!done) {
          bytes += value.length;
          // A drip never stalls: what it brings in the time that it took has to be worth it.
          assertPace(bytes, ms, stallMs);
          return controller.enqueue(value);
        }
        watchdog[Symbol.dispose]();
        controller.close();
      } catch (error) {
        watchdog[Symbol.dispose]();
        await reader.cancel(error).catch(() => {});
        throw assetError(error, signal);
      }
    },
    async cancel(reason) {
      watchdog[Symbol.dispose]();
      await reader.cancel(reason);
    },
  }, { highWaterMark: 0 });
}

/** What went wrong on the network is worth another attempt; an abort is not. */
function assetError(error: unknown, signal: AbortSignal | undefined, hint = ""): unknown {
  if (signal?.aborted) return signal.reason;
  if (error instanceof AssetError) return error;
  return new AssetError(networkReason(error) + hint, { retryable: true });
}
