import * as z from "zod";
import type { Upload } from "../../content/resource.ts";
import { assetIndexEntry } from "../../assets/asset_index.ts";
import { readBatch } from "../../snapshot/read_batch.ts";
import { jsonAnswer } from "../answer.ts";
import type { SentFile } from "../bytes.ts";
import { type Call, type NamedSnapshot, queryOf, snapshotOf } from "../call.ts";
import { cursorAt, positionOf } from "../cursor.ts";
import { fileList } from "../schemas.ts";
import { type FileReference, objectFile, signedUrl } from "../signed_file.ts";
import { covers } from "../token.ts";
import { scopeOfObject } from "../visibility.ts";
import { cursor, environment, pageLimit, type Route } from "./route.ts";

const TYPES = ["document", "image", "file"] as const;
type FileType = typeof TYPES[number];

const query = z.strictObject({
  environment,
  type: z.enum(TYPES).optional().describe(
    "Only of this kind: objects of the snapshot, files of images, or other files",
  ),
  limit: pageLimit,
  cursor,
});

/** The files of a snapshot. */
export const FILE_ROUTES: readonly Route[] = [{
  path: "/projects/:project/snapshots/:snapshot/files",
  summary:
    "The objects of a snapshot and its asset files, each with an address that needs no token",
  scope: "read",
  query,
  answers: { "application/json": fileList },
  async answer(call) {
    const options = queryOf(call, query);
    const opened = await snapshotOf(call);
    // Its addresses end: it isn't kept.
    return await jsonAnswer(call, undefined, () => listFiles(call, opened, options));
  },
}];

type ListedFile = z.input<typeof fileList>["files"][number];

async function listFiles(
  call: Call,
  opened: NamedSnapshot,
  { type, limit, cursor }: z.output<typeof query>,
): Promise<z.input<typeof fileList>> {
  const { service, scope, url: { pathname } } = call;
  const { content: { manifest, sizes }, found } = opened;
  const listing = JSON.stringify([pathname, opened.tag, scope, type]);
  const from = cursor === undefined ? 0 : Number(positionOf(service.signer, listing, cursor));
  const sums = new Map(manifest?.objects.map(({ path, sha256 }) => [path, sha256]));
  const paths = type === undefined || type === "document"
    ? [...sizes.keys()].filter((path) => covers(scope, scopeOfObject(path))).sort()
    : [];
  const { project, environment, id } = found;
  const place = { project, ...(environment !== undefined && { environment }), id };
  const files: ListedFile[] = [];
  const add = async (
    reference: FileReference,
    file: Omit<ListedFile, "url" | "expiresAt">,
    stored: Parameters<typeof signedUrl>[2],
  ) => {
    files.push({ ...file, ...await signedUrl(service, reference, stored) });
  };
  for (const path of paths.slice(from, from + limit)) {
    await add({ ...place, path } as FileReference, {
      name: path,
      type: "document",
      size: sizes.get(path) ?? null,
      sha256: sums.get(path) ?? null,
      md5: null,
    }, objectFile(opened, path));
  }
  let total = paths.length;
  for await (const asset of assets(call, opened, type)) {
    if (total >= from && files.length < limit) {
      await add({ ...place, upload: asset.id } as FileReference, {
        name: `assets/${asset.id}/${asset.name}`,
        type: asset.type,
        size: asset.size,
        sha256: null,
        md5: asset.md5,
      }, asset.stored);
    }
    total++;
  }
  const next = from + files.length;
  return {
    createdAt: manifest?.startedAt ?? new Date(Number(/\d+$/.exec(found.id)) * 1000).toISOString(),
    totalFiles: total,
    files,
    ...(next < total && { nextCursor: cursorAt(service.signer, listing, next) }),
  };
}

/** An upload's file. */
export interface ListedAsset {
  /** The upload's id. */
  readonly id: string;
  /** The file's name in the storage. */
  readonly name: string;
  /** What a browser would do with it. */
  readonly type: Exclude<FileType, "document">;
  /** Its size in bytes. */
  readonly size: number;
  /** MD5 of its bytes, in hexadecimal. */
  readonly md5: string;
  /** Where it is kept, and what it is sent as. */
  readonly stored: Pick<SentFile, "key" | "type" | "filename">;
}

/**
 * The files of a snapshot's uploads, as its list of assets names them.
 *
 * @param call The request.
 * @param opened The snapshot.
 * @param type Only of this kind.
 */
export async function* assets(
  { service: { shelf }, signal }: Pick<Call, "service" | "signal">,
  opened: NamedSnapshot,
  type?: FileType,
): AsyncGenerator<ListedAsset, void> {
  const { content } = opened;
  const list = content.manifest?.assets?.index;
  if (list === undefined || type === "document") return;
  const kinds = new Map<string, { readonly type: string; readonly filename: string }>();
  const rows = await shelf.uploads(opened);
  for (let at = 0; at < rows.count; at += 500) {
    for (const { id, attributes } of await rows.slice<Upload>(at, at + 500, signal)) {
      kinds.set(id, {
        type: String(attributes.mime_type ?? ""),
        filename: String(attributes.filename ?? id),
      });
    }
  }
  for await (const page of readBatch<unknown>(content.objects, content.key(list), signal)) {
    for (const line of page) {
      const { upload_id: id, key, size, md5 } = assetIndexEntry(line);
      if (size === null || md5 === null) continue;
      const told = kinds.get(id) ?? { type: "", filename: id };
      const kind = told.type.startsWith("image/") ? "image" : "file";
      if (type !== undefined && type !== kind) continue;
      const name = key.slice(key.lastIndexOf("/") + 1);
      yield { id, name, type: kind, size, md5, stored: { key, ...told } };
    }
  }
}
