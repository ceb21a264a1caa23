import type { Item, Resource } from "../content/resource.ts";
import { changedSnapshot, type ReadSnapshot } from "./changed_snapshot.ts";
import type { Creators } from "./creators.ts";
import { type NewIds, newIdsOf } from "./ids/new_ids.ts";
import { renumbered } from "./ids/renumbered.ts";
import { Renumbering } from "./ids/renumbering.ts";
import { UploadUrls } from "./upload_urls.ts";

/** A snapshot as it is to be in a target. */
export interface Wanted extends ReadSnapshot {
  /** What numeric ids become. @default There are none, or the target has them */
  readonly ids?: Renumbering | undefined;
  /** What is told of that. */
  readonly newIds?: NewIds | undefined;
  /** Who takes the place of creators. @default Nobody does */
  readonly creators?: Creators | undefined;
  /** The addresses of uploads that are others. */
  readonly urls?: UploadUrls | undefined;
  /** The snapshot with its texts as they are, if addresses in them are others. */
  readonly asItSays?: ReadSnapshot | undefined;
}

/** What a snapshot is changed by. */
export interface WantedInput extends ReadSnapshot {
  /** Whether anything in it has a numeric id. */
  readonly isOld: boolean;
  /** The target as it is. */
  readonly target: ReadSnapshot;
  /** Who takes the place of creators. @default Nobody does */
  readonly creators?: Creators | undefined;
  /** Whether texts get new addresses of uploads. @default {false} */
  readonly rewriteUrls?: boolean | undefined;
}

/**
 * A snapshot as it is to be in a target: other ids are in the place of numeric ones that the target lacks, and others
 * may be in the place of creators.
 *
 * @param input The snapshot, and what it is changed by.
 * @param signal Aborts the reading.
 */
export async function wantedIn(input: WantedInput, signal: AbortSignal): Promise<Wanted> {
  const { creators, rewriteUrls = false } = input;
  const own = await withNewIds(input, signal);
  const urls = await UploadUrls.of(own, input.target, signal);
  if (creators === undefined && !rewriteUrls) return { ...own, urls };
  const schema = await own.snapshot.schema({ signal });
  const said = await changedSnapshot(own, {
    schema,
    one: (resource) => creators?.changed(resource) ?? resource,
  }, signal);
  if (!rewriteUrls) return { ...own, ...said, creators, urls };
  const changed = await changedSnapshot(said, {
    schema,
    one: <T extends Resource>(resource: T) => {
      if (resource.type !== "item") return resource;
      return urls.rewritten(resource as unknown as Item, schema) as unknown as T;
    },
  }, signal);
  return { ...own, ...changed, creators, urls, asItSays: said };
}

async function withNewIds(
  { snapshot, source, isOld, target }: WantedInput,
  signal: AbortSignal,
): Promise<Wanted> {
  const from = { snapshot, source };
  const ids = isOld ? await Renumbering.of(from, target, signal) : undefined;
  if (ids === undefined) return from;
  const change = renumbered(await snapshot.schema({ signal }), ids);
  const changed = await changedSnapshot(from, change, signal);
  return { ...changed, ids, newIds: await newIdsOf(ids, changed, signal) };
}
