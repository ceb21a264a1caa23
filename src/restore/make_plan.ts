import { EXIT, SluiceError } from "../error.ts";
import { CmaClient } from "../source/datocms/cma_client.ts";
import { printable } from "../text/printable.ts";
import { openSnapshot } from "../tools/open.ts";
import { verifySnapshot } from "../tools/verify.ts";
import { Expected } from "./chosen/expected.ts";
import { assertHolds, partOf } from "./chosen/part.ts";
import { Creators } from "./creators.ts";
import { chooseTarget, placeOf } from "./environment.ts";
import { hooksOf } from "./hooks.ts";
import { INCLUDED_KINDS } from "./included/kinds.ts";
import { assertIncludable, planIncluded } from "./included/plan_included.ts";
import { isEmpty, recordsIn } from "./inventory.ts";
import { RestoreJournal } from "./journal.ts";
import { holdsNothingElse } from "./ids/check_ids.ts";
import { hasNumericIds } from "./ids/renumbering.ts";
import {
  assertComplete,
  assertFewDestroyed,
  assertNoConflicts,
  assertPromotable,
  livingOf,
  OF_SCHEMA,
} from "./living_target.ts";
import { type Choices, MadePlan, type RestoreWork } from "./made_plan.ts";
import { RESTORE_DEFAULTS, type RestoreOptions } from "./options.ts";
import { planSteps, type RestoreParts } from "./parts.ts";
import { assertMeant, assertPermitted, assertWritable, notesOf, readProject } from "./preflight.ts";
import type { RestorePlan } from "./restore_plan.ts";
import {
  findEarlier,
  foundSnapshot,
  inventoryOf,
  noEarlier,
  type Settled,
  settled,
} from "./settled.ts";
import { Target } from "./target.ts";
import { wantedIn } from "./wanted.ts";
import { beforeOf, isUndo, touchedBefore } from "./undo.ts";

/**
 * Plans a restore, as {@linkcode planRestore} does, with the given parts.
 *
 * @param given The options.
 * @param parts Plan what is written.
 */
export async function planWith(given: RestoreOptions, parts: RestoreParts): Promise<RestorePlan> {
  const options = settled(given);
  try {
    return await makePlan(options, parts);
  } catch (error) {
    throw options.redaction.redactError(error);
  }
}

async function makePlan(
  options: Settled<RestoreOptions>,
  parts: RestoreParts,
): Promise<RestorePlan> {
  const { storage, signal, clock, onEvent } = options;
  const { otherProject = RESTORE_DEFAULTS.otherProject } = options;
  const found = await foundSnapshot(options);
  const verified = await verifySnapshot(storage, found, {
    // What was there as it was may lead nowhere.
    level: isUndo(found) ? "data" : "references",
    onProgress: (progress) => onEvent({ type: "checking", ...progress }),
    signal,
  });
  if (verified.status === "damaged") {
    const [first] = verified.problems;
    const more = verified.problems.length + verified.more - 1;
    throw new SluiceError(
      `The snapshot ${found.name} isn't what was exported (${
        printable(`${first!.kind} ${first!.key}: ${first!.detail}`)
      }${
        more > 0 ? `, and ${more} more` : ""
      }): nothing was written. Verify it, and restore another one.`,
      EXIT.usage,
      { code: "snapshot_damaged" },
    );
  }
  const snapshot = await openSnapshot(storage, found, { index: "memory", signal });
  const { manifest } = snapshot;
  const client = new CmaClient({
    ...options,
    onEvent: undefined,
    environment: undefined,
    readOnly: true,
  });
  const project = await readProject(client, signal);
  assertMeant(project, {
    snapshotProject: manifest?.project.id ?? found.project,
    otherProject,
    promotes: options.promote === true,
    pauses: options.webhooks === "pause",
  });
  const begunBefore = options.resume ? await findEarlier(options, found, project.id) : undefined;
  const { undone, touched } = await touchedBefore(options, found, begunBefore);
  const isRestart = begunBefore?.plan.forkOf === null && !otherProject && touched === undefined;
  // Before it was noted what is written, nothing was.
  const earlier = isRestart ? undefined : begunBefore;
  // What a lost journal would say of another project can be told by what is there.
  if (options.resume && begunBefore === undefined && !otherProject) {
    throw noEarlier(options, found, project.environments.map(({ id }) => id));
  }
  const part = partOf(options, begunBefore);
  assertHolds(snapshot, part);
  const include = options.include ?? begunBefore?.plan.options?.include ?? [];
  await assertIncludable(snapshot, include, signal);
  assertPermitted(project, include.map((name) => INCLUDED_KINDS[name].right));
  const undoneIn = undone && (manifest?.environment.id ?? undefined);
  const place = begunBefore === undefined
    ? chooseTarget(project, {
      into: options.into ?? undoneIn ?? RESTORE_DEFAULTS.into,
      forkOf: options.forkOf,
      otherProject,
      now: new Date(clock.now()),
    })
    : placeOf(begunBefore.plan, project, otherProject);
  if (options.promote) assertPromotable(place, project);
  const isThere = project.environments.some(({ id }) => id === place.environment);
  const inventory = await inventoryOf(options, isThere ? place.environment : place.forkOf!, "plan");
  try {
    const read = { snapshot, source: { storage, snapshot: found } };
    const isOld = await hasNumericIds(read, signal);
    const isBegun = options.resume && await holdsNothingElse(
      inventory.snapshot,
      (await wantedIn({ ...read, isOld, target: inventory }, signal)).snapshot,
      signal,
    );
    if (otherProject && earlier === undefined && !isBegun && !isEmpty(inventory)) {
      throw new SluiceError(
        `The project ${
          JSON.stringify(printable(project.name, 100))
        } isn't empty: this version restores another ` +
          "project's snapshot into an empty one only. Take the API token of an empty project, or resume the restore " +
          "that has written what is there.",
        EXIT.usage,
        { code: "not_empty" },
      );
    }
    // What isn't said is as it was begun.
    const begun: Partial<Choices> = begunBefore?.plan.options ?? {};
    // Without a manifest nobody tells whether it is whole.
    const keepExtra = manifest === undefined ||
      (options.keepExtra ?? begun.keepExtra ?? RESTORE_DEFAULTS.keepExtra);
    const choices: Choices = {
      keepExtra,
      living: livingOf(options, place, {
        begun: begun.living,
        keepExtra,
        isUndo: undone !== undefined,
      }),
      validators: options.validators ?? begun.validators ?? RESTORE_DEFAULTS.validators,
      missingAssets: options.missingAssets ?? begun.missingAssets ?? RESTORE_DEFAULTS.missingAssets,
      stages: options.stages ?? begun.stages ?? RESTORE_DEFAULTS.stages,
      schedules: options.schedules ?? begun.schedules ?? RESTORE_DEFAULTS.schedules,
      webhooks: options.webhooks ?? begun.webhooks ?? RESTORE_DEFAULTS.webhooks,
      creators: options.creators ?? begun.creators ?? (otherProject ? "drop" : "keep"),
      rewriteUrls: options.rewriteUrls ?? begun.rewriteUrls ?? false,
      part,
      ...include.length > 0 && { include },
      isOtherProject: otherProject,
    };
    const work: RestoreWork = {
      options,
      choices,
      parts,
      found,
      snapshot,
      project,
      place,
      isMade: isThere && place.forkOf !== undefined,
      earlier,
      undone,
      touched,
      isOld,
      inventory,
      notes: notesOf(project, snapshot, hooksOf(project, place), choices.webhooks === "pause"),
      along: part && earlier &&
        await RestoreJournal.along(options.journal ?? storage, earlier.prefix, signal),
    };
    if (place.isLiving && choices.living?.removes) assertComplete(manifest);
    const plan = await planned(work, signal);
    assertFewDestroyed(plan, recordsIn(inventory), options.maxDelete);
    if (choices.living?.conflicts === "fail") assertNoConflicts(plan);
    if (place.isPrimary) {
      assertWritable(project, plan.writes.some(({ type }) => OF_SCHEMA.has(type)));
    }
    return plan;
  } catch (error) {
    await inventory[Symbol.asyncDispose]();
    throw error;
  }
}

/**
 * Plans what is written to a target as it is now.
 *
 * @param work What it is planned with.
 * @param signal Aborts it.
 */
export async function planned(work: RestoreWork, signal: AbortSignal): Promise<MadePlan> {
  const {
    options,
    choices: { part, creators: who = "keep", rewriteUrls = false, include = [], ...given },
    parts,
    found,
    place,
    inventory,
  } = work;
  const { webhooks: _, ...choices } = given;
  const { undone, touched, earlier, isOld, drill } = work;
  const source = { storage: options.storage, snapshot: found };
  const creators = typeof who === "string" ? undefined : new Creators(who, choices.isOtherProject);
  const { emptied } = drill ?? {};
  const target = emptied === undefined
    ? inventory
    : { snapshot: emptied.snapshot, source: emptied.side };
  const wanted = await wantedIn(
    { snapshot: work.snapshot, source, isOld, target, creators, rewriteUrls },
    signal,
  );
  const { ids } = wanted;
  const whole = {
    snapshot: wanted.snapshot,
    wanted: wanted.source,
    target: target.snapshot,
    present: target.source,
    signal,
  };
  const expected = part && await Expected.of(
    { ...part, records: part.records?.map((id) => ids?.newId("item", id) ?? id) },
    { ...whole, along: work.along },
  );
  const steps = await planSteps({
    ...choices,
    ...whole,
    // What a part of a snapshot lacks isn't gone.
    ...expected && {
      snapshot: expected.snapshot,
      wanted: expected.side,
      chosen: expected.chosen,
      keepExtra: true,
    },
    isOwn: place.forkOf !== undefined,
    keepsCreators: who !== "drop",
    urls: wanted.urls,
    earlierTarget: touched && earlier && await beforeOf(options, found, earlier),
    // What was destroyed under a number comes back under another id.
    isInScope: undone &&
      ((type, id) => undone.hasAny(type, id) || undone.hasAny(type, ids?.oldId(type, id) ?? id)),
    isOurs: touched &&
      ((type, id) => touched.has("created", type, id) || touched.has("changed", type, id)),
  }, parts);
  const { snapshot } = expected ?? whole;
  const schema = await snapshot.schema({ signal });
  const relaxed = schema.itemTypes.filter(({ id }) => steps.relaxed.has(id))
    .map(({ attributes: { api_key: key } }) => key);
  const project = include.length === 0 ? undefined : await planIncluded({
    names: include,
    snapshot: wanted.snapshot,
    raw: work.snapshot,
    there: [snapshot, target.snapshot],
    target: new Target({ ...options, onEvent: undefined, environment: undefined, readOnly: true }),
    environment: place.environment,
    fromEnvironment: work.snapshot.manifest?.environment.id ?? found.environment,
    environments: work.project.environments.map(({ id }) => id),
    isOtherProject: choices.isOtherProject,
    signal,
  });
  const losses = [
    ...expected?.losses ?? [],
    ...steps.losses,
    ...creators?.losses ?? [],
    ...project?.losses ?? [],
  ];
  const { urls, asItSays = wanted } = wanted;
  const newUrls = await urls?.told(asItSays, rewriteUrls, signal);
  if (urls) urls.isPlanning = false;
  return new MadePlan(
    { ...work, wanted, newUrls, expected },
    { ...steps, steps: [...steps.steps, ...project?.steps ?? []], losses },
    relaxed,
    project?.included,
  );
}
