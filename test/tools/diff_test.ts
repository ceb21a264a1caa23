import assert from "node:assert/strict";
import type { Item, Json, JsonObject } from "../../src/content/resource.ts";
import { itemId } from "../../src/demo/sample/ids.ts";
import { sampleProject } from "../../src/demo/sample/sample_project.ts";
import { SluiceError } from "../../src/error.ts";
import type { ExportOptions } from "../../src/export/options.ts";
import { draw } from "../../src/simulator/generated/random.ts";
import { generateProject } from "../../src/simulator/generated/generated_project.ts";
import { memoryCopy } from "../../src/simulator/memory_copy.ts";
import type { MemoryContent } from "../../src/simulator/memory_environment.ts";
import { MemoryProject } from "../../src/simulator/memory_project.ts";
import { fieldId, itemTypeId } from "../../src/simulator/schema_builder.ts";
import { type Change, type DiffOptions, diffSnapshots } from "../../src/tools/diff.ts";
import { compareListings } from "../../src/tools/diff/compare_listings.ts";
import type { DiffSide } from "../../src/tools/diff/diff_side.ts";
import { openSnapshot } from "../../src/tools/open.ts";
import { listSnapshots } from "../../src/tools/list.ts";
import { copyOf, forge, prefixIn } from "../support/damage.ts";
import { Editor } from "../support/editor.ts";
import { workbench } from "../support/exported.ts";
import { long } from "../support/long.ts";
import { MemoryStorage } from "../support/memory_storage.ts";

/** A storage with a snapshot of a project. */
async function snapshotOf(
  project: MemoryProject,
  options: Partial<ExportOptions> = {},
): Promise<MemoryStorage> {
  const storage = new MemoryStorage();
  await using bench = await workbench({ project });
  await bench.export({ storage, assets: false, tables: false, ...options });
  return storage;
}

async function diff(
  before: MemoryStorage,
  after: MemoryStorage,
  options?: DiffOptions,
): Promise<Change[]> {
  const [a, b] = [before, after].map((storage) => ({ storage, snapshot: "latest" }));
  return (await Array.fromAsync(diffSnapshots(a!, b!, options))).flat();
}

/** What is at a path within a value. */
function at(value: unknown, ...path: readonly (string | number)[]): JsonObject {
  return path.reduce((value, key) => (value as Record<string, unknown>)[key], value) as JsonObject;
}

/** What differs, a line each. */
function linesOf(changes: readonly Change[]): string[] {
  return changes.flatMap((change) => {
    const of = change.kind === "record"
      ? change.model
      : change.kind === "schema"
      ? change.type
      : "";
    const head = `${change.kind} ${of} ${change.id} ${change.change}`;
    const more = change.kind === "record"
      ? [
        ...change.status ? [`status ${change.status.before} → ${change.status.after}`] : [],
        ...change.published ? [`published ${change.published}`] : [],
      ]
      : [];
    const fields = change.fields.map(({ path, locale, change: what, before, after, ...rest }) => {
      const versions = "versions" in rest ? ` (${rest.versions})` : "";
      const values = [before, after].map((value) => JSON.stringify(value)).join(" → ");
      return `  ${what} ${path}${locale === null ? "" : ` [${locale}]`}${versions}: ${values}`;
    });
    const isWhole = change.change === "added" || change.change === "removed";
    return [[head, ...more].join(", "), ...isWhole ? [] : fields];
  });
}

/** A project with another schema, and the same content. */
function revisedSchema(
  project: MemoryProject,
  edit: (
    schema: Pick<MemoryProject["primary"], "itemTypes" | "fields" | "fieldsets">,
  ) => Partial<MemoryContent>,
): MemoryProject {
  const { resource, site, itemTypes, fields, fieldsets, settings, items, uploads } =
    project.primary;
  const content = {
    resource,
    site,
    itemTypes,
    fields,
    fieldsets,
    settings,
    records: items.records(),
    uploads: uploads.uploads(),
  };
  return new MemoryProject([{ ...content, ...edit(content) }], new Map());
}

/** The records of a storage's only snapshot in another order, with a manifest that says so. */
function shuffled(storage: MemoryStorage, draw: () => number): MemoryStorage {
  const copy = new MemoryStorage();
  for (const [key, bytes] of storage.objects) copy.objects.set(key, bytes);
  for (const key of storage.objects.keys()) {
    const [, prefix, path] = /^(.*\/snapshot_\d+)\/((?:records|uploads)\/.*\.ndjson)$/.exec(key) ??
      [];
    if (path === undefined) continue;
    const lines = storage.text(key)!.trimEnd().split("\n").map((line) => ({ line, at: draw() }));
    lines.sort((a, b) => a.at - b.at);
    forge(copy, prefix!, path, lines.map(({ line }) => `${line}\n`).join(""));
  }
  return copy;
}

/** A node of a structured text. */
interface Node_ {
  value?: string;
  item?: unknown;
  children?: Node_[];
}

const CANDLE = itemId("article-candle");
const blockId = (value: unknown) => (value as { id: string }).id;
/** A snapshot of the sample project. */
let plain: Promise<MemoryStorage> | undefined;

function plainSnapshot(): Promise<MemoryStorage> {
  return plain ??= snapshotOf(sampleProject());
}

Deno.test("diffSnapshots() finds nothing between two exports of an unchanged project", async () => {
  const project = sampleProject();
  const once = await plainSnapshot();
  const again = await snapshotOf(project, { layout: "enterprise" });
  assert.deepEqual(await diff(once, again), []);
  let drawn = 0;
  for (let seed = 1; seed <= 3; seed++) {
    const next = () => draw(seed, drawn++);
    assert.deepEqual(await diff(once, shuffled(once, next)), []);
  }
  // Saved again without a change.
  for (const { current } of project.primary.items.records()) {
    project.primary.items.update(current.id, {});
    project.primary.items.publish(current.id);
  }
  for (const { id } of project.primary.uploads.uploads()) project.primary.uploads.update(id, {});
  const saved = await diff(once, await snapshotOf(project));
  // What was a draft is published.
  assert.ok(saved.every((change) => change.kind === "record" && change.status !== null));
  assert.ok(!saved.some(({ id }) => id === CANDLE));
});

Deno.test("diffSnapshots() reports exactly what was edited: records, locales, blocks, texts, uploads", async () => {
  const project = sampleProject();
  const { items, uploads } = project.primary;
  const candle = items.get(CANDLE, "current")!.attributes;
  const body = structuredClone(candle.body) as unknown as {
    en: { document: { children: Node_[] } };
  };
  const { children } = body.en.document;
  const [window, , boat, quote, ring] = children;
  // A text is edited within a paragraph, a heading goes, a quotation moves to the end, and says more.
  window!.children![0]!.value = "There has been a light.";
  const said = quote!.item as unknown as { attributes: JsonObject };
  said.attributes.who = "Ada";
  body.en.document.children = [window!, boat!, ring!, quote!];
  items.update(CANDLE, {
    title: { ...candle.title as JsonObject, it: "Vent'anni" },
    minutes: 5,
    body: body as unknown as Json,
  });
  const lock = items.get(itemId("candle"), "current")!.attributes;
  const [passage, picture] = structuredClone(lock.passages) as unknown as Item[];
  const added = { ...picture!, id: "AAAAAAAAAAAAAAAAAAAAAA" };
  picture!.attributes.caption = "The gates.";
  items.update(itemId("candle"), { passages: [picture, passage, added] as unknown as Json });
  const moon = structuredClone(items.get(itemId("moon"), "current")!.attributes.passages)!;
  const tip = at(moon, 0, "attributes", "steps", 1, "attributes", "tip");
  const [said_, measured] = [0, 1].map((i) => {
    return at(tip, "attributes", "text", "document", "children", 0, "children", i);
  });
  said_!.value = "It rises ";
  at(measured, "item", "attributes").value = 7.2;
  const steps = at(moon, 0, "attributes").steps as Json[];
  steps.reverse();
  items.update(itemId("moon"), { passages: moon });
  items.delete(itemId("article-soup"));
  const created = items.create(itemTypeId("lock"), { name: { en: "New lock" }, rise: 3 });
  items.unpublish(itemId("article-gates"));
  const [one, two, three] = uploads.uploads();
  uploads.update(one!.id, { notes: "Seen" });
  project.replaceFile(two!.id, {
    filename: "other.txt",
    bytes: new TextEncoder().encode("other"),
    mimeType: "text/plain",
  });
  project.deleteUpload(three!.id);
  const upload = project.addUpload({
    filename: "new.txt",
    bytes: new TextEncoder().encode("new"),
    mimeType: "text/plain",
  });

  const changes = await diff(await plainSnapshot(), await snapshotOf(project));
  const names = Object.entries({
    candle: CANDLE,
    "candle lock": itemId("candle"),
    gates: itemId("article-gates"),
    moon: itemId("moon"),
    soup: itemId("article-soup"),
    created: created.id,
    one: one!.id,
    two: two!.id,
    three: three!.id,
    uploaded: upload.id,
    quote: blockId(quote!.item),
    picture: picture!.id,
    added: added.id,
    passage: blockId(at(moon, 0)),
    step: blockId(steps[0]),
    tip: blockId(tip),
    measured: blockId(at(measured, "item")),
  });
  const lines = linesOf(changes).map((line) => {
    const named = names.reduce((line, [name, id]) => line.replaceAll(id, name), line);
    return named.length > 100 ? `${named.slice(0, 100)}…` : named;
  });
  assert.deepEqual(
    lines.toSorted(),
    [
      "record article gates changed, status updated → draft, published removed",
      "record article soup removed, status published → null, published removed",
      "record article candle changed, status published → updated",
      `  changed title [it] (current): "Diciannove anni alla Chiusa della Candela" → "Vent'anni"`,
      '  changed body/quote/who [en] (current): "Ada Wren" → "Ada"',
      '  moved body/quote [en] (current): "document/children/3" → "document/children/3"',
      '  changed body/document/children/0/children/0/value [en] (current): "The window over the lower gates…',
      '  removed body/document/children/1 [en] (current): {"type":"heading","level":2,"children":[{"type":"…',
      "  changed minutes (current): 4 → 5",
      "record lock created added, status null → draft",
      "record lock candle lock changed",
      '  changed passages/picture/caption (current): "The lower gates. The candle is the small window on th…',
      "  moved passages/picture (current): 1 → 0",
      '  added passages/added (current): null → {"id":"added","type":"item","attributes":{"image":{"alt":"T…',
      "record lock moon changed, status published → updated",
      "  changed passages/passage/steps/step/tip/tip/text/measured/value (current): 7.1 → 7.2",
      '  changed passages/passage/steps/step/tip/tip/text/document/children/0/children/0/value (current): "…',
      "  moved passages/passage/steps/step (current): 1 → 0",
      "asset  three removed",
      "asset  one changed",
      '  added notes: null → "Seen"',
      "asset  two replaced",
      "  changed size: 361 → 5",
      "  removed width: 240 → null",
      "  removed height: 60 → null",
      ...lines.filter((line) =>
        line.startsWith('  changed path: "/48213/1738395000-slackwater.svg" → ')
      ),
      '  changed format: "svg" → "txt"',
      "  changed is_image: true → false",
      '  changed filename: "slackwater.svg" → "other.txt"',
      '  changed basename: "slackwater" → "other"',
      '  changed mime_type: "image/svg+xml" → "text/plain"',
      '  changed md5: "9952b4d9ccf3d41b1f3e888519bfbc67" → "795f3202b17cb6bc3d4b771d8c6c9eaf"',
      "asset  uploaded added",
    ].toSorted(),
  );
  // Records model by model, then assets.
  assert.ok(
    changes.findLastIndex(({ kind }) => kind === "record") <
      changes.findIndex(({ kind }) => kind === "asset"),
  );
  const added_ = changes.find(({ id }) => id === created.id)!;
  assert.deepEqual(added_.fields.map(({ path, locale, after }) => [path, locale, after]), [
    ["name", "en", "New lock"],
    ["rise", null, 3],
  ]);
});

Deno.test("diffSnapshots() compares models, fields and settings, and follows a field that is renamed", async () => {
  const project = sampleProject();
  const { settings, site } = project.primary;
  settings.set("/webhooks", []);
  const renamed = revisedSchema(project, ({ fields, itemTypes, fieldsets }) => ({
    site: { ...site, attributes: { ...site.attributes, name: "Backwater" } },
    itemTypes: itemTypes.map((type) => {
      if (type.id !== itemTypeId("lock")) return type;
      return { ...type, attributes: { ...type.attributes, name: "Lock!" } };
    }),
    fieldsets: fieldsets.slice(1),
    fields: fields.map((field) => {
      if (field.id !== fieldId("lock", "river")) return field;
      return { ...field, attributes: { ...field.attributes, api_key: "stream" } };
    }),
  }));
  for (const { current } of renamed.primary.items.records()) {
    if (current.relationships.item_type.data.id !== itemTypeId("lock")) continue;
    const { river } = current.attributes;
    delete current.attributes.river;
    current.attributes.stream = river!;
  }
  const after = await snapshotOf(renamed);
  const changes = await diff(await plainSnapshot(), after);
  const records = changes.filter(({ kind }) => kind === "record");
  // In published versions the field has its old name still: they were not renamed here.
  assert.ok(
    records.every(({ fields }) =>
      fields.every(({ path }) => path === "stream" || path === "river")
    ),
  );
  assert.deepEqual(linesOf(changes), [
    "schema site 48213 changed",
    '  changed name: "Slackwater" → "Backwater"',
    "schema environment spring-issue removed",
    "schema webhook 711 removed",
    "schema fieldset Z-8udJdHSZK6WqZ_lxGewg removed",
    `schema model ${itemTypeId("lock")} changed`,
    '  changed name: "Lock" → "Lock!"',
    `schema field ${fieldId("lock", "river")} changed`,
    '  changed api_key: "river" → "stream"',
    `record lock ${itemId("candle")} changed, published changed`,
    '  removed stream (published): "Wend" → null',
  ]);
  const ofModels = await diff(await plainSnapshot(), after, { models: ["lock"] });
  assert.deepEqual(linesOf(ofModels), linesOf(changes).slice(5));
  assert.deepEqual(await diff(await plainSnapshot(), after, { models: ["author", "tip"] }), []);
});

Deno.test("diffSnapshots() believes no claim, and says what it can't compare", async () => {
  const [plain, project] = [await plainSnapshot(), sampleProject()];
  const fails = async (after: MemoryStorage, expected: RegExp, options?: DiffOptions) => {
    await assert.rejects(diff(plain, after, options), (error) => {
      assert.ok(error instanceof SluiceError);
      assert.match(error.message, expected);
      return true;
    });
  };
  // Sizes and claims are equal, bytes aren't.
  for (const path of ["records/lock/published/batch_000.ndjson", "site.json", "models/lock.json"]) {
    const damaged = await copyOf(plain);
    const key = `${prefixIn(plain)}/${path}`;
    damaged.objects.set(key, new TextEncoder().encode(plain.text(key)!.replace("lock", "lick")));
    await fails(damaged, new RegExp(`${path} isn't what was exported: verify the snapshot`));
  }
  const lacking = await copyOf(plain);
  lacking.objects.delete(`${prefixIn(plain)}/uploads/batch_000.ndjson`);
  await fails(lacking, /can't be read as a snapshot: No content/);
  // Without it, it would pass for a Project Export, and nothing be compared with anything.
  const unlisted = await copyOf(plain);
  unlisted.objects.delete(`${prefixIn(plain)}/manifest.json`);
  await fails(unlisted, /can't be read as a snapshot: .*manifest.json isn't there/);
  await assert.rejects(openSnapshot(unlisted, "latest"), /manifest.json isn't there/);
  await fails(plain, /has a model "artikle": the nearest is article/, { models: ["artikle"] });
  await fails(await snapshotOf(project, { tables: "only" }), /was exported as tables only/);
  await fails(new MemoryStorage(), /There are no snapshots/);

  const part = await snapshotOf(project, {
    models: ["lock"],
    published: false,
    exclude: ["uploads", "webhooks"],
  });
  const notes: string[] = [];
  assert.deepEqual(await diff(plain, part, { onNote: (note) => notes.push(note) }), []);
  const name = (await Array.fromAsync(listSnapshots(part))).flat()[0]!.name;
  assert.deepEqual(notes.filter((note) => / lock|webhooks|schedules|Uploads/.test(note)), [
    `The published versions of lock aren't in ${name}: they weren't compared.`,
    `Uploads aren't in ${name}: they weren't compared.`,
    "The schedules are of other models: they weren't compared.",
    `The webhooks aren't in ${name}: they weren't compared.`,
  ]);
  assert.ok(
    notes.includes(`The current versions of article aren't in ${name}: they weren't compared.`),
  );

  const abort = new AbortController();
  const onProgress = () => abort.abort(new Error("Enough"));
  await assert.rejects(diff(plain, plain, { onProgress, signal: abort.signal }), /Enough/);
});

Deno.test("diffSnapshots() compares Project Exports of DatoCMS, which have no manifest", async () => {
  const project = sampleProject();
  project.primary.items.update(itemId("candle"), { river: "Wend, upper" });
  const ours = await plainSnapshot();
  const theirs = await snapshotOf(project, { layout: "enterprise" });
  const prefix = prefixIn(theirs);
  const kept = /\/(?:canary\.txt|site\.json|(?:models|records|uploads|workflows|plugins)\/.*)$/;
  for (const key of theirs.objects.keys()) if (!kept.test(key)) theirs.objects.delete(key);
  assert.ok(theirs.objects.has(`${prefix}/records/lock/current/batch_000.json`));
  const lines = [
    `record lock ${itemId("candle")} changed`,
    '  changed river (current): "Wend" → "Wend, upper"',
  ];
  assert.deepEqual(linesOf(await diff(ours, theirs)), lines);
  assert.deepEqual(linesOf(await diff(theirs, theirs)), []);
  assert.equal(linesOf(await diff(theirs, ours)).length, 2);
});

Deno.test("diffSnapshots() finds what any edits have done, whatever the order, and with little waiting", async () => {
  const seeds = long(30, 2);
  for (let seed = 1; seed <= seeds; seed++) {
    const project = memoryCopy(generateProject({ records: long(400, 60), seed }));
    const before = new Map(project.primary.items.records().map((one) => [one.current.id, one]));
    const uploads = new Map(project.primary.uploads.uploads().map((one) => [one.id, one]));
    const earlier = await snapshotOf(project);
    new Editor(project, { seed }).edit(40);
    const after = new Map(project.primary.items.records().map((one) => [one.current.id, one]));
    const expected: string[] = [];
    for (const id of new Set([...before.keys(), ...after.keys()])) {
      const [a, b] = [before.get(id), after.get(id)];
      const change = a === undefined ? "added" : b === undefined ? "removed" : "changed";
      const texts = [a, b].map((one) => JSON.stringify([of(one?.current), of(one?.published)]));
      const statuses = [a, b].map((one) => one?.current.meta?.status ?? null);
      if (texts[0] === texts[1] && statuses[0] === statuses[1]) continue;
      expected.push(`${id} ${change} ${statuses.join(" ")}`);
    }
    const now = new Map(project.primary.uploads.uploads().map((one) => [one.id, one]));
    for (const id of new Set([...uploads.keys(), ...now.keys()])) {
      const [a, b] = [uploads.get(id)?.attributes, now.get(id)?.attributes];
      const told = [a, b].map((one) => JSON.stringify([one?.notes, one?.author, one?.md5]));
      if (a && b && told[0] === told[1]) continue;
      const change = a === undefined ? "added" : b === undefined ? "removed" : "changed";
      expected.push(`${id} ${a && b && a.md5 !== b.md5 ? "replaced" : change}`);
    }
    let drawn = 0;
    const later = shuffled(await snapshotOf(project), () => draw(seed, drawn++));
    const changes = await diff(earlier, later);
    const found = changes.flatMap((change) => {
      if (change.kind === "schema") return [change.name];
      if (change.kind === "asset") return [`${change.id} ${change.change}`];
      const { status, id } = change;
      const same = before.get(id)?.current.meta?.status;
      const text = status === null ? `${same} ${same}` : `${status.before} ${status.after}`;
      return [`${id} ${change.change} ${text}`];
    });
    const text = (line: string) => line.replaceAll("null", "");
    assert.deepEqual(found.map(text).sort(), expected.map(text).sort(), `seed ${seed}`);
  }

  /** What counts of a record. */
  function of(record: Item | undefined): unknown {
    if (record === undefined) return undefined;
    const { updated_at: _, created_at: __, ...attributes } = record.attributes;
    return [attributes, record.meta?.created_at === undefined ? null : record.relationships];
  }
});

Deno.test("compareListings() reads again what waits too long for its counterpart", async () => {
  const count = 500;
  const ids = Array.from({ length: count }, (_, i) => `id${i}`);
  let reads = 0;
  const side = (entry: (id: string) => unknown, order: readonly string[]): DiffSide => ({
    expect() {},
    async *entries() {
      reads++;
      for (let i = 0; i < count; i += 100) {
        yield await Promise.resolve(order.slice(i, i + 100).map(entry));
      }
    },
  } as unknown as DiffSide);
  const text = "x".repeat(1000);
  for (const [most, passes] of [[1e9, 1], [100_000, 8]] as const) {
    reads = 0;
    const pairs = compareListings({
      before: side((id) => ({ id, attributes: { text: `a${text}` } }), ids),
      after: side((id) => ({ id, attributes: { text: `b${text}` } }), ids.toReversed()),
      listings: [{ before: ["one"], after: ["one"] }],
      textOf: (entry) => JSON.stringify(entry),
      signal: new AbortController().signal,
    }, most);
    const found = await Array.fromAsync(pairs);
    assert.deepEqual(found.map(({ id }) => id).sort(), ids.toSorted());
    for (const { before, after } of found) assert.ok(before[0] && after[0]);
    assert.ok(reads <= 2 + 2 * passes && (passes === 1 || reads > 4), `${reads} reads`);
  }
});
