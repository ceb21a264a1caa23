import * as z from "zod";
import type { Upload } from "../../content/resource.ts";
import { jsonAnswer, ndjsonAnswer, wantsLines } from "../answer.ts";
import { fileAnswer } from "../bytes.ts";
import { queryOf, snapshotOf } from "../call.ts";
import { cursorAt, positionOf } from "../cursor.ts";
import { notThere } from "../failure.ts";
import { resource, uploadList } from "../schemas.ts";
import { shown } from "../shelf.ts";
import { assetFile } from "../asset_file.ts";
import { cursor, environment, pageLimit, type Route } from "./route.ts";

const listQuery = z.strictObject({ environment, limit: pageLimit, cursor });
const oneQuery = z.strictObject({ environment });

/** Uploads, and the files that belong to them. */
export const UPLOAD_ROUTES: readonly Route[] = [
  {
    path: "/projects/:project/snapshots/:snapshot/uploads",
    summary: "Uploads, in the order of their creation; as lines, all of them",
    scope: "read",
    query: listQuery,
    answers: { "application/json": uploadList, "application/x-ndjson": resource },
    async answer(call) {
      const { limit, cursor } = queryOf(call, listQuery);
      const { service: { shelf, signer }, signal } = call;
      const opened = await snapshotOf(call);
      if (wantsLines(call.request)) return ndjsonAnswer(opened.snapshot.uploads({ signal }));
      return await jsonAnswer(call, opened, async () => {
        const listing = JSON.stringify([call.url.pathname, opened.tag]);
        const from = cursor === undefined ? 0 : Number(positionOf(signer, listing, cursor));
        const rows = await shelf.uploads(opened);
        const uploads = await rows.slice<Upload>(from, from + limit, signal);
        const next = from + uploads.length;
        return {
          uploads,
          total: rows.count,
          ...(next < rows.count && { nextCursor: cursorAt(signer, listing, next) }),
        };
      });
    },
  },
  {
    path: "/projects/:project/snapshots/:snapshot/uploads/:id",
    summary: "An upload's metadata",
    scope: "read",
    query: oneQuery,
    answers: { "application/json": resource },
    async answer(call) {
      queryOf(call, oneQuery);
      const opened = await snapshotOf(call);
      const { id = "" } = call.params;
      return await jsonAnswer(call, opened, async () => {
        const upload = await opened.snapshot.upload(id, { signal: call.signal });
        if (upload === undefined) throw notThere(`upload ${shown(id)} in this snapshot`);
        return upload;
      });
    },
  },
  {
    path: "/projects/:project/snapshots/:snapshot/assets/:id/:name",
    summary: "An upload's file, or a part of it (Range); the name is for people",
    scope: "read",
    query: oneQuery,
    answers: { "application/octet-stream": "bytes" },
    async answer(call) {
      queryOf(call, oneQuery);
      const opened = await snapshotOf(call);
      const file = await assetFile(opened, call.params.id ?? "", call.signal);
      return await fileAnswer(call.request, call.service.shelf.storage, file, call.signal);
    },
  },
];
