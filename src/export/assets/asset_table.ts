import { assetLines } from "../../snapshot/asset_lines.ts";
import { TABLE_SCHEMA, tableFolder } from "../../snapshot/layout.ts";
import type { Manifest, Tally } from "../../snapshot/manifest.ts";
import { readJson } from "../../snapshot/read_schema.ts";
import type { SnapshotWriter } from "../../snapshot/snapshot_writer.ts";
import { TableWriter, type TableWriterOptions } from "../../snapshot/table_writer.ts";
import { isObject } from "../../text/json.ts";
import { assetRows } from "../../transform/asset_rows.ts";
import type { Table } from "../../transform/table_schema.ts";

/** Where the parts of the table of assets are in a snapshot. */
export const ASSET_TABLE = tableFolder("assets", undefined);

/**
 * The parts of a snapshot's table of assets.
 *
 * @param manifest The snapshot's manifest.
 */
export function assetParts({ objects }: Pick<Manifest, "objects">): string[] {
  return objects.map(({ path }) => path).filter((path) => path.startsWith(ASSET_TABLE));
}

/**
 * Makes a snapshot's table of assets of a new list of them, in parts whose numbers follow those that there are.
 *
 * @param writer Writes the snapshot: the parts that there are aren't among its objects any more.
 * @param manifest The snapshot's manifest.
 * @param index The path of the new list.
 * @param signal Aborts it.
 * @return How many rows all tables have now, and their size; nothing if there is no such table.
 * @throws {StorageError} If it can't be written.
 */
export async function renewAssetTable(
  writer: SnapshotWriter,
  manifest: Manifest,
  index: string,
  signal: AbortSignal,
): Promise<{ readonly tables?: Tally }> {
  const parts = assetParts(manifest);
  if (parts.length === 0) return {};
  const { storage, prefix } = writer;
  const described = await readJson(storage, `${prefix}/${TABLE_SCHEMA}`, signal);
  const tables = isObject(described) ? described.tables as unknown as readonly Table[] : [];
  const { csvFor, compress, format, parquetCodec } = manifest.options as {
    readonly csvFor?: TableWriterOptions["csvFor"];
    readonly compress?: TableWriterOptions["compression"];
    readonly format?: TableWriterOptions["format"];
    readonly parquetCodec?: TableWriterOptions["parquetCodec"];
  };
  const last = Math.max(...parts.map((path) => Number(/part_(\d+)/.exec(path)?.[1])));
  const table = new TableWriter(writer, { tables }, {
    format,
    csvFor,
    parquetCodec,
    compression: compress,
    from: { next: { " assets": last + 1 }, rows: {} },
  });
  try {
    for await (const page of assetLines(storage, `${prefix}/${index}`, signal)) {
      await table.write([{ table: "assets", rows: assetRows(page) }]);
    }
    await table.flush();
  } finally {
    await table.settle();
  }
  return { tables: writer.tally("tables/") };
}
