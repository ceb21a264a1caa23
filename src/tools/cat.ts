import type { Item, Page, Version } from "../content/resource.ts";
import type { SchemaIndex } from "../content/schema_index.ts";
import { SluiceError } from "../error.ts";
import { findSnapshot, type FindSnapshotOptions } from "../snapshot/find_snapshot.ts";
import { MANIFEST } from "../snapshot/layout.ts";
import { assertLocales, readJson } from "../snapshot/read_schema.ts";
import type { Storage } from "../storage/storage.ts";
import { nearest } from "../text/nearest.ts";
import { printable } from "../text/printable.ts";
import { StoredSnapshot } from "./open/stored.ts";
import { SnapshotContent } from "./open/content.ts";
import { readable } from "./open/reading.ts";
import { assertModel } from "./open/records.ts";

/** Options of {@linkcode catSnapshot}. */
export interface CatOptions extends Omit<FindSnapshotOptions, "signal" | "unsealed"> {
  /** Which versions of records. @default {"current"} */
  readonly version?: Version | undefined;
  /** Of localized fields, only this locale's values. @default {All} */
  readonly locale?: string | undefined;
  /** Aborts it. */
  readonly signal?: AbortSignal | undefined;
}

/** What {@linkcode catSnapshot} found: one thing, or the records of a model in pages. */
export type CatResult = { readonly value: unknown } | {
  readonly records: ReadableStream<Page<Item>>;
};

/**
 * Finds one thing in a snapshot: the project, the manifest, a model's records, a record or an upload. It is as the
 * API sent it, but for a locale. A record is found by the snapshot's index; without one, all batches are searched.
 *
 * @param storage Where the snapshots are.
 * @param snapshot Which of them, sealed or not.
 * @param what `site`, `manifest`, a model's `api_key`, or the id of a record or upload.
 * @param options Which version, and which locale.
 * @return What was found. The stream of records fails if a batch can't be read.
 * @throws {SluiceError} If it isn't there, or the snapshot or the locale isn't.
 * @throws {StorageError} If the storage can't be read.
 *
 * @example
 * ```ts no-eval
 * import { exportProject, LocalStorage } from "@sluice/datocms";
 * import { catSnapshot } from "@sluice/datocms/tools";
 *
 * const storage = new LocalStorage("./backups");
 * await exportProject({
 *   apiToken: Deno.env.get("DATOCMS_API_TOKEN")!,
 *   storage,
 *   assets: false,
 *   tables: false,
 * });
 * const found = await catSnapshot(storage, "latest", "article");
 * if ("records" in found) {
 *   for await (const page of found.records) for (const { id } of page) console.log(id);
 * }
 * ```
 */
export async function catSnapshot(
  storage: Storage,
  snapshot: string,
  what: string,
  { version = "current", locale, signal = new AbortController().signal, ...where }: CatOptions = {},
): Promise<CatResult> {
  const found = await findSnapshot(storage, snapshot, { ...where, unsealed: true, signal });
  if (what === "manifest" || what === "site") {
    const path = what === "site" ? "site.json" : MANIFEST;
    const key = `${found.prefix}/${path}`;
    try {
      return { value: await readJson(storage, key, signal) };
    } catch (error) {
      throw readable(error, `${storage.url}/${found.prefix}`, signal);
    }
  }
  const content = await SnapshotContent.open(storage, found, signal);
  const opened = new StoredSnapshot(content);
  const known = content.manifest && Object.keys(content.manifest.records);
  // The schema takes a request for each model: whoever looks for a record needs none.
  if (known === undefined || known.includes(what) || locale !== undefined) {
    const schema = await opened.schema({ signal });
    if (locale !== undefined) assertLocales(schema, [locale]);
    if (isModel(what, schema)) return recordsOf();
  }
  const record = (await opened.record(what, { locale, signal }))?.[version];
  if (record !== undefined) return { value: record };
  const upload = await opened.upload(what, { signal });
  if (upload !== undefined) return { value: upload };
  const schema = await opened.schema({ signal });
  if (isModel(what, schema)) return recordsOf();
  const keys = schema.models.map(({ attributes }) => attributes.api_key);
  const close = nearest(what, ["site", "manifest", ...keys]);
  const shown = JSON.stringify(printable(what, 60));
  throw new SluiceError(
    `There is no model, ${version} record or upload ${shown} in the snapshot ${found.name}` +
      (close === undefined ? kindText(what, schema) : `: the nearest is ${printable(close, 60)}.`),
  );

  async function recordsOf(): Promise<CatResult> {
    assertModel(content, await opened.schema({ signal }), what, version);
    return { records: opened.records(what, { version, locale, signal }) };
  }
}

function isModel(what: string, { models }: SchemaIndex): boolean {
  return models.some(({ attributes }) => attributes.api_key === what);
}

function kindText(what: string, schema: SchemaIndex): string {
  const isBlock = schema.blockModels.some(({ attributes }) => attributes.api_key === what);
  return isBlock ? ": it is a block model, whose blocks are in records." : ".";
}
