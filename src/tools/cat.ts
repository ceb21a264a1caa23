import { generatorStream } from "../async/generator_stream.ts";
import { inLocale } from "../content/in_locale.ts";
import type { Item, Page, Resource, Version } from "../content/resource.ts";
import type { SchemaIndex } from "../content/schema_index.ts";
import { EXIT, SluiceError } from "../error.ts";
import { readEntries, recordFolders, searchEntries, snapshotBatches } from "../snapshot/batches.ts";
import { findSnapshot, type FindSnapshotOptions } from "../snapshot/find_snapshot.ts";
import { MANIFEST } from "../snapshot/layout.ts";
import { assertLocales, readJson, readSnapshotSchema } from "../snapshot/read_schema.ts";
import { ObjectNotFoundError, type Storage } from "../storage/storage.ts";
import { nearest } from "../text/nearest.ts";
import { printable, shownAddress } from "../text/printable.ts";

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
 * API sent it, but for a locale. A record is searched for in all batches of its version.
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
  const { prefix, name } = await findSnapshot(storage, snapshot, {
    ...where,
    unsealed: true,
    signal,
  });
  const shown = JSON.stringify(printable(what, 60));
  const address = shownAddress(`${storage.url}/${prefix}`);
  try {
    if (what === "manifest" || what === "site") {
      const path = what === "site" ? "site.json" : MANIFEST;
      return { value: await readJson(storage, `${prefix}/${path}`, signal) };
    }
    const schema = await readSnapshotSchema(storage, prefix, signal);
    if (locale !== undefined) assertLocales(schema, [locale]);
    const localized = (item: Item) => locale === undefined ? item : inLocale(item, locale, schema);
    const { folders, manifest } = await snapshotBatches(storage, prefix, signal);
    if (manifest?.options.tables === "only") {
      throw new SluiceError(`${address} was exported as tables only: it has no records.`);
    }
    const keysIn = (folder: string) => {
      return (folders.get(folder) ?? []).map(({ path }) => `${prefix}/${path}`);
    };
    const keysOf = (apiKey: string) => recordFolders(apiKey, version).flatMap(keysIn);
    const keys = schema.models.map(({ attributes }) => attributes.api_key);
    if (keys.includes(what)) {
      const all = manifest?.records ?? {};
      const exported = Object.hasOwn(all, what) ? all[what] : undefined;
      if (manifest !== undefined && exported?.[version] === undefined) {
        const of = exported === undefined ? "records" : `${version} versions of records`;
        throw new SluiceError(`The snapshot ${name} was exported without ${of} of ${shown}.`);
      }
      return { records: recordStream(storage, keysOf(what), localized, signal) };
    }
    const record = await byId<Item>(storage, keys.flatMap(keysOf), what, signal);
    if (record !== undefined) return { value: localized(record) };
    const upload = await byId<Resource>(storage, keysIn("uploads"), what, signal);
    if (upload !== undefined) return { value: upload };
    const close = nearest(what, ["site", "manifest", ...keys]);
    throw new SluiceError(
      `There is no model, ${version} record or upload ${shown} in the snapshot ${name}` +
        (close === undefined
          ? kindText(what, schema)
          : `: the nearest is ${printable(close, 60)}.`),
    );
  } catch (error) {
    throw isNotReadable(error, signal) ? unreadable(address, error) : error;
  }
}

/** The records of batches, one batch after the other. */
function recordStream(
  storage: Storage,
  keys: readonly string[],
  localized: (item: Item) => Item,
  signal: AbortSignal,
): ReadableStream<Page<Item>> {
  return generatorStream(async function* (stop) {
    const either = AbortSignal.any([signal, stop.signal]);
    for (const key of keys) {
      try {
        for await (const page of readEntries<Item>(storage, key, either)) {
          yield page.map(localized);
          either.throwIfAborted();
        }
      } catch (error) {
        const address = shownAddress(`${storage.url}/${key}`);
        throw isNotReadable(error, either) ? unreadable(address, error) : error;
      }
    }
  });
}

async function byId<T extends Resource>(
  storage: Storage,
  keys: readonly string[],
  id: string,
  signal: AbortSignal,
): Promise<T | undefined> {
  const text = JSON.stringify(id);
  for (const key of keys) {
    signal.throwIfAborted();
    for await (
      const page of searchEntries<T>(storage, key, (line) => line.includes(text), signal)
    ) {
      // What mentions it, as a link, isn't it.
      const found = page.find((entry) => entry.id === id);
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

function kindText(what: string, schema: SchemaIndex): string {
  const isBlock = schema.blockModels.some(({ attributes }) => attributes.api_key === what);
  return isBlock ? ": it is a block model, whose blocks are in records." : ".";
}

function isNotReadable(error: unknown, signal: AbortSignal): error is Error {
  if (signal.aborted) return false;
  return error instanceof SyntaxError || error instanceof TypeError ||
    error instanceof ObjectNotFoundError;
}

function unreadable(address: string, error: Error): SluiceError {
  const why = printable(error.message.replace(/\.$/, ""), 300);
  return new SluiceError(
    `${address} can't be read as a snapshot: ${why}. Name another one.`,
    EXIT.failed,
    { cause: error },
  );
}
