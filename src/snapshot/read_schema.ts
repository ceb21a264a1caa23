import { toText } from "@std/streams/to-text";
import { concurrently } from "../async/concurrently.ts";
import type { Field, ItemType, Resource } from "../content/resource.ts";
import { SchemaIndex } from "../content/schema_index.ts";
import { EXIT, SluiceError } from "../error.ts";
import type { Storage } from "../storage/storage.ts";
import { isObject, parseJson } from "../text/json.ts";
import { printable } from "../text/printable.ts";

/** What was read from somewhere. */
interface ReadJson {
  readonly key: string;
  readonly file: unknown;
}

/** Files of models that are read at a time. */
const AT_A_TIME = 8;

/**
 * Reads the schema that a snapshot, or a Project Export of DatoCMS, was exported with: from the files of its
 * models, and its locales from `site.json`.
 *
 * @param storage Where the snapshot is.
 * @param prefix Where it lies in there, without a trailing slash.
 * @param signal Aborts the reading.
 * @throws {SyntaxError} If models are missing that the project has, or one of the files isn't what its name says.
 * @throws {StorageError} If they can't be read.
 */
export async function readSnapshotSchema(
  storage: Pick<Storage, "get" | "list">,
  prefix: string,
  signal: AbortSignal,
): Promise<SchemaIndex> {
  const site = await readJson(storage, `${prefix}/site.json`, signal);
  const files: ReadJson[] = [];
  for await (const page of storage.list(`${prefix}/models/`, { signal })) {
    const keys = page.map(({ key }) => key).filter((key) => key.endsWith(".json"));
    const reads = keys.map((key) => async (signal: AbortSignal) => {
      files.push({ key, file: await readJson(storage, key, signal) });
    });
    await concurrently(reads, AT_A_TIME, signal);
  }
  if (files.length === 0 && !hasNoModels(site)) {
    throw new SyntaxError(`Expected files of models in ${prefix}/models`);
  }
  return schemaOf(
    { key: `${prefix}/site.json`, file: isObject(site) ? site.data : undefined },
    files,
  );
}

/** Whether a project says that it has no models: one that was just made. */
function hasNoModels(site: unknown): boolean {
  const data = isObject(site) && isObject(site.data) ? site.data.relationships : undefined;
  const models = isObject(data) && isObject(data.item_types) ? data.item_types.data : undefined;
  return Array.isArray(models) && models.length === 0;
}

/**
 * The schema that a project and its models make.
 *
 * @param project The project, and where it comes from.
 * @param models Models, each with its fields and fieldsets, and where they come from.
 * @throws {SyntaxError} If one of them isn't what it should be.
 */
export function schemaOf(
  project: ReadJson,
  models: Iterable<ReadJson>,
): SchemaIndex {
  const { attributes } = isObject(project.file) ? project.file : {};
  const locales = isObject(attributes) ? attributes.locales : undefined;
  if (!Array.isArray(locales) || !locales.every((locale) => typeof locale === "string")) {
    throw new SyntaxError(`Expected a project with locales in ${project.key}`);
  }
  const itemTypes: ItemType[] = [];
  const included: Resource[] = [];
  for (const { key, file } of models) {
    const model = isObject(file) ? file.data : undefined;
    const parts = isObject(file) ? file.included ?? [] : undefined;
    const isModel = isObject(model) && typeof model.id === "string" &&
      isObject(model.attributes) && typeof model.attributes.api_key === "string";
    if (!isModel || !Array.isArray(parts) || !parts.every(isObject)) {
      throw new SyntaxError(`Expected a model with its fields in ${key}`);
    }
    itemTypes.push(model as unknown as ItemType);
    included.push(...parts as unknown as Resource[]);
  }
  const fields = included.filter((part): part is Field => part.type === "field");
  const fieldsets = included.filter(({ type }) => type === "fieldset");
  return new SchemaIndex({ locales: locales as string[], itemTypes, fields, fieldsets });
}

/**
 * Makes sure that a project has locales.
 *
 * @param schema Its schema.
 * @param locales The locales; nothing stands for all that there are.
 * @throws {SluiceError} If it lacks one; the exit code is {@linkcode EXIT.usage}.
 */
export function assertLocales(
  schema: Pick<SchemaIndex, "locales">,
  locales: readonly string[] | undefined,
): void {
  const unknown = locales?.find((locale) => !schema.locales.includes(locale));
  if (unknown === undefined) return;
  throw new SluiceError(
    `The project has no locale ${JSON.stringify(printable(unknown, 60))}: its locales are ${
      printable(schema.locales.join(", "))
    }.`,
    EXIT.usage,
  );
}

/**
 * Reads an object of JSON in a snapshot.
 *
 * @param storage Where the snapshot is.
 * @param key The object's key.
 * @param signal Aborts the reading.
 * @throws {SyntaxError} If it isn't JSON.
 * @throws {StorageError} If it can't be read.
 */
export async function readJson(
  storage: Pick<Storage, "get">,
  key: string,
  signal: AbortSignal,
): Promise<unknown> {
  const text = await toText(await storage.get(key, { signal }));
  try {
    return parseJson(text);
  } catch (error) {
    throw new SyntaxError(`Expected JSON in ${key}`, { cause: error });
  }
}
