import type { JsonObject } from "../../src/content/resource.ts";
import { applyRestore, planRestore, type RestoreResult } from "../../src/restore/mod.ts";
import type { RestoreOptions } from "../../src/restore/mod.ts";
import { emptyProject } from "../../src/simulator/empty_project.ts";
import { entityId } from "../../src/simulator/entity_id.ts";
import type { MemoryEnvironment } from "../../src/simulator/memory_environment.ts";
import type { MemoryProject } from "../../src/simulator/memory_project.ts";
import type { ModelSketch } from "../../src/simulator/schema_builder.ts";
import type { DemoCma } from "../../src/simulator/server.ts";
import { madeBlock, RecordMaker } from "../support/made_records.ts";
import type { MemoryStorage } from "../support/memory_storage.ts";
import { restoreOptions } from "./frame.ts";
import { IMPATIENT } from "./restoring.ts";

const drafts = { draft_mode_active: true };
const takes = (name: string, ...models: string[]): JsonObject => ({
  [name]: { item_types: models },
});

const MODELS: Readonly<Record<string, ModelSketch>> = {
  story: {
    name: "Story",
    attributes: { ...drafts, sortable: true },
    fields: {
      title: { type: "string", localized: true },
      teaser: { type: "text", localized: true },
      slug: { type: "string", validators: { unique: {} } },
      photo: { type: "file" },
      author: { type: "link", validators: takes("item_item_type", "author") },
      related: { type: "links", validators: takes("items_item_type", "story") },
      body: {
        type: "structured_text",
        validators: {
          ...takes("structured_text_blocks", "card"),
          ...takes("structured_text_links", "story", "author"),
        },
      },
      cards: { type: "rich_text", localized: true, validators: takes("rich_text_blocks", "card") },
    },
  },
  author: {
    name: "Author",
    attributes: drafts,
    fields: {
      name: { type: "string" },
      city: { type: "link", validators: takes("item_item_type", "city") },
      picture: { type: "file" },
    },
  },
  city: { name: "City", fields: { name: { type: "string" } } },
  chapter: {
    name: "Chapter",
    attributes: { ...drafts, tree: true },
    fields: { name: { type: "string" } },
  },
  front: {
    name: "Front page",
    attributes: { singleton: true },
    singletonItem: entityId("front"),
    fields: { top: { type: "link", validators: takes("item_item_type", "story") } },
  },
  card: {
    name: "Card",
    attributes: { modular_block: true },
    fields: {
      text: { type: "string" },
      to: { type: "link", validators: takes("item_item_type", "story") },
    },
  },
};

/** Links to stories and authors, in a text. */
function text(...links: string[]): JsonObject {
  const children = links.flatMap((item) => [
    { type: "span", value: "See " },
    { type: "itemLink", item, children: [{ type: "span", value: "this" }] },
    { type: "inlineItem", item },
  ]);
  return {
    schema: "dast",
    document: {
      type: "root",
      children: [{ type: "paragraph", children: [...children, { type: "span", value: "." }] }],
    },
  };
}

/**
 * A small magazine: stories in an order that editors decide on, with authors, who live in cities, pictures, chapters
 * in a tree, and a front page.
 *
 * @param others How many stories there are besides that link to the second one, in each way that there is.
 */
export function magazine(others = 0): MemoryProject {
  const project = emptyProject({ id: "48213", locales: ["en", "it"], models: MODELS });
  const creator = { data: { id: "80001", type: "access_token" } };
  const uploads = ["story", "author", "other"].map((name) => {
    const bytes = new TextEncoder().encode(`The picture ${name}`);
    const upload = project.addUpload({ filename: `${name}.txt`, mimeType: "text/plain", bytes });
    project.primary.uploads.delete(upload.id);
    project.primary.uploads.add({ ...upload, relationships: { ...upload.relationships, creator } });
    return upload.id;
  });
  const maker = new RecordMaker(project);
  const file = (id: string) => ({
    upload_id: id,
    alt: null,
    title: null,
    custom_data: {},
    focal_point: null,
  });
  const city = maker.put("city", "city", { name: "Delft" }, true);
  const author = maker.put(
    "author",
    "author",
    { name: "Ida", city, picture: file(uploads[1]!) },
    true,
  );
  const other = maker.put(
    "author",
    "other author",
    { name: "Bo", city: null, picture: null },
    true,
  );
  const story = (n: number, more: JsonObject = {}): JsonObject => ({
    title: { en: `Story ${n}`, it: `Storia ${n}` },
    teaser: { en: `About ${n}`, it: `Su ${n}` },
    slug: `story-${n}`,
    photo: null,
    author: other,
    related: [],
    body: null,
    cards: { en: [], it: [] },
    position: n,
    ...more,
  });
  const id = (n: number) => entityId(`story ${n}`);
  maker.put("story", "story 1", story(1), true);
  maker.put(
    "story",
    "story 2",
    story(2, { photo: file(uploads[0]!), author, body: text(id(1)) }),
    true,
  );
  maker.put(
    "story",
    "story 3",
    story(3, {
      related: [id(1), id(2), id(4)],
      body: text(id(2), author),
      cards: {
        en: [madeBlock("card", "card 3 en", { text: "More", to: id(2) })],
        it: [madeBlock("card", "card 3 it", { text: "Ancora", to: null })],
      },
    }),
    true,
  );
  maker.put(
    "story",
    "story 4",
    story(4, { related: [id(2)], slug: "four" }),
    story(4, { related: [id(2)] }),
  );
  maker.put("story", "story 5", story(5));
  for (let n = 6; n < 6 + others; n++) {
    const block = (locale: string) =>
      madeBlock("card", `card ${n} ${locale}`, { text: "More", to: id(2) });
    const content = story(n, {
      related: n % 4 === 0 ? [id(1), id(2)] : [],
      body: n % 4 === 1 ? text(id(1), id(2)) : null,
      cards: n % 4 === 2 ? { en: [block("en")], it: [block("it")] } : { en: [], it: [] },
      ...n % 4 === 3 ? { related: [id(2)], body: text(id(2)) } : {},
    });
    maker.put(
      "story",
      `story ${n}`,
      content,
      n % 3 === 0 ? undefined : n % 3 === 1 ? true : { ...content, slug: `old-${n}` },
    );
  }
  maker.put("front", "front", { top: id(2) }, true);
  for (const [i, name] of ["one", "two", "one.one", "one.two"].entries()) {
    const parent = name.includes(".") ? entityId("chapter one") : null;
    maker.put("chapter", `chapter ${name}`, { name, parent_id: parent, position: i % 2 + 1 }, true);
  }
  maker.finish();
  return project;
}

/** The id of a record of {@linkcode magazine}. */
export const idOf = entityId;

/** What came of a restore, and what was sent for it. */
export interface PartRestored {
  readonly result: RestoreResult;
  /** What was written, but for the fork. */
  readonly writes: readonly string[];
  readonly environment: MemoryEnvironment;
}

/** Restores a part into a new sandbox. */
export async function restorePart(
  cma: DemoCma,
  project: MemoryProject,
  storage: MemoryStorage,
  options: Partial<RestoreOptions>,
): Promise<PartRestored> {
  const before = cma.writes.done.length;
  const into = options.into ?? `new:part-${before}`;
  const reached = { ...restoreOptions(cma, storage), clock: IMPATIENT };
  await using plan = await planRestore({ ...reached, into, ...options });
  const planned = plan.writes;
  const result = await applyRestore(plan);
  if (JSON.stringify(result.planned) !== JSON.stringify(planned)) {
    throw new Error("The dry run told other numbers than the run.");
  }
  const environment = project.environments.get(plan.target.environment)!;
  const writes = cma.writes.done.slice(before)
    .filter((write) => {
      if (!write.path.includes("/fork") && write.environment !== plan.target.environment) {
        throw new Error(`${write.method} ${write.path} in ${write.environment}`);
      }
      return !write.path.includes("/fork");
    })
    .map(({ method, path }) => `${method} ${path.replace(/\?.*/, "")}`);
  return { result, writes, environment };
}
