import * as z from "zod";
import { type Config, flagName } from "../config/options.ts";
import { EXIT, SluiceError } from "../error.ts";
import { jsonText } from "../report/json_report.ts";
import { type RestoreChoice, restoreChoice } from "../restore/chosen/choice.ts";
import { INCLUDED } from "../restore/included/kinds.ts";
import type { RestoreOptions, RestorePlan } from "../restore/mod.ts";
import { printable } from "../text/printable.ts";
import { newFile } from "./new_file.ts";

/** What decides what a restore writes: a plan file holds it. */
export const CHOICES = [
  "into",
  "forkOf",
  "otherProject",
  "keepExtra",
  "conflicts",
  "publish",
  "delete",
  "promote",
  "maintenance",
  "validators",
  "missingAssets",
  "creators",
  "rewriteUrls",
  "stages",
  "schedules",
  "webhooks",
] as const satisfies (keyof Config & keyof RestoreOptions)[];

const planFile = z.object({
  version: z.literal(1),
  snapshot: z.string(),
  digest: z.string(),
  options: z.record(z.enum(CHOICES), z.union([z.string(), z.boolean(), z.undefined()])),
  include: z.array(z.enum(INCLUDED)).optional(),
  part: restoreChoice.optional(),
});

/**
 * What a plan says, as JSON.
 *
 * @param plan The plan.
 */
export function planData(plan: RestorePlan) {
  const { snapshot, target, writes, requests, leastMs, losses, relaxed, hooks, notes } = plan;
  const { conflicts, included, newIds, newUrls, undo, confirmation = null, digest } = plan;
  const facts = { snapshot, target, writes, requests, leastMs, losses, relaxed, hooks, notes };
  return { ...facts, conflicts, included, newIds, newUrls, undo, confirmation, digest };
}

/**
 * Writes a plan into a file.
 *
 * @param path The file.
 * @param plan The plan.
 * @param options What it was made with.
 * @param part The part that is restored.
 * @param include What of the project is made.
 * @throws {SluiceError} If it can't be written.
 */
export async function writePlan(
  path: string,
  plan: RestorePlan,
  options: object,
  part: RestoreChoice | undefined,
  include: RestoreOptions["include"],
): Promise<void> {
  await using file = await newFile(path, "planOut");
  await file.write(jsonText({ version: 1, ...planData(plan), options, part, include }));
  await file.finish();
}

/**
 * Reads a plan from a file.
 *
 * @param path The file.
 * @throws {SluiceError} If it holds none.
 */
export async function readPlan(path: string) {
  try {
    const found = JSON.parse(await Deno.readTextFile(path));
    // What isn't named has its default.
    const options = {
      ...Object.fromEntries(CHOICES.map((key) => [key, undefined])),
      ...found.options,
    };
    return planFile.parse({ ...found, options });
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const why = error.name === "ZodError" ? "it isn't such a plan" : printable(error.message);
    throw new SluiceError(
      `Expected a plan that ${flagName("planOut")} has written in ${printable(path)}, but: ${
        why.replace(/\.$/, "")
      }.`,
      EXIT.usage,
      { cause: error },
    );
  }
}
