import config from "../deno.json" with { type: "json" };
import { LOG_ENTRIES, type LogEntry } from "../src/cli/progress/log_entries.ts";
import { DEFAULTS, envName, flagName, OPTION_KEYS, OPTIONS } from "../src/config/options.ts";
import { FIELD_TYPES, type FieldType } from "../src/content/field_types.ts";
import { LEFT_OUT } from "../src/restore/verify/left_out.ts";
import { type ExportResource, RESOURCES } from "../src/source/datocms/resources.ts";
import {
  BLOCK_META,
  EXTRA,
  LINK_COLUMNS,
  type MetaColumn,
  PROJECT_TABLES,
  RECORD_CREATOR,
  RECORD_HEAD,
  RECORD_META,
  RECORD_PLACE,
  UPLOAD_ANTIVIRUS,
  UPLOAD_ATTRIBUTES,
  UPLOAD_TAIL,
} from "../src/transform/meta_columns.ts";

/**
 * The tables of the documentation that follow from the code: `deno task docs` writes them anew, each below
 * a comment with its name.
 */
export const GENERATED: readonly {
  /** The file, relative to the root of the source tree. */
  readonly file: string;
  /** The comment that it stands below. */
  readonly section: string;
  /** Renders it. */
  readonly render: () => string;
}[] = [
  { file: "docs/options.md", section: "options", render: optionTable },
  { file: "docs/logs.md", section: "log entries", render: logTable },
  { file: "docs/tables.md", section: "field types", render: fieldTypeTable },
  {
    file: "docs/tables.md",
    section: "columns of records",
    render: () => columnTable(RECORD_HEAD, RECORD_META, RECORD_CREATOR, RECORD_PLACE, [EXTRA]),
  },
  {
    file: "docs/tables.md",
    section: "columns of blocks",
    render: () => columnTable(BLOCK_META, [EXTRA]),
  },
  { file: "docs/tables.md", section: "columns of links", render: () => columnTable(LINK_COLUMNS) },
  {
    file: "docs/tables.md",
    section: "columns of uploads",
    render: () => columnTable(UPLOAD_ATTRIBUTES, UPLOAD_TAIL, UPLOAD_ANTIVIRUS, [EXTRA]),
  },
  {
    file: "docs/tables.md",
    section: "columns of the project's tables",
    render: () => projectColumnTable(),
  },
  { file: "docs/format.md", section: "resources", render: resourceTable },
  { file: "docs/restore.md", section: "left out", render: leftOutTable },
  { file: "docs/contributing.md", section: "tasks", render: taskTable },
];

/**
 * The text that a file has below a comment, up to the next empty line, and what is around it.
 *
 * @param text The file's text.
 * @param section The comment.
 * @throws {Error} If there is no such comment.
 */
export function splitAt(text: string, section: string): readonly [string, string, string] {
  const mark = `<!-- ${section} -->\n\n`;
  const start = text.indexOf(mark) + mark.length;
  if (start < mark.length) throw new Error(`There is no <!-- ${section} -->.`);
  const end = text.indexOf("\n\n", start);
  const to = end < 0 ? text.trimEnd().length : end;
  return [text.slice(0, start), text.slice(start, to), text.slice(to)];
}

function optionTable(): string {
  const rows = OPTION_KEYS.map((key) => {
    const { alias, placeholder, help, choices, secret, notInFile } = OPTIONS[key];
    const fallback = DEFAULTS[key];
    const isOff = fallback === true;
    const name = isOff ? flagName(key).replace("--", "--no-") : flagName(key);
    const flag = `${alias ? `-${alias}, ` : ""}${name}${placeholder ? ` ${placeholder}` : ""}`;
    return [
      code(flag),
      code(isOff ? `${envName(key)}=false` : envName(key)),
      secret || notInFile ? "" : code(key),
      typeof fallback === "string" || typeof fallback === "number" ? code(String(fallback)) : "",
      `${help}${choices && choices.length < 6 ? ` One of ${choices.map(code).join(", ")}.` : ""}`,
    ];
  });
  return table([["flag", "variable", "key", "default", "what it does"], ...rows]);
}

function logTable(): string {
  const rows = Object.entries<LogEntry>(LOG_ENTRIES).map(([type, { about, verbose }]) => {
    return [code(type), verbose ? code("--verbose") : "always", about];
  });
  return table([[code("type"), "when", "what it tells"], ...rows]);
}

function fieldTypeTable(): string {
  const rows = Object.entries<FieldType>(FIELD_TYPES).map(([type, info]) => [
    code(type),
    info.name,
    code(info.raw),
    info.table === info.raw ? "the same" : code(info.table),
    code(info.sqlType),
    info.references.map(({ type }) => type).join(", "),
  ]);
  return table([["field type", "name", "raw", "tables", "SQL type", "refers to"], ...rows]);
}

function columnTable(...columns: readonly (readonly MetaColumn[])[]): string {
  const rows = columns.flat().map(({ name, sqlType, description }) => {
    return [code(name), code(sqlType), description];
  });
  return table([["column", "SQL type", "what it holds"], ...rows]);
}

function projectColumnTable(): string {
  const rows = Object.entries(PROJECT_TABLES).flatMap(([table, columns]) => {
    return columns.map(({ name, sqlType, description }) => [
      code(table),
      code(name),
      code(sqlType),
      description,
    ]);
  });
  return table([["table", "column", "SQL type", "what it holds"], ...rows]);
}

function resourceTable(): string {
  const rows = RESOURCES.map((resource: ExportResource) => {
    const { name, title, layout, fileKey = "id", secrets = [] } = resource;
    if (layout === "core") return [];
    const file = layout === "files" ? `${name}/<${fileKey}>.json` : `settings/${name}.json`;
    return [code(file), title, secrets.map(code).join(", ")];
  });
  return table([["file", "what it holds", "secrets"], ...rows.filter(({ length }) => length > 0)]);
}

const WHEN = {
  "other project": "in another project",
  "nothing published": "with `--publish none`",
  "other creators": "with `--creators drop`, as in another project",
  "not in the snapshot": "if the snapshot has none",
};

function leftOutTable(): string {
  const rows = LEFT_OUT.map(({ resource, attribute, why, when }) => {
    const name = attribute === "*" ? "all of it" : code(attribute);
    return [code(resource), name, when === undefined ? why : `${WHEN[when]}: ${why}`];
  });
  return table([["resource", "attribute", "why"], ...rows]);
}

function taskTable(): string {
  const rows = Object.entries(config.tasks).map(([name, { description }]) => {
    return [code(`deno task ${name}`), description];
  });
  return table([["task", "what it does"], ...rows]);
}

/** A table as `deno fmt` leaves it: cells padded to their column's width. */
function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const line = (row: readonly string[]) => {
    return `| ${row.map((cell, column) => cell.padEnd(widths[column]!)).join(" | ")} |`;
  };
  const [head, ...body] = rows;
  return [line(head!), line(widths.map((width) => "-".repeat(width))), ...body.map(line)].join(
    "\n",
  );
}

function code(text: string): string {
  return `\`${text.replaceAll("|", "\\|")}\``;
}

if (import.meta.main) {
  for (const { file, section, render } of GENERATED) {
    const url = new URL(`../${file}`, import.meta.url);
    const [before, , after] = splitAt(await Deno.readTextFile(url), section);
    await Deno.writeTextFile(url, `${before}${render()}${after}`);
  }
}
