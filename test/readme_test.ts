import assert from "node:assert/strict";
import { LOG_ENTRIES, type LogEntry } from "../src/cli/progress/log_entries.ts";
import { FIELD_TYPES, type FieldType } from "../src/content/field_types.ts";
import { envName, flagName, OPTION_KEYS, OPTIONS } from "../src/config/options.ts";
import { DEFAULTS } from "../src/config/schema.ts";
import { EXIT } from "../src/error.ts";

const README = await Deno.readTextFile("README.md");

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

function section(name: string): string {
  const mark = `<!-- ${name} -->\n\n`;
  const start = README.indexOf(mark);
  assert.ok(start >= 0, `README has no <!-- ${name} -->`);
  return README.slice(start + mark.length).split("\n\n")[0]!;
}

const code = (text: string) => `\`${text.replaceAll("|", "\\|")}\``;

Deno.test("README lists every option with its variable, file key, default and purpose", () => {
  const rows = OPTION_KEYS.map((key) => {
    const { alias, placeholder, help, choices, secret, notInFile } = OPTIONS[key];
    const isOff = DEFAULTS[key] === true;
    const flag = `${alias ? `-${alias}, ` : ""}${flagName(key)}${
      placeholder ? ` ${placeholder}` : ""
    }`;
    const fallback = DEFAULTS[key];
    return [
      code(flag),
      code(isOff ? `${envName(key)}=false` : envName(key)),
      secret || notInFile ? "" : code(key),
      typeof fallback === "string" || typeof fallback === "number" ? code(String(fallback)) : "",
      `${help}${choices && choices.length < 6 ? ` One of ${choices.map(code).join(", ")}.` : ""}`,
    ];
  });
  const expected = table([["flag", "variable", "key", "default", "what it does"], ...rows]);
  assert.equal(section("options"), expected, expected);
});

Deno.test("README lists every entry of a log", () => {
  const rows = Object.entries<LogEntry>(LOG_ENTRIES).map(([type, { about, verbose }]) => {
    return [code(type), verbose ? code("--verbose") : "always", about];
  });
  const expected = table([[code("type"), "when", "what it tells"], ...rows]);
  assert.equal(section("log entries"), expected, expected);
});

Deno.test("README shows what each field type is in raw and in tables", () => {
  const rows = Object.entries<FieldType>(FIELD_TYPES).map(([type, info]) => [
    code(type),
    info.name,
    code(info.raw),
    info.table === info.raw ? "the same" : code(info.table),
    code(info.sqlType),
    info.references.map(({ type }) => type).join(", "),
  ]);
  const head = ["field type", "name", "raw", "tables", "SQL type", "refers to"];
  const expected = table([head, ...rows]);
  assert.equal(section("field types"), expected, expected);
});

Deno.test("README names every exit code", () => {
  for (const exitCode of Object.values(EXIT)) {
    assert.match(README, new RegExp(`^\\| ${exitCode} +\\|`, "m"));
  }
});

Deno.test("README shows the two commands of a fresh machine", () => {
  assert.match(README, /npx --yes deno@2 task demo/);
  assert.match(README, /npx --yes deno@2 task test/);
});
