import assert from "node:assert/strict";
import type { Field, Item, Json, JsonObject, Resource } from "../../../src/content/resource.ts";
import { exportProject, type ExportReport } from "../../../src/export/export.ts";
import type { ExportOptions } from "../../../src/export/options.ts";
import { entityId } from "../../../src/simulator/entity_id.ts";
import { generateProject } from "../../../src/simulator/generated/generated_project.ts";
import { draw, pick } from "../../../src/simulator/generated/random.ts";
import { memoryCopy } from "../../../src/simulator/memory_copy.ts";
import type { MemoryProject } from "../../../src/simulator/memory_project.ts";
import { startDemoCma } from "../../../src/simulator/server.ts";
import { withMeta } from "../../../src/simulator/stored_item.ts";
import { changeValues } from "../../../src/simulator/writes/stored_values.ts";
import { isObject } from "../../../src/text/json.ts";
import { CLOCKS } from "../../support/clocks.ts";
import { Editor } from "../../support/editor.ts";
import { sourceOf } from "../../support/exported.ts";
import { long } from "../../support/long.ts";
import { MemoryStorage } from "../../support/memory_storage.ts";
import { contentOf } from "../../support/snapshot_content.ts";

/** What somebody does to a project beside editing its records; each changes no version of a record. */
const CHANGES: Readonly<Record<string, (project: MemoryProject, drawn: Draw) => void>> = {
  "adds a field": (project, drawn) => addField(project, drawn),
  "removes a field": ({ primary }, drawn) => {
    const field = anyField(primary, drawn);
    changeValues(primary, modelOf(field), ({ [field.attributes.api_key]: _, ...rest }) => rest);
    setFields(primary, primary.fields.filter((one) => one !== field));
  },
  "renames a field": ({ primary }, drawn) => {
    const field = anyField(primary, drawn);
    const { api_key: key } = field.attributes;
    changeValues(primary, modelOf(field), ({ [key]: value, ...rest }) => {
      return { ...rest, [`${key}_2`]: value ?? null };
    });
    replaceField(primary, field, { api_key: `${key}_2` });
  },
  "localizes a field, or not any more": ({ primary }, drawn) => {
    const field = anyField(primary, drawn);
    const { api_key: key, localized } = field.attributes;
    const { locales } = primary.schema;
    changeValues(primary, modelOf(field), (attributes) => {
      const value = attributes[key] ?? null;
      const first = isObject(value) ? value[locales[0]!] ?? null : null;
      return { ...attributes, [key]: localized ? first : { [locales[0]!]: value } };
    });
    replaceField(primary, field, { localized: !localized });
  },
  "adds a locale": ({ primary }) => setLocales(primary, [...primary.schema.locales, "de"]),
  "removes a locale": ({ primary }) => {
    const [first, ...others] = primary.schema.locales;
    for (const { id } of primary.itemTypes) {
      changeValues(primary, id, (attributes) => withoutLocales(attributes, others));
    }
    setLocales(primary, [first!]);
  },
  "changes a role": ({ primary }, drawn) => {
    const roles = (primary.settings.get("/roles") ?? []) as readonly Resource[];
    primary.settings.set(
      "/roles",
      roles.map((role) => ({
        ...role,
        attributes: { ...role.attributes, name: `Role ${drawn()}` },
      })),
    );
  },
  "deletes a record and makes it again": ({ primary: { items } }, drawn) => {
    const record = any(items.records(), drawn);
    const { id } = record.current;
    items.delete(id);
    const meta = { current_version: `again ${drawn()}`, status: "draft" };
    items.put({ current: withMeta(record.current, meta) });
    items.update(id, {});
  },
  "moves records": ({ primary: { items } }, drawn) => {
    for (const { current, published } of items.records().slice(drawn() % 20)) {
      const attributes = { position: drawn() % 100 };
      const moved = (item: Item): Item => ({
        ...item,
        attributes: { ...item.attributes, ...attributes },
      });
      const next = moved(current);
      items.put({ current: next, published: published && moved(published) });
    }
  },
  "changes what is said of records": ({ primary: { items } }, drawn) => {
    for (const { current, published } of items.records().slice(drawn() % 30)) {
      const meta = { stage: `stage ${drawn() % 3}`, is_valid: drawn() % 2 === 0 };
      const next = withMeta(current, meta);
      items.put({
        current: next,
        published: published === current ? next : published && withMeta(published, meta),
      });
    }
  },
  "schedules records": ({ primary: { items } }, drawn) => {
    for (let n = 0; n < 3; n++) {
      items.schedule(any(items.records(), drawn).current.id, {
        publishAt: `2030-01-0${1 + drawn() % 9}T00:00:00.000+00:00`,
      });
    }
  },
  "changes texts in blocks alone": ({ primary: { items } }, drawn) => {
    // Their rows tell of nothing but another version.
    for (const { current, published } of items.records().slice(drawn() % 40)) {
      const text = JSON.stringify(current.attributes);
      const attributes = JSON.parse(text.replaceAll(/"(label|text)":"\w/g, `"$1":"${drawn() % 9}`));
      const next = withMeta({ ...current, attributes }, { current_version: `v${drawn()}` });
      items.put({
        current: next,
        published: current.meta?.status === "published" ? next : published,
      });
    }
  },
};

type Draw = () => number;
type Environment = MemoryProject["primary"];

function any<T>(values: readonly T[], drawn: Draw): T {
  return pick(values, drawn());
}

/** Mostly one of blocks: what becomes of these, no row tells. */
function anyField({ fields, schema }: Environment, drawn: Draw): Field {
  const ofBlocks = fields.filter((field) => {
    return schema.itemType(modelOf(field))?.attributes.modular_block;
  });
  return any(drawn() % 4 > 0 && ofBlocks.length > 0 ? ofBlocks : fields, drawn);
}

function modelOf({ relationships }: Field): string {
  return relationships.item_type.data.id;
}

function addField({ primary }: MemoryProject, drawn: Draw): void {
  const like = anyField(primary, drawn);
  const id = entityId(`field ${drawn()}`);
  const key = `new_${drawn()}`;
  changeValues(primary, modelOf(like), (attributes) => ({ ...attributes, [key]: null }));
  const attributes = {
    ...like.attributes,
    api_key: key,
    field_type: "string",
    localized: false,
    validators: {},
  };
  setFields(primary, [...primary.fields, { ...like, id, attributes }]);
}

/** Models name their fields, too. */
function setFields(primary: Environment, fields: readonly Field[]): void {
  const itemTypes = primary.itemTypes.map((one) => {
    const own = fields.filter((field) => modelOf(field) === one.id);
    const data = own.map(({ id }) => ({ id, type: "field" }));
    return { ...one, relationships: { ...one.relationships, fields: { data } } };
  });
  primary.setSchema({ fields, itemTypes });
}

function replaceField(primary: Environment, field: Field, changed: JsonObject): void {
  const attributes = { ...field.attributes, ...changed };
  primary.setSchema({
    fields: primary.fields.map((one) => one === field ? { ...one, attributes } : one),
  });
}

function setLocales(primary: Environment, locales: readonly string[]): void {
  const { site } = primary;
  const all = [...new Set(locales)];
  primary.setSite({ ...site, attributes: { ...site.attributes, locales: all } });
}

function withoutLocales(attributes: JsonObject, gone: readonly string[]): JsonObject {
  const entries = Object.entries(attributes).map(([key, value]): [string, Json] => {
    if (!isObject(value) || !gone.some((locale) => Object.hasOwn(value, locale))) {
      return [key, value];
    }
    const rest = Object.entries(value).filter(([locale]) => !gone.includes(locale));
    return [key, Object.fromEntries(rest)];
  });
  return Object.fromEntries(entries);
}

/** What a snapshot holds of records, models, the project and its settings, as it is written. */
async function textsOf(storage: MemoryStorage, { snapshot }: ExportReport) {
  const { listings, files } = await contentOf(storage, snapshot);
  const lines = Object.entries(listings).filter(([folder]) => folder.startsWith("records/"))
    .map(([folder, entries]) => [folder, entries.map((entry) => JSON.stringify(entry))]);
  const others = Object.entries(files).filter(([path]) => {
    return /^(models|settings)\//.test(path) || path === "site.json" || path.endsWith("s.json");
  });
  return { records: Object.fromEntries(lines), files: Object.fromEntries(others) };
}

/** Both versions of each record as they are, by id: to count what changed. */
function versionsOf({ primary: { items } }: MemoryProject): ReadonlyMap<string, string> {
  return new Map(
    items.records().flatMap(({ current, published }) => [
      [`current ${current.id}`, JSON.stringify(current)] as const,
      ...published && published !== current
        ? [[`published ${current.id}`, JSON.stringify([current.meta, published])] as const]
        : [],
    ]),
  );
}

const GENERATED = [1, 2].map((seed) =>
  memoryCopy(generateProject({ records: 48, uploads: 2, blocksPerRecord: 4, seed }))
);
const JUMPS = "a clock that jumps between edits and exports";
const HOUR = 60 * 60_000;
const NAMES = Object.keys(CHANGES);

for (let seed = 0; seed < long(200, 4); seed++) {
  // What was edited just before an export is read again, unless the project's clock says otherwise.
  const clock = seed % 4 === 3 ? pick(Object.keys(CLOCKS), draw(seed, 0)) : JUMPS;
  Deno.test(`exports with since equal full ones after whatever was done between them, seed ${seed}, ${clock}`, async () => {
    let count = 0;
    const drawn = () => draw(seed, ++count);
    // With every other seed, all that is done at once has the same time.
    let now = Date.now() - 10 * HOUR;
    const jumping = () => new Date(now += seed % 2);
    const project = memoryCopy(pick(GENERATED, drawn()), { clock: CLOCKS[clock] ?? jumping });
    await using cma = startDemoCma({ project, rateLimit: false });
    const [storage, apart] = [new MemoryStorage(), new MemoryStorage()];
    const run = async (options: Partial<ExportOptions>) => {
      cma.log.clear();
      const how = { ...sourceOf(cma), storage, assets: false, tables: false };
      const report = await exportProject({ ...how, ...options });
      const requests = cma.log.requests.filter(({ path }) => {
        return path.startsWith("/items?") && !path.includes("scheduled_at");
      });
      return { report, requests: requests.length };
    };
    await run({});
    for (let step = 0; step < 3; step++) {
      const before = versionsOf(project);
      const fields = JSON.stringify([project.primary.fields, project.primary.schema.locales]);
      const name = NAMES[(seed * 3 + step) % NAMES.length]!;
      const editor = new Editor(project, { seed: drawn(), mix: { redate: 2 } });
      const isFirst = drawn() % 2 === 0;
      if (isFirst) CHANGES[name]!(project, drawn);
      editor.edit(drawn() % 25);
      if (!isFirst) CHANGES[name]!(project, drawn);
      now += HOUR;
      const { report, requests } = await run({ since: "last" });
      const full = await run({ storage: apart });
      const about = `${name}, step ${step}`;
      assert.deepEqual(
        await textsOf(storage, report),
        await textsOf(apart, full.report),
        about,
      );
      assert.equal(report.manifest.sinceFull, step + 1);
      assert.equal(report.manifest.status, "complete");
      assert.deepEqual(report.manifest.findings, full.report.manifest.findings, about);
      // Records of models that look otherwise now are read, and so is what was edited just now.
      const after = [...versionsOf(project)];
      const isSame = fields ===
        JSON.stringify([project.primary.fields, project.primary.schema.locales]);
      if (!isSame || clock !== JUMPS) continue;
      const changed = after.filter(([key, text]) => before.get(key) !== text).length;
      const most = after.length / 500 + changed / 30 + 10;
      assert.ok(requests <= most, `${about}: ${requests} requests, not ${most}`);
    }
  });
}
