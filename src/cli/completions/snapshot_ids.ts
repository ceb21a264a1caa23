import { loadConfig } from "../../config/load_config.ts";
import { homeOf } from "../../config/home_path.ts";
import { envNamesOf, type OptionKey } from "../../config/options.ts";
import type { FoundSnapshot } from "../../snapshot/find_snapshot.ts";
import { openStorage } from "../../storage/open_storage.ts";
import type { Storage } from "../../storage/storage.ts";
import type { Command } from "../command.ts";
import { type CliIo, SYSTEM_CLOCK } from "../io.ts";
import { parseCommandLine } from "../parse_command_line.ts";

/** How many ids are offered. */
const LIMIT = 30;
/** How long a place is asked, in milliseconds: with the start of the program that is less than 2 s. */
const LISTING_MS = 1200;
/** The options that say which snapshots a command means. */
const WHICH = ["config", "from", "project", "environment"] as const satisfies readonly OptionKey[];

/**
 * Writes the ids of the snapshots that the last word of a command line can become, one on each line: the newest
 * first, at most 30. Whatever is wrong with the line or the place, there are none, and nothing is said: who
 * presses Tab has asked for no message.
 *
 * @param line The words after `sluice`, without quotes; the last one is completed, and may be empty.
 * @param commands All commands.
 * @param io The world around. A place that doesn't answer for 1.2 s is left alone.
 */
export async function writeSnapshotIds(
  line: readonly string[],
  commands: readonly Command[],
  io: CliIo,
): Promise<void> {
  const over = new AbortController();
  const timer = Promise.withResolvers<readonly string[]>();
  const stop = (io.clock ?? SYSTEM_CLOCK).every(LISTING_MS, () => {
    over.abort();
    timer.resolve([]);
  });
  try {
    const signal = AbortSignal.any([io.signal, over.signal]);
    const ids = await Promise.race([idsFor(line, commands, io, signal), timer.promise]);
    io.stdout.write(ids.map((id) => `${id}\n`).join(""));
  } catch {
    // The command itself says what is wrong.
  } finally {
    stop();
  }
}

async function idsFor(
  line: readonly string[],
  commands: readonly Command[],
  io: CliIo,
  signal: AbortSignal,
): Promise<string[]> {
  const { words: [name], flags } = parseCommandLine(line);
  const options = commands.find((command) => command.name === name)?.options ?? [];
  const keys = WHICH.filter((key) => options.includes(key));
  const names = new Set(keys.flatMap(envNamesOf));
  const { from, project, environment } = await loadConfig({
    flags: Object.fromEntries(keys.map((key) => [key, flags[key]])),
    env: (name) => names.has(name) ? io.env(name) : undefined,
    home: homeOf(io.env),
  });
  using storage = openStorage(from);
  const start = line.at(-1) ?? "";
  return await snapshotIds(storage, { project, environment, start, signal });
}

/**
 * The ids of snapshots, the newest first, at most 30: found by listing folders alone, complete or not.
 *
 * @param storage Where they are.
 * @param options Of which project and environment, and what each id begins with: after a slash, names with project
 * and environment are meant.
 * @return The ids; the name, where an id is that of several.
 * @throws {SluiceError} If there is no such project.
 * @throws {StorageError} If the storage can't be listed.
 */
export async function snapshotIds(
  storage: Storage,
  { project, environment, start, signal }: {
    readonly project?: string | undefined;
    readonly environment?: string | undefined;
    readonly start: string;
    readonly signal: AbortSignal;
  },
): Promise<string[]> {
  const { selectSnapshots } = await import("../../tools/list.ts");
  const all = await selectSnapshots(storage, { project }, signal);
  const found = environment === undefined ? all : ofEnvironment(all, environment);
  const seen = Map.groupBy(found, ({ id }) => id);
  const wordOf = ({ id, name }: FoundSnapshot) => {
    return start.includes("/") || seen.get(id)!.length > 1 ? name : id;
  };
  return found.map(wordOf).filter((word) => word.startsWith(start)).slice(0, LIMIT);
}

/** What the primary environment is called is in manifests: whatever is no sandbox counts as it. */
function ofEnvironment(all: readonly FoundSnapshot[], name: string): readonly FoundSnapshot[] {
  const own = all.filter(({ environment }) => environment === name);
  return own.length > 0 ? own : all.filter(({ environment }) => environment === undefined);
}
