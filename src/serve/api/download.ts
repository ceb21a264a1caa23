import * as z from "zod";
import { attachment } from "../../assets/content_disposition.ts";
import { downloadSnapshot } from "../../tools/download.ts";
import { downloadSingle } from "../../tools/download/single.ts";
import { type Call, queryOf, snapshotOf } from "../call.ts";
import { notThere, ServeError } from "../failure.ts";
import { versionFor } from "../visibility.ts";
import { environment, type Route } from "./route.ts";

const flag = z.enum(["true", "false"]).default("true").transform((text) => text === "true");
const archiveQuery = z.strictObject({
  environment,
  assets: flag.describe("Whether asset files are in it"),
});
const exportQuery = z.strictObject({
  environment,
  view: z.enum(["current", "published"]).default("published").describe("Which version of records"),
  format: z.enum(["sluice", "content-island"]).default("sluice")
    .describe("Whose form it has: Sluice's own, or that of Content Island's exports"),
});

/** A snapshot as one file. */
export const DOWNLOAD_ROUTES: readonly Route[] = [
  {
    path: "/projects/:project/snapshots/:snapshot/export",
    summary: "A snapshot's project, models, uploads and records as one JSON document",
    scope: "read",
    query: exportQuery,
    answers: { "application/json": "bytes" },
    async answer(call) {
      const { view, format } = queryOf(call, exportQuery);
      const { found, content } = await snapshotOf(call);
      versionFor(call.scope, view);
      const { manifest, isTablesOnly, storage } = content;
      if (isTablesOnly || (view === "published" && manifest?.options.published === false)) {
        throw notThere(`${view} version of records here: the snapshot was exported without`);
      }
      takeExport(call);
      const isGzip = /\bgzip\b/.test(call.request.headers.get("accept-encoding") ?? "");
      const { bytes } = await downloadSingle(storage, found, {
        view,
        format,
        gzip: isGzip,
        signal: call.signal,
      });
      return new Response(bytes, {
        headers: {
          "Content-Type": "application/json; charset=utf-8",
          "Cache-Control": "no-store",
          "Vary": "Authorization, Accept-Encoding",
          ...(isGzip && { "Content-Encoding": "gzip" }),
        },
      });
    },
  },
  {
    path: "/projects/:project/snapshots/:snapshot/archive.tar.gz",
    summary: "All of a snapshot as an archive, which unpacks to a place of snapshots",
    scope: "admin",
    query: archiveQuery,
    answers: { "application/gzip": "bytes" },
    async answer(call) {
      const { assets } = queryOf(call, archiveQuery);
      const { found, content: { storage } } = await snapshotOf(call);
      takeExport(call);
      const { bytes, fileName } = await downloadSnapshot(storage, found, {
        assets,
        signal: call.signal,
      });
      return new Response(bytes, {
        headers: {
          "Content-Type": "application/gzip",
          "Cache-Control": "no-store",
          "Content-Disposition": attachment(fileName),
        },
      });
    },
  },
];

/**
 * Counts a single document or an archive, which take long.
 *
 * @throws {ServeError} If there were too many of the project just now.
 */
export function takeExport({ service: { exports }, params: { project = "" } }: Call): void {
  const { isAllowed, resetSeconds } = exports.take(project);
  if (isAllowed) return;
  throw new ServeError(
    "RATE_LIMITED",
    "Too many export requests for this project. Try again later.",
    { headers: { "Retry-After": String(resetSeconds) } },
  );
}
