import type { Version } from "../../content/resource.ts";
import { recordFolders, type SnapshotBatch } from "../../snapshot/batches.ts";
import { isObject, parseJson } from "../../text/json.ts";
import type { Bytes, OpenedSource } from "./snapshot_source.ts";

/** What a line of the dump says of a record's schedule, by the record's id. */
export type Schedules = ReadonlyMap<string, object>;

/** What else a record's line needs. */
export interface RecordLineOptions {
  /** When records will be published, and in which locales. */
  readonly publications: Schedules;
  /** When they won't be public any more. */
  readonly unpublishings: Schedules;
  /** Called with what can't be in the dump, because the snapshot doesn't have it. */
  readonly onMissing: (code: string, message: string) => void;
}

/** Batches of published versions that are in memory at a time. */
const KEPT = 2;
const LINE_FEED = 0x0a;
const ENCODER = new TextEncoder();
const DECODER = new TextDecoder("utf-8", { fatal: true });

/**
 * The records of a model, each as one line of JSON with its current and its published version as they are in the
 * snapshot.
 *
 * Both versions are in the order of their creation, so that each batch is read once; where they aren't, batches
 * are read again. In memory are two batches of published versions, and the id of each.
 *
 * @param opened The snapshot.
 * @param apiKey The model's `api_key`.
 * @param options What else is in a line.
 * @throws {SluiceError} If a batch isn't as it was sealed.
 */
export async function* recordLines(
  opened: OpenedSource,
  apiKey: string,
  { publications, unpublishings, onMissing }: RecordLineOptions,
): AsyncGenerator<Bytes, void> {
  const { source } = opened;
  const published = new PublishedVersions(opened, apiKey);
  for (const { path } of batchesOf(opened, apiKey, "current")) {
    for await (const line of linesOf(source.lines(path))) {
      const { id, meta } = entryIn(line, path);
      const isPublished = typeof meta.published_at === "string";
      const version = isPublished ? await published.take(id) : undefined;
      if (isPublished && version === undefined) {
        onMissing("published_missing", `The snapshot has no published version of record ${id}.`);
      }
      const scheduled = (schedules: Schedules, key: string) => {
        if (typeof meta[key] !== "string") return null;
        const schedule = schedules.get(id);
        if (schedule === undefined) {
          onMissing("schedule_missing", `The snapshot doesn't have the schedule of record ${id}.`);
        }
        return schedule ?? null;
      };
      const publication = scheduled(publications, "publication_scheduled_at");
      const unpublishing = scheduled(unpublishings, "unpublishing_scheduled_at");
      yield joinedBytes([
        ENCODER.encode(`{"id":${JSON.stringify(id)},"current":`),
        line,
        ENCODER.encode(',"published":'),
        version ?? ENCODER.encode("null"),
        ENCODER.encode(
          `,"scheduledPublication":${JSON.stringify(publication)},"scheduledUnpublishing":` +
            `${JSON.stringify(unpublishing)}}\n`,
        ),
      ]);
    }
  }
  for await (const id of published.rest()) {
    onMissing(
      "current_missing",
      `The published version of record ${id} is left out: the snapshot has no current version that is published.`,
    );
  }
}

/**
 * Divides bytes into lines.
 *
 * @param bytes The bytes.
 * @return The lines without their line feeds.
 */
export async function* linesOf(bytes: AsyncIterable<Bytes>): AsyncGenerator<Bytes, void> {
  let rest: Bytes[] = [];
  for await (const piece of bytes) {
    let start = 0;
    for (let end = piece.indexOf(LINE_FEED); end >= 0; end = piece.indexOf(LINE_FEED, start)) {
      const line = piece.subarray(start, end);
      start = end + 1;
      yield rest.length === 0 ? line : joinedBytes([...rest, line]);
      rest = [];
    }
    if (start < piece.length) rest.push(piece.subarray(start));
  }
  if (rest.length > 0) yield joinedBytes(rest);
}

/**
 * Puts pieces together.
 *
 * @param pieces The pieces.
 */
export function joinedBytes(pieces: readonly Bytes[]): Bytes {
  const bytes = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}

/**
 * Parses the line of a resource.
 *
 * @param line The line.
 * @param path Where it is from.
 * @throws {SyntaxError} If it isn't one.
 */
export function entryIn(line: Bytes, path: string): {
  readonly id: string;
  readonly type: string;
  readonly meta: Readonly<Record<string, unknown>>;
  readonly [key: string]: unknown;
} {
  const entry = parseJson(DECODER.decode(line));
  if (!isObject(entry) || typeof entry.id !== "string" || typeof entry.type !== "string") {
    throw new SyntaxError(`expected an entry with an id and a type on each line of ${path}`);
  }
  const { id, type, meta } = entry;
  return { ...entry, id, type, meta: isObject(meta) ? meta : {} };
}

function batchesOf(
  { batches }: OpenedSource,
  apiKey: string,
  version: Version,
): readonly SnapshotBatch[] {
  return recordFolders(apiKey, version).flatMap((folder) => batches.folders.get(folder) ?? []);
}

/** The published versions of a model's records, by id. */
class PublishedVersions {
  readonly #opened: OpenedSource;
  readonly #batches: readonly SnapshotBatch[];
  /** In which batch a version is that nobody has taken. */
  readonly #places = new Map<string, number>();
  /** How many batches were read. */
  #read = 0;
  /** The last batches that were read, the newest last. */
  readonly #kept = new Map<number, Map<string, Bytes>>();

  constructor(opened: OpenedSource, apiKey: string) {
    this.#opened = opened;
    this.#batches = batchesOf(opened, apiKey, "published");
  }

  /** The version of a record; it can be had once. */
  async take(id: string): Promise<Bytes | undefined> {
    while (!this.#places.has(id) && this.#read < this.#batches.length) await this.#readNext();
    const batch = this.#places.get(id);
    if (batch === undefined) return undefined;
    this.#places.delete(id);
    const lines = this.#kept.get(batch) ?? await this.#load(batch);
    return lines.get(id);
  }

  /** The ids of the records whose version nobody has taken. */
  async *rest(): AsyncGenerator<string, void> {
    while (this.#read < this.#batches.length) await this.#readNext();
    yield* this.#places.keys();
  }

  async #readNext(): Promise<void> {
    const batch = this.#read++;
    for (const id of (await this.#load(batch)).keys()) this.#places.set(id, batch);
  }

  async #load(batch: number): Promise<Map<string, Bytes>> {
    const [oldest] = this.#kept.keys();
    if (this.#kept.size >= KEPT) this.#kept.delete(oldest!);
    const { path } = this.#batches[batch]!;
    const lines = new Map<string, Bytes>();
    for await (const line of linesOf(this.#opened.source.lines(path))) {
      lines.set(entryIn(line, path).id, line);
    }
    this.#kept.set(batch, lines);
    return lines;
  }
}
