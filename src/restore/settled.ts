import { type Clock, SYSTEM_CLOCK } from "../async/clock.ts";
import { EXIT, SluiceError } from "../error.ts";
import { readableVariable } from "../http/proxy.ts";
import { findSnapshot, type FoundSnapshot } from "../snapshot/find_snapshot.ts";
import { environmentSecrets } from "../text/secrets/environment_secrets.ts";
import { Secrets } from "../text/secrets/secrets.ts";
import type { RestoreEvent } from "./events.ts";
import { type Inventory, takeInventory } from "./inventory.ts";
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

/**
 * The newest restore of a snapshot into a project that isn't over.
 *
 * @param options Where journals are.
 * @param found The snapshot.
 * @param project The project's id.
 * @param mayBeLost Whether there may be none.
 * @throws {SluiceError} If there is none, and has to be one.
 */
export async function earlierRestore<Lost extends boolean = false>(
  { storage, journal = storage, signal }: Settled<JournalOptions>,
  found: FoundSnapshot,
  project: string,
  mayBeLost?: Lost,
): Promise<
  { readonly plan: JournalPlan; readonly prefix: string } | (Lost extends true ? undefined : never)
> {
  const isMeant = (plan: JournalPlan) => plan.snapshot === found.name && plan.project === project;
  const earlier = await RestoreJournal.find(journal, journalPlace(found), isMeant, signal);
  if (earlier !== undefined) return earlier;
  if (mayBeLost) return undefined as Lost extends true ? undefined : never;
  throw new SluiceError(
    `There is no restore of ${found.name} that isn't over: restore it anew.`,
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
 * @param schemaOnly Whether only its schema and settings are read.
 */
export async function inventoryOf(
  options: Settled<RestoreOptions>,
  environment: string,
  why: "plan" | "verify",
  schemaOnly = false,
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
    schemaOnly,
    temporaryIn,
    onRequests: (requests) => onEvent({ type: "reading", why, requests }),
    signal,
  });
}
