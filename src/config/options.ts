import * as z from "zod";
import { ASSET_SOURCE, ASSETS } from "./groups/assets.ts";
import { DIFFING } from "./groups/diffing.ts";
import { CLEANING, DESTINATION, PUBLICITY, S3 } from "./groups/destination.ts";
import { DOWNLOADING } from "./groups/downloading.ts";
import { DRILLING } from "./groups/drilling.ts";
import { CONFIG_FILE, EXPORT_KIND, EXPORT_RUN, OUTPUT, TIMEOUT, VERDICT } from "./groups/run.ts";
import { SCHEDULE } from "./groups/schedule.ts";
import { RESTORE_PART } from "./groups/restore_part.ts";
import { RESTORE_RUN, RESTORING } from "./groups/restoring.ts";
import { FORM, LISTING, READING, RESULT } from "./groups/reading.ts";
import { RETENTION, UNUSED } from "./groups/retention.ts";
import { RECORD_SELECTION, RESOURCE_SELECTION } from "./groups/selection.ts";
import { LABELS, SNAPSHOT, TABLES } from "./groups/snapshot.ts";
import { SERVE_TOO, SERVING, TOKEN } from "./groups/serving.ts";
import { SOURCE } from "./groups/source.ts";
import { UNLOCKING } from "./groups/unlocking.ts";
import { VERIFYING } from "./groups/verifying.ts";
import type { OptionInfo } from "./option.ts";

const ENTRIES = {
  ...SOURCE,
  ...RECORD_SELECTION,
  ...RESOURCE_SELECTION,
  ...DESTINATION,
  ...S3,
  ...PUBLICITY,
  ...CLEANING,
  ...READING,
  ...LISTING,
  ...FORM,
  ...RETENTION,
  ...UNUSED,
  ...VERIFYING,
  ...UNLOCKING,
  ...DOWNLOADING,
  ...DIFFING,
  ...RESULT,
  ...ASSETS,
  ...ASSET_SOURCE,
  ...SNAPSHOT,
  ...TABLES,
  ...LABELS,
  ...RESTORING,
  ...RESTORE_PART,
  ...RESTORE_RUN,
  ...DRILLING,
  ...EXPORT_RUN,
  ...EXPORT_KIND,
  ...VERDICT,
  ...OUTPUT,
  ...TIMEOUT,
  ...CONFIG_FILE,
  ...SCHEDULE,
  ...SERVE_TOO,
  ...SERVING,
  ...TOKEN,
};

/** The name of an option, as in a configuration file. */
export type OptionKey = keyof typeof ENTRIES;

/** All options. */
export const OPTIONS: { readonly [Key in OptionKey]: OptionInfo } = ENTRIES;

/** The options' names, in the order of help texts. */
export const OPTION_KEYS = Object.keys(OPTIONS) as readonly OptionKey[];

type Shape = { readonly [Key in OptionKey]: typeof ENTRIES[Key]["schema"] };

/** Describes the configuration: every option, whether it comes from the command line, the environment or a file. */
export const configSchema: z.ZodObject<Shape, z.core.$strict> = z.strictObject(
  Object.fromEntries(OPTION_KEYS.map((key) => [key, OPTIONS[key].schema])) as Shape,
);

/** The configuration, whole and valid. */
export type Config = z.infer<typeof configSchema>;

/** What the options are if nobody says anything. */
export const DEFAULTS: Readonly<Config> = configSchema.parse({});

/**
 * The names of the options of groups.
 *
 * @param groups The groups.
 */
export function optionsOf(
  ...groups: readonly { readonly [Key in OptionKey]?: OptionInfo }[]
): readonly OptionKey[] {
  return groups.flatMap((group) => Object.keys(group) as OptionKey[]);
}

/**
 * An option as it is given on the command line: `--exclude-models`.
 *
 * @param key The option.
 */
export function flagName(key: OptionKey): string {
  return OPTIONS[key].ownFlag?.name ?? `--${words(key).join("-")}`;
}

/**
 * The environment variable of an option: `SLUICE_EXCLUDE_MODELS`.
 *
 * @param key The option.
 */
export function envName(key: OptionKey): string {
  return OPTIONS[key].env ?? `SLUICE_${words(key).join("_").toUpperCase()}`;
}

/**
 * The environment variables that give an option a value, the one that counts first.
 *
 * @param key The option.
 */
export function envNamesOf(key: OptionKey): readonly string[] {
  const { orElse } = OPTIONS[key];
  return orElse === undefined ? [envName(key)] : [envName(key), envName(orElse)];
}

function words(key: string): string[] {
  return key.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`).split(" ");
}
