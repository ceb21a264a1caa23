import type { ExportReport } from "../../export/export.ts";
import { printable, shownAddress } from "../../text/printable.ts";
import { CANARY, MANIFEST } from "../../snapshot/layout.ts";
import { counted, formatBytes } from "../text/format.ts";
import { renderTable } from "../text/table.ts";

/** Files in a folder, all levels counted. */
interface Folder {
  readonly files: number;
  readonly bytes: number;
}

/** Folders whose own folders are worth a line each. */
const OPENED = /^(records|tables)\//;

/**
 * The files that an export wrote, folder by folder.
 *
 * @param report The export's report.
 * @return The lines.
 */
export function renderTree({ snapshot, manifest }: ExportReport): string[] {
  const start = snapshot.lastIndexOf("/content/project_");
  const folders = new Map<string, Folder>();
  for (const { path, size } of manifest.objects) {
    const name = folderOf(path);
    const { files, bytes } = folders.get(name) ?? { files: 0, bytes: 0 };
    folders.set(name, { files: files + 1, bytes: bytes + size });
  }
  const rows = [...folders].map(([name, { files, bytes }]) => {
    const isFolder = name.endsWith("/");
    return [
      `    ${printable(name, 80)}`,
      isFolder ? counted(files, "file") : "",
      formatBytes(bytes),
    ];
  });
  const { assets } = manifest;
  const assetRows = assets === undefined ? [] : [[
    `  ${printable(assets.prefix, 200)}/`,
    counted(assets.downloaded.count + assets.kept.count, "file"),
    formatBytes(assets.downloaded.bytes + assets.kept.bytes),
  ]];
  return [
    `${shownAddress(snapshot.slice(0, start))}/`,
    ...renderTable(["text", "number", "number"], [
      ...assetRows,
      [`  ${printable(snapshot.slice(start + 1), 200)}/`],
      ...rows.sort(([a], [b]) => a! < b! ? -1 : 1),
      [`    ${MANIFEST}`],
      [`    ${CANARY}`],
    ]),
  ];
}

/** The folder that a file is counted in; a file at the top stands for itself. */
function folderOf(path: string): string {
  const opened = OPENED.exec(path)?.[0].length ?? 0;
  const slash = path.indexOf("/", opened);
  return slash < 0 ? path : path.slice(0, slash + 1);
}
