import { type Config, flagName, type OptionKey } from "../config/options.ts";
import { EXIT, SluiceError } from "../error.ts";
import { type RestoreChoice, restoreChoice } from "../restore/chosen/choice.ts";
import { printable } from "../text/printable.ts";

/** What chooses a part of a snapshot: always on the command line, where it is seen. */
export const PART = [
  "only",
  "models",
  "excludeModels",
  "records",
  "withLinks",
  "withReferrers",
  "copy",
  "field",
] as const satisfies (keyof Config & keyof RestoreChoice)[];

/**
 * The part of a snapshot that the command line chooses; `undefined` if it chooses none.
 *
 * @param config The configuration.
 * @param given The options that are on the command line.
 * @throws {SluiceError} If a file of ids can't be read.
 */
export async function partOf(
  config: Config,
  given: readonly OptionKey[],
): Promise<RestoreChoice | undefined> {
  const said = PART.filter((key) => given.includes(key) && config[key] !== undefined);
  const locales = given.includes("locale") ? config.locale?.split(",") : undefined;
  if (said.length === 0 && locales === undefined) return undefined;
  const [first, ...others] = config.records ?? [];
  const isFile = first?.startsWith("@") && others.length === 0;
  const records = isFile ? await idsIn(first!.slice(1)) : config.records;
  const chosen = said.map((key) => [key, key === "records" ? records : config[key]]);
  return restoreChoice.parse({ ...Object.fromEntries(chosen), locales });
}

/** The ids that a file has, apart from each other by spaces, commas or lines. */
async function idsIn(path: string): Promise<string[]> {
  let why = "it has none";
  try {
    const ids = (await Deno.readTextFile(path)).split(/[\s,]+/).filter((id) => id !== "");
    if (ids.length > 0) return ids;
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    why = printable(error.message).replace(/\.$/, "");
  }
  throw new SluiceError(
    `Expected ids of records in ${printable(path)} for ${flagName("records")}, but: ${why}.`,
    EXIT.usage,
  );
}
