import { READING, RESULT } from "../../config/groups/reading.ts";
import { CONFIG_FILE, OUTPUT, TIMEOUT } from "../../config/groups/run.ts";
import { TABLES } from "../../config/groups/snapshot.ts";
import { oneOf } from "../../config/option.ts";
import { optionsOf } from "../../config/options.ts";
import { EXIT, type ExitCode, SluiceError } from "../../error.ts";
import { jsonText } from "../../report/json_report.ts";
import { openStorage } from "../../storage/open_storage.ts";
import { LOAD_ENGINES } from "../../transform/load/load_tables.ts";
import type { Command, CommandContext } from "../command.ts";
import { exitCodesOf } from "../exit_codes.ts";
import { Progress } from "../progress/progress.ts";
import { writeNote } from "../progress/write_error.ts";
import { counted, formatBytes } from "../text/format.ts";

/** `sluice tables` */
export const tablesCommand: Command = {
  name: "tables",
  summary: "Make tables of a snapshot or a Project Export, or load them into an engine",
  description:
    "make reads the records and uploads of a complete snapshot, and writes the tables that an export of them " +
    "writes to --out, which must be empty. Nothing is written to the snapshot, and the API isn't asked. " +
    "load writes a script to stdout that loads the tables of a snapshot that has some, where they are: for duckdb " +
    "and clickhouse, a view for each; for postgres, commands of psql that make tables in the schema sluice, whose " +
    "earlier content is dropped; for bigquery, which reads Cloud Storage, statements that load them; for athena, " +
    "which reads S3, tables of the files. All have views over them, such as all_records, translations and usages. " +
    "The snapshot is named by its seconds or their first digits, a date or time, latest or " +
    "latest:<environment>, with its project and environment before it if need be " +
    "(<project>/<environment>/<id>). Default: latest.",
  positionals: [
    { name: "action", choices: ["make", "load"], required: true },
    { name: "engine|snapshot", snapshotOr: ["latest", ...LOAD_ENGINES] },
    { name: "snapshot", snapshotOr: ["latest"] },
  ],
  options: optionsOf(READING, RESULT, TABLES, OUTPUT, TIMEOUT, CONFIG_FILE),
  exitCodes: {
    ...exitCodesOf("the tables are whole, or the script was written"),
    [EXIT.failed]: "failed, or there is no such snapshot",
    [EXIT.usage]: "the command line or the configuration is wrong, or names several snapshots",
  },
  examples: [
    { about: "Of the newest snapshot in ./snapshots", line: "sluice tables make --out ./tables" },
    {
      about: "As CSV, of the newest snapshot of January or before, in S3",
      line: "sluice tables make 2026-01-31 --from s3://backups --format csv --out ./jan",
    },
    {
      about: "Into DuckDB, those of the newest snapshot in S3 that has some",
      line: "sluice tables load duckdb --from s3://backups | duckdb backups.db",
    },
    {
      about: "Into PostgreSQL, those of January",
      line: "sluice tables load postgres 2026-01-31 | psql",
    },
    {
      about: "Of a sandbox environment, for programs",
      line: "sluice tables make latest:staging --out ./tables --json",
    },
  ],
  async run({ config, words, io, content }: CommandContext): Promise<ExitCode> {
    const [action, snapshot, more] = words;
    if (action === "load") return await load({ config, words, io, content });
    if (more !== undefined) {
      throw new SluiceError(
        `sluice tables make takes one snapshot, but there is ${JSON.stringify(more)}, too.`,
        EXIT.usage,
      );
    }
    if (action === undefined || config.out === undefined) {
      const lacks = action === undefined ? "an action" : "a place for the tables";
      throw new SluiceError(
        `sluice tables needs ${lacks}: write sluice tables make --out <directory>.`,
        EXIT.usage,
      );
    }
    if (config.out === "-") {
      throw new SluiceError(
        "--out of sluice tables make is a directory, as tables are many files, but is -.",
        EXIT.usage,
      );
    }
    const { makeTables } = await import("../../tools/tables.ts");
    const { format, csvFor, parquetCodec, locales, structuredText, project } = config;
    using storage = openStorage(config.from);
    using out = openStorage(config.out);
    const made = await (async () => {
      using progress = new Progress(config, io);
      progress.onEvent({ type: "tables", rows: 0, entries: 0, of: null });
      return await makeTables({
        storage,
        snapshot,
        project,
        out,
        format,
        csvFor,
        parquetCodec,
        locales,
        structuredText,
        onProgress: ({ objects, bytes, ...tables }) => {
          progress.onEvent({ type: "written", objects, bytes });
          progress.onEvent({ type: "tables", ...tables });
        },
        signal: io.signal,
      });
    })();
    for (const note of made.warnings) {
      if (!config.quiet) writeNote(io, "warning", note, config);
    }
    if (config.json) io.stdout.write(jsonText({ status: "complete", ...made }));
    else if (!config.quiet) {
      const rows = counted(made.tables.count, "row");
      io.stdout.write(
        `${rows} (${formatBytes(made.tables.bytes)}) of ${made.snapshot}\nare in ${made.out}.\n`,
      );
    }
    return EXIT.complete;
  },
};

/** Writes the script that loads tables into an engine. */
async function load(
  { config, words: [, engine, snapshot = "latest"], io, content }: Pick<
    CommandContext,
    "config" | "words" | "io" | "content"
  >,
): Promise<ExitCode> {
  const known = LOAD_ENGINES.find((name) => name === engine);
  if (known === undefined) {
    const found = engine === undefined ? "there is none" : `it is ${JSON.stringify(engine)}`;
    throw new SluiceError(
      `sluice tables load takes an engine, ${oneOf(LOAD_ENGINES)}, but ${found}.`,
      EXIT.usage,
    );
  }
  const { tableLoadScript } = await import("../../tools/load_tables.ts");
  const { project } = config;
  using storage = openStorage(config.from);
  const { signal } = io;
  content.write(await tableLoadScript(storage, snapshot, known, { project, signal }));
  return EXIT.complete;
}
