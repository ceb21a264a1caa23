import { flagName } from "../config/options.ts";
import { EXIT, SluiceError } from "../error.ts";
import { type CreatorChoice, creatorMap } from "../restore/creators.ts";
import { printable } from "../text/printable.ts";

/**
 * Who the creators are that the command line or a plan chooses; a file says who takes whose place.
 *
 * @param said What was said: `keep`, `drop`, or `@` and a file.
 * @throws {SluiceError} If the file doesn't say that.
 */
export async function creatorsOf(said: unknown): Promise<CreatorChoice | undefined> {
  if (said === undefined || said === "keep" || said === "drop") return said;
  const path = String(said).slice(1);
  let why: string;
  try {
    const found = creatorMap.safeParse(JSON.parse(await Deno.readTextFile(path)));
    if (found.success) return found.data;
    const [first] = found.error.issues;
    const where = first!.path.map(String).join(".");
    why = `${where === "" ? "" : `at ${where}: `}${first!.message}`;
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    why = error.message;
  }
  throw new SluiceError(
    `Expected a JSON object in ${printable(path)} for ${
      flagName("creators")
    } that has a type and an id for each ` +
      `creator's id, such as {"311":{"type":"user","id":"4711"}}, but: ${
        printable(why, 200).replace(/\.$/, "")
      }.`,
    EXIT.usage,
  );
}
