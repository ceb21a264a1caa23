import { isObject } from "../text/json.ts";
import { getOwn } from "../text/own.ts";
import type { JsonObject, Page, Upload } from "../content/resource.ts";
import { Extra, writeKeys } from "./extra.ts";
import { loadableRows, strictColumns } from "./loadable_rows.ts";
import { UPLOAD_ANTIVIRUS, UPLOAD_ATTRIBUTES } from "./meta_columns.ts";
import type { OnWarning } from "./warnings.ts";

const ATTRIBUTES = new Set(UPLOAD_ATTRIBUTES.map(({ key }) => key));
const RELATIONSHIPS = new Set(["creator", "upload_collection"]);
const ANTIVIRUS = new Set(UPLOAD_ANTIVIRUS.map(({ key }) => key));
const META = new Set(["antivirus"]);
const NONE = new Set<string>();
const STRICT = strictColumns(
  [...UPLOAD_ATTRIBUTES, ...UPLOAD_ANTIVIRUS]
    .map(({ name, sqlType }) => ({ name, sql_type: sqlType })),
);

/** Options of {@linkcode normalizeUploads}. */
export interface UploadRowsOptions {
  /** Called for what can't be in the columns as it is. */
  readonly onWarning?: OnWarning | undefined;
}

/**
 * Turns uploads into table rows, one per upload, all with the same columns in the same order.
 *
 * @param options What is called with warnings.
 * @return A stream that takes pages of uploads and gives pages of rows.
 *
 * @example
 * ```ts
 * import { normalizeUploads } from "./upload_rows.ts";
 *
 * for await (const rows of ReadableStream.from([]).pipeThrough(normalizeUploads())) {
 *   console.log(rows.length);
 * }
 * ```
 *
 * @see {@link https://www.datocms.com/docs/content-management-api/resources/upload}
 */
export function normalizeUploads(
  options: UploadRowsOptions = {},
): TransformStream<Page<Upload>, Page<JsonObject>> {
  return new TransformStream({
    transform(page, controller) {
      controller.enqueue(uploadRows(page, options));
    },
  });
}

/**
 * Turns one page of uploads into rows, as {@linkcode normalizeUploads} does. What has no column is in
 * `_extra`.
 *
 * @param page Uploads; they aren't changed, but rows share their values.
 * @param options What is called with warnings.
 * @return One row per upload.
 */
export function uploadRows(
  page: Page<Upload>,
  { onWarning }: UploadRowsOptions = {},
): Page<JsonObject> {
  const rows = page.map(({ id, ...parts }) => {
    const attributes = objectOf(parts.attributes) as JsonObject;
    const relationships = objectOf(parts.relationships);
    const meta = objectOf(parts.meta) as JsonObject;
    const row: JsonObject = { id };
    // Whether something is null or not there doesn't matter: nothing rebuilds uploads from rows.
    writeKeys(row, attributes, UPLOAD_ATTRIBUTES, new Extra());
    const creator = identifier(relationships.creator?.data);
    row._creator_type = creator?.type ?? null;
    row._creator_id = creator?.id ?? null;
    row._upload_collection_id = identifier(relationships.upload_collection?.data)?.id ?? null;
    const antivirus = getOwn(meta, "antivirus");
    const scan = isObject(antivirus) ? antivirus : {};
    writeKeys(row, scan, UPLOAD_ANTIVIRUS, new Extra());

    const extra = new Extra();
    keepUnknown("attributes", attributes, ATTRIBUTES, extra);
    keepUnknown("relationships", relationships, RELATIONSHIPS, extra);
    const scanKnown = Object.keys(scan).every((key) => ANTIVIRUS.has(key));
    keepUnknown("meta", meta, scanKnown ? META : NONE, extra);
    row._extra = extra.toJson();
    return row;
  });
  return loadableRows("uploads", rows, STRICT, onWarning);
}

/** A part of an upload; an empty one if it isn't there, or isn't one. */
function objectOf<T extends object>(part: T | null | undefined): Partial<T> {
  return isObject(part) ? part : {};
}

function keepUnknown(
  part: "attributes" | "relationships" | "meta",
  source: object,
  known: ReadonlySet<string>,
  extra: Extra,
): void {
  for (const [key, value] of Object.entries(source)) {
    if (!known.has(key)) extra.keep(part, key, value);
  }
}

function identifier(data: unknown): { id: string; type: string } | undefined {
  return isObject(data) && typeof data.id === "string" && typeof data.type === "string"
    ? { id: data.id, type: data.type }
    : undefined;
}
