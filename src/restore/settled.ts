import { type Clock, SYSTEM_CLOCK } from "../async/clock.ts";
import { EXIT, SluiceError } from "../error.ts";
import { readableVariable } from "../http/proxy.ts";
import { findSnapshot, type FoundSnapshot } from "../snapshot/find_snapshot.ts";
import { fewNames, shownAddress } from "../text/printable.ts";
import { environmentSecrets } from "../text/secrets/environment_secrets.ts";
import { Secrets } from "../text/secrets/secrets.ts";
import type { RestoreEvent } from "./events.ts";
import { type Inventory, type InventoryScope, takeInventory } from "./inventory.ts";
import { type JournalPlan, RestoreJournal } from "./journal.ts";
import type { JournalOptions, RestoreOptions } from "./options.ts";

/** A restore's options, with what keeps secrets out of all that it says. */
export type Settled<O extends JournalOptions> = O & {
  /** Knows the secrets. */
  readonly redaction: Secrets;
  /** Tells the time, and waits. */
  readonly clock: Clock;
  /** Aborts it. */
  readonly signal: AbortSignal;
  /** Called with each event. */
  readonly onEvent: (event: RestoreEvent) => void;
};

/**
 * Fills in what each function of a restore needs.
 *
 * @param options The options as they were given.
 */
export function settled<O extends JournalOptions>(options: O): Settled<O> {
  const { apiToken, secrets = [], baseUrl, storage, journal } = options;
  const redaction = new Secrets([apiToken, ...secrets, ...environmentSecrets(readableVariable)]);
  redaction.addFrom(baseUrl);
  redaction.follow(() => [...storage.secrets ?? [], ...journal?.secrets ?? []]);
  const { clock = SYSTEM_CLOCK, signal = new AbortController().signal, onEvent } = options;
  return {
    ...options,
    redaction,
    clock,
    signal,
    onEvent: (event) => onEvent?.(redaction.redactValue(event)),
  };
}

/**
 * The snapshot that options name.
 *
 * @param options The options.
 */
export async function foundSnapshot(
  { storage, snapshot = "latest", project, fromEnvironment, signal }: Settled<JournalOptions>,
): Promise<FoundSnapshot> {
  if (typeof snapshot !== "string") return snapshot;
  return await findSnapshot(storage, snapshot, { project, environment: fromEnvironment, signal });
}

/**
 * Where the snapshots lie that a restore's journal lies beside.
 *
 * @param found The snapshot.
 */
export function journalPlace({ prefix }: FoundSnapshot): string {
  return prefix.slice(0, prefix.lastIndexOf("/"));
}

/** The name of an environment that a restore has given it. */
const MADE = /^restore-\d{8}-\d{6}$/;

/** A restore that isn't over, by its journal. */
export interface EarlierRestore {
  /** What it was to do. */
  readonly plan: JournalPlan;
  /** Where its journal lies. */
  readonly prefix: string;
}

/**
 * The newest restore of a snapshot into a project that isn't over; `undefined` if there is none.
 *
 * @param options Where journals are.
 * @param found The snapshot.
 * @param project The project's id.
 */
export async function findEarlier(
  { storage, journal = storage, signal }: Settled<JournalOptions>,
  found: FoundSnapshot,
  project: string,
): Promise<EarlierRestore | undefined> {
  const isMeant = (plan: JournalPlan) => plan.snapshot === found.name && plan.project === project;
  return await RestoreJournal.find(journal, journalPlace(found), isMeant, signal);
}

/**
 * The error of who asks for a restore that there isn't.
 *
 * @param options Where journals are.
 * @param found The snapshot.
 * @param environments The project's environments, one of which a restore may have made.
 */
export function noEarlier(
  { storage, journal = storage }: Settled<JournalOptions>,
  found: FoundSnapshot,
  environments: readonly string[],
): SluiceError {
  const place = shownAddress(`${journal.url}/${journalPlace(found)}`);
  const made = environments.filter((id) => MADE.test(id));
  const which = made.length > 0 ? `, which may be ${fewNames(made)}` : "";
  return new SluiceError(
    `There is no restore of ${found.name} that isn't over, by the journals at ${place}: restore it anew. If a ` +
      `journal is lost, nobody can tell what its restore had made: look at that environment${which}, ` +
      "and delete it, or overwrite it with the snapshot.",
    EXIT.usage,
    { code: "no_restore" },
  );
}

/**
 * Reads an environment as it is.
 *
 * @param options How the API is reached.
 * @param environment Which one.
 * @param why What it is read for.
 * @param reads What of it is read.
 */
export async function inventoryOf(
  options: Settled<RestoreOptions>,
  environment: string,
  why: "plan" | "verify",
  reads: InventoryScope = "all",
): Promise<Inventory> {
  const { apiToken, baseUrl, maxRps, retry, headersTimeoutMs, stallTimeoutMs } = options;
  const { jobTimeoutMs, concurrency, secrets, temporaryIn, signal, onEvent } = options;
  const reached = { apiToken, baseUrl, maxRps, retry, headersTimeoutMs, stallTimeoutMs };
  return await takeInventory({
    ...reached,
    jobTimeoutMs,
    concurrency,
    secrets,
    environment,
    reads,
    temporaryIn,
    onRequests: (requests) => onEvent({ type: "reading", why, requests }),
    signal,
  });
}
