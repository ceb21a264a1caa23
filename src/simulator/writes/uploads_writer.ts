import { type Answer, ApiError, notFound } from "../../cma_server/answer.ts";
import { text } from "../../cma_server/parameters.ts";
import type { Json, JsonObject, Upload } from "../../content/resource.ts";
import { isObject } from "../../text/json.ts";
import { FILE_ATTRIBUTES } from "../memory_project.ts";
import { newUpload } from "../new_upload.ts";
import type { DemoAsset } from "../project.ts";
import { ref } from "../schema_builder.ts";
import { bulkIds } from "./bulk_items.ts";
import { bucketOf } from "./bucket.ts";
import { listAt } from "./lists.ts";
import { checkAgain } from "./validity.ts";
import {
  type BodyData,
  bodyData,
  checkAttributes,
  invalidField,
  newEntityId,
  oneOf,
  type WriteCall,
  writerOf,
} from "./write_call.ts";

const WRITABLE: ReadonlySet<string> = new Set([
  ...["path", "copyright", "author", "notes", "default_field_metadata", "tags"],
]);

/**
 * `POST /upload-requests`, which tells where to send a file.
 *
 * @param call The request.
 * @see {@link https://www.datocms.com/docs/content-management-api/resources/upload-request}
 */
export function uploadRequestsWriter(call: WriteCall): Answer | undefined {
  const { method, path, environment, origin, project } = call;
  if (method !== "POST" || path.length !== 1) return undefined;
  const { attributes: { filename = "file" } } = bodyData(call, "upload_request");
  if (typeof filename !== "string" || filename === "") {
    throw invalidField("filename", "VALIDATION_REQUIRED");
  }
  const second = Math.floor(project.now().getTime() / 1000);
  // Two files of the same name within a second get the same path, as they do at DatoCMS.
  const id = `/${environment.site.id}/${second}-${slug(filename)}`;
  const url = bucketOf(project).addressOf(origin, id);
  const attributes = { url, request_headers: {} };
  return { status: 201, body: { data: { id, type: "upload_request", attributes } } };
}

/**
 * `POST /uploads`, `PUT` and `DELETE /uploads/:id`, what is done to several, and `GET
 * /uploads/:id/references`.
 *
 * @param call The request.
 * @see {@link https://www.datocms.com/docs/content-management-api/resources/upload}
 */
export function uploadsWriter(call: WriteCall): Answer | undefined {
  const { method, path, environment } = call;
  const [, id, action] = path;
  if (path.length > 3) return undefined;
  if (id === undefined) return method === "POST" ? create(call) : undefined;
  if (id === "bulk") return method === "POST" ? bulk(call, action ?? "") : undefined;
  const upload = environment.uploads.get(id);
  if (!upload) throw notFound();
  switch (`${method} ${action ?? ""}`) {
    case "PUT ":
      return update(call, upload);
    case "DELETE ":
      destroy(call, id);
      return call.jobs.start({ status: 200, body: { data: upload } });
    case "GET references": {
      const data = environment.items.index().referrersOf(id)
        .map((one) => environment.items.record(one)!.current);
      return { status: 200, body: { data } };
    }
    default:
      return undefined;
  }
}

function create(call: WriteCall): Answer {
  const { environment, jobs, project } = call;
  const data = bodyData(call, "upload");
  const { uploads } = environment;
  const id = newEntityId(call, data.id, "upload", (one) => uploads.get(one) !== undefined);
  checkAttributes(data.attributes, (name) => WRITABLE.has(name));
  const { path, ...attributes } = data.attributes;
  const file = fileAt(call, path);
  const now = project.now().toISOString();
  const collection = collectionOf(call, data);
  checkTags(attributes);
  checkMetadata(call, attributes);
  const upload: Upload = {
    ...newUpload(id, file.path, nameIn(file.path), file.asset, {
      default_field_metadata: emptyMetadata(call),
      created_at: now,
      updated_at: now,
      ...attributes,
    }),
    relationships: {
      upload_collection: { data: collection ?? null },
      creator: { data: writerOf(call) },
    },
  };
  project.setAsset(file.path, file.asset);
  uploads.add(upload);
  addTags(call, upload);
  return jobs.start({ status: 201, body: { data: upload } });
}

function update(call: WriteCall, before: Upload): Answer {
  const { environment, jobs, parameters, project } = call;
  const data = bodyData(call, "upload");
  checkAttributes(data.attributes, (name) => WRITABLE.has(name) || name === "basename");
  checkTags(data.attributes);
  checkMetadata(call, data.attributes);
  const { path, basename, ...attributes } = data.attributes;
  const changes: JsonObject = { ...attributes };
  if (typeof basename === "string") {
    const { format } = before.attributes;
    Object.assign(changes, {
      basename,
      filename: format === null ? basename : `${basename}.${String(format)}`,
    });
  }
  if (path !== undefined && path !== before.attributes.path) {
    const file = fileAt(call, path);
    if (text(parameters, "replace_strategy") === "keep_url") {
      if (file.asset.contentType !== before.attributes.mime_type) {
        throw new ApiError(422, "KEEP_URL_CONTENT_TYPE_CONFLICT");
      }
      project.setAsset(before.attributes.path, file.asset);
      Object.assign(changes, { size: file.asset.size, md5: file.asset.md5 });
    } else {
      const next = newUpload(before.id, file.path, nameIn(file.path), file.asset).attributes;
      for (const name of FILE_ATTRIBUTES) changes[name] = next[name]!;
      project.setAsset(file.path, file.asset);
    }
  }
  const collection = collectionOf(call, data);
  const creator = oneOf(data, "creator");
  const upload = environment.uploads.update(before.id, changes, {
    ...collection === undefined ? {} : { upload_collection: { data: collection } },
    ...creator ? { creator: { data: ref(creator.type, creator.id) } } : {},
  });
  addTags(call, upload);
  return jobs.start({ status: 200, body: { data: upload } });
}

function destroy({ environment }: WriteCall, id: string): void {
  const users = environment.items.index().referrersOf(id);
  if (users.length > 0) {
    throw new ApiError(422, "UPLOAD_IS_CURRENTLY_IN_USE", { details: { items: [...users] } });
  }
  if (!environment.uploads.get(id)) throw notFound();
  environment.uploads.delete(id);
}

function bulk(call: WriteCall, action: string): Answer | undefined {
  const { environment, jobs } = call;
  const type = `upload_bulk_${action.replaceAll("-", "_")}_operation`;
  if (!["destroy", "tag", "set-upload-collection"].includes(action)) return undefined;
  const data = bodyData(call, type);
  checkTags(data.attributes);
  const collection = collectionOf(call, data) ?? null;
  const counts = { successful: 0, failed: 0 };
  for (const id of bulkIds(call, type, "uploads")) {
    try {
      const upload = environment.uploads.get(id);
      if (!upload) throw notFound();
      if (action === "destroy") destroy(call, id);
      else if (action === "tag") {
        const tags = [upload.attributes.tags ?? [], data.attributes.tags ?? []].flat();
        addTags(call, environment.uploads.update(id, { tags: [...new Set(tags)] }));
      } else environment.uploads.update(id, {}, { upload_collection: { data: collection } });
      counts.successful++;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      counts.failed++;
    }
  }
  return jobs.start({ status: 200, body: { data: [], meta: counts } });
}

/** The file that was sent to a path. */
function fileAt({ project }: WriteCall, path: unknown): { path: string; asset: DemoAsset } {
  const asset = typeof path === "string" ? bucketOf(project).fileAt(path) : undefined;
  if (!asset) throw invalidField("path", "VALIDATION_INVALID", { record_type: "Upload" });
  return { path: path as string, asset };
}

function collectionOf(call: WriteCall, data: BodyData): ReturnType<typeof oneOf> {
  const found = oneOf(data, "upload_collection");
  if (!found || listAt(call.environment, "/upload-collections").some(({ id }) => id === found.id)) {
    return found;
  }
  throw new ApiError(422, "INVALID_RELATIONSHIP", {
    details: { relationship: "upload_collection" },
  });
}

function checkTags({ tags = [] }: JsonObject): void {
  if (!Array.isArray(tags) || !tags.every((tag) => typeof tag === "string")) {
    throw invalidField("tags", "VALIDATION_INVALID");
  }
}

/** Default metadata is by locale, or by name once the project was switched over: only one is taken. */
function checkMetadata(
  call: WriteCall,
  { default_field_metadata: metadata = {} }: JsonObject,
): void {
  const names = isSwitchedOver(call)
    ? ["alt", "title", "custom_data", "focal_point", "poster_time"]
    : call.environment.site.attributes.locales;
  if (isObject(metadata) && Object.keys(metadata).every((name) => names.includes(name))) return;
  throw invalidField("default_field_metadata", "VALIDATION_INVALID");
}

function emptyMetadata(call: WriteCall): JsonObject {
  const { locales } = call.environment.site.attributes;
  const each = (value: Json) => Object.fromEntries(locales.map((locale) => [locale, value]));
  return isSwitchedOver(call)
    ? { alt: each(null), title: each(null), custom_data: each({}), focal_point: null }
    : each({ alt: null, title: null, custom_data: {}, focal_point: null });
}

/** @see {@link https://www.datocms.com/product-updates/non-localized-focal-points} */
function isSwitchedOver({ environment }: WriteCall): boolean {
  return environment.site.meta?.non_localized_focal_points === true;
}

/** The tags of uploads are listed by themselves, too; their records are checked again. */
function addTags({ environment }: WriteCall, { id, attributes: { tags } }: Upload): void {
  const list = listAt(environment, "/upload-tags");
  const names = new Set(list.map(({ attributes }) => attributes?.name));
  const added = (Array.isArray(tags) ? tags : []).filter((tag) => !names.has(tag));
  environment.settings.set("/upload-tags", [
    ...list,
    ...added.map((name) => ({
      id: environment.newId("upload_tag"),
      type: "upload_tag",
      attributes: { name },
    })),
  ]);
  const models = environment.items.index().referrersOf(id)
    .map((one) => environment.items.record(one)!.current.relationships.item_type.data.id);
  checkAgain(environment, [...new Set(models)]);
}

/** The name in a path, without the second before it. */
function nameIn(path: string): string {
  return path.replace(/^.*\/(?:\d+-)?/, "");
}

function slug(filename: string): string {
  const dot = filename.lastIndexOf(".");
  const [base, extension] = dot > 0
    ? [filename.slice(0, dot), filename.slice(dot)]
    : [filename, ""];
  const plain = (part: string) =>
    part.normalize("NFKD").replace(/\p{M}+/gu, "").replace(/[^A-Za-z0-9._-]+/g, "-");
  return `${plain(base).replace(/^-+|-+$/g, "") || "file"}${plain(extension)}`;
}
