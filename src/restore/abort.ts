import { EXIT, SluiceError } from "../error.ts";
import { ExportLock } from "../snapshot/lock/export_lock.ts";
import { LockedError } from "../snapshot/lock/lock_errors.ts";
import { CmaClient } from "../source/datocms/cma_client.ts";
import type { Storage } from "../storage/storage.ts";
import { isObject } from "../text/json.ts";
import { printable, shownAddress } from "../text/printable.ts";
import { safeName } from "../text/safe_name.ts";
import { removeEnvironment } from "./environment.ts";
import { HOOK_PATHS, HOOKS } from "./hooks.ts";
import { journalUnwritable, RestoreJournal } from "./journal.ts";
import type { JournalOptions } from "./options.ts";
import { readProject } from "./preflight.ts";
import { findEarlier, foundSnapshot, noEarlier, type Settled, settled } from "./settled.ts";
import { Target } from "./target.ts";

/**
 * Holds the lock of an environment: nobody else restores into it meanwhile.
 *
 * @param storage Where journals are.
 * @param project The project's id.
 * @param environment The environment.
 * @param signal Ends the waiting.
 * @param other What somebody else does who holds it, as a sentence begins.
 * @throws {SluiceError} If another restore holds it, or nothing can be written there.
 */
export async function lockOf(
  storage: Storage,
  project: string,
  environment: string,
  signal: AbortSignal,
  other = `Another restore writes to the environment ${environment}`,
): Promise<ExportLock> {
  const place = `content/project_${safeName(project)}`;
  const name = `restore_lock_${safeName(environment)}.json`;
  try {
    return await ExportLock.acquire(storage, place, { name, signal });
  } catch (error) {
    if (!(error instanceof LockedError)) {
      if (signal.aborted || !(error instanceof SluiceError)) throw error;
      throw journalUnwritable(shownAddress(storage.url), error);
    }
    const { holder } = error;
    const who = holder === undefined
      ? "its lock doesn't say who it is"
      : `on ${
        printable(holder.host ?? "an unknown host", 100)
      }, process ${holder.pid}, since ${holder.startedAt}`;
    throw new SluiceError(
      `${other} (${who}): wait for it to end; if it was killed, ` +
        `its lock ${shownAddress(`${storage.url}/${place}/${name}`)} expires in some minutes.`,
      EXIT.usage,
      { cause: error, code: "restore_locked" },
    );
  }
}

/** Where resources lie that are changed for a while, by type. */
const PATHS: Readonly<Record<string, string>> = {
  field: "/fields",
  item_type: "/item-types",
  ...HOOK_PATHS,
};

/**
 * Puts back what was changed for a while, the last first.
 *
 * @param journal What was noted.
 * @param target Where it was changed.
 * @param signal Aborts it.
 * @param only What the keys of what is put back begin with. @default All of it
 * @throws {CmaError} If the API refuses.
 */
export async function putBack(
  journal: RestoreJournal,
  target: Target,
  signal: AbortSignal,
  only?: string,
): Promise<void> {
  for (const [key, value] of journal.changed) {
    if (only !== undefined && !key.startsWith(only)) continue;
    const data = isObject(value) && isObject(value.data) ? value.data : {};
    if (data.type === "maintenance_mode") {
      await target.send("PUT", "/maintenance-mode/deactivate", { signal });
      await journal.done(key);
      continue;
    }
    const [folder, id] = [PATHS[String(data.type)], data.id];
    if (folder === undefined || typeof id !== "string") {
      throw new SluiceError(`${journal.address} holds ${printable(key)}, which can't be put back.`);
    }
    const path = `${folder}/${encodeURIComponent(id)}`;
    // What isn't there any more needs nothing.
    const of = Object.hasOwn(HOOK_PATHS, String(data.type)) ? target.ofProject : target;
    if (await of.find(path, { signal }) !== undefined) {
      await of.update(path, data, { signal });
    }
    await journal.done(key);
  }
}

/** What {@linkcode abort} has done. */
export interface AbortedRestore {
  /** The journal's address. */
  readonly journal: string;
  /** The environment that was destroyed, if the restore had made one. */
  readonly destroyed: string | null;
  /** How many things were put back. */
  readonly putBack: number;
  /** The environment that what was written stays in, if it was there before; `null` if there is none. */
  readonly kept: string | null;
}

/**
 * Ends a restore that isn't over, as {@linkcode abortRestore} does.
 *
 * @param given Which one.
 */
export async function abort(given: JournalOptions): Promise<AbortedRestore> {
  const options = settled(given);
  try {
    return options.redaction.redactValue(await abortSettled(options));
  } catch (error) {
    throw options.redaction.redactError(error);
  }
}

async function abortSettled(options: Settled<JournalOptions>): Promise<AbortedRestore> {
  const { signal, clock, onEvent } = options;
  const journals = options.journal ?? options.storage;
  const found = await foundSnapshot(options);
  const reached = { ...options, onEvent: undefined };
  const client = new CmaClient({ ...reached, environment: undefined });
  const project = await readProject(client, signal);
  const earlier = await findEarlier(options, found, project.id);
  if (earlier === undefined) {
    throw noEarlier(options, found, project.environments.map(({ id }) => id));
  }
  const { plan: { environment, forkOf }, prefix } = earlier;
  await using lock = await lockOf(journals, project.id, environment, signal);
  const journal = await RestoreJournal.open(lock.storage, prefix, signal);
  // One that was promoted isn't destroyed any more.
  const isOwn = forkOf !== null && journal.madeEnvironment && environment !== project.primary;
  let destroyed = false;
  let count = 0;
  const target = new Target({ ...reached, environment });
  if (isOwn) {
    count = journal.changed.filter(([key]) => key.startsWith(HOOKS)).length;
    try {
      destroyed = await removeEnvironment(environment, { client, signal, clock, onEvent });
    } finally {
      // They are the project's, and not the environment's.
      await putBack(journal, target, signal, HOOKS);
    }
  } else {
    count = journal.changed.length;
    await putBack(journal, target, signal);
  }
  await journal.end({ status: "aborted" });
  return {
    journal: journal.address,
    destroyed: destroyed ? environment : null,
    putBack: count,
    kept: isOwn ? null : environment,
  };
}
