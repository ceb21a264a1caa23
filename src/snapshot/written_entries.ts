import { isObject } from "../text/json.ts";
import type { Page, Resource } from "../content/resource.ts";
import type { BatchEncoding } from "../sink/batch_sink.ts";
import { batchEntries } from "./batch_entries.ts";
import type { ByteJournal } from "./byte_journal.ts";
import type { SnapshotWriter } from "./snapshot_writer.ts";

/** A resource that was written, as far as listings are compared with each other. */
export interface WrittenEntry {
  /** Its id. */
  readonly id: string;
  /** Whether it is published, as it says itself; `undefined` if it doesn't. */
  readonly isPublic: boolean | undefined;
}

/**
 * Whether a record is published, as it says itself.
 *
 * @param status Its status.
 * @return `undefined` if that tells nothing.
 */
export function isPublic(status: unknown): boolean | undefined {
  if (status === "published" || status === "updated") return true;
  return status === "draft" ? false : undefined;
}

/**
 * What finished batches of a listing hold.
 *
 * @param snapshot The snapshot.
 * @param folder What the paths of the batches begin with.
 * @param signal Aborts the reading.
 * @throws {StorageError} If a batch can't be read.
 * @throws {SyntaxError} If a batch isn't as it was written.
 */
export async function* batchedEntries(
  snapshot: SnapshotWriter,
  folder: string,
  signal: AbortSignal,
): AsyncGenerator<Page<WrittenEntry>, void> {
  for (const { path, count } of snapshot.objects) {
    if (!path.startsWith(folder) || count === undefined) continue;
    const key = `${snapshot.prefix}/${path}`;
    for await (const page of batchEntries<Resource>(snapshot.storage, key, signal)) {
      yield page.map(toEntry);
    }
  }
}

/**
 * What the journal has of the batch of a listing that isn't finished.
 *
 * @param journal The journal.
 * @param key The listing's name.
 * @param encoding How its batches are encoded.
 * @throws {StorageError} If the journal can't be read.
 */
export async function journaledEntries(
  journal: ByteJournal,
  key: string,
  { head, tail = "" }: BatchEncoding,
): Promise<Page<WrittenEntry>> {
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  for await (const [, bytes] of journal.read((of) => of === key)) pieces.push(bytes);
  const text = await new Blob(pieces).text();
  if (text === "") return [];
  const entries: readonly Resource[] = head === undefined
    ? text.trimEnd().split("\n").map((line) => JSON.parse(line))
    : JSON.parse(text + tail).data;
  return entries.map(toEntry);
}

function toEntry({ id, meta }: Resource): WrittenEntry {
  return { id, isPublic: isPublic(isObject(meta) ? meta.status : undefined) };
}
