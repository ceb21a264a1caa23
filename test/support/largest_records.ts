import type { Item, JsonObject } from "../../src/content/resource.ts";
import { modelKey } from "../../src/simulator/generated/schema.ts";
import { generateProject } from "../../src/simulator/generated/generated_project.ts";
import type { DemoProject } from "../../src/simulator/project.ts";

/** The most that DatoCMS stores for a record, in bytes. */
export const LARGEST_RECORD = 300_000;
/** Kinds of models that come before the next one with structured text. */
const KINDS = 4;

/** A project of the largest records that are legal. */
export interface LargestRecords {
  /** The project. */
  readonly project: DemoProject;
  /** The `api_key` of each model that has them: no others need be exported. */
  readonly models: readonly string[];
}

/**
 * A project whose records are as large as DatoCMS lets them be, in the form that takes the most memory: structured text
 * of many small nodes, and a letter for which strings take two bytes a character.
 *
 * @param models How many models have them.
 * @param each How many records each of them has.
 */
export function largestRecords(models: number, each: number): LargestRecords {
  const project = generateProject({ records: models * each * KINDS, models: models * KINDS });
  const environment = project.environments.get(project.primaryEnvironment)!;
  const { resource, site, itemTypes, fields, fieldsets, settings, uploads } = environment;
  const node = (value: string) => ({ type: "span", marks: ["strong"], value });
  const count = Math.floor(LARGEST_RECORD / (JSON.stringify(node("word")).length + 1)) - 150;
  const nodes = Array.from({ length: count }, (_, n) => node(n === 0 ? "щука" : "word"));
  const text = {
    schema: "dast",
    document: { type: "root", children: [{ type: "paragraph", children: nodes }] },
  };
  const enlarged = (item: Item): Item => {
    const [locale] = site.attributes.locales;
    const { body, ...attributes } = item.attributes as JsonObject;
    if (body === undefined) return item;
    return {
      ...item,
      attributes: { ...attributes, body: { ...body as JsonObject, [locale!]: text } },
    };
  };
  const items = {
    list: (query: Parameters<typeof environment.items.list>[0]) => {
      const { total, page } = environment.items.list(query);
      return { total, page: page.map(enlarged) };
    },
    get: () => undefined,
    schedules: () => [],
  };
  const own = { resource, site, itemTypes, fields, fieldsets, settings, uploads, items };
  const main = { ...own, fork: environment.fork.bind(environment) };
  return {
    project: { ...project, environments: new Map([[project.primaryEnvironment, main]]) },
    models: Array.from({ length: models }, (_, n) => modelKey(n * KINDS)),
  };
}
