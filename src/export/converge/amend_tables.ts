import { collectBytes } from "../../async/collect_bytes.ts";
import { createHash } from "node:crypto";
import type { Version } from "../../content/resource.ts";
import type { CsvOptions } from "../../transform/encode_csv.ts";
import type { TableRows } from "../../transform/normalize.ts";
import { countRecords } from "../../snapshot/count_records.ts";
import { tableFolder, type TableFormat, tablePath } from "../../snapshot/layout.ts";
import { NewRows } from "./new_rows.ts";
import type { SnapshotObject, SnapshotWriter } from "../../snapshot/snapshot_writer.ts";
import { mayHold } from "../../snapshot/span.ts";
import { idColumn, partRows } from "../../snapshot/table_part.ts";
import { unionSpans } from "./union_spans.ts";

/** Options of {@linkcode amendTables}. */
export interface AmendTablesOptions {
  /** Which version of records the rows are of; `undefined` for uploads. */
  readonly version: Version | undefined;
  /** Whose the rows are: a model's id, or `UPLOADS`. */
  readonly of: string;
  /**
   * All resources that were changed or are gone: when each was created, in milliseconds since 1970.
   * Rows of one with `NaN` are looked for in all parts.
   */
  readonly ids: ReadonlyMap<string, number>;
  /** The rows of those that are there, as they are now. */
  readonly rows: readonly TableRows[];
  /** How rows are encoded. */
  readonly format: TableFormat;
  /** A table's columns. */
  readonly columns: (table: string) => NonNullable<CsvOptions["columns"]>;
  /** Aborts it: each part is then either as it was or amended. */
  readonly signal: AbortSignal;
}

/** What {@linkcode amendTables} did. */
export interface AmendedTables {
  /** Rows that were taken out. */
  readonly removed: number;
  /** Rows that were put in. */
  readonly added: number;
  /** The ids of the resources that had rows. */
  readonly found: ReadonlySet<string>;
}

/** What was done so far. */
interface Tally {
  removed: number;
  added: number;
  readonly found: Set<string>;
}

/** A part of a table that was written. */
interface Part {
  readonly folder: string;
  readonly number: number;
  readonly object: SnapshotObject;
}

/**
 * Brings the tables up to date: rows of resources that were changed or are gone are taken out, and the
 * rows of those that are there are put in, where rows were taken out and there is room, or into new parts.
 *
 * A part is in memory as a whole. One that loses all its rows stays, without rows; those that hold nothing
 * of these resources aren't written. Doing the same again changes nothing, also after a crash that left
 * some parts amended.
 *
 * @param snapshot The snapshot. None of these tables may be written by others meanwhile.
 * @param options Which version, and what changed.
 * @return What was done.
 * @throws {StorageError} If a part can't be read or written.
 * @throws {SyntaxError} If a part isn't as it was written.
 * @throws The signal's reason.
 */
export async function amendTables(
  snapshot: SnapshotWriter,
  options: AmendTablesOptions,
): Promise<AmendedTables> {
  const { of, ids, signal } = options;
  const parts = partsOf(snapshot, options);
  const times = [...ids.values()];
  const pending = new Map<string, NewRows>();
  for (const [table, rows] of Map.groupBy(options.rows, ({ table }) => table)) {
    const folder = tableFolder(table, options.version);
    const all = rows.flatMap(({ rows }) => rows);
    pending.set(folder, new NewRows(table, all, { ...options, column: idColumn(folder) }));
  }
  const tally: Tally = { removed: 0, added: 0, found: new Set() };
  // In order, the new ones last: done again after a crash, the same rows come to the same places.
  for (const part of parts) {
    if (!times.some((time) => mayHold(part.object.spans, of, time))) continue;
    await amendPart(snapshot, options, part, pending.get(part.folder), tally);
  }
  for (const [folder, rows] of pending) {
    let number = (parts.findLast((part) => part.folder === folder)?.number ?? -1) + 1;
    while (!rows.isEmpty) {
      signal.throwIfAborted();
      const head = rows.head();
      const { pieces, count, records, span } = rows.take(head.byteLength, { atLeastOne: true });
      const path = tablePath(rows.table, options.version, number++, options.format);
      const bytes = await new Blob([head, ...pieces]).bytes();
      await snapshot.put(path, bytes, { count, records, ...(span && { spans: [span] }) });
      tally.added += count;
    }
  }
  return tally;
}

/** The parts of this version, in the order of their tables and numbers. */
function partsOf(
  snapshot: SnapshotWriter,
  { version, format }: AmendTablesOptions,
): Part[] {
  const parts: Part[] = [];
  const pattern = version === undefined
    ? /^(tables\/uploads\/)part_(\d+)\.(\w+)$/
    : /^(tables\/.+\/version=(\w+)\/)part_(\d+)\.(\w+)$/;
  for (const object of snapshot.objects) {
    const match = pattern.exec(object.path);
    if (match === null || match.at(-1) !== format) continue;
    if (version !== undefined && match[2] !== version) continue;
    parts.push({ folder: match[1]!, number: Number(match.at(-2)), object });
  }
  return parts.sort((a, b) => {
    if (a.folder !== b.folder) return a.folder < b.folder ? -1 : 1;
    return a.number - b.number;
  });
}

/** Takes rows out of a part, and puts new ones in if any were. */
async function amendPart(
  snapshot: SnapshotWriter,
  { ids, format, signal }: AmendTablesOptions,
  { object }: Part,
  rows: NewRows | undefined,
  tally: Tally,
): Promise<void> {
  const { path } = object;
  const stream = await snapshot.storage.get(`${snapshot.prefix}/${path}`, { signal });
  const before = await collectBytes(stream);
  const kept = keptRows(before, path, format, ids);
  if (kept.removed === 0) return;
  for (const id of kept.found) tally.found.add(id);
  const added = rows?.take(kept.bytes);
  const after = await new Blob([...kept.pieces, ...added?.pieces ?? []]).bytes();
  const isTheSame = after.byteLength === before.byteLength &&
    after.every((byte, at) => byte === before[at]);
  const noted = {
    count: kept.count + (added?.count ?? 0),
    records: kept.records === undefined ? undefined : kept.records + (added?.records ?? 0),
    spans: unionSpans(object.spans, added?.span),
  };
  if (isTheSame) {
    // It was amended before a crash, and nobody may have noted it.
    const sha256 = createHash("sha256").update(before).digest("hex");
    snapshot.note({ path, size: before.byteLength, sha256, ...noted });
    return;
  }
  signal.throwIfAborted();
  await snapshot.put(path, after, noted);
  tally.removed += kept.removed;
  tally.added += added?.count ?? 0;
}

/** What stays of a part, and whose rows don't. */
interface KeptRows {
  readonly pieces: readonly Uint8Array<ArrayBuffer>[];
  readonly bytes: number;
  readonly count: number;
  readonly records: number | undefined;
  readonly removed: number;
  readonly found: ReadonlySet<string>;
}

function keptRows(
  bytes: Uint8Array<ArrayBuffer>,
  path: string,
  format: TableFormat,
  ids: ReadonlyMap<string, number>,
): KeptRows {
  let found;
  try {
    found = partRows(bytes, format, idColumn(path));
  } catch (error) {
    if (!(error instanceof SyntaxError) && !(error instanceof TypeError)) throw error;
    throw new SyntaxError(`${path} isn't as it was written: ${error.message}`, { cause: error });
  }
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  const kept: string[] = [];
  const gone = new Set<string>();
  let [from, size] = [0, 0];
  const keep = (to: number) => {
    if (to > from) pieces.push(bytes.subarray(from, to));
    size += to - from;
  };
  for (const row of found.rows) {
    const id = row.ids.find((id) => ids.has(id));
    if (id === undefined) {
      kept.push(row.ids[0]!);
      continue;
    }
    gone.add(id);
    keep(row.start);
    from = row.end;
  }
  keep(bytes.length);
  return {
    pieces,
    bytes: size,
    count: kept.length,
    records: countRecords(path.slice("tables/".length), kept),
    removed: found.rows.length - kept.length,
    found: gone,
  };
}
