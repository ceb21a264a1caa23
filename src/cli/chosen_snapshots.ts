import { concurrently } from "../async/concurrently.ts";
import { findSnapshot, type FoundSnapshot, noSnapshots } from "../snapshot/find_snapshot.ts";
import { CANARY } from "../snapshot/layout.ts";
import type { Storage } from "../storage/storage.ts";

/** Which snapshots a command works on. */
export interface ChosenSnapshots {
  /** Their names; the newest one if there are none. */
  readonly names: readonly string[];
  /** Whether all that claim to be complete are meant, whatever names there are. */
  readonly all: boolean;
  /** Only those of this project. */
  readonly project: string | undefined;
  /** Only those of this environment. */
  readonly environment: string | undefined;
  /** Whether one that doesn't claim to be complete may be named. @default {false} */
  readonly unsealed?: boolean;
  /** Aborts it. */
  readonly signal: AbortSignal;
}

/** Requests at a time. */
const AT_A_TIME = 8;

/**
 * The snapshots that a command works on, each once: in the order of their names, or the newest first.
 *
 * @param storage Where they are.
 * @param chosen Which ones.
 * @throws {SluiceError} If there are none, as a wrong place must not pass for a right one night after night; or if
 * one isn't there.
 * @throws {StorageError} If the storage can't be read.
 */
export async function chosenSnapshots(
  storage: Storage,
  { names, all, unsealed, ...scope }: ChosenSnapshots,
): Promise<FoundSnapshot[]> {
  const found = all
    ? await sealedSnapshots(storage, scope)
    : await namedSnapshots(storage, names.length === 0 ? ["latest"] : names, {
      ...scope,
      unsealed,
    });
  if (found.length === 0) throw noSnapshots(storage, scope.project);
  return found;
}

async function namedSnapshots(
  storage: Storage,
  names: readonly string[],
  options: Parameters<typeof findSnapshot>[2],
): Promise<FoundSnapshot[]> {
  const found = new Map<string, FoundSnapshot>();
  for (const name of names) {
    const snapshot = await findSnapshot(storage, name, options);
    found.set(snapshot.prefix, snapshot);
  }
  return [...found.values()];
}

async function sealedSnapshots(
  storage: Storage,
  { signal, ...scope }: Pick<ChosenSnapshots, "project" | "environment" | "signal">,
): Promise<FoundSnapshot[]> {
  const { selectSnapshots } = await import("../tools/list.ts");
  const all = await selectSnapshots(storage, scope, signal);
  const isSealed = new Set<FoundSnapshot>();
  await concurrently(
    all.map((snapshot) => async (signal) => {
      const canary = await storage.stat(`${snapshot.prefix}/${CANARY}`, { signal });
      if (canary !== undefined) isSealed.add(snapshot);
    }),
    AT_A_TIME,
    signal,
  );
  return all.filter((snapshot) => isSealed.has(snapshot));
}
