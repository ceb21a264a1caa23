// The `duckdb` command as far as the walk needs it: `duckdb [FILE]` with SQL at standard input, or
// `duckdb [FILE] -c SQL`. DuckDB's own npm package is the engine.
const { createRequire } = require("node:module");
const { readFileSync } = require("node:fs");
const { DuckDBInstance } = createRequire(`${process.env.SLUICE_TEST_TOOLS}/`)("@duckdb/node-api");

async function main() {
  const args = process.argv.slice(2);
  const at = args.indexOf("-c");
  const sql = at < 0 ? readFileSync(0, "utf8") : args.splice(at, 2)[1];
  const instance = await DuckDBInstance.create(args[0] ?? ":memory:");
  const connection = await instance.connect();
  const statements = await connection.extractStatements(sql);
  for (let i = 0; i < statements.count; i++) {
    const statement = await statements.prepare(i);
    const result = await statement.runAndReadAll();
    const names = result.columnNames();
    const rows = result.getRowsJson().map((row) => row.map(textOf));
    const widths = names.map((name, column) => {
      return Math.max(name.length, ...rows.map((row) => row[column].length));
    });
    for (const row of [names, ...rows]) {
      const line = row.map((cell, column) => cell.padEnd(widths[column])).join(" | ");
      process.stdout.write(`${line.trimEnd()}\n`);
    }
  }
}

function textOf(value) {
  if (value === null) return "NULL";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

main().catch((error) => {
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
});
