import type { Compression } from "../sink/compression.ts";
import type { Clock } from "../async/clock.ts";
import type { ExportEvent } from "./events.ts";
import type { MaxDelete } from "./assets/max_delete.ts";
import type { RetryPolicy } from "../async/retry.ts";
import type { Storage } from "../storage/storage.ts";
import type { CsvReader, Layout, TableFormat } from "../snapshot/layout.ts";
import type { ExportNotes } from "../snapshot/manifest.ts";
import type { ResourceName } from "../source/datocms/resources.ts";
import type { ParquetCodec } from "../transform/parquet/encode_parquet.ts";
import type { StructuredTextFormat } from "../transform/render_structured_text.ts";

/** What becomes of asset files no longer used by any upload. */
export type AssetMode = "keep" | "sync";

/** Which project is read, and how. */
export interface SourceOptions {
  /** A token that may use the Content Management API. */
  readonly apiToken: string;
  /** The environment to export. @default The primary environment */
  readonly environment?: string | undefined;
  /** The API's address. @default {"https://site-api.datocms.com"} */
  readonly baseUrl?: string | undefined;
  /** Only these models' records, by `api_key`. @default All models */
  readonly models?: readonly string[] | undefined;
  /** Not these models' records, by `api_key`. */
  readonly excludeModels?: readonly string[] | undefined;
  /** Only these resources, besides the project and its schema. @default All resources */
  readonly include?: readonly ResourceName[] | undefined;
  /** Not these resources. */
  readonly exclude?: readonly ResourceName[] | undefined;
  /** Whether published versions are read too. @default {true} */
  readonly published?: boolean | undefined;
  /**
   * Whether each published version is read by itself, also where it is the current one by the record's status.
   *
   * @default {false}
   */
  readonly verifyPublished?: boolean | undefined;
  /**
   * Whether asset files are fetched, and what becomes of those no longer used by any upload: `"keep"` keeps
   * them, as `true` does; `"sync"` deletes them once the new snapshot is complete.
   *
   * @default {"keep"}
   */
  readonly assets?: boolean | AssetMode | undefined;
  /**
   * The most requests, pages and assets at a time. Of requests there are only as many as keep up with the
   * rate limit, which depends on how long answers take, and as 64 MiB of answers leave room for.
   *
   * @default {40}
   */
  readonly concurrency?: number | undefined;
  /** The most requests to the API per second. @default All that its rate limit allows */
  readonly maxRps?: number | undefined;
  /** Replaces scheme, host and port of every asset's address. */
  readonly assetHost?: string | undefined;
  /** How failed requests are tried again. */
  readonly retry?: Partial<RetryPolicy> | undefined;
  /** How long to wait for an answer's headers, in milliseconds. @default {60000} */
  readonly headersTimeoutMs?: number | undefined;
  /** How long to wait for the next bytes of an answer or asset, in milliseconds. @default {30000} */
  readonly stallTimeoutMs?: number | undefined;
  /** How long to wait for an asynchronous job of the API, in milliseconds. @default {600000} */
  readonly jobTimeoutMs?: number | undefined;
  /**
   * Whether each request asks the API to refuse it should it destroy something: a safeguard, as an export without
   * `freeze` only reads anyway. @default {false}
   */
  readonly readOnly?: boolean | undefined;
  /** Tells the time, and waits. @default The machine's */
  readonly clock?: Clock | undefined;
  /** Cancels the export. */
  readonly signal?: AbortSignal | undefined;
  /**
   * What else is kept out of all that is said: events, errors, notes in the manifest. The token, what the
   * storage is reached with, and passwords and keys in the environment are anyway.
   */
  readonly secrets?: readonly string[] | undefined;
  /** Called with each event. */
  readonly onEvent?: ((event: ExportEvent) => void) | undefined;
}

/** Options of {@linkcode exportProject}. */
export interface ExportOptions extends SourceOptions {
  /** Where the snapshot goes. */
  readonly storage: Storage;
  /** Whether a bucket that provably everybody can use is fine. @default {false} */
  readonly allowPublic?: boolean | undefined;
  /**
   * What its manifest notes of the snapshot, by name: what `list` and `prune` can choose it by. One that is
   * resumed keeps the labels it has, but for those of the same names.
   */
  readonly labels?: Readonly<Record<string, string>> | undefined;
  /**
   * The most files that `assets: "sync"` may delete: if there are more, none is. @default 100 files or
   * 10 % of all, whichever is more
   */
  readonly maxDelete?: MaxDelete | undefined;
  /**
   * How long the lock of an export that was killed keeps others from writing to the same place, in
   * milliseconds. @default {120000}
   */
  readonly lockTtlMs?: number | undefined;
  /**
   * Whether a temporary copy of the environment is exported in its place, so that nothing changes while it
   * is read. The copy is deleted at the end, whatever happens. It takes an API token that may manage
   * environments, and can't go with `resume` or `timeBudgetMs`. @default {false}
   */
  readonly freeze?: boolean | undefined;
  /**
   * Whether to resume the newest snapshot if it isn't complete, and is of the same project,
   * environment, schema and options. @default {false}
   */
  readonly resume?: boolean | undefined;
  /**
   * A snapshot whose records are reused where they haven't changed, which takes a fraction of the requests:
   * `"last"` for the newest one that can be, one's name, or `"none"`. The new snapshot is the same as if all were
   * read, and doesn't need the other one. Where that can't be used, all is read.
   *
   * @default {"none"}
   */
  readonly since?: string | undefined;
  /**
   * How many snapshots are made with `since: "last"` until all records are read for one again, that one
   * included. @default {7}
   */
  readonly fullEvery?: number | undefined;
  /**
   * How long to work, in milliseconds: then the export stops at the end of a page, and fails with an
   * `UnfinishedError`. Another one with `resume` continues. @default No limit
   */
  readonly timeBudgetMs?: number | undefined;
  /**
   * Aborting it stops the export at the end of a page, with an `UnfinishedError`: what is under way is
   * finished, and nothing else is begun. Another export with `resume` continues.
   */
  readonly stop?: AbortSignal | undefined;
  /**
   * Called right before a new snapshot is begun, when nobody else can begin one: the lock is held. It isn't
   * called if one is resumed. If it throws, nothing is written, and the export fails with that.
   */
  readonly beforeBegin?: ((signal: AbortSignal) => Promise<void>) | undefined;
  /**
   * Given a function that tells what was noted so far: in its report an export names all of it, but one that
   * fails has none. It can be called at any time, also when the export is over.
   */
  readonly onNotes?: ((read: () => ExportNotes) => void) | undefined;
  /**
   * How far apart checkpoints are, in milliseconds: an export that is killed loses no more than what came
   * since the last one.
   *
   * @default The first comes after a second, others ever more rarely, up to every 30 seconds; farther apart
   * if they took more than 2 % of the time
   */
  readonly checkpointMs?: number | undefined;
  /**
   * The most assets that may fail: once there are more, the export fails, and the snapshot isn't complete.
   *
   * @default Any number; the snapshot is complete without them, and its manifest names them
   */
  readonly maxFailures?: number | undefined;
  /** How batches are written. @default {"ndjson"} */
  readonly layout?: Layout | undefined;
  /**
   * Whether the normalized view is written too, or `"only"` it: then the batches of records are left out.
   *
   * @default {true}
   */
  readonly tables?: boolean | "only" | undefined;
  /** How rows of tables are encoded. @default {"ndjson"} */
  readonly format?: TableFormat | undefined;
  /** What reads CSV: for spreadsheets, no text is a formula. @default {"data"} */
  readonly csvFor?: CsvReader | undefined;
  /** How tables of Parquet are compressed. @default {"zstd"} */
  readonly parquetCodec?: ParquetCodec | undefined;
  /**
   * How records, uploads and tables are compressed. With the layout `"enterprise"` they never are.
   *
   * @default {"none"}
   */
  readonly compress?: Compression | undefined;
  /** What structured text is rendered as, in a column of its own. @default Not at all */
  readonly structuredText?: StructuredTextFormat | undefined;
  /** Which locales have rows in tables. @default All locales */
  readonly locales?: readonly string[] | undefined;
}
