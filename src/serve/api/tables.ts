import * as z from "zod";
import { jsonAnswer } from "../answer.ts";
import { fileAnswer } from "../bytes.ts";
import { queryOf, snapshotOf } from "../call.ts";
import { tableList } from "../schemas.ts";
import { objectFile } from "../signed_file.ts";
import { environment, type Route } from "./route.ts";

const query = z.strictObject({ environment });

/** The tables of a snapshot, and the files that they consist of. */
export const TABLE_ROUTES: readonly Route[] = [
  {
    path: "/projects/:project/snapshots/:snapshot/tables",
    summary: "The tables of a snapshot, with their columns and parts; none if it has no tables",
    scope: "preview",
    query,
    answers: { "application/json": tableList },
    async answer(call) {
      queryOf(call, query);
      const opened = await snapshotOf(call);
      return await jsonAnswer(call, opened, async () => {
        const { snapshot, content: { manifest } } = opened;
        const tables = await snapshot.tables({ signal: call.signal });
        const sums = new Map(manifest?.objects.map(({ path, sha256 }) => [path, sha256]));
        return {
          format: tables[0]?.format ?? null,
          tables: tables.map(({ name, model, columns, parts }) => ({
            name,
            model,
            columns,
            parts: parts.map(({ path, version, size, count }) => ({
              path,
              version: version ?? null,
              size,
              count,
              sha256: sums.get(path) ?? null,
            })),
          })),
        };
      });
    },
  },
  {
    path: "/projects/:project/snapshots/:snapshot/tables/:part{.+}",
    summary: "A part of a table, byte for byte, or some of it (Range); schema.json describes all",
    scope: "preview",
    query,
    answers: { "application/x-ndjson": "bytes", "application/octet-stream": "bytes" },
    async answer(call) {
      queryOf(call, query);
      const file = objectFile(await snapshotOf(call), `tables/${call.params.part}`);
      return await fileAnswer(call.request, call.service.shelf.storage, file, call.signal);
    },
  },
];
