import type { Rate } from "./rate.ts";
import type { ServeToken } from "./token.ts";

/** A request that was answered, for a log. It names no token, signature or query. */
export interface ServedRequest {
  /** When it came, in ISO 8601. */
  readonly at: string;
  /** Its id, as the client was told. */
  readonly requestId: string;
  /** The id of the token that it came with; `null` without one that counts. */
  readonly tokenId: string | null;
  /** The client's address, as far as it is known; what proxies tell of it only if they are trusted. */
  readonly ip: string | null;
  /** The HTTP method. */
  readonly method: string;
  /** Which route answered it, such as `/api/v1/projects`; `null` if none did. */
  readonly route: string | null;
  /** The project that it was for. */
  readonly project: string | null;
  /** What named the snapshot that it was for. */
  readonly snapshot: string | null;
  /** The HTTP status. */
  readonly status: number;
  /** How long the answer took to begin, in milliseconds. */
  readonly ms: number;
}

/** Options of {@linkcode snapshotHandler}. */
export interface ServeOptions {
  /** The address that clients reach it at, such as `https://backups.example.com`: the base of all links. */
  readonly publicUrl: string;
  /** Who may ask. */
  readonly tokens?: readonly ServeToken[] | undefined;
  /** Whether a token is needed: without, everybody who reaches it sees everything. @default {true} */
  readonly auth?: boolean | undefined;
  /** Whether there are pages for people, too. @default {true} */
  readonly ui?: boolean | undefined;
  /**
   * What signs cursors, logins and the addresses of files. Several processes that answer for the same address need the same
   * one. While it is changed, the old one follows it: both are taken. @default {A random one}
   */
  readonly secrets?: readonly string[] | undefined;
  /** What names the snapshot that clients see as the only one who know of no snapshots. @default {"latest"} */
  readonly frontSnapshot?: string | undefined;
  /** How long signed addresses of files are good, in milliseconds. @default {3600000} */
  readonly urlTtlMs?: number | undefined;
  /** How many requests a token may send. @default {{ limit: 600, seconds: 60 }} */
  readonly rate?: Rate | undefined;
  /** How many single documents and archives are made of a project. @default {{ limit: 5, seconds: 60 }} */
  readonly exportRate?: Rate | undefined;
  /**
   * Whether addresses of files are those of the storage itself, where it has such, as S3: what they name is sent from
   * there. @default {true}
   */
  readonly directUrls?: boolean | undefined;
  /** The ids of the only projects that are served. @default {All} */
  readonly projects?: readonly string[] | undefined;
  /** The origins of websites whose scripts may ask, too, such as `https://www.example.com`. @default {None} */
  readonly cors?: readonly string[] | undefined;
  /** How many proxies stand in front of it, each of which adds to `X-Forwarded-For`. @default {0} */
  readonly trustedProxies?: number | undefined;
  /** Whether the few requests that change something are refused. @default {false} */
  readonly readOnly?: boolean | undefined;
  /** Called with each request that was answered. */
  readonly onRequest?: ((request: ServedRequest) => void) | undefined;
  /** Called with what went wrong here, which the client isn't told in full. */
  readonly onError?: ((error: unknown, requestId: string) => void) | undefined;
  /** Ends all that is still answered. */
  readonly signal?: AbortSignal | undefined;
  /** The time now, in milliseconds since 1970. @default {Date.now} */
  readonly now?: (() => number) | undefined;
}
