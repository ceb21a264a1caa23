import { bestEffort } from "../../async/limited.ts";
import { EXIT, SluiceError } from "../../error.ts";
import type { FoundSnapshot } from "../../snapshot/find_snapshot.ts";
import { CmaClient } from "../../source/datocms/cma_client.ts";
import { listSnapshots } from "../../tools/list.ts";
import { openSnapshot, type Snapshot } from "../../tools/open.ts";
import { type Verification, verifySnapshot } from "../../tools/verify.ts";
import { lockOf } from "../abort.ts";
import type { RestoreOptions } from "../options.ts";
import { assertMeant, type FoundProject, readProject } from "../preflight.ts";
import { foundSnapshot, journalPlace, type Settled, settled } from "../settled.ts";
import { isUndo } from "../undo.ts";
import { DrillJournal } from "./drill_journal.ts";
import { DRILL_DEFAULTS, type DrillOptions, type DrillStage } from "./options.ts";
import { type DrillChoices, type DrillPlan, planDrill } from "./plan_drill.ts";
import { Practice } from "./practice.ts";
import { type DrillResult, type DrillScope, inShort, lastDrillNote } from "./result.ts";
import { Stages } from "./stages.ts";

/** The most objects that are named as damaged. */
const MOST_DAMAGE = 100;
/** What counts for how long a restore takes: neither what a restore doesn't do, nor what is tried besides. */
const OF_RESTORE = ["verify", "plan", "fork", "restore"] as const satisfies DrillStage[];

/**
 * Shows that a snapshot can be restored, and how long that takes: verifies it, makes a new sandbox environment of the
 * primary one, empties it but for its uploads, restores the snapshot into it, compares it with the snapshot, sends
 * some of its files as new uploads, and destroys the environment. By default a sample of the records is restored.
 *
 * It writes to no environment but the one that it makes, and destroys none but those that drills have made: what one
 * left that was killed is destroyed by the next one. How it went is kept beside the snapshots.
 *
 * @param given Which snapshot, and how much of it.
 * @return Whether the snapshot came back as it was, what differs, how long it took and how old it was.
 * @throws {SluiceError} If a drill can't be begun; the exit code is then `EXIT.usage`, and nothing was written.
 * @throws {CmaError} If the project can't be read.
 * @throws The signal's reason.
 *
 * @example
 * ```ts no-eval
 * import { LocalStorage } from "@sluice/datocms";
 * import { drillSnapshot } from "@sluice/datocms/restore";
 *
 * const { status, rtoMs, rpoMs, problems } = await drillSnapshot({
 *   apiToken: Deno.env.get("DATOCMS_API_TOKEN")!,
 *   storage: new LocalStorage("./snapshots"),
 *   sample: 50,
 * });
 * console.log(status, rtoMs, rpoMs, problems);
 * ```
 */
export async function drillSnapshot(given: DrillOptions): Promise<DrillResult> {
  const { full, sample, assets, seed, keep, maxRequests, onEvent, ...reached } = given;
  const options = settled<RestoreOptions>({ ...reached, onEvent });
  const stages = new Stages(options.clock, (stage) => onEvent?.({ type: "drill", stage }));
  const choices = {
    full: full ?? DRILL_DEFAULTS.full,
    sample: sample ?? DRILL_DEFAULTS.sample,
    assets: assets ?? DRILL_DEFAULTS.assets,
    seed: seed ?? crypto.randomUUID().slice(0, 8),
    keep: keep ?? DRILL_DEFAULTS.keep,
    maxRequests: maxRequests ?? Infinity,
  };
  try {
    return await drill(options, choices, stages);
  } catch (error) {
    throw options.redaction.redactError(error);
  }
}

async function drill(
  given: Settled<RestoreOptions>,
  choices: DrillChoices,
  stages: Stages,
): Promise<DrillResult> {
  const { storage, clock, onEvent, journal: journals = storage } = given;
  const startedAt = clock.now();
  const found = await findSnapshot(given);
  const client = new CmaClient({
    ...given,
    onEvent: undefined,
    environment: undefined,
    readOnly: true,
  });
  const project = await readProject(client, given.signal);
  assertMeant(project, { snapshotProject: found.project, otherProject: false, promotes: false });
  // Two at a time would destroy each other's environments.
  const other = "Another drill of the project runs";
  await using lock = await lockOf(journals, project.id, "sluice-drill", given.signal, other);
  const { signal } = lock;
  const options = { ...given, signal };
  const verified = await stages.run("verify", () =>
    verifySnapshot(storage, found, {
      level: "references",
      onProgress: (progress) => onEvent({ type: "checking", ...progress }),
      signal,
    }));
  const drilled = { found, project, choices, stages, startedAt, verified };
  if (verified.status === "damaged") return await told(resultOf(drilled), undefined);
  const snapshot = await openSnapshot(storage, found, { index: "memory", signal });
  const plan = await stages.run(
    "plan",
    () => planDrill(options, choices, { found, snapshot, project }),
  );
  await using inventory = plan.work.inventory;
  const { environment, second } = plan;
  const note = {
    environment,
    snapshot: found.name,
    startedAt: new Date(startedAt).toISOString(),
  };
  const journal = await DrillJournal.begin(lock.storage, project.id, second, note, signal);
  const { snapshot: there } = inventory;
  const { prefix: folder } = journal;
  const practice = new Practice({ plan, options, choices, stages, snapshot, there, folder });
  await practice.run();
  return await told(resultOf({ ...drilled, snapshot, plan, practice, journal }), journal);

  /** Writes down how it went. */
  async function told(
    whole: DrillResult,
    journal: DrillJournal | undefined,
  ): Promise<DrillResult> {
    const result = given.redaction.redactValue(whole);
    const isNoted = await bestEffort(signal, async (signal) => {
      await journal?.end(result, signal);
      await lastDrillNote(journals, journalPlace(found)).write(inShort(result), signal);
    });
    if (!isNoted) {
      const message = "How the drill went couldn't be written beside the snapshots.";
      onEvent({ type: "warning", code: "drill_not_noted", message });
    }
    return result;
  }
}

/** The snapshot that is named, or the newest complete one; if none is complete, the newest one. */
async function findSnapshot(options: Settled<RestoreOptions>): Promise<FoundSnapshot> {
  const { storage, signal, snapshot } = options;
  const found = await foundSnapshot(options);
  if (isUndo(found)) {
    throw new SluiceError(
      `${found.name} holds what a restore replaced, and isn't a snapshot of a project: name one.`,
      EXIT.usage,
    );
  }
  if (snapshot !== undefined) return found;
  const place = journalPlace(found);
  for await (const page of listSnapshots(storage, { project: found.project, signal })) {
    const newest = page.find((info) => {
      return info.state === "complete" && info.prefix.startsWith(`${place}/snapshot_`);
    });
    if (newest === undefined) continue;
    const { prefix, name, id } = newest;
    return { ...found, prefix, name, id };
  }
  return found;
}

/** What a drill has come to. */
interface Drilled {
  readonly found: FoundSnapshot;
  readonly project: FoundProject;
  readonly choices: DrillChoices;
  readonly stages: Stages;
  readonly startedAt: number;
  readonly verified: Verification;
  /** What isn't there if the snapshot is damaged. */
  readonly snapshot?: Snapshot;
  readonly plan?: DrillPlan;
  readonly practice?: Practice;
  readonly journal?: DrillJournal;
}

function resultOf(drilled: Drilled): DrillResult {
  const { found, project: { id, name }, stages: { times }, startedAt, verified } = drilled;
  const { snapshot, plan, practice, journal } = drilled;
  const at = snapshot?.manifest?.startedAt ?? new Date(Number(found.id) * 1000).toISOString();
  const problems = practice?.problems ?? [damageOf(verified)];
  const status = problems.length === 0 ? "passed" : "failed";
  return {
    status,
    exitCode: status === "passed" ? EXIT.complete : EXIT.failed,
    snapshot: found.name,
    snapshotAt: at,
    startedAt: new Date(startedAt).toISOString(),
    project: { id, name },
    scope: scopeOf(drilled),
    rtoMs: practice?.isRestored
      ? OF_RESTORE.reduce((sum, stage) => sum + (times[stage] ?? 0), 0)
      : null,
    rpoMs: startedAt - Date.parse(at),
    times,
    problems,
    damage: verified.problems.slice(0, MOST_DAMAGE),
    verification: practice?.verification ?? null,
    losses: plan?.losses ?? [],
    assets: practice?.assets ?? null,
    requests: { planned: plan?.requests ?? 0, ...practice?.sent ?? { reads: 0, writes: 0 } },
    environment: plan?.environment ?? null,
    isKept: practice?.isThere ?? false,
    removed: practice?.removed ?? [],
    journal: journal?.address ?? null,
  };
}

function damageOf({ snapshot, problems, more }: Verification): string {
  const count = problems.length + more;
  return `The snapshot ${snapshot} isn't what was exported: ${count} ${
    count === 1 ? "thing is" : "things are"
  } wrong with its objects.`;
}

function scopeOf({ snapshot, practice, choices: { full, sample, seed } }: Drilled): DrillScope {
  const { records } = snapshot?.manifest ?? {};
  const of = records === undefined
    ? null
    : Object.values(records).reduce((sum, { current }) => sum + (current?.count ?? 0), 0);
  return {
    kind: full ? "full" : "sample",
    records: practice?.verification?.records ?? null,
    chosen: full ? null : Math.min(sample, of ?? sample),
    of,
    seed,
  };
}
