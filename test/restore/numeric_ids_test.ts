import assert from "node:assert/strict";
import { renderRestorePage } from "../../src/cli/report/restore_html.ts";
import { renderRestorePlan, renderRestoreResult } from "../../src/cli/report/restore_text.ts";
import type { Item, Resource } from "../../src/content/resource.ts";
import { applyRestore, planRestore, type RestoreOptions } from "../../src/restore/mod.ts";
import { emptyProject } from "../../src/simulator/empty_project.ts";
import { entityId } from "../../src/simulator/entity_id.ts";
import type { MemoryProject } from "../../src/simulator/memory_project.ts";
import { itemTypeId } from "../../src/simulator/schema_builder.ts";
import type { DemoCma } from "../../src/simulator/server.ts";
import { MemoryStorage } from "../support/memory_storage.ts";
import { exported, restoreOptions, served } from "./frame.ts";
import { compareLinks, everything, idsIn, newId, numericProject } from "./numeric_project.ts";
import { IMPATIENT, taken } from "./restoring.ts";

const OLD = numericProject();
const PROJECT = OLD.project.primary.site.id;

/** Its snapshot, made once. */
const snapshot = once(() => exported(OLD.project));

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => made ??= make();
}

/** Each kind of place in which ids stand. */
const KINDS = [
  "field attributes/appearance/addons/id",
  "field attributes/appearance/editor",
  "field attributes/appeareance/addons/id",
  "field attributes/appeareance/editor",
  "field attributes/validators/item_item_type/item_types",
  "field attributes/validators/items_item_type/item_types",
  "field attributes/validators/rich_text_blocks/item_types",
  "field attributes/validators/single_block_blocks/item_types",
  "field attributes/validators/slug_title_field/title_field_id",
  "field attributes/validators/structured_text_blocks/item_types",
  "field attributes/validators/structured_text_inline_blocks/item_types",
  "field attributes/validators/structured_text_links/item_types",
  "field id",
  "field relationships/fieldset/data/id",
  "field relationships/item_type/data/id",
  "fieldset id",
  "fieldset relationships/item_type/data/id",
  "item attributes/featured",
  "item attributes/keeper",
  "item attributes/locks",
  "item attributes/parent_id",
  "item attributes/section",
  "item attributes/see_also",
  "item attributes/target",
  "item attributes/written_by",
  "item background/upload_id",
  "item button/id",
  "item children/item",
  "item cover/upload_id",
  "item data/id",
  "item en/id",
  "item en/image",
  "item id",
  "item image/upload_id",
  "item it/id",
  "item it/image",
  "item item/id",
  "item passages/id",
  "item photographs/upload_id",
  "item portrait/upload_id",
  "item pt-BR/id",
  "item pt-BR/image",
  "item relationships/item_type/data/id",
  "item sound/upload_id",
  "item steps/id",
  "item tip/id",
  "item_type id",
  "item_type relationships/excerpt_field/data/id",
  "item_type relationships/image_preview_field/data/id",
  "item_type relationships/ordering_field/data/id",
  "item_type relationships/presentation_image_field/data/id",
  "item_type relationships/presentation_title_field/data/id",
  "item_type relationships/singleton_item/data/id",
  "item_type relationships/title_field/data/id",
  "item_type relationships/workflow/data/id",
  "item_type_filter attributes/filter/fields/written_by/eq",
  "item_type_filter id",
  "item_type_filter relationships/item_type/data/id",
  "menu_item id",
  "menu_item relationships/item_type/data/id",
  "menu_item relationships/item_type_filter/data/id",
  "menu_item relationships/parent/data/id",
  "plugin id",
  "schema_menu_item id",
  "schema_menu_item relationships/item_type/data/id",
  "site attributes/favicon",
  "site attributes/global_seo/en/fallback_seo/image",
  "site attributes/global_seo/it/fallback_seo/image",
  "site attributes/global_seo/pt-BR/fallback_seo/image",
  "site attributes/theme/logo",
  "upload id",
  "upload relationships/upload_collection/data/id",
  "upload_collection id",
  "upload_collection relationships/parent/data/id",
  "upload_filter attributes/filter/fields/upload_collection/eq",
  "upload_filter id",
  "workflow id",
];

/** Restores the old project. */
async function restored(
  cma: DemoCma,
  more: Partial<RestoreOptions> = {},
  storage?: MemoryStorage,
) {
  const options = restoreOptions(cma, storage ?? await snapshot());
  const journal = new MemoryStorage();
  await using plan = await planRestore({ ...options, clock: IMPATIENT, journal, ...more });
  return { plan, result: await applyRestore(plan), journal };
}

/** The old project itself, of which nothing is left but what no restore changes. */
function emptied(): MemoryProject {
  const project = emptyProject({ id: PROJECT });
  const { primary } = project;
  const { name, ip_tracking_enabled } = OLD.project.primary.site.attributes;
  const { site } = primary;
  const attributes = { ...site.attributes, name: name!, ip_tracking_enabled: ip_tracking_enabled! };
  primary.setSite({ ...site, attributes });
  return project;
}

/** It is restored as it was. */
const INTO_MAIN = { into: "main", conflicts: "overwrite", publish: "snapshot" } as const;

Deno.test("numeric ids: links of each kind lead to what took their place, and nothing else differs", async () => {
  const target = emptied();
  await using cma = served(target);
  const { plan, result, journal } = await restored(cma, INTO_MAIN);
  assert.deepEqual(result.verification?.differences, []);
  await using source = served(OLD.project);
  const before = await everything(await taken(source, { assets: false }));
  const now = await taken(cma, { assets: false });
  const after = await everything(now);
  const { kinds, wrong } = compareLinks(before, after, { types: OLD.types, project: PROJECT });
  assert.deepEqual(wrong, []);
  assert.deepEqual([...kinds].sort(), KINDS);
  // Were a kind left out, it would be found.
  for (const kind of KINDS) {
    const others = new Map(after);
    putBack(others, before, kind);
    const { wrong } = compareLinks(before, others, { types: OLD.types, project: PROJECT });
    assert.ok(wrong.length > 0, kind);
  }
  // All of them are told.
  const { newIds } = result;
  assert.equal(newIds?.more, 0);
  assert.deepEqual(
    new Map(newIds.ids.map((one) => [one.old, one.new])),
    new Map([...OLD.types].map(([old, type]) => [old, newId(PROJECT, type, old)])),
  );
  const [key] = [...journal.objects.keys()].filter((key) => key.endsWith("/new_ids.ndjson"));
  const lines = new TextDecoder().decode(journal.objects.get(key!)).trimEnd().split("\n");
  assert.deepEqual(lines.map((line) => JSON.parse(line)), newIds.ids);
  const author = OLD.idOf(itemTypeId("author"));
  assert.match(renderRestorePlan(plan), /Ids from before October 2023.* 15 models/);
  assert.match(renderRestoreResult(result), /All of them: .*\/new_ids\.ndjson/);
  assert.match(
    renderRestorePage(result),
    new RegExp(`${author}.*${newId(PROJECT, "item_type", author)}`),
  );
  // Whatever is restored into it again finds it all there: what it was restored from, and what it is now.
  const again = await planned(cma, INTO_MAIN);
  assert.deepEqual(again.writes, []);
  const second = await planned(cma, INTO_MAIN, now.source.storage as MemoryStorage);
  assert.deepEqual([second.writes, second.newIds], [[], null]);
});

async function planned(cma: DemoCma, more: Partial<RestoreOptions>, storage?: MemoryStorage) {
  const options = restoreOptions(cma, storage ?? await snapshot());
  await using plan = await planRestore({ ...options, clock: IMPATIENT, ...more });
  return plan;
}

/** Puts numeric ids back in places of a kind, as if links of this kind were left alone. */
function putBack(
  after: Map<string, Resource>,
  before: ReadonlyMap<string, Resource>,
  kind: string,
): void {
  for (const [key, resource] of before) {
    const old = idsIn(resource, kind).filter((id) => OLD.types.has(id));
    if (old.length === 0) continue;
    const [type = "", id = "", version = ""] = key.split(" ");
    const own = `${type} ${id && newId(PROJECT, type, id)}${version && ` ${version}`}`;
    let text = JSON.stringify(after.get(own));
    for (const each of old) {
      text = text.replaceAll(newId(PROJECT, OLD.types.get(each)!, each), each);
    }
    after.set(own, JSON.parse(text));
    return;
  }
}

Deno.test("numeric ids: a restore that was killed is resumed, and makes nothing twice", async () => {
  for (const maxWrites of [120]) {
    const target = emptyProject({ id: "77001" });
    await using cma = served(target);
    const options = {
      ...restoreOptions(cma, await snapshot()),
      clock: IMPATIENT,
      otherProject: true,
      journal: new MemoryStorage(),
    };
    {
      await using plan = await planRestore(options);
      await assert.rejects(applyRestore(plan, { maxWrites }), /can be resumed/);
    }
    await using plan = await planRestore({ ...options, resume: true });
    const { verification } = await applyRestore(plan);
    assert.deepEqual(verification?.differences, []);
    const records = OLD.project.primary.items.records();
    assert.deepEqual(
      new Set(target.primary.items.records().map(({ current }) => current.id)),
      new Set(records.map(({ current }) => newId(PROJECT, "item", current.id))),
    );
  }
});

Deno.test("numeric ids: what a fork has keeps its number, and what is gone comes back under another id", async () => {
  const { project, idOf } = numericProject();
  const { items } = project.primary;
  const isOf = (model: string) => ({ current }: { current: Item }) =>
    current.relationships.item_type.data.id === idOf(itemTypeId(model));
  const author = items.records().find(isOf("author"))!.current.id;
  items.delete(author);
  await using cma = served(project);
  const { result } = await restored(cma, { into: "new:rescue" });
  assert.deepEqual(result.verification?.differences, []);
  const own = newId(PROJECT, "item", author);
  assert.deepEqual(result.newIds?.ids.map((one) => one.new), [own]);
  const rescue = project.environments.get("rescue")!.items;
  assert.ok(rescue.get(own, "published"));
  const articles = rescue.records().filter(isOf("article"));
  assert.ok(articles.some(({ current }) => current.attributes.written_by === own));
  assert.deepEqual(
    articles.map(({ current }) => current.id),
    OLD.project.primary.items.records().filter(isOf("article")).map(({ current }) => current.id),
  );
});

Deno.test("numeric ids in texts, JSON and what plugins keep are told of, and stay", async () => {
  const { project, idOf } = numericProject();
  const author = mention(project, idOf);
  const storage = await exported(project);
  const target = emptied();
  await using cma = served(target);
  const { result } = await restored(cma, INTO_MAIN, storage);
  assert.deepEqual(result.verification?.differences, []);
  const plugin = newId(PROJECT, "plugin", idOf(entityId("slackwater plugin")));
  const own = newId(PROJECT, "item", author);
  const model = idOf(itemTypeId("article"));
  const mentions = result.newIds!.mentions.map((one) => [one.type, one.id, one.field, one.found]);
  assert.deepEqual(mentions, [
    ["plugin", plugin, "parameters", [model]],
    ["item", own, "biography", [author]],
    ["item", own, "languages", [model]],
  ]);
  const record = target.primary.items.get(own, "current")!;
  assert.match(JSON.stringify(record.attributes.biography), new RegExp(`/items/${author}\\b`));
  assert.match(renderRestoreResult(result), new RegExp(`item author ${own} biography: ${author}`));
});

/** Lets texts mention ids. */
function mention(project: MemoryProject, idOf: (before: string) => string): string {
  const { items, settings } = project.primary;
  const { current } = items.records().find(({ current }) => {
    return current.relationships.item_type.data.id === idOf(itemTypeId("author"));
  })!;
  items.update(current.id, {
    biography: {
      ...current.attributes.biography as object,
      en: `See https://slackwater.example/items/${current.id}, and 12345 others.`,
    },
    languages: JSON.stringify({ model: idOf(itemTypeId("article")), many: 99999 }),
  });
  items.publish(current.id);
  const [plugin] = settings.get("/plugins") as readonly Resource[];
  const parameters = { models: [Number(idOf(itemTypeId("article")))], depth: 3 };
  settings.set("/plugins", [{ ...plugin!, attributes: { ...plugin!.attributes, parameters } }]);
  return current.id;
}
