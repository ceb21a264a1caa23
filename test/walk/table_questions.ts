/**
 * The eight questions of docs/tables.md: DuckDB's answers are those that the raw records give by hand.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { Field, Item, Json, JsonObject } from "../../src/content/resource.ts";
import { sampleProject } from "../../src/demo/sample/sample_project.ts";
import { readSnapshotSchema } from "../../src/snapshot/read_schema.ts";
import { isObject } from "../../src/text/json.ts";
import type { ExportOptions } from "../../src/export/options.ts";
import { tableLoadScript } from "../../src/tools/load_tables.ts";
import { workbench } from "../support/exported.ts";
import { type ExportedSnapshot, readSnapshot } from "../support/exported_snapshot.ts";
import { statementsOf } from "./pages.ts";

type SchemaIndex = Awaited<ReturnType<typeof readSnapshotSchema>>;
type Row = Json[];

/** A reference, as an editor would tell of it. */
interface Reference {
  readonly model: string;
  readonly record: string;
  readonly kind: string;
  readonly target: string;
  readonly isAsset: boolean;
}

/** Answers by hand, from the records as the API sent them. */
class Answers {
  readonly #schema: SchemaIndex;
  readonly #snapshot: ExportedSnapshot;
  readonly #current: readonly { readonly model: string; readonly item: Item }[];

  constructor(schema: SchemaIndex, snapshot: ExportedSnapshot) {
    this.#schema = schema;
    this.#snapshot = snapshot;
    this.#current = snapshot.records.filter(({ version }) => version === "current")
      .flatMap(({ model, items }) => items.map((item) => ({ model, item })));
  }

  untranslated(): Row[] {
    const missing = new Map<string, number>();
    for (const { model, item } of this.#current) {
      for (const { attributes: { api_key: key, localized } } of this.#fieldsOf(item)) {
        if (!localized) continue;
        for (const locale of this.#schema.locales) {
          const value = (item.attributes[key] as JsonObject | null)?.[locale] ?? null;
          if (!["null", '""', "[]", "{}"].includes(JSON.stringify(value))) continue;
          const of = JSON.stringify([locale, model, key]);
          missing.set(of, (missing.get(of) ?? 0) + 1);
        }
      }
    }
    return [...missing].map(([of, count]) => [...JSON.parse(of), count]);
  }

  unusedAssets(): Row[] {
    const all = this.#snapshot.records.flatMap(({ model, items }) => {
      return items.flatMap((item) => this.#references(item, model, item.id));
    });
    const used = new Set(all.filter(({ isAsset }) => isAsset).map(({ target }) => target));
    return this.#snapshot.uploads.filter(({ id }) => !used.has(id))
      .map(({ id, attributes }) => [id, attributes.filename!, attributes.size!]);
  }

  blocks(): Row[] {
    const found = this.#current.flatMap(({ item }) => {
      return this.#blocksIn(item).map((block) => ({
        block: this.#modelOf(block),
        record: item.id,
      }));
    });
    return [...Map.groupBy(found, ({ block }) => block)].map(([block, all]) => {
      return [block, all.length, new Set(all.map(({ record }) => record)).size];
    });
  }

  broken(): Row[] {
    const there = new Set([
      ...this.#snapshot.records.flatMap(({ items }) => items.map(({ id }) => `false ${id}`)),
      ...this.#snapshot.uploads.map(({ id }) => `true ${id}`),
    ]);
    const rows = this.#currentReferences()
      .filter(({ isAsset, target }) => !there.has(`${isAsset} ${target}`))
      .map(({ model, record, kind, target }) => JSON.stringify([model, record, kind, target]));
    return [...new Set(rows)].map((row) => JSON.parse(row));
  }

  unpublished(): Row[] {
    return this.#current.filter(({ item }) => item.meta!.status !== "published")
      .map(({ model, item }) => [model, this.#titleOf(item), item.id, item.meta!.status!]);
  }

  largest(): Row[] {
    const size = ({ attributes }: { attributes: JsonObject }) => Number(attributes.size);
    const first = this.#snapshot.uploads
      .toSorted((a, b) => size(b) - size(a) || (a.id < b.id ? -1 : 1)).slice(0, 5);
    const rows = first.flatMap(({ id, attributes: { filename, size } }) => {
      const users = this.#currentReferences()
        .filter(({ isAsset, target }) => isAsset && target === id)
        .map(({ model, record }) => [filename, size, model, this.#titleById(record)]);
      return users.length > 0 ? users : [[filename, size, null, null]];
    });
    return [...new Set(rows.map((row) => JSON.stringify(row)))].map((row) => JSON.parse(row));
  }

  articlesByAuthor(): Row[] {
    return this.#current.filter(({ model }) => model === "author").flatMap(({ item }) => {
      const articles = new Set(
        this.#currentReferences().filter(({ model, target, isAsset }) => {
          return model === "article" && target === item.id && !isAsset;
        }).map(({ record }) => record),
      );
      return articles.size > 0 ? [[this.#titleOf(item), articles.size]] : [];
    });
  }

  historyOfFirst(snapshots: readonly number[]): Row[] {
    const [item] = this.#current.filter(({ model }) => model === "article")
      .map(({ item }) => item).sort((a, b) => a.id < b.id ? -1 : 1);
    const titles = item!.attributes.title as JsonObject;
    const locales = new Set(
      this.#fieldsOf(item!).filter(({ attributes }) => attributes.localized)
        .flatMap(({ attributes }) => Object.keys(item!.attributes[attributes.api_key] ?? {})),
    );
    const { status, updated_at } = item!.meta!;
    return snapshots.flatMap((snapshot) => {
      return [...locales].map((locale) => {
        const time = Date.parse(String(updated_at));
        return [snapshot, status!, time, locale, titles[locale] ?? null];
      });
    });
  }

  #currentReferences(): Reference[] {
    return this.#current.flatMap(({ model, item }) => this.#references(item, model, item.id));
  }

  #references(item: Item, model: string, record: string): Reference[] {
    const own = this.#valuesOf(item).flatMap(([type, value]): [string, Json, boolean][] => {
      const nodes = type === "structured_text" ? nodesIn(value as JsonObject) : [];
      const links = nodes.filter(({ type }) => type === "itemLink" || type === "inlineItem");
      switch (type) {
        case "link":
          return [["link", value, false]];
        case "links":
          return (value as Json[]).map((id) => ["links", id, false]);
        case "file":
          return [["file", (value as JsonObject).upload_id!, true]];
        case "gallery":
          return (value as JsonObject[]).map(({ upload_id }) => ["gallery", upload_id!, true]);
        case "seo": {
          const { image } = value as JsonObject;
          return image ? [["seo_image", image, true]] : [];
        }
        default:
          return links.map(({ type, item }) => {
            const kind = type === "itemLink" ? "link" : "inline";
            return [`structured_text_${kind}`, item!, false];
          });
      }
    });
    const found = own.map(([kind, target, isAsset]) => {
      return { model, record, kind, target: String(target), isAsset };
    });
    const inner = this.#ownBlocks(item).flatMap((block) => this.#references(block, model, record));
    return [...found, ...inner];
  }

  /** The values of an item's fields by their types, of each locale. */
  #valuesOf(item: Item): [type: string, value: Json][] {
    return this.#fieldsOf(item).flatMap(({ attributes: { api_key, field_type, localized } }) => {
      const value = item.attributes[api_key] ?? null;
      const values = localized ? Object.values(value ?? {}) : [value];
      return values.filter((one) => one !== null).map((one) => [field_type, one] as [string, Json]);
    });
  }

  #blocksIn(item: Item): Item[] {
    return this.#ownBlocks(item).flatMap((block) => [block, ...this.#blocksIn(block)]);
  }

  #ownBlocks(item: Item): Item[] {
    const blocks = this.#valuesOf(item).flatMap(([type, value]) => {
      if (type === "single_block") return [value];
      if (type === "rich_text") return value as Json[];
      if (type !== "structured_text") return [];
      return nodesIn(value as JsonObject).filter(({ type }) =>
        /^(block|inlineBlock)$/.test(`${type}`)
      )
        .map(({ item }) => item!);
    });
    return blocks as unknown as Item[];
  }

  #titleById(id: string): Json {
    const found = this.#snapshot.records.flatMap(({ items }) => items).find((item) =>
      item.id === id
    );
    return found ? this.#titleOf(found) : null;
  }

  #titleOf(item: Item): Json {
    const model = this.#schema.itemTypeOf(item);
    const data = model?.relationships?.presentation_title_field?.data ??
      model?.relationships?.title_field?.data;
    const field = this.#fieldsOf(item).find(({ id }) => isObject(data) && id === data.id);
    const value = field ? item.attributes[field.attributes.api_key] ?? null : null;
    if (!field?.attributes.localized || !isObject(value)) return value;
    return this.#schema.locales.map((locale) => value[locale] ?? null).find(Boolean) ?? null;
  }

  #fieldsOf(item: Item): readonly Field[] {
    return this.#schema.fields(item.relationships.item_type.data.id);
  }

  #modelOf(item: Item): string {
    return this.#schema.itemTypeOf(item)!.attributes.api_key;
  }
}

function nodesIn(node: JsonObject): JsonObject[] {
  const inner = [node.document, ...(Array.isArray(node.children) ? node.children : [])];
  return [node, ...inner.filter((one) => isObject(one)).flatMap(nodesIn)];
}

/** The statements of docs/tables.md that begin with a number. */
async function questions(): Promise<string[]> {
  const page = await Deno.readTextFile(new URL("../../docs/tables.md", import.meta.url));
  const [, text] = /^```sql\n(-- 1\. .*?)^```/ms.exec(page)!;
  return statementsOf(text!);
}

Deno.test({
  name: "docs/tables.md asks eight short questions, which DuckDB answers as the raw records do",
  ignore: Deno.env.get("SLUICE_TEST_TOOLS") === undefined,
  fn: async () => {
    const asked = await questions();
    assert.equal(asked.length, 8);
    for (const statement of asked) {
      assert.ok(
        statement.split("\n").filter((line) => !line.startsWith("--")).length <= 6,
        statement,
      );
    }
    for (
      const shape of [{}, { format: "parquet" }] as const
    ) await answersOf(asked, shape);
  },
});

async function answersOf(asked: readonly string[], shape: Partial<ExportOptions>): Promise<void> {
  await using bench = await workbench({ project: sampleProject() });
  // References to what is left out lead to nothing.
  const options = { assets: false, excludeModels: ["glossary_term"], ...shape } as const;
  const reports = [await bench.export(options), await bench.export(options)];
  const address = reports[1]!.snapshot;
  const prefix = address.slice(bench.storage.url.length + 1);
  const signal = new AbortController().signal;
  const schema = await readSnapshotSchema(bench.storage, prefix, signal);
  const answers = new Answers(schema, await readSnapshot(bench.storage, address));
  const script = await tableLoadScript(bench.storage, "latest", "duckdb");
  const copies = asked.map((statement, i) => {
    return `COPY (\n${statement}\n) TO '${bench.root}/${i}.json' (FORMAT json);`;
  });
  const node = new Deno.Command("node", {
    args: [new URL("duckdb.cjs", import.meta.url).pathname],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  await new Blob([[script, ...copies].join("\n")]).stream().pipeTo(node.stdin);
  const { code, stderr } = await node.output();
  assert.equal(code, 0, new TextDecoder().decode(stderr));

  const snapshots = reports.map(({ snapshot }) => Number(snapshot.split("_").at(-1)));
  const expected = [
    answers.untranslated(),
    answers.unusedAssets(),
    answers.blocks(),
    answers.broken(),
    answers.unpublished(),
    answers.largest(),
    answers.articlesByAuthor(),
    answers.historyOfFirst(snapshots),
  ];
  for (const [i, rows] of expected.entries()) {
    const text = await Deno.readTextFile(`${bench.root}/${i}.json`);
    const found = text.split("\n").filter(Boolean).map((line) => {
      return Object.entries(JSON.parse(line) as JsonObject).map(([name, value]) => {
        return name === "updated_at" ? Date.parse(String(value)) : value;
      });
    });
    const sorted = (rows: Row[]) => rows.map((row) => JSON.stringify(row)).sort();
    assert.deepEqual(sorted(found), sorted(rows), asked[i]);
  }
  assert.ok(expected.every((rows) => rows.length > 0));
}
