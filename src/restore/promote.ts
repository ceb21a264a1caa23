import { CmaError } from "../source/datocms/cma_error.ts";
import { listEnvironments } from "../source/datocms/environments.ts";
import { printable } from "../text/printable.ts";
import { type Change, diffSnapshots } from "../tools/diff.ts";
import type { Inventory } from "./inventory.ts";
import type { RestoreJournal } from "./journal.ts";
import type { RestoreOptions } from "./options.ts";
import { inventoryOf, type Settled } from "./settled.ts";
import type { Target } from "./target.ts";

/** What became of an environment that was to be promoted. */
export interface Promotion {
  /** Whether it is the primary one now. */
  readonly isDone: boolean;
  /** The environment that was the primary one: promoting it again is the way back. */
  readonly previous: string;
  /** Why it wasn't promoted; `null` if it was. */
  readonly reason: string | null;
  /** What was changed in the primary environment since it was read, each in a line: the first hundred. */
  readonly changes: readonly string[];
}

/** The most changes that are named. */
const MOST = 100;

/** What an environment is promoted with. */
export interface PromoteOptions {
  /** How the API is reached. */
  readonly options: Settled<RestoreOptions>;
  /** The environment. */
  readonly environment: string;
  /** The primary one. */
  readonly primary: string;
  /** The primary one as it was before the fork; `undefined` if nobody knows. */
  readonly before: Inventory | undefined;
  /** Writes. */
  readonly target: Target;
  /** Remembers that maintenance has to be ended. */
  readonly journal: RestoreJournal;
}

/** What the note about maintenance is called. */
const MAINTENANCE = "maintenance";

/**
 * Makes an environment the primary one, unless somebody changed the primary one since it was forked: that would be
 * lost. With maintenance, nobody can write to the primary one while that is found out.
 *
 * @param of What it is promoted with.
 * @throws {CmaError} If the API refuses.
 */
export async function promote(of: PromoteOptions): Promise<Promotion> {
  const { options, target, journal, environment, primary, before } = of;
  const { signal } = options;
  const kept = (reason: string, changes: readonly string[] = []): Promotion => {
    return { isDone: false, previous: primary, reason, changes };
  };
  if (before === undefined) {
    return kept(
      "The restore was resumed, so that nobody knows what the primary environment was like when the new one was " +
        "made of it: compare them, and promote it in DatoCMS.",
    );
  }
  if (options.maintenance) {
    await journal.note(MAINTENANCE, { data: { type: "maintenance_mode", id: "maintenance_mode" } });
    await target.send("PUT", "/maintenance-mode/activate", { signal, query: { force: "true" } });
  }
  await using now = await inventoryOf(options, primary, "verify");
  const changes: string[] = [];
  for await (const page of diffSnapshots(before.source, now.source, { signal })) {
    for (const change of page) if (isSomebodys(change)) changes.push(textOf(change));
  }
  if (changes.length > 0) {
    return kept(
      `The primary environment ${
        printable(primary)
      } was changed since the new one was made of it (${changes.length} ` +
        `${changes.length === 1 ? "change" : "changes"}), which would be lost: it wasn't promoted.`,
      changes.slice(0, MOST),
    );
  }
  try {
    const path = `/environments/${encodeURIComponent(environment)}/promote`;
    await target.send("PUT", path, { signal });
  } catch (error) {
    if (!(error instanceof CmaError)) throw error;
    // An answer may have been lost.
    const { environments } = await listEnvironments(target.client, signal);
    const isDone = environments.some(({ id, meta }) => id === environment && meta.primary);
    if (!isDone) throw error;
  }
  return { isDone: true, previous: primary, reason: null, changes: [] };
}

/** What changes by itself isn't an edit. */
function isSomebodys(change: Change): boolean {
  return change.kind !== "schema" || change.type !== "site" ||
    change.fields.some(({ path }) => path !== "last_data_change_at");
}

function textOf(change: Change): string {
  const name = change.kind === "schema"
    ? `${change.type} ${change.name}`
    : change.kind === "record"
    ? `record ${change.model} ${change.title ?? ""}`.trim()
    : `asset ${change.filename ?? ""}`.trim();
  return printable(`${name} (${change.id}): ${change.change}`, 300);
}
