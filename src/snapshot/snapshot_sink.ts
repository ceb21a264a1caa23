import type { Page, Resource } from "../content/resource.ts";
import {
  type BatchEncoding,
  batchSink,
  type BegunBatch,
  type WrittenBatch,
} from "../sink/batch_sink.ts";
import { compressionOf } from "../sink/compression.ts";
import type { ObjectInfo, Storage } from "../storage/storage.ts";
import type { ManifestObject } from "./manifest.ts";
import { joined, type Span, spanOf } from "./span.ts";

/** An object of a snapshot, and which resources it may hold something of, if that is known. */
export interface SnapshotObject extends ManifestObject {
  /** The spans in which these resources were created. */
  readonly spans?: readonly Span[] | undefined;
}

/** How a sink of a snapshot writes. */
export interface SnapshotSinkOptions {
  /** The path of a batch, relative to the snapshot: its end says how it is compressed. */
  readonly path: (batch: number) => string;
  /** How entries become bytes. */
  readonly encoding: BatchEncoding;
  /** The most entries in a batch. */
  readonly maxEntries?: number | undefined;
  /** The number of the first batch. @default {0} */
  readonly firstBatch?: number | undefined;
  /** Whose the entries are, for the batches' spans: a model's id, or `UPLOADS`. @default No spans */
  readonly of?: string | undefined;
  /** What the first batch holds already, and when those resources were created. @default Nothing */
  readonly begun?: BegunBatch & { readonly span?: Span | undefined } | undefined;
  /** Called with what was appended to a batch that isn't written to its end, and of all its entries. */
  readonly onAppended?:
    | ((bytes: readonly Uint8Array<ArrayBuffer>[], unfinished: UnfinishedBatch) => void)
    | undefined;
  /** Called with each batch once it is written. */
  readonly onBatch?: ((batch: WrittenBatch) => void) | undefined;
}

/** What a batch holds that gets more entries. */
export interface UnfinishedBatch {
  /** How many entries. */
  readonly count: number;
  /** When they were created, if the batch has a span. */
  readonly span?: Span | undefined;
}

/** The snapshot that a sink writes to. */
export interface SinkSnapshot {
  /** Where it is. */
  readonly storage: Storage;
  /** Where it lies in there, without a trailing slash. */
  readonly prefix: string;
  /** Aborts the writing. */
  readonly signal: AbortSignal | undefined;
  /** What an object that is put at a path may replace. */
  readonly replacedAt: (path: string) => string | null | undefined;
  /** Called with each batch once it is written, and with what the storage says of it. */
  readonly note: (object: SnapshotObject, info: ObjectInfo) => void;
}

/**
 * A sink that writes pages into batches of a snapshot, and notes when the resources in each were created.
 *
 * @param snapshot The snapshot.
 * @param options Paths and encoding.
 */
export function snapshotSink(
  { storage, prefix, signal, replacedAt, note }: SinkSnapshot,
  options: SnapshotSinkOptions,
): WritableStream<Page<object>> {
  const start = prefix.length + 1;
  const { of, begun, onAppended } = options;
  let unfinished: UnfinishedBatch = { count: begun?.count ?? 0, span: begun?.span };
  return batchSink(storage, {
    key: (batch) => `${prefix}/${options.path(batch)}`,
    compression: compressionOf(options.path(options.firstBatch ?? 0)),
    encoding: options.encoding,
    maxEntries: options.maxEntries,
    firstBatch: options.firstBatch,
    begun,
    replaces: (key) => replacedAt(key.slice(start)),
    signal,
    onEntries: (entries, bytes) => {
      const span = of === undefined
        ? undefined
        : joined(unfinished.span, spanOf(of, entries as Page<Resource>));
      unfinished = { count: unfinished.count + entries.length, span };
      onAppended?.(bytes, unfinished);
    },
    onBatch: (written) => {
      const { key, size, plainSize, sha256, count, info } = written;
      const { span } = unfinished;
      unfinished = { count: 0 };
      const path = key.slice(start);
      const object = { path, size, sha256, count, ...(plainSize !== undefined && { plainSize }) };
      note({ ...object, ...(span && { spans: [span] }) }, info);
      options.onBatch?.(written);
    },
  });
}
