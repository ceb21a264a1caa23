import * as z from "zod";
import { RESTORE_DEFAULTS } from "../../restore/options.ts";
import type { RestoreOptions, VerifyRestore } from "../../restore/options.ts";
import { INCLUDED } from "../../restore/included/kinds.ts";
import { CONFLICTS } from "../../restore/living.ts";
import { name, oneOf, under } from "../option.ts";
import { isDestination } from "./destination.ts";

const { option, onOff } = under("Restore");

/** Which validators step aside while records are written. */
const VALIDATORS = ["auto", "last", "keep"] as const satisfies RestoreOptions["validators"][];
/** What becomes of references to assets without a file. */
const MISSING = [
  "drop",
  "placeholder",
  "fail",
] as const satisfies RestoreOptions["missingAssets"][];
/** Whether the stages of workflows are set. */
const STAGES = ["keep", "initial"] as const satisfies RestoreOptions["stages"][];
/** Whether schedules are set. */
const SCHEDULES = ["list", "set"] as const satisfies RestoreOptions["schedules"][];
/** What becomes of webhooks and build triggers meanwhile. */
const WEBHOOKS = ["leave", "pause"] as const satisfies RestoreOptions["webhooks"][];

/** What is published. */
const PUBLISH = ["snapshot", "none"] as const satisfies RestoreOptions["publish"][];

/** Where a snapshot is restored to. */
export const RESTORING = {
  into: option({
    kind: "text",
    schema: name.default(RESTORE_DEFAULTS.into),
    placeholder: "<where>",
    expects: "new, new:<name>, primary, or the name of an environment",
    help:
      "Restore into a new sandbox environment, a fork of the primary one: new names it restore-<date>-<time>, " +
      "new:<name> as it says. Or into one that is there, by its name; primary is the primary one.",
  }),
  forkOf: option({
    kind: "text",
    schema: name.optional(),
    placeholder: "<name>",
    expects: "the name of an environment",
    help: "The environment that the new one is a fork of. Default: the primary one.",
  }),
  otherProject: onOff(RESTORE_DEFAULTS.otherProject, {
    help:
      "Restore into the primary environment of another project, that of the API token, which is empty.",
  }),
  keepExtra: onOff(RESTORE_DEFAULTS.keepExtra, {
    help: "Keep what the new environment has and the snapshot hasn't.",
  }),
  conflicts: option({
    kind: "text",
    schema: z.enum(CONFLICTS).optional(),
    placeholder: "<what>",
    choices: CONFLICTS,
    expects: oneOf(CONFLICTS),
    help:
      "What becomes of what the environment has otherwise than the snapshot. overwrite: it becomes as in the " +
      "snapshot. unless-edited: only what nobody changed there since. skip: it stays, and is listed. fail: nothing is " +
      "restored. Default: overwrite in a new environment, skip in one that was there.",
  }),
  publish: option({
    kind: "text",
    schema: z.enum(PUBLISH).optional(),
    placeholder: "<what>",
    choices: PUBLISH,
    expects: oneOf(PUBLISH),
    help:
      "What is published. snapshot: what is public in the snapshot, and no more. none: only current versions are " +
      "written, where models have drafts. Default: snapshot in a new environment, none in one that was there.",
  }),
  delete: onOff(false, {
    help:
      "Destroy what the environment has and the snapshot hasn't, uploads apart, in one that was there. With an undo " +
      "snapshot: what the restore made.",
  }),
  promote: onOff(false, {
    help:
      "Make the new environment the primary one, once it is as the snapshot and if nobody changed the primary one " +
      "since it was forked; otherwise say what was changed, and exit with code 1. Has to be confirmed.",
  }),
  maintenance: onOff(false, {
    help: "With --promote: keep everybody from writing to the primary environment meanwhile.",
  }),
  validators: option({
    kind: "text",
    schema: z.enum(VALIDATORS).default(RESTORE_DEFAULTS.validators),
    placeholder: "<which>",
    choices: VALIDATORS,
    expects: oneOf(VALIDATORS),
    help:
      "Which validators step aside until all records are there. auto: those that would refuse what the snapshot " +
      "holds. last: all. keep: none.",
  }),
  missingAssets: option({
    kind: "text",
    schema: z.enum(MISSING).default(RESTORE_DEFAULTS.missingAssets),
    placeholder: "<what>",
    choices: MISSING,
    expects: oneOf(MISSING),
    help:
      "What becomes of references to assets whose file the snapshot lacks. drop: they are left out, and named. " +
      "placeholder: they lead to a small image. fail: nothing is restored.",
  }),
  creators: option({
    kind: "text",
    schema: z.string().regex(/^(?:keep|drop|@.+)$/s).optional(),
    placeholder: "<who>",
    expects: "keep, drop, or @ and a JSON file that says who takes whose place",
    help:
      "Who the creators of records and uploads are that are made. keep: who they were. drop: whoever restores them. " +
      '@<file>: whom a JSON file names, such as {"311":{"type":"user","id":"4711"}}. Default: keep, drop in another ' +
      "project.",
  }),
  rewriteUrls: onOff(false, {
    help:
      "Put the new addresses of assets whose files are sent anew in the place of the old ones in texts of records. " +
      "Otherwise the report names where these stand.",
  }),
  stages: option({
    kind: "text",
    schema: z.enum(STAGES).default(RESTORE_DEFAULTS.stages),
    placeholder: "<which>",
    choices: STAGES,
    expects: oneOf(STAGES),
    help:
      "In which stages of their workflows records are: those of the snapshot, or the initial ones.",
  }),
  schedules: option({
    kind: "text",
    schema: z.enum(SCHEDULES).default(RESTORE_DEFAULTS.schedules),
    placeholder: "<what>",
    choices: SCHEDULES,
    expects: oneOf(SCHEDULES),
    help:
      "Whether publications and unpublishings that were scheduled are listed only, or set if still to come.",
  }),
  webhooks: option({
    kind: "text",
    schema: z.enum(WEBHOOKS).default(RESTORE_DEFAULTS.webhooks),
    placeholder: "<what>",
    choices: WEBHOOKS,
    expects: oneOf(WEBHOOKS),
    help:
      "What becomes of the webhooks and build triggers that writing to the environment would call. leave: they are " +
      "called. pause: they are disabled until the restore ends.",
  }),
  restoreInclude: option({
    kind: "list",
    schema: z.array(z.enum(INCLUDED)).min(1).optional(),
    ownFlag: { command: "restore", name: "--include" },
    placeholder: "<x,y>",
    choices: INCLUDED,
    expects: `${oneOf(INCLUDED)}, separated by commas`,
    help:
      "Also make these of the project, not of the environment, where it has none of that name: disabled, and without " +
      "secrets.",
    notInFile: true,
  }),
};

/** How a restore is run. */
export const RESTORE_RUN = {
  journal: option({
    kind: "text",
    schema: z.string().refine(isDestination).optional(),
    placeholder: "<where>",
    expects: "a directory, a file: URL or s3://bucket[/prefix]",
    help:
      "Where the restore notes what it does, so that it can be resumed. Default: beside the snapshot.",
    path: "directory",
  }),
  planOut: option({
    kind: "text",
    schema: z.string().min(1).optional(),
    placeholder: "<file>",
    expects: "the path of a file to write",
    help: "Write the plan into this file as JSON, and nothing else: --plan carries it out.",
    path: "file",
  }),
  plan: option({
    kind: "text",
    schema: z.string().min(1).optional(),
    placeholder: "<file>",
    expects: "the path of a file that --plan-out has written",
    help:
      "Carry out this plan, unless what would be done isn't any more what it says (exit code 2).",
    path: "file",
  }),
  confirm: option({
    kind: "text",
    schema: z.string().min(1).optional(),
    placeholder: "<text>",
    expects: "the text that is asked for",
    help:
      "Confirm what has to be confirmed by this text, which is asked for on a terminal otherwise.",
    notInFile: true,
  }),
  abort: onOff(false, {
    help:
      "Give up the newest restore of this snapshot that wasn't finished: put back what it changed for a while, and " +
      "destroy the environment that it made.",
  }),
  maxWrites: option({
    kind: "number",
    schema: z.number().int().min(1).optional(),
    placeholder: "<number>",
    expects: "a whole number of at least 1",
    help:
      "Stop once this many requests that change something were sent, and exit with code 4; --resume continues from " +
      "there.",
  }),
  verify: option({
    kind: "text",
    schema: z.string().regex(/^(?:full|none|sample:[1-9]\d{0,8})$/)
      .transform((text) => text as VerifyRestore).default("full"),
    placeholder: "<how>",
    expects: "full, none or sample:<number of records>",
    help:
      "How the target is compared with the snapshot at the end: all of it, its models, settings and so many records, " +
      "or not at all.",
  }),
  report: option({
    kind: "text",
    schema: z.string().min(1).optional(),
    placeholder: "<file>",
    expects: "the path of a file to write",
    help: "Write the report into this file, a page of HTML that needs nothing else.",
    path: "file",
  }),
};
