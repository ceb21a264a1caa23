/**
 * The scripts that load tables, run by the engines that they are for: DuckDB and PostgreSQL take every cell of
 * awkward projects, in every form of tables, as the rows say.
 *
 * @module
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import type { SchemaIndex } from "../../src/content/schema_index.ts";
import type { Item, Json, JsonObject, Upload } from "../../src/content/resource.ts";
import { TableMaker } from "../../src/snapshot/make_tables.ts";
import { isObject, parseJson } from "../../src/text/json.ts";
import { literal } from "../../src/transform/load/dialect.ts";
import { loadScript, whyNotLoadable } from "../../src/transform/load/load_script.ts";
import {
  type LoadInput,
  type LoadPart,
  type LoadTable,
  relationOf,
} from "../../src/transform/load/load_tables.ts";
import { type TableColumn, tableSchema } from "../../src/transform/table_schema.ts";
import { project } from "../transform/arbitraries.ts";
import { item, schemaOf } from "../transform/fixtures.ts";

const TOOLS = Deno.env.get("SLUICE_TEST_TOOLS");
const HERE = new URL(".", import.meta.url).pathname;
const FORMS = [
  { format: "ndjson", compression: "none" },
  { format: "ndjson", compression: "zstd" },
  { format: "csv", compression: "none" },
  { format: "csv", compression: "gzip" },
  { format: "parquet", compression: "none" },
] as const;

/** A schema, and records of it. */
interface Awkward {
  readonly schema: SchemaIndex;
  readonly records: readonly Item[];
}

async function run(
  command: string,
  args: string[],
  { stdin = "", env = {} }: { stdin?: string; env?: Record<string, string> } = {},
): Promise<string> {
  const child = new Deno.Command(command, {
    args,
    env,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writing = new Blob([stdin]).stream().pipeTo(child.stdin);
  const { code, stdout, stderr } = await child.output();
  await writing.catch(() => {});
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  assert.equal(code, 0, `${text(stderr)}\n${text(stdout)}`.slice(0, 3000));
  return text(stdout);
}

/** Names that mean something to engines, texts that they might refuse, and values that fit no column. */
function byHand(): Awkward {
  const every = {
    title: "string localized",
    body: "text",
    slug: "slug",
    on: "date",
    at: "date_time",
    count: "integer",
    ratio: "float",
    yes: "boolean",
    data: "json localized",
    to: "link",
    seo: "seo",
  };
  const schema = schemaOf({
    order: { fields: every },
    select: { fields: { group: "string", table: "text" } },
    links: { fields: { title: "string" } },
    empty: { fields: { title: "string" } },
    user: { block: true, fields: { from: "text localized", count: "integer" } },
  });
  const texts = [
    "\ud800",
    "a\udc00b",
    "\0",
    "a\u2028b\u2029",
    "=1+1",
    "-1",
    "@x",
    "",
    " ",
    "null",
    "NULL",
    "\\N",
    "\\.",
    '"',
    'a,b\r\n"c"',
    "\x01\x02\t",
    "😀",
    "'; DROP TABLE x; --",
  ];
  const numbers = ["12345678901234567890", "-9223372036854775808", "1e400", "1.5", "0.1", "-0"];
  const records = [
    ...texts.map((text, i) =>
      item("order", `-${i}`, {
        title: { en: text, it: `${text}it` },
        body: text,
        slug: text,
        on: ["2024-02-29", "2023-02-29", text, "0000-01-01"][i % 4]!,
        at: ["2024-02-29T10:00:00.123+01:00", "2024-02-29T24:00:00Z", text, null][i % 4]!,
        count: parseJson(numbers[i % numbers.length]!) as Json,
        ratio: parseJson(numbers[i % numbers.length]!) as Json,
        yes: [true, false, "yes", null][i % 4]!,
        data: { en: JSON.stringify({ a: text, A: 1, [text]: 2 }), it: text },
        to: `-${i}`,
        seo: { title: text, image: `-${i}` },
      })
    ),
    item("select", "=1", { group: parseJson("12345678901234567890") as Json, table: { a: ["x"] } }),
    item("links", "+1", { title: true }),
  ];
  return { schema, records };
}

async function written(
  { schema, records }: Awkward,
  form: typeof FORMS[number],
  root: string,
): Promise<LoadTable[]> {
  const parts = new Map<string, LoadPart[]>();
  const maker = new TableMaker({
    schema,
    ...form,
    partBytes: 4000,
    target: {
      put: async (path, bytes, { plainSize = bytes.byteLength }) => {
        const address = `${root}/snapshot_1700000000/${path}`;
        await Deno.mkdir(address.slice(0, address.lastIndexOf("/")), { recursive: true });
        await Deno.writeFile(address, bytes);
        const table = /^tables\/((?:records|blocks)\/[^/]+|[^/]+)/.exec(path)![1]!;
        parts.set(table, [...parts.get(table) ?? [], { address, size: plainSize }]);
      },
    },
    onLost: (_item, _version, reason) => assert.fail(reason),
  });
  for (const version of ["current", "published"] as const) {
    const byModel = Map.groupBy(records, ({ relationships }) => relationships?.item_type?.data.id);
    for (const { id } of schema.models) {
      await maker.add(byModel.get(id) ?? [], { records: { modelId: id, version } });
    }
  }
  const upload = {
    id: "-u",
    type: "upload",
    attributes: { filename: "=a\0", size: 1.5, tags: [] },
  };
  await maker.add([upload as unknown as Upload], {});
  await maker.end([{ id: "1", type: "user", attributes: { full_name: "-A", email: "\ud800" } }]);
  return tableSchema(schema).tables.map((table) => ({
    ...table,
    parts: parts.get(table.name) ?? [],
  }));
}

/** The rows of NDJSON parts, by table. */
async function rowsOf(tables: readonly LoadTable[]): Promise<Map<string, JsonObject[]>> {
  const rows = new Map<string, JsonObject[]>();
  for (const { name, parts } of tables) {
    const texts = await Promise.all(parts.map(({ address }) => Deno.readTextFile(address)));
    const lines = texts.join("").split("\n").filter(Boolean);
    rows.set(name, lines.map((line) => parseJson(line) as JsonObject));
  }
  return rows;
}

/** A row as text, so that what an engine gives back is the same if it is the same value. */
function shown(row: JsonObject, columns: readonly TableColumn[]): string {
  return JSON.stringify(columns.map(({ name, sql_type: type }) => {
    const value = row[name] ?? null;
    if (value === null) return null;
    if (type === "timestamp with time zone") return Date.parse(String(value));
    if (type === "double precision") return Number(JSON.stringify(value));
    if (type === "text") return plain(value);
    return sorted(value);
  }));
}

/** A row without what only Parquet has to say of it. */
function withoutForm(row: JsonObject): JsonObject {
  if (!isObject(row._extra) || row._extra.form === undefined) return row;
  const { form: _, ...others } = row._extra;
  return { ...row, _extra: Object.keys(others).length > 0 ? others : null };
}

/** What isn't text is its JSON in a column of texts: engines have blanks where they like. */
function plain(value: Json): string {
  if (typeof value !== "string") return sorted(value);
  try {
    return /^[[{]/.test(value) ? sorted(parseJson(value) as Json) : value;
  } catch {
    return value;
  }
}

function sorted(value: Json): string {
  return JSON.stringify(value, (_, inner) => {
    const isPlain = typeof inner === "object" && inner !== null && !Array.isArray(inner) &&
      Object.getPrototypeOf(inner) !== null;
    return isPlain ? Object.entries(inner).sort(([a], [b]) => a < b ? -1 : 1) : inner;
  });
}

const ENGINES = {
  duckdb: async (script: string, tables: readonly LoadTable[], root: string) => {
    const file = (name: string) => `${root}/${encodeURIComponent(name)}.out`;
    const copies = tables.map(({ name }) => {
      return `COPY (SELECT * FROM "${relationOf(name).replaceAll('"', '""')}") ` +
        `TO ${literal(file(name))} (FORMAT json);`;
    });
    const views = [
      "all_records",
      "all_blocks",
      "record_titles",
      "translations",
      "usages",
      "history",
    ];
    const counted = views.filter((view) => script.includes(`VIEW "${view}"`))
      .map((view) => `SELECT count(*) FROM ${view};`);
    const stdin = [script, ...copies, ...counted].join("\n");
    await run("node", [`${HERE}duckdb.cjs`], { stdin });
    return new Map(
      await Promise.all(
        tables.map(async ({ name }) => [name, await Deno.readTextFile(file(name))] as const),
      ),
    );
  },
  postgres: async (script: string, tables: readonly LoadTable[], _root: string, host: string) => {
    const env = { PGHOST: host, PGUSER: "walk", PGDATABASE: "postgres" };
    const psql = (stdin: string) => {
      return run("bash", ["-c", "exec psql -qAt -v ON_ERROR_STOP=1 -f -"], { stdin, env });
    };
    await psql(script);
    const queries = tables.map(({ name }) => {
      const relation = relationOf(name).replaceAll('"', '""');
      return `SELECT to_jsonb(t) FROM sluice."${relation}" t;\n\\echo ---`;
    });
    for (const view of ["all_records", "all_blocks", "record_titles", "translations", "usages"]) {
      queries.push(`SELECT count(*) FROM sluice.${view};`);
    }
    const all = await psql(queries.join("\n"));
    const texts = all.split(/^---$/m);
    return new Map(tables.map(({ name }, i) => [name, texts[i]!]));
  },
};

const generated = fc.sample(project({ odd: true }), { seed: 19, numRuns: 2 });

Deno.test({
  name:
    "DuckDB and PostgreSQL load every table of awkward projects by the scripts, each cell as it is",
  ignore: TOOLS === undefined,
  fn: async () => {
    const host = await Deno.makeTempDir({ prefix: "sluice-pg-" });
    const server = (action: string) => run("bash", [`${HERE}start-postgres.sh`, action, host]);
    await using stack = new AsyncDisposableStack();
    stack.defer(async () => void await server("stop"));
    await server("start");
    for (const [i, awkward] of [byHand(), ...generated].entries()) {
      const root = await Deno.makeTempDir({ prefix: "sluice tables' " });
      await Deno.chmod(root, 0o755);
      try {
        const plain = await written(awkward, FORMS[0], `${root}/plain`);
        const expected = await rowsOf(plain);
        for (const [f, form] of FORMS.entries()) {
          const isInTurn = f === 0 || form.format === "parquet" || f === i % FORMS.length;
          if (i > 0 && !isInTurn) continue;
          const tables = await written(awkward, form, `${root}/${f}`);
          for (const [engine, load] of Object.entries(ENGINES)) {
            const input: LoadInput = {
              of: "awkward\nDROP",
              format: form.format,
              locales: awkward.schema.locales,
              tables,
            };
            if (whyNotLoadable(engine as keyof typeof ENGINES, input)) continue;
            const script = loadScript(engine as keyof typeof ENGINES, input);
            const texts = await load(script, tables, root, host);
            for (const { name, columns } of tables) {
              const found = texts.get(name)!.split("\n").filter(Boolean)
                .map((line) => shown(withoutForm(parseJson(line) as JsonObject), columns));
              const rows = expected.get(name)!.map((row) => shown(row, columns));
              assert.deepEqual(found.sort(), rows.sort(), `${engine}, ${form.format}: ${name}`);
            }
          }
        }
      } finally {
        await Deno.remove(root, { recursive: true });
      }
    }
  },
});
