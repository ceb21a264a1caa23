import { Buffer } from "node:buffer";
import { isObject } from "../text/json.ts";
import type { FoundSnapshot } from "../snapshot/find_snapshot.ts";
import { assetFile } from "./asset_file.ts";
import { linesAnswer } from "./batch_lines.ts";
import { delivery, fileAnswer, type SentFile } from "./bytes.ts";
import type { Call, Service } from "./call.ts";
import { notThere, ServeError } from "./failure.ts";
import type { OpenedSnapshot } from "./shelf.ts";

/** A file of a snapshot: one of its objects, the lines of a batch of records, or the file of an upload. */
export type FileReference =
  & Pick<FoundSnapshot, "project" | "environment" | "id">
  & ({ readonly path: string } | { readonly lines: string } | { readonly upload: string });

/** Where a file can be fetched without a token, and until when. */
export interface SignedUrl {
  /** The address. */
  readonly url: string;
  /** When it ends, in ISO 8601. */
  readonly expiresAt: string;
}

/**
 * An address of a file that needs no token: of the storage itself, if that has such and the file is sent as it is kept
 * there.
 *
 * @param service Signs it.
 * @param file The file.
 * @param stored Where it is kept, and what it is sent as.
 */
export async function signedUrl(
  { signer, publicUrl, urlTtlMs, now, presign }: Service,
  file: FileReference,
  stored?: Pick<SentFile, "key" | "type" | "filename">,
): Promise<SignedUrl> {
  if (presign !== undefined && stored !== undefined) {
    const seconds = Math.floor(urlTtlMs / 1000);
    const { type, disposition } = delivery(stored);
    const expiresAt = new Date(now() + 1000 * seconds).toISOString();
    const url = await presign(stored.key, {
      seconds,
      contentType: type,
      contentDisposition: disposition,
    });
    return { url, expiresAt };
  }
  const expires = Math.ceil((now() + urlTtlMs) / 1000);
  const reference = Buffer.from(JSON.stringify(file)).toString("base64url");
  const signature = signer.sign("file", `${reference}\n${expires}`);
  return {
    url: `${publicUrl}/files/${reference}?e=${expires}&s=${signature}`,
    expiresAt: new Date(expires * 1000).toISOString(),
  };
}

/**
 * Answers with a file that a signed address names, if a sealed snapshot still lists it.
 *
 * @param call The request: it needs no token.
 * @throws {ServeError} If the address isn't ours, has ended, or the file isn't there any more.
 */
export async function signedFileAnswer(call: Call): Promise<Response> {
  const { params: { reference = "" }, url, service: { shelf, signer, now }, request, signal } =
    call;
  const expires = url.searchParams.get("e") ?? "";
  const isSigned = /^\d{1,12}$/.test(expires) &&
    signer.verifies("file", `${reference}\n${expires}`, url.searchParams.get("s") ?? "");
  if (!isSigned) {
    throw new ServeError(
      "INVALID_SIGNATURE",
      "This address isn't signed here: list the files again for new ones.",
    );
  }
  if (now() >= Number(expires) * 1000) {
    throw new ServeError(
      "EXPIRED",
      "This address isn't good any more: list the files again for new ones.",
    );
  }
  const file: unknown = JSON.parse(Buffer.from(reference, "base64url").toString());
  if (!isObject(file)) throw notThere("file of this address");
  const { project, environment, id, path, lines, upload } = file as Partial<Record<string, string>>;
  const found = await shelf.find(project ?? "", id ?? "", environment, signal);
  const opened = await shelf.open(found, signal);
  if (lines !== undefined) return linesAnswer(opened, lines);
  const sent = upload === undefined
    ? objectFile(opened, path ?? "")
    : await assetFile(opened, upload, signal);
  return await fileAnswer(request, shelf.storage, sent, signal);
}

/**
 * An object of a snapshot, if it lists it.
 *
 * @param opened The snapshot.
 * @param path The object's path in it.
 * @throws {ServeError} If it doesn't.
 */
export function objectFile({ content }: OpenedSnapshot, path: string): SentFile {
  const size = content.sizes.get(path);
  if (size === undefined) throw notThere("file of this address any more");
  const key = content.key(path);
  const sha256 = content.manifest?.objects.find((object) => object.path === path)?.sha256;
  const type = /\.ndjson$/.test(path)
    ? "application/x-ndjson"
    : /\.json$/.test(path)
    ? "application/json"
    : "application/octet-stream";
  return {
    key,
    size,
    tag: sha256 ?? `${key.replaceAll(/[^\w]/g, "_")}-${size}`,
    type,
    filename: path.replaceAll("/", "-"),
    open: (signal: AbortSignal) => content.objects.get(key, { signal }),
  };
}
