import * as z from "zod";
import { collectBytes } from "../async/collect_bytes.ts";
import type { Storage } from "../storage/storage.ts";
import { parseJson } from "../text/json.ts";
import { findSnapshots, LOOK_BACK, secondsOf, SKEW_MS } from "./find_snapshots.ts";
import { CANARY, LATEST } from "./layout.ts";

/** The largest hint that is read to its end, in bytes. */
const LARGEST = 4096;

const ENCODER = new TextEncoder();
const latestSchema = z.looseObject({ snapshot: z.string().regex(/^snapshot_\d{1,15}$/) });

/**
 * The newest sealed snapshot of an environment, if `latest.json` helps to find it: the one that it names, or one
 * that was begun after that one. Whatever that file says, it is looked whether it is so.
 *
 * Takes three requests, and one more for each snapshot that was begun since; however many others there are.
 *
 * @param storage Where the snapshots are.
 * @param folder Where they lie in there, without a trailing slash.
 * @param signal Aborts the search.
 * @return Its time, in seconds since 1970; `undefined` if all snapshots have to be listed.
 * @throws {StorageError} If they can't be looked at.
 */
export async function latestSealed(
  storage: Storage,
  folder: string,
  signal: AbortSignal,
): Promise<number | undefined> {
  const named = await namedIn(storage, folder, signal);
  if (named === undefined || !await isSealed(storage, folder, named, signal)) return undefined;
  const now = (Date.now() + SKEW_MS) / 1000;
  const newer: number[] = [];
  if (storage.folders === undefined) {
    const { snapshots } = await findSnapshots(storage, folder, signal);
    newer.push(...snapshots.map(secondsOf));
  } else {
    const after = `snapshot_${named}`;
    for await (const names of storage.folders(`${folder}/`, { after, signal })) {
      newer.push(...names.filter((name) => /^snapshot_\d{1,15}$/.test(name)).map(secondsOf));
    }
  }
  const candidates = newer.filter((seconds) => seconds > named && seconds <= now);
  if (candidates.length > LOOK_BACK) return undefined;
  for (const seconds of candidates.sort((a, b) => b - a)) {
    if (await isSealed(storage, folder, seconds, signal)) return seconds;
  }
  return named;
}

/**
 * Notes in `latest.json` that a snapshot was sealed, unless a newer one is. Never fails: without it the snapshot is
 * found all the same. The lock is held.
 *
 * @param storage Where the snapshot is.
 * @param prefix Where it lies in there, without a trailing slash.
 * @param signal Aborts it.
 */
export async function noteLatest(
  storage: Storage,
  prefix: string,
  signal: AbortSignal,
): Promise<void> {
  const folder = prefix.slice(0, prefix.lastIndexOf("/"));
  const seconds = secondsOf(prefix);
  await bestEffort(async () => {
    const named = await namedIn(storage, folder, signal);
    if (named === seconds) return;
    if (named !== undefined && named < seconds) await put(storage, folder, seconds, signal);
    else await rewrite(storage, folder, named, signal);
  });
}

/**
 * Puts `latest.json` right if what it names isn't sealed any more: it then names the newest one that is, or is
 * removed if there is none. Never fails. The lock is held.
 *
 * @param storage Where the snapshots are.
 * @param folder Where they lie in there, without a trailing slash.
 * @param signal Aborts it.
 */
export async function renewLatest(
  storage: Storage,
  folder: string,
  signal: AbortSignal,
): Promise<void> {
  await bestEffort(async () => {
    if (await storage.stat(`${folder}/${LATEST}`, { signal }) === undefined) return;
    await rewrite(storage, folder, await namedIn(storage, folder, signal), signal);
  });
}

async function rewrite(
  storage: Storage,
  folder: string,
  named: number | undefined,
  signal: AbortSignal,
): Promise<void> {
  if (named !== undefined && await isSealed(storage, folder, named, signal)) return;
  const now = (Date.now() + SKEW_MS) / 1000;
  const { snapshots } = await findSnapshots(storage, folder, signal);
  const old = snapshots.map(secondsOf).filter((seconds) => seconds <= now);
  for (const seconds of old.slice(0, LOOK_BACK)) {
    if (await isSealed(storage, folder, seconds, signal)) {
      return await put(storage, folder, seconds, signal);
    }
  }
  await storage.delete([`${folder}/${LATEST}`], { signal });
}

/** The time of the snapshot that the hint names, unless it can't be right. */
async function namedIn(
  storage: Storage,
  folder: string,
  signal: AbortSignal,
): Promise<number | undefined> {
  try {
    const body = await storage.get(`${folder}/${LATEST}`, { signal });
    const bytes = await collectBytes(body, (size) => {
      if (size > LARGEST) throw new SyntaxError(`${LATEST} is too large.`);
    });
    const { snapshot } = latestSchema.parse(parseJson(new TextDecoder().decode(bytes)));
    const seconds = secondsOf(snapshot);
    // Those that a clock that ran ahead named come last.
    const isAhead = seconds * 1000 > Date.now() + SKEW_MS;
    return isAhead || snapshot !== `snapshot_${seconds}` ? undefined : seconds;
  } catch {
    signal.throwIfAborted();
    // Should the storage answer nothing at all, the listing fails as well.
    return undefined;
  }
}

async function put(
  storage: Storage,
  folder: string,
  seconds: number,
  signal: AbortSignal,
): Promise<void> {
  const text = `${JSON.stringify({ snapshot: `snapshot_${seconds}` })}\n`;
  const how = { contentType: "application/json", signal };
  await storage.put(`${folder}/${LATEST}`, ENCODER.encode(text), how);
}

async function isSealed(
  storage: Storage,
  folder: string,
  seconds: number,
  signal: AbortSignal,
): Promise<boolean> {
  return await storage.stat(`${folder}/snapshot_${seconds}/${CANARY}`, { signal }) !== undefined;
}

/** Does what nothing depends on. */
async function bestEffort(run: () => Promise<void>): Promise<void> {
  try {
    await run();
  } catch {
    // Whoever reads the hint looks whether it is right, and lists what is there if it isn't.
  }
}
