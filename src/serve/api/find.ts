import * as z from "zod";
import { limited } from "../../async/limited.ts";
import { findInSnapshots } from "../../tools/find.ts";
import { jsonAnswer } from "../answer.ts";
import { type Call, queryOf } from "../call.ts";
import { findings } from "../schemas.ts";
import { covers } from "../token.ts";
import { ofEnvironment, type Route } from "./route.ts";

/** How long a search may take, in milliseconds. */
const BUDGET_MS = 10_000;

const query = z.strictObject({
  q: z.string().min(1).max(200).describe("A text or an id; case counts"),
  environment: ofEnvironment.describe(
    "Only in this environment",
  ),
  snapshots: z.coerce.number().int().min(1).max(100).default(30)
    .describe("How many snapshots are searched, the newest first"),
  limit: z.coerce.number().int().min(1).max(500).default(100).describe("Most that is answered"),
});

/** A text or an id in all snapshots of a project. */
export const FIND_ROUTES: readonly Route[] = [{
  path: "/projects/:project/find",
  summary: "Where a text or an id is, in the records and uploads of snapshots, the newest first",
  scope: "read",
  query,
  answers: { "application/json": findings },
  async answer(call) {
    const options = queryOf(call, query);
    await call.service.shelf.foldersOf(call.params.project ?? "");
    const { scans } = call.service.shelf;
    return await jsonAnswer(call, undefined, () => scans.run(() => find(call, options)));
  },
}];

async function find(
  { params: { project }, service: { shelf }, scope, signal }: Call,
  { q, environment, snapshots, limit }: z.output<typeof query>,
): Promise<z.input<typeof findings>> {
  const isAll = covers(scope, "preview");
  const found: z.input<typeof findings>["found"] = [];
  let partial = false;
  try {
    await limited(BUDGET_MS, signal, async (signal) => {
      const options = { project, environment, limit: snapshots, signal };
      for await (const page of findInSnapshots(shelf.storage, q, options)) {
        found.push(...page.filter(({ version }) => isAll || version !== "current"));
        partial = found.length > limit;
        if (partial) break;
      }
    });
  } catch (error) {
    if (signal.aborted || !(error instanceof DOMException) || error.name !== "TimeoutError") {
      throw error;
    }
    partial = true;
  }
  return { found: found.slice(0, limit), partial };
}
