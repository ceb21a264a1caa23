import assert from "node:assert/strict";
import fc from "fast-check";
import type { Json, JsonObject } from "../../src/content/resource.ts";
import { parseJson } from "../../src/text/json.ts";
import { tableSchema } from "../../src/transform/table_schema.ts";
import { csvBytes, type CsvOptions, encodeCsv } from "../../src/transform/encode_csv.ts";
import { schemaOf } from "./fixtures.ts";

function csv(rows: readonly JsonObject[], options?: CsvOptions): string {
  return new TextDecoder().decode(csvBytes(rows, options));
}

/** Reads RFC 4180, and tells a value in quotes from one without. */
function parse(text: string): { value: string; quoted: boolean }[][] {
  const rows: { value: string; quoted: boolean }[][] = [[]];
  for (
    const [, quoted, plain, end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/g)
  ) {
    rows.at(-1)?.push(
      quoted === undefined
        ? { value: plain ?? "", quoted: false }
        : { value: quoted.replaceAll('""', '"'), quoted: true },
    );
    if (end === "\r\n") rows.push([]);
  }
  return rows.slice(0, -1);
}

Deno.test("csvBytes() writes a header and quotes where it must", () => {
  const rows = [
    { id: "1", text: 'a "b", c\r\nd', n: 1.5, yes: true, no: false },
    { id: "2", text: "plain ä", n: -3, yes: null, no: "" },
  ];
  assert.equal(
    csv(rows),
    'id,text,n,yes,no\r\n1,"a ""b"", c\r\nd",1.5,true,false\r\n2,plain ä,-3,,""\r\n',
  );
});

Deno.test("csvBytes() writes objects and lists as JSON", () => {
  const rows = [{ a: { x: ["é"] }, b: [], c: {} }];
  assert.equal(csv(rows), 'a,b,c\r\n"{""x"":[""é""]}",[],{}\r\n');
});

Deno.test("csvBytes() writes texts in columns of JSON as JSON", () => {
  const values = ["abc", "5", 5, "true", true, "[1]", [1], "", null, "null", "=1", '{"x', "\ud800"];
  const rows = values.map((value) => ({ json: value, text: value }));
  const columns = [{ name: "json", sql_type: "json" }, "text"] as const;
  const [head, ...read] = parse(csv(rows, { columns, escapeFormulas: false }));
  assert.deepEqual(head!.map(({ value }) => value), ["json", "text"]);
  const cells = read.map(([cell]) => cell!.value === "" ? null : JSON.parse(cell!.value));
  assert.deepEqual(cells, values);
  assert.equal(read[1]![1]!.value, "5");
  assert.equal(csv([{ json: "=1" }], { columns: [columns[0]], header: false }), '"""=1"""\r\n');
});

Deno.test("csvBytes() takes the columns that it is told, whatever their names", () => {
  const rows = [{ "a.b": 1, "c[0]": 2, x: 3 }, { x: 4 }];
  const columns = ["x", "a.b", "c[0]", "constructor"];
  assert.equal(csv(rows, { columns }), "x,a.b,c[0],constructor\r\n3,1,2,\r\n4,,,\r\n");
  assert.equal(csv(rows, { columns: ["x"], header: false }), "3\r\n4\r\n");
});

Deno.test("csvBytes() keeps spreadsheets from running texts as formulas", () => {
  const texts = ["=1+1", "+1", "-1", "@x", "\tx", "\rx", "＝1", "＋1", "－1", "＠x", "a=1"];
  const rows = texts.map((text) => ({ text, "=n": -1 }));
  const valuesOf = (options: CsvOptions) =>
    parse(csv(rows, options)).map((row) => row.map(({ value }) => value));
  assert.deepEqual(valuesOf({}), [["text", "=n"], ...texts.map((text) => [text, "-1"])]);
  assert.deepEqual(valuesOf({ escapeFormulas: true }), [
    ["text", "=n"],
    ...texts.map((text) => [text === "a=1" ? text : `'${text}`, "-1"]),
  ]);
});

Deno.test("csvBytes() changes no id, no reference, no meta column and no JSON for spreadsheets", () => {
  const schema = schemaOf({
    m: { fields: { title: "string", text: "text", to: "link", data: "json", on: "date" } },
    b: { block: true, fields: { title: "string localized" } },
  });
  const { tables } = tableSchema(schema, { structuredText: "text" });
  const guarded = tables.map(({ name, columns }) => {
    const row = Object.fromEntries(columns.map(({ name }) => [name, "-x"]));
    const [head = [], values = []] = parse(csv([row], { columns, escapeFormulas: true }));
    return [name, head.filter((_, i) => values[i]?.value === "'-x").map(({ value }) => value)];
  });
  assert.deepEqual(guarded.filter(([, columns]) => columns!.length > 0), [
    ["records/m", ["title", "text"]],
    ["uploads", ["filename", "basename", "author", "copyright", "notes"]],
    ["models", ["name"]],
    ["fields", ["label"]],
    ["creators", ["name", "email"]],
    ["assets", ["reason"]],
  ]);
});

Deno.test("csvBytes() can be read back by the rules of RFC 4180", () => {
  const value = fc.oneof(
    fc.string({ unit: "grapheme" }),
    fc.string({ unit: fc.constantFrom('"', ",", "\r", "\n", "\r\n", "a", ";", "'") }),
    fc.constant(null),
    fc.boolean(),
    fc.object(),
  );
  const rows = fc.array(fc.record({ a: value, b: value }), { minLength: 1 });
  fc.assert(fc.property(rows, (rows) => {
    const parsed = parse(csv(rows as JsonObject[], { escapeFormulas: false }));
    const written = (value: unknown) => ({
      value: value === null ? "" : typeof value === "string" ? value : JSON.stringify(value),
      isNull: value === null,
    });
    assert.deepEqual(
      parsed.slice(1).map((row) =>
        row.map(({ value, quoted }) => ({ value, isNull: value === "" && !quoted }))
      ),
      rows.map(({ a, b }) => [written(a), written(b)]),
    );
  }));
});

Deno.test("encodeCsv() writes one header for all pages", async () => {
  const pages: JsonObject[][] = [[], [{ id: "1", a: null }], [{ id: "2", a: [1] }]];
  const bytes = ReadableStream.from(pages).pipeThrough(encodeCsv());
  assert.equal(await new Response(bytes).text(), "id,a\r\n1,\r\n2,[1]\r\n");
});

Deno.test("encodeCsv() writes the header of a table without rows if it knows the columns", async () => {
  const none: Json[][] = [];
  const encode = (options: CsvOptions) =>
    new Response(
      ReadableStream.from(none as JsonObject[][]).pipeThrough(encodeCsv(options)),
    ).text();
  assert.equal(await encode({ columns: ["id", "a"] }), "id,a\r\n");
  assert.equal(await encode({ columns: ["id"], header: false }), "");
  assert.equal(await encode({}), "");
});

Deno.test("csvBytes() writes a number as it came, whatever its digits", () => {
  const rows = parseJson(
    '[{"a":-12345678901234567890,"b":-5,"c":"-5","d":-1E400}]',
  ) as JsonObject[];
  assert.equal(csv(rows, { header: false }), "-12345678901234567890,-5,-5,-1E400\r\n");
});
