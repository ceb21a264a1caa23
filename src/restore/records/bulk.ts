import type { JsonObject } from "../../content/resource.ts";
import type { RestoreRun } from "../run.ts";

/** The most records that one request may be about. */
export const MOST_AT_ONCE = 200;

/** Jobs that run at the same time, at most. */
const JOBS_AT_ONCE = 4;

/** What can be done to many records at once. */
export type BulkAction = "publish" | "unpublish" | "destroy" | "move-to-stage";

/** Requests that doing something to some records takes: each is a job, whose result is asked for. */
export function bulkRequests(count: number): number {
  return 2 * Math.ceil(count / MOST_AT_ONCE);
}

/** Whether something was done to a record, by its `meta` afterwards; what is destroyed isn't listed any more. */
const DONE: Readonly<Record<BulkAction, (meta: JsonObject, stage: string) => boolean>> = {
  "publish": ({ status }) => status === "published",
  "unpublish": ({ status }) => status === "draft",
  "destroy": () => false,
  "move-to-stage": ({ stage }, wanted) => stage === wanted,
};

/**
 * Does something to at most 200 records, in their order. It may be repeated, as all of these may.
 *
 * @param run The restore.
 * @param action What is done.
 * @param ids The records' ids.
 * @param stage The stage that they are moved to.
 * @return The ids of those that it wasn't done to.
 * @throws {CmaError} If the API refuses the request as such.
 */
export async function bulk(
  { target, signal }: Pick<RestoreRun, "target" | "signal">,
  action: BulkAction,
  ids: readonly string[],
  stage = "",
): Promise<string[]> {
  const data = {
    type: `item_bulk_${action.replaceAll("-", "_")}_operation`,
    ...action === "move-to-stage" ? { attributes: { stage } } : {},
    relationships: { items: { data: ids.map((id) => ({ type: "item", id })) } },
  };
  const { failed } = await target.bulk(`/items/bulk/${action}`, data, { signal });
  if (failed === 0) return [];
  const found = await target.client.get<{ data: { id: string; meta?: JsonObject }[] }>(
    "/items",
    { filter: { ids: ids.join(",") }, page: { limit: ids.length } },
    { signal },
  );
  const metas = new Map(found.body.data.map(({ id, meta }) => [id, meta ?? {}]));
  return ids.filter((id) => {
    const meta = metas.get(id);
    return meta === undefined ? action !== "destroy" : !DONE[action](meta, stage);
  });
}

/**
 * Does something to any number of records: in their order, and to those that it couldn't be done to again, for as
 * long as that helps, as one may be in the way of another.
 *
 * @param run The restore.
 * @param action What is done.
 * @param ids The records' ids.
 * @param options What is moved where, what is told of what was done, and how many of the first ones it has to be done
 * to before one: by default to all that come before it.
 * @return The ids of those that it wasn't done to.
 */
export async function bulkUntilDone(
  run: Pick<RestoreRun, "target" | "signal" | "forEach">,
  action: BulkAction,
  ids: Iterable<string>,
  { stage, onDone, before }: {
    readonly stage?: string | undefined;
    readonly onDone: (count: number) => void;
    readonly before?: ((id: string) => number) | undefined;
  },
): Promise<string[]> {
  let left: Iterable<string> = ids;
  let leftBefore = Infinity;
  for (let needed = before;; needed = undefined) {
    const failed: string[] = [];
    for (const pieces of atOnce(inPieces(left), needed)) {
      await run.forEach(pieces, async (ids) => {
        const refused = await bulk(run, action, ids, stage);
        failed.push(...refused);
        onDone(ids.length - refused.length);
      });
    }
    if (failed.length === 0 || failed.length >= leftBefore) return failed;
    left = failed;
    leftBefore = failed.length;
  }
}

function* inPieces(ids: Iterable<string>): Generator<string[], void> {
  let piece: string[] = [];
  for (const id of ids) {
    piece.push(id);
    if (piece.length < MOST_AT_ONCE) continue;
    yield piece;
    piece = [];
  }
  if (piece.length > 0) yield piece;
}

/** Pieces that need none of each other; without knowing what they need, each by itself. */
function* atOnce(
  pieces: Iterable<string[]>,
  before: ((id: string) => number) | undefined,
): Generator<string[][], void> {
  let group: string[][] = [];
  let done = 0;
  for (const piece of pieces) {
    const needsGroup = before === undefined || piece.some((id) => before(id) > done);
    if (group.length > 0 && (needsGroup || group.length === JOBS_AT_ONCE)) {
      yield group;
      done += group.length * MOST_AT_ONCE;
      group = [];
    }
    group.push(piece);
  }
  if (group.length > 0) yield group;
}
