import { createGzip } from "node:zlib";
import { generatorStream } from "../../async/generator_stream.ts";
import type { Version } from "../../content/resource.ts";
import { EXIT, SluiceError } from "../../error.ts";
import type { FoundSnapshot } from "../../snapshot/find_snapshot.ts";
import { statusOf } from "../../snapshot/manifest.ts";
import type { SingleEnd, SingleMeta } from "../../snapshot/single_document.ts";
import type { Storage } from "../../storage/storage.ts";
import { printable } from "../../text/printable.ts";
import { ndjsonBytes } from "../../transform/encode_ndjson.ts";
import { VERSION } from "../../version.ts";
import { compressed } from "./compressed.ts";
import { IslandDocument } from "./island_document.ts";
import { pathsOf, recordPaths, siteOf } from "./snapshot_source.ts";
import type { TransferOptions } from "./contents.ts";
import { type Bytes, type OpenedSource, SnapshotSource } from "./snapshot_source.ts";

/** Options of {@linkcode downloadSingle}. */
export interface DownloadSingleOptions extends TransferOptions {
  /** Which version of each record. @default {"published"} */
  readonly view?: Version | undefined;
  /** Whether the document is compressed. @default {false} */
  readonly gzip?: boolean | undefined;
  /** Whose form the document has: Sluice's own, or that of Content Island's exports. @default {"sluice"} */
  readonly format?: SingleFormat | undefined;
  /**
   * That the snapshot isn't kept: the document says it is of the API, and its `end` names what changed while that was
   * read and isn't amended. @default {It is kept}
   */
  readonly ofApi?: { readonly changed: readonly string[] } | undefined;
}

/** The forms of a single document. */
export const SINGLE_FORMATS = [
  "sluice",
  "content-island",
] as const satisfies readonly SingleFormat[];

/** Whose form a single document has. */
export type SingleFormat = "sluice" | "content-island";

/** A snapshot that is downloaded as a single document. */
export interface SingleDownload {
  /** The snapshot's name: `<project>/[<environment>/]<id>`. */
  readonly snapshot: string;
  /** A name for the document, such as `48213_1796052267.json.gz`. */
  readonly fileName: string;
  /** How many bytes are read for it, as far as the manifest tells. */
  readonly totalBytes: number;
  /** The document; it fails as soon as something isn't as it was sealed, and then has no `end`. */
  readonly bytes: ReadableStream<Uint8Array<ArrayBuffer>>;
  /** What is in it so far: all that is, once it has ended. */
  readonly content: () => Omit<SingleEnd, "complete" | "changed">;
}

const [COMMA, LINE_FEED] = [0x2c, 0x0a];
/** It is as fast as the disk, and makes no more than a few percent more of it than higher ones. */
const GZIP_LEVEL = 1;
/** Where gzip names the system it was made on, and how it names Unix. */
const [SYSTEM, UNIX] = [9, 3];
const ENCODER = new TextEncoder();

/**
 * Makes a single JSON document of a snapshot, or of a Project Export of DatoCMS, while it is read: the project, its
 * models, uploads and records, each on a line of its own, exactly as they are in the snapshot; and `end` last, so
 * that a document that was cut off is known by it. The form of Content Island's exports lacks some of that. All that is read is compared with the manifest. The same
 * snapshot gives the same bytes. Holds no more in memory than some pieces.
 *
 * @param storage Where the snapshot is.
 * @param snapshot What names it, as in `latest`, or the snapshot.
 * @param options Which versions of records, and whether it is compressed.
 * @return The document.
 * @throws {SluiceError} If there is no such snapshot, it was exported without these versions, or its manifest isn't
 * the one that was sealed; the document fails with the like, too.
 * @throws {StorageError} If something can't be read; the document fails with it as well.
 * @throws The signal's reason.
 *
 * @example
 * ```ts no-eval
 * import { exportProject, LocalStorage } from "@sluice/datocms";
 * import { downloadSingle } from "@sluice/datocms/tools";
 *
 * const storage = new LocalStorage("./backups");
 * await exportProject({
 *   apiToken: Deno.env.get("DATOCMS_API_TOKEN")!,
 *   storage,
 *   assets: false,
 *   tables: false,
 * });
 * const { bytes } = await downloadSingle(storage, "latest", { view: "current" });
 * const { contents, end } = await new Response(bytes).json();
 * console.assert(contents.length === end.records && end.complete);
 * ```
 */
export async function downloadSingle(
  storage: Storage,
  snapshot: string | FoundSnapshot,
  options: DownloadSingleOptions = {},
): Promise<SingleDownload> {
  const { view = "published", gzip = false, format = "sluice", ofApi } = options;
  const opened = await SnapshotSource.open(storage, snapshot, options);
  const { source, manifest } = opened;
  const { name } = source.found;
  if (view === "published" && manifest?.options.published === false) {
    throw new SluiceError(
      `The snapshot ${printable(name)} was exported without published versions: ask for the ` +
        "current ones, or name another one.",
      EXIT.usage,
    );
  }
  source.expect((path) => path.startsWith("uploads/") || path.includes(`/${view}/`), false);
  const document = format === "sluice"
    ? new SingleDocument(opened, view, ofApi)
    : new IslandDocument(opened, view);
  return {
    snapshot: name,
    fileName: `${name.replaceAll("/", "_")}.json${gzip ? ".gz" : ""}`,
    totalBytes: source.totalBytes,
    bytes: generatorStream(({ signal }) => {
      source.endWith(signal);
      return gzip ? gzipped(document.bytes()) : document.bytes();
    }),
    content: () => ({ records: document.records, uploads: document.uploads }),
  };
}

class SingleDocument {
  records = 0;
  uploads = 0;
  readonly #opened: OpenedSource;
  readonly #view: Version;
  readonly #ofApi: DownloadSingleOptions["ofApi"];

  constructor(opened: OpenedSource, view: Version, ofApi: DownloadSingleOptions["ofApi"]) {
    this.#opened = opened;
    this.#view = view;
    this.#ofApi = ofApi;
  }

  async *bytes(): AsyncGenerator<Bytes, void> {
    const { source, batches, schema } = this.#opened;
    const project = await siteOf(source);
    yield ENCODER.encode(`{"meta":${lineOf(this.#meta())},\n"project":${lineOf(project ?? null)}`);
    const models = schema.itemTypes.map((data) => {
      return { data, included: [...schema.fields(data.id), ...schema.fieldsets(data.id)] };
    });
    yield* list("models", ReadableStream.from([ndjsonBytes(models)]), () => {});
    yield* list("uploads", this.#lines(pathsOf(batches, "uploads")), () => this.uploads++);
    const records = recordPaths(this.#opened, this.#view);
    yield* list("contents", this.#lines(records), () => this.records++);
    const { changed = [] } = this.#ofApi ?? {};
    const end: SingleEnd = {
      records: this.records,
      uploads: this.uploads,
      ...(changed.length > 0 && { changed }),
      complete: true,
    };
    yield ENCODER.encode(`,\n"end":${JSON.stringify(end)}}\n`);
  }

  async *#lines(paths: readonly string[]): AsyncGenerator<Bytes, void> {
    const { source } = this.#opened;
    for (const path of paths) {
      source.signal.throwIfAborted();
      yield* source.lines(path);
    }
  }

  #meta(): SingleMeta {
    const { source: { found, readAt }, manifest } = this.#opened;
    return {
      schemaVersion: 1,
      exportedAt: readAt.toISOString(),
      projectId: manifest?.project.id ?? found.project,
      environment: manifest?.environment.id ?? found.environment ?? null,
      view: this.#view,
      source: { kind: "datocms", ...(this.#ofApi === undefined && { snapshot: found.name }) },
      status: manifest ? statusOf(manifest) : "complete",
      tool: { name: "sluice", version: VERSION },
    };
  }
}

/**
 * A list of the document: each line that comes is an element. Bytes are copied as they are, but for a comma after
 * each one that isn't the last.
 */
async function* list(
  name: string,
  lines: AsyncIterable<Bytes>,
  onElement: () => void,
): AsyncGenerator<Bytes, void> {
  yield ENCODER.encode(`,\n"${name}":[`);
  // What ends the line before: what begins the list, or what goes between two elements.
  let before: readonly number[] = [LINE_FEED];
  let isInElement = false;
  for await (const piece of lines) {
    const bytes = new Uint8Array(2 * piece.length + 2);
    let at = 0;
    for (let start = 0; start < piece.length;) {
      const end = piece.indexOf(LINE_FEED, start);
      const part = piece.subarray(start, end < 0 ? piece.length : end);
      if (!isInElement) {
        bytes.set(before, at);
        at += before.length;
        before = [COMMA, LINE_FEED];
        isInElement = true;
        onElement();
      }
      bytes.set(part, at);
      at += part.length;
      start += part.length + 1;
      if (end >= 0) isInElement = false;
    }
    yield bytes.subarray(0, at);
  }
  yield ENCODER.encode("\n]");
}

async function* gzipped(bytes: AsyncIterable<Bytes>): AsyncGenerator<Bytes, void> {
  let isFirst = true;
  for await (const piece of compressed(bytes, createGzip({ level: GZIP_LEVEL }))) {
    // The same bytes on any system.
    if (isFirst) piece[SYSTEM] = UNIX;
    isFirst = false;
    yield piece;
  }
}

/** A value as JSON in one line, as those of batches. */
function lineOf(value: unknown): string {
  return new TextDecoder().decode(ndjsonBytes([value as object])).trimEnd();
}
