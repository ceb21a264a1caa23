import { relatedId } from "../../content/attributes.ts";
import type { Json, JsonObject, Relationship, Upload } from "../../content/resource.ts";
import { isSame } from "../../tools/diff/compare_json.ts";

import { canonicalMetadata, isSameMetadata, metadataIn } from "./metadata.ts";
import { slugOf } from "./paths.ts";

/** What is written of uploads in a target. */
export interface UploadForm {
  /** The locales of the snapshot's project, the main one first. */
  readonly locales: readonly string[];
  /** Whether default metadata is by name, with one focal point, in the target. */
  readonly isByName: boolean;
  /** Whether uploads are to have the creators that they had. */
  readonly keepsCreators: boolean;
  /** The collections that there are in the target once uploads are written. */
  readonly collections: ReadonlySet<string>;
}

/** Attributes that people write, as they are. */
const PLAIN = ["copyright", "author", "notes", "tags"] as const;

/** Attributes and relationships that are sent. */
export interface UploadParts {
  /** The attributes. */
  readonly attributes: JsonObject;
  /** The relationships. */
  readonly relationships: Readonly<Record<string, Relationship>>;
}

/**
 * What is sent of an upload, but for its file.
 *
 * @param upload The upload.
 * @param form How it is in the target.
 */
export function uploadParts(upload: Upload, form: UploadForm): UploadParts {
  const { attributes } = upload;
  const plain = PLAIN.filter((name) => Object.hasOwn(attributes, name))
    .map((name): [string, Json] => [name, attributes[name] ?? (name === "tags" ? [] : null)]);
  const metadata = metadataIn(attributes.default_field_metadata, form.isByName, form.locales);
  const isSaid = Object.hasOwn(attributes, "default_field_metadata");
  return {
    attributes: {
      ...Object.fromEntries(plain),
      ...isSaid ? { default_field_metadata: metadata } : {},
    },
    relationships: { upload_collection: { data: collectionOf(upload, form) } },
  };
}

/**
 * What of an upload is otherwise in the target, but for its file.
 *
 * @param upload The upload.
 * @param present What the target has.
 * @param form How it is in the target.
 * @return `undefined` if nothing is.
 */
export function uploadChanges(
  upload: Upload,
  present: Upload,
  form: UploadForm,
): UploadParts | undefined {
  const parts = uploadParts(upload, form);
  const changed = Object.entries(parts.attributes).filter(([name, value]) => {
    const now = present.attributes[name];
    return name === "default_field_metadata"
      ? !isSameMetadata(value, now, form.locales)
      : !isSame(value, now);
  });
  if (slugOf(baseOf(nameToSend(upload))) !== slugOf(String(present.attributes.basename ?? ""))) {
    changed.push(["basename", baseOf(nameToSend(upload))]);
  }
  const isMoved = collectionOf(upload, form)?.id !==
    (relatedId(present, "upload_collection") ?? undefined);
  const creator = form.keepsCreators ? upload.relationships?.creator?.data ?? null : null;
  const isOthers = creator !== null && "id" in creator &&
    creator.id !== relatedId(present, "creator");
  if (changed.length === 0 && !isMoved && !isOthers) return undefined;
  return {
    attributes: Object.fromEntries(changed),
    relationships: {
      ...isMoved ? parts.relationships : {},
      ...isOthers ? { creator: { data: creator } } : {},
    },
  };
}

/**
 * Whether the target has the file of an upload, as far as digests and sizes tell.
 *
 * @param upload The upload.
 * @param present What the target has.
 */
export function hasSameFile(upload: Upload, present: Upload): boolean {
  const [a, b] = [upload.attributes, present.attributes];
  if (typeof a.md5 === "string" && typeof b.md5 === "string") {
    return a.md5.toLowerCase() === b.md5.toLowerCase();
  }
  return typeof a.size !== "number" || typeof b.size !== "number" || a.size === b.size;
}

/**
 * What of an upload is compared, as text: equal texts are of uploads that need no write.
 *
 * @param upload The upload.
 * @param form How it is in the target.
 */
export function uploadText(upload: Upload, { locales, keepsCreators }: UploadForm): string {
  const { attributes } = upload;
  return JSON.stringify([
    ...[attributes.md5 ?? null, attributes.size ?? null],
    ...PLAIN.map((name) => attributes[name] ?? null),
    canonicalMetadata(attributes.default_field_metadata, locales),
    relatedId(upload, "upload_collection"),
    keepsCreators ? relatedId(upload, "creator") : null,
    slugOf(baseOf(nameToSend(upload))),
  ]);
}

/**
 * The name that an upload's file is sent under: its own, without what isn't of a name.
 *
 * @param upload The upload.
 */
export function nameToSend({ attributes: { filename, path } }: Upload): string {
  const said = typeof filename === "string" && filename !== ""
    ? filename
    : path.replace(/^.*\/(?:\d+-)?/, "");
  const name = said.replace(/^.*[/\\]/s, "").replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, "")
    .trim();
  return name === "" || /^\.+$/.test(name) ? "file" : name;
}

/** A name without its extension. */
function baseOf(name: string): string {
  const dot = name.lastIndexOf(".");
  return dot > 0 ? name.slice(0, dot) : name;
}

function collectionOf(
  upload: Upload,
  { collections }: UploadForm,
): { id: string; type: string } | null {
  const id = relatedId(upload, "upload_collection");
  return id !== null && collections.has(id) ? { id, type: "upload_collection" } : null;
}
