import { readText } from "../../snapshot/read_text.ts";
import { TextLineStream } from "@std/streams/text-line-stream";
import type { ExportReport } from "../../export/export.ts";
import { printable } from "../../text/printable.ts";
import { openStorage } from "../../storage/open_storage.ts";
import { cutToWidth } from "../text/width.ts";

/** Lines that are shown of a file, and the most columns of one: a terminal breaks it. */
const LINES = 3;
const WIDEST = 230;

/**
 * The first lines of a file of records, to look at.
 *
 * @param destination Where the snapshot was written to.
 * @param report The export's report.
 * @param signal Ends the reading.
 * @return The file's name and its first lines, cut; nothing if there are no records.
 * @throws {StorageError} If the file can't be read.
 */
export async function renderSample(
  destination: string,
  { snapshot, manifest }: ExportReport,
  signal: AbortSignal,
): Promise<string[]> {
  const paths = manifest.objects.map(({ path }) => path).filter((path) =>
    /\.(ndjson|csv)(\.gz|\.zst)?$/.test(path)
  );
  const path = ["tables/records/article/", "tables/records/", "records/"]
    .map((folder) => paths.find((path) => path.startsWith(folder)))
    .find((path) => path !== undefined);
  if (path === undefined) return [];
  using storage = openStorage(destination);
  const prefix = snapshot.slice(snapshot.lastIndexOf("/content/project_") + 1);
  const bytes = await readText(storage, `${prefix}/${path}`, signal);
  const lines = [];
  const text = bytes.pipeThrough(new TextDecoderStream()).pipeThrough(new TextLineStream());
  for await (const line of text) {
    lines.push(`  ${cutToWidth(printable(line, 2 * WIDEST), WIDEST)}`);
    if (lines.length === LINES) break;
  }
  return [`The first lines of ${printable(path, 200)}:`, ...lines];
}
