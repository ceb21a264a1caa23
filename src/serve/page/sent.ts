import { attachment } from "../../assets/content_disposition.ts";
import { downloadSnapshot } from "../../tools/download.ts";
import { downloadSingle } from "../../tools/download/single.ts";
import { takeExport } from "../api/download.ts";
import { assetFile } from "../asset_file.ts";
import { fileAnswer } from "../bytes.ts";
import { notThere } from "../failure.ts";
import { objectFile } from "../signed_file.ts";
import { covers } from "../token.ts";
import { forbidden, scopeOfObject, versionFor } from "../visibility.ts";
import { param, type SnapshotView } from "./view.ts";

/** Answers with the file of an upload. */
export async function assetAnswer(view: SnapshotView): Promise<Response> {
  const { opened, call: { request, signal, service: { shelf } } } = view;
  const file = await assetFile(opened, param(view, "id") ?? "", signal);
  const response = await fileAnswer(request, shelf.storage, file, signal);
  if (param(view, "download") !== undefined) {
    response.headers.set("Content-Disposition", attachment(file.filename));
  }
  return asSeen(response);
}

/** Answers with an object of the snapshot. */
export async function objectAnswer(view: SnapshotView): Promise<Response> {
  const { opened, call: { request, scope, signal, service: { shelf } } } = view;
  const path = view.call.url.searchParams.get("path") ?? "";
  const needed = scopeOfObject(path);
  if (!covers(scope, needed)) throw forbidden("Files like this", needed);
  const file = objectFile(opened, path);
  return asSeen(await fileAnswer(request, shelf.storage, file, signal));
}

/** Answers with all of a snapshot: an archive, or one document of its published or current content. */
export async function downloadAnswer(view: SnapshotView): Promise<Response> {
  const { opened: { found, content: { storage, isTablesOnly } }, call } = view;
  const { params: { what = "" }, scope, signal } = call;
  if (what === "archive") {
    if (!covers(scope, "admin")) throw forbidden("Archives", "admin");
    takeExport(call);
    const { bytes, fileName } = await downloadSnapshot(storage, found, { assets: true, signal });
    return sent(bytes, "application/gzip", fileName);
  }
  if ((what !== "current" && what !== "published") || isTablesOnly) {
    throw notThere("such file of this snapshot");
  }
  versionFor(scope, what);
  takeExport(call);
  const { bytes } = await downloadSingle(storage, found, { view: what, gzip: true, signal });
  return sent(bytes, "application/gzip", `${found.project}-${found.id}-${what}.json.gz`);
}

function sent(
  bytes: ReadableStream<Uint8Array<ArrayBuffer>>,
  type: string,
  name: string,
): Response {
  return new Response(bytes, {
    headers: {
      "Content-Type": type,
      "Cache-Control": "no-store",
      "Content-Disposition": attachment(name),
    },
  });
}

/** What a login shows isn't what an address does. */
function asSeen(response: Response): Response {
  response.headers.set("Vary", "Cookie");
  response.headers.set("Cache-Control", "private, no-cache");
  return response;
}
