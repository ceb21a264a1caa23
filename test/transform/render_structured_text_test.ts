import assert from "node:assert/strict";
import fc from "fast-check";
import type { Json, JsonObject } from "../../src/content/resource.ts";
import { localeRows } from "../../src/transform/normalize_locales.ts";
import {
  renderedRows,
  renderStructuredText,
  type StructuredTextFormat,
} from "../../src/transform/render_structured_text.ts";
import { dast as anyDast } from "./arbitraries.ts";
import { dast, item, json, paragraph, pick, schemaOf, warnings } from "./fixtures.ts";

const SCHEMA = schemaOf({
  article: { fields: { title: "string", body: "structured_text", after: "string" } },
  note: { block: true, fields: { body: "structured_text localized" } },
});

function span(value: string, ...marks: string[]): JsonObject {
  return { type: "span", value, marks };
}

function render(value: Json, as: StructuredTextFormat): Json | undefined {
  const [row] = renderedRows([{ id: "1", _model: "article", body: value }], SCHEMA, { as });
  return row?.[{ text: "body_text", markdown: "body_md", html: "body_html" }[as]];
}

const DOCUMENT = dast(
  { type: "heading", level: 2, children: [span("A & B")] },
  paragraph(
    span("plain "),
    span("bold", "strong"),
    span(" both", "strong", "emphasis"),
    { type: "link", url: "https://x.y/?a=1&b=2", children: [span("link")] },
  ),
  {
    type: "list",
    style: "bulleted",
    children: [{ type: "listItem", children: [paragraph("one")] }, {
      type: "listItem",
      children: [paragraph("two")],
    }],
  },
  { type: "code", language: "js", code: "a < b" },
  { type: "blockquote", attribution: "Oscar", children: [paragraph("Be yourself.")] },
  { type: "thematicBreak" },
);

Deno.test("renderedRows() renders plain text", () => {
  assert.equal(
    render(DOCUMENT, "text"),
    "A & B\nplain bold bothlink\none\n\ntwo\n\n\na < b\nBe yourself.\nOscar",
  );
});

Deno.test("renderedRows() renders Markdown", () => {
  const lines = [
    "## A & B",
    "",
    "plain **bold**_**&#x20;both**_[link](https://x.y/?a=1\\&b=2)",
    "",
    "- one",
    "- two",
    "",
    "```js",
    "a < b",
    "```",
    "",
    "> Be yourself.",
    ">",
    "> — Oscar",
    "",
    "---",
  ];
  assert.equal(render(DOCUMENT, "markdown"), lines.join("\n"));
});

Deno.test("renderedRows() renders HTML", () => {
  assert.equal(
    render(DOCUMENT, "html"),
    "<h2>A &amp; B</h2>" +
      "<p>plain <strong>bold</strong><em><strong> both</strong></em>" +
      '<a href="https://x.y/?a=1&amp;b=2">link</a></p>' +
      "<ul><li><p>one</p></li><li><p>two</p></li></ul>" +
      '<pre data-language="js"><code>a &lt; b</code></pre>' +
      "<blockquote><p>Be yourself.</p><footer>Oscar</footer></blockquote><hr>",
  );
});

Deno.test("renderedRows() writes all marks, also those that a project added", () => {
  const marks = ["underline", "strikethrough", "highlight", "code", "my onclick=mark"];
  const document = dast(paragraph(...marks.flatMap((mark) => [span(mark, mark), " "]), "end"));
  assert.equal(
    render(document, "text"),
    "underline strikethrough highlight code my onclick=mark end",
  );
  assert.equal(
    render(document, "markdown"),
    "<u>underline</u> ~~strikethrough~~ ==highlight== `code` my onclick=mark end",
  );
  assert.equal(
    render(document, "html"),
    "<p><u>underline</u> <s>strikethrough</s> <mark>highlight</mark> <code>code</code> " +
      '<span data-mark="my onclick=mark">my onclick=mark</span> end</p>',
  );
});

Deno.test("renderedRows() takes text for text, whatever it looks like", () => {
  const document = dast(
    paragraph("<script>alert('x')</script> *a* _b_ [c](d) `e` ~~f~~ ==g== <block id='1'/>"),
    paragraph("# h"),
    paragraph("1. i\nj\n"),
    { type: "code", language: 'x"><script>', code: "```\n</code>" },
    paragraph(span("", "strong"), span("a", "strong"), span("b\n", "strong"), "c"),
  );
  const markdown = [
    "\\<script>alert('x')\\</script> \\*a\\* \\_b\\_ \\[c]\\(d) \\`e\\` " +
    "\\~\\~f\\~\\~ \\=\\=g\\=\\= \\<block id='1'/>",
    "\\# h",
    "1\\. i\\\nj",
    '````x"><script>\n```\n</code>\n````',
    "**ab**\\\nc",
  ];
  assert.equal(render(document, "markdown"), markdown.join("\n\n"));
  assert.equal(
    render(document, "html"),
    "<p>&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt; *a* _b_ [c](d) `e` ~~f~~ ==g== " +
      "&lt;block id=&#39;1&#39;/&gt;</p><p># h</p><p>1. i<br>j<br></p>" +
      '<pre data-language="x&quot;&gt;&lt;script&gt;"><code>```\n&lt;/code&gt;</code></pre>' +
      "<p><strong></strong><strong>a</strong><strong>b<br></strong>c</p>",
  );
});

Deno.test("renderedRows() escapes a text that looks like HTML that it made before", () => {
  const before = String(render(dast(paragraph(span("x", "strong"))), "html"));
  assert.equal(
    render(dast(paragraph(before)), "html"),
    "<p>&lt;p&gt;&lt;strong&gt;x&lt;/strong&gt;&lt;/p&gt;</p>",
  );
});

Deno.test("renderedRows() leaves blocks and records as placeholders with their ids", () => {
  const document = dast(
    paragraph(
      "a ",
      {
        type: "itemLink",
        item: "r1",
        meta: [{ id: "rel", value: "nofollow" }, { id: "onclick", value: "x" }],
        children: [span("link")],
      },
      { type: "inlineItem", item: "r2" },
      { type: "inlineBlock", item: "b1" },
    ),
    { type: "block", item: 'b"2' },
    // Not extracted: the whole block is still there.
    { type: "block", item: json(item("note", "b3", {})) },
  );
  assert.equal(
    render(document, "text"),
    'a link<inlineItem id="r2"/><inlineBlock id="b1"/>\n<block id="b&quot;2"/>\n<block id="b3"/>',
  );
  assert.equal(
    render(document, "markdown"),
    'a [link](dato:item/r1)<inlineItem id="r2"/><inlineBlock id="b1"/>\n\n' +
      '<block id="b&quot;2"/>\n\n<block id="b3"/>',
  );
  assert.equal(
    render(document, "html"),
    '<p>a <a rel="nofollow" data-item-id="r1">link</a><span data-item-id="r2"></span>' +
      '<span data-block-id="b1"></span></p><div data-block-id="b&quot;2"></div>' +
      '<div data-block-id="b3"></div>',
  );
});

Deno.test("renderedRows() puts the rendered column after the field's, and keeps the document", () => {
  const row = { id: "1", _model: "article", title: "t", body: DOCUMENT, after: null, _extra: null };
  const [rendered] = renderedRows([row], SCHEMA, { as: "html" });
  assert.deepEqual(Object.keys(rendered ?? {}), [
    "id",
    "_model",
    "title",
    "body",
    "body_html",
    "after",
    "_extra",
  ]);
  assert.equal(rendered?.body, DOCUMENT);
  assert.ok(!Object.hasOwn(row, "body_html"));
});

Deno.test("renderedRows() renders a field that is null as null, and an empty one as empty", () => {
  for (const as of ["text", "markdown", "html"] as const) {
    assert.equal(render(null, as), null);
    assert.equal(render(dast(), as), "");
  }
});

Deno.test("renderedRows() finds another name for the rendered column if a field has it", () => {
  const schema = schemaOf({ m: { fields: { a: "structured_text", a_text: "string" } } });
  const row = { _model: "m", a: dast(paragraph("x")), a_text: "y" };
  assert.deepEqual(renderedRows([row], schema, { as: "text" }), [{
    ...row,
    a_text_: "x",
  }]);
});

Deno.test("renderedRows() renders a block's localized field by locale", () => {
  const body = { en: dast(paragraph("Hi")), it: null };
  const row = { _model: "note", _record_id: "1", body };
  assert.deepEqual(renderedRows([row], SCHEMA, { as: "text" }), [{
    ...row,
    body_text: { en: "Hi", it: null },
  }]);
});

Deno.test("renderedRows() keeps a document that can't be rendered, and warns", () => {
  const broken: [Json, string][] = [
    [dast({ type: "hologram" }), `Don't know how to render a node with type "hologram"`],
    [dast(paragraph({ type: "span", value: null })), "a span has no text"],
    [dast({ type: "heading", level: "1 onclick=x", children: [] }), '"h1 onclick=x" is not'],
    [dast({ type: "block" }), "a node refers to nothing"],
    [{ schema: "other", document: {} }, "Passed object is neither null"],
    ["text", "it is not an object"],
    [
      dast(paragraph({ type: "span", value: "x", marks: "strong" })),
      "a span's marks are not a list",
    ],
  ];
  for (const [body, message] of broken) {
    const { all, onWarning } = warnings();
    const row = { id: "7", _model: "article", body };
    const as = "html";
    assert.deepEqual(renderedRows([row], SCHEMA, { as, onWarning }), [{ ...row, body_html: null }]);
    assert.equal(all.length, 1);
    const start = 'unrenderable_structured_text: record "7", column "body": ';
    assert.equal(all[0]?.slice(0, start.length + message.length), start + message);
  }
});

Deno.test("renderedRows() renders a text of very many lines in no time", () => {
  const lines = "a\n".repeat(20_000);
  const document = dast(paragraph(lines, span(lines, "strong")), paragraph("end"));
  const started = performance.now();
  assert.equal(render(document, "text"), `${lines}${lines}\nend`);
  const html = lines.replaceAll("\n", "<br>");
  assert.equal(render(document, "html"), `<p>${html}<strong>${html}</strong></p><p>end</p>`);
  const markdown = "a\\\n".repeat(20_000);
  assert.equal(
    render(document, "markdown"),
    `${markdown}**${markdown.slice(0, -2)}**\n\nend`,
  );
  // By the square of the lines it takes minutes.
  assert.ok(performance.now() - started < 15_000);
});

Deno.test("renderedRows() renders what isn't localized once for all rows of a record", () => {
  const schema = schemaOf({
    m: {
      fields: {
        title: "string localized",
        body: "structured_text",
        by: "structured_text localized",
      },
    },
  });
  const records = ["1", "2"].map((id) =>
    item("m", id, {
      title: { en: "a", it: "b" },
      body: id === "1" ? "broken" : dast(paragraph("fine")),
      by: { en: "broken", it: "broken" },
    })
  );
  const { all, onWarning } = warnings();
  const rows = renderedRows(localeRows(records, schema, { version: "current" }), schema, {
    as: "text",
    onWarning,
  });
  assert.deepEqual(pick(rows, "id", "_locale", "body_text", "by_text"), [
    ["1", "en", null, null],
    ["1", "it", null, null],
    ["2", "en", "fine", null],
    ["2", "it", "fine", null],
  ]);
  assert.deepEqual(all.map((warning) => /record .*?: /.exec(warning)?.[0]), [
    'record "1", column "body": ',
    'record "1", column "by": ',
    'record "1", column "by": ',
    'record "2", column "by": ',
    'record "2", column "by": ',
  ]);
});

Deno.test("renderedRows() renders every document that structured text allows", () => {
  fc.assert(fc.property(anyDast(), (document) => {
    for (const as of ["text", "markdown", "html"] as const) {
      assert.equal(typeof render(document, as), "string");
    }
  }));
});

Deno.test("renderStructuredText() renders page by page", async () => {
  const rows = [{ _model: "article", body: dast(paragraph("x")) }];
  const pages = ReadableStream.from([rows, []]).pipeThrough(
    renderStructuredText(SCHEMA, { as: "text" }),
  );
  assert.deepEqual(await Array.fromAsync(pages), [[{ ...rows[0], body_text: "x" }], []]);
});
