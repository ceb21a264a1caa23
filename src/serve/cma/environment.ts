import { ApiError } from "../../cma_server/answer.ts";
import type { ReadEnvironment } from "../../cma_server/read_call.ts";
import type { Field, ItemType, Resource, Upload } from "../../content/resource.ts";
import type { SchemaIndex } from "../../content/schema_index.ts";
import { readJson } from "../../snapshot/read_schema.ts";
import { RESOURCES } from "../../source/datocms/resources.ts";
import { isObject } from "../../text/json.ts";
import type { OpenedSnapshot, Shelf } from "../shelf.ts";
import { covers, type Scope } from "../token.ts";
import { scopeOfSettings } from "../visibility.ts";
import { SnapshotItems, SnapshotUploads, type StoreParts } from "./stores.ts";

/** A snapshot as an environment of the API. */
export interface SnapshotEnvironment extends ReadEnvironment {
  /** The environment's id. */
  readonly id: string;
  /** The schema, to look things up in. */
  readonly schema: SchemaIndex;
  /** Where its records are. */
  readonly parts: StoreParts;
}

/** What is said of a snapshot's environment. */
export interface SnapshotEnvironmentOptions {
  /** The snapshot. */
  readonly opened: OpenedSnapshot;
  /** What may be seen of it. */
  readonly scope: Scope;
  /** What is kept of snapshots between requests. */
  readonly shelf: Shelf;
  /** What is shown of an upload. */
  readonly upload: (upload: Upload) => Promise<Upload> | Upload;
  /** Aborts the reading. */
  readonly signal: AbortSignal;
}

/** Settings that there is only one of. */
const SINGLE: ReadonlySet<string> = new Set(["sso_settings", "white_label_settings"]);
/** Settings by the path that lists them. */
const NAMES: ReadonlyMap<string, string> = new Map([
  ...RESOURCES.filter(({ layout }) => layout === "settings" || layout === "files")
    .map(({ path, name }): [string, string] => [path, name]),
  ["/upload-smart-tags", "upload_smart_tags"],
]);

/**
 * Makes an environment of a snapshot. Of its records and uploads, only what is asked for is read.
 *
 * @param options Which snapshot, and what may be seen of it.
 */
export async function snapshotEnvironment(
  { opened, scope, shelf, upload, signal }: SnapshotEnvironmentOptions,
): Promise<SnapshotEnvironment> {
  const { snapshot, content } = opened;
  const [site, schema, document] = await Promise.all([
    snapshot.site({ signal }),
    snapshot.schema({ signal }),
    content.read(signal, (signal) => {
      return readJson(content.objects, content.key("site.json"), signal);
    }),
  ]);
  const included = isObject(document) && Array.isArray(document.included)
    ? document.included as unknown as readonly Resource[]
    : undefined;
  const partsOf = <T extends Resource>(type: string, own: readonly T[]): readonly T[] => {
    // As the API listed them, where the snapshot tells.
    const listed = included?.filter((one) => one.type === type) ?? [];
    return listed.length === own.length ? listed as T[] : own;
  };
  const { itemTypes } = schema;
  const parts: StoreParts = { opened, schema, shelf, signal };
  return {
    id: content.manifest?.environment.id ?? "main",
    site,
    schema,
    included: included?.some(({ type }) => type === "item_type") ? included : undefined,
    itemTypes: partsOf<ItemType>("item_type", itemTypes),
    fields: partsOf<Field>("field", itemTypes.flatMap(({ id }) => schema.fields(id))),
    fieldsets: partsOf("fieldset", itemTypes.flatMap(({ id }) => schema.fieldsets(id))),
    settings: { get: (path) => settingsAt(path) },
    items: new SnapshotItems(parts),
    uploads: new SnapshotUploads(parts, upload),
    parts,
  };

  async function settingsAt(path: string): Promise<readonly Resource[] | Resource | undefined> {
    const name = NAMES.get(path);
    if (name === undefined) return undefined;
    if (!covers(scope, scopeOfSettings(name))) throw insufficient();
    const found = await snapshot.settings(name, { signal });
    if (found === undefined) {
      throw new ApiError(404, "NOT_FOUND", {
        details: { message: `the snapshot was exported without ${name}` },
      });
    }
    return SINGLE.has(name) ? found[0] : found;
  }
}

/** The error of a token that may not see something, or of what only reads. */
export function insufficient(message?: string): ApiError {
  return new ApiError(403, "INSUFFICIENT_PERMISSIONS", {
    details: message === undefined ? {} : { message },
  });
}
