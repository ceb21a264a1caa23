import { assetsDone, type ProgressState } from "../../report/progress_state.ts";

/** How fast an export goes, and how long it still takes. */
export interface Pace {
  /** Records written per second, lately; 0 while it is too early to tell. */
  readonly recordsPerSecond: number;
  /** Whether the totals of all listings are known. */
  readonly totalsKnown: boolean;
  /** How long it still takes, in milliseconds; `undefined` if nobody can tell. */
  readonly msLeft: number | undefined;
}

/** Before this time, speed is guesswork, in milliseconds. */
const SHORTEST = 1000;

/**
 * How fast an export goes.
 *
 * @param state How far it is.
 * @param now The time in milliseconds.
 */
export function paceOf(state: ProgressState, now: number): Pace {
  const { records, uploads, tables, samples, start } = state;
  const oldest = samples[0]!;
  const ms = now - oldest.at;
  const recordsPerMs = ms > 0 ? (records.read - oldest.records) / ms : 0;
  const assetsPerMs = ms > 0 ? (assetsDone(state) - oldest.assets) / ms : 0;
  const tabledPerMs = ms > 0 && tables ? (tables.entries - oldest.tabled) / ms : 0;
  const totalsKnown = start !== undefined && state.listingsBegun >= start.listings;
  const left = [
    msFor(records.total - records.read, recordsPerMs),
    msFor(state.withAssets ? uploads.total - assetsDone(state) : 0, assetsPerMs),
    msFor(tables?.of ? tables.of - tables.entries : 0, tabledPerMs),
  ];
  // Records and assets come at the same time.
  const longest = Math.max(...left);
  const canTell = (totalsKnown || tables) && ms >= SHORTEST && longest > 0 &&
    Number.isFinite(longest);
  return {
    recordsPerSecond: ms >= SHORTEST ? recordsPerMs * 1000 : 0,
    totalsKnown,
    msLeft: canTell ? longest : undefined,
  };
}

function msFor(count: number, perMs: number): number {
  return count <= 0 ? 0 : count / perMs;
}
