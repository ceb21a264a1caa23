import { EXIT, SluiceError } from "../error.ts";
import type { SchemaIndex } from "../content/schema_index.ts";
import type { Page, Version } from "../content/resource.ts";
import { assetLines } from "../snapshot/asset_lines.ts";
import { BatchPass, type PassProgress } from "../snapshot/batch_pass.ts";
import { readEntries, recordFolders, snapshotBatches } from "../snapshot/batches.ts";
import { findSnapshot, type FoundSnapshot } from "../snapshot/find_snapshot.ts";
import { TABLE_SCHEMA } from "../snapshot/layout.ts";
import {
  type TableBatch,
  TableMaker,
  type TableProgress,
  type TableShape,
} from "../snapshot/make_tables.ts";
import type { ManifestNote, Tally } from "../snapshot/manifest.ts";
import { readPeople } from "../snapshot/read_people.ts";
import { assertLocales, readSnapshotSchema } from "../snapshot/read_schema.ts";
import { ObjectNotFoundError, type Storage } from "../storage/storage.ts";
import { printable } from "../text/printable.ts";
import { tableSchema } from "../transform/table_schema.ts";
import { warningText } from "../transform/warnings.ts";

/** Options of {@linkcode makeTables}. */
export interface MakeSnapshotTablesOptions extends TableShape {
  /** Where the snapshots are. */
  readonly storage: Storage;
  /** Which of them. @default {"latest"} */
  readonly snapshot?: string | undefined;
  /** Only snapshots of this project. @default {undefined} for those of all projects */
  readonly project?: string | undefined;
  /** Where the tables go: a place that holds nothing yet. */
  readonly out: Storage;
  /** Called with how far it is, at the beginning, after each page and each object. */
  readonly onProgress?: ((progress: MakeTablesProgress) => void) | undefined;
  /** Aborts it: what was written is deleted again. */
  readonly signal?: AbortSignal | undefined;
}

/** How far {@linkcode makeTables} is. */
export interface MakeTablesProgress extends TableProgress {
  /** How many objects were written. */
  readonly objects: number;
  /** Their size in bytes. */
  readonly bytes: number;
}

/** The tables that {@linkcode makeTables} made. */
export interface MadeTables {
  /** The address of the snapshot. */
  readonly snapshot: string;
  /** Where the tables are. */
  readonly out: string;
  /** How many rows they have, and their size in bytes. */
  readonly tables: Tally;
  /** How many records and uploads they were made of, all versions counted. */
  readonly entries: number;
  /** What the user should know. */
  readonly warnings: readonly ManifestNote[];
}

/**
 * Makes the tables of any sealed snapshot, or of a Project Export of DatoCMS, page by page: the same rows as
 * an export writes. Nothing is written to the snapshot.
 *
 * `schema.json` is written last: where it is, the tables are whole.
 *
 * @param options Which snapshot, how rows are made, and where they go.
 * @return What was made.
 * @throws {SluiceError} If there is no such snapshot, it can't be understood, or `out` isn't empty.
 * @throws {StorageError} If something can't be read or written.
 * @throws The signal's reason.
 *
 * @example
 * ```ts no-eval
 * import { exportProject, LocalStorage } from "@sluice/datocms";
 * import { makeTables } from "@sluice/datocms/tools";
 *
 * const storage = new LocalStorage("./backups");
 * await exportProject({
 *   apiToken: Deno.env.get("DATOCMS_API_TOKEN")!,
 *   storage,
 *   assets: false,
 *   tables: false,
 * });
 * const made = await makeTables({ storage, out: new LocalStorage("./tables"), format: "csv" });
 * console.assert(made.tables.count > 0);
 * ```
 */
export async function makeTables(options: MakeSnapshotTablesOptions): Promise<MadeTables> {
  const { storage, out, snapshot = "latest", project, onProgress } = options;
  const { signal = new AbortController().signal } = options;
  const found = await findSnapshot(storage, snapshot, { project, signal });
  if (`${out.url}/`.startsWith(`${storage.url}/${found.prefix}/`)) {
    throw new SluiceError(
      `${printable(out.url)} is in the snapshot ${found.name}: name a directory outside of it.`,
      EXIT.usage,
    );
  }
  await assertEmpty(out, signal);
  const written = new Map<string, { readonly size: number; readonly count: number }>();
  try {
    const schema = await readSnapshotSchema(storage, found.prefix, signal);
    assertLocales(schema, options.locales);
    const { batches, index } = await batchesOf(storage, found, schema, signal);
    const warnings: ManifestNote[] = [];
    const put = { objects: 0, bytes: 0 };
    let progress: PassProgress = { entries: 0, of: null };
    const tell = () => onProgress?.({ rows: maker.rows, ...progress, ...put });
    const maker: TableMaker = new TableMaker({
      schema,
      ...shapeOf(options),
      target: {
        put: async (path, bytes, { count }) => {
          const key = keyOf(path);
          written.set(key, { size: bytes.byteLength, count });
          await out.put(key, bytes, { signal });
          put.objects++;
          put.bytes += bytes.byteLength;
          tell();
        },
      },
      onLost: ({ id }, version, reason) => {
        const message =
          `The ${version} record ${JSON.stringify(printable(id, 60))} isn't in the tables, ` +
          `because no rows can be made of it (${printable(reason, 100)}).`;
        warnings.push({ code: "record_without_rows", message });
      },
    });
    try {
      await new BatchPass().make({
        batches,
        read: ({ key }, signal): AsyncIterable<Page> => readEntries(storage, key, signal),
        add: (page, batch) => maker.add(page, batch),
        onProgress: (made) => {
          progress = made;
          tell();
        },
        signal,
      });
    } finally {
      await maker.settle();
    }
    await maker.end(
      await readPeople(storage, found.prefix, signal),
      index === undefined ? index : assetLines(storage, `${found.prefix}/${index}`, signal),
    );
    tell();
    const sizes = [...written.values()];
    const { format = "ndjson", locales = schema.locales, structuredText } = options;
    const described = { format, locales, ...tableSchema(schema, { structuredText }) };
    const text = `${JSON.stringify(described, null, 2)}\n`;
    written.set(keyOf(TABLE_SCHEMA), { size: 0, count: 0 });
    await out.put(keyOf(TABLE_SCHEMA), new TextEncoder().encode(text), { signal });
    return {
      snapshot: `${storage.url}/${found.prefix}`,
      out: out.url,
      tables: {
        count: sizes.reduce((sum, { count }) => sum + count, 0),
        bytes: sizes.reduce((sum, { size }) => sum + size, 0),
      },
      entries: progress.entries,
      warnings: [
        ...warnings,
        ...maker.warnings.map((counted) => ({ code: counted.code, message: warningText(counted) })),
      ],
    };
  } catch (error) {
    // Nobody must take a part of the tables for all of them. The signal may be aborted.
    await out.delete([...written.keys()]).catch(() => {});
    const isItsOwn = error instanceof SyntaxError || error instanceof TypeError;
    if (!isItsOwn || signal.aborted) throw error;
    throw new SluiceError(
      `Can't make tables of ${storage.url}/${found.prefix}: ${
        printable(error.message, 300)
      }. Check that it is a snapshot, or a Project Export, as it was written.`,
      EXIT.failed,
      { cause: error },
    );
  }
}

function shapeOf(shape: TableShape): TableShape {
  const { format, csvFor, parquetCodec, locales, structuredText } = shape;
  return { format, csvFor, parquetCodec, locales, structuredText };
}

/** In a snapshot they are in a folder of their own. */
function keyOf(path: string): string {
  return path.slice("tables/".length);
}

async function assertEmpty(out: Storage, signal: AbortSignal): Promise<void> {
  try {
    for await (const page of out.list("", { signal })) {
      if (page.length === 0) continue;
      throw new SluiceError(
        `Expected nothing in ${printable(out.url)} yet, but ${
          JSON.stringify(printable(page[0]!.key, 100))
        } is there: name a new directory, or delete what is in it.`,
        EXIT.usage,
      );
    }
  } catch (error) {
    if (!(error instanceof ObjectNotFoundError)) throw error;
  }
}

/** The batches of a snapshot, in the order in which an export makes tables of them, and its list of assets. */
async function batchesOf(
  storage: Storage,
  { prefix }: FoundSnapshot,
  schema: SchemaIndex,
  signal: AbortSignal,
): Promise<{ readonly batches: TableBatch[]; readonly index: string | undefined }> {
  const { folders, manifest } = await snapshotBatches(storage, prefix, signal);
  if (manifest?.options.tables === "only") {
    throw new SluiceError(
      `${storage.url}/${prefix} was exported as tables only: the records that it has are in its tables/.`,
    );
  }
  const rest = new Map(folders);
  const batches: TableBatch[] = [];
  const take = (folder: string, records?: TableBatch["records"]) => {
    const own = rest.get(folder) ?? [];
    rest.delete(folder);
    batches.push(...own.map(({ path, count }) => ({ key: `${prefix}/${path}`, count, records })));
  };
  for (const { id, attributes: { api_key: key } } of schema.models) {
    for (const version of ["current", "published"] satisfies Version[]) {
      for (const folder of recordFolders(key, version)) take(folder, { modelId: id, version });
    }
  }
  take("uploads");
  for (const folder of rest.keys()) {
    throw new SyntaxError(`no file in models/ tells of the records in ${folder}`);
  }
  return { batches, index: manifest?.assets?.index };
}
