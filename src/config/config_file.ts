import { isObject } from "../text/json.ts";
import { EXIT, SluiceError } from "../error.ts";
import { nearest } from "../text/nearest.ts";
import { printable } from "../text/printable.ts";
import { envName, OPTION_KEYS, type OptionKey, OPTIONS } from "./options.ts";
import type { ConfigFile } from "./resolve_config.ts";

const KEYS = OPTION_KEYS.filter((key) => !OPTIONS[key].notInFile && !OPTIONS[key].secret);

/**
 * Reads a configuration file.
 *
 * @param path The file's path.
 * @return The options in it, whose values aren't checked yet.
 * @throws {SluiceError} If it can't be read, isn't a JSON object, or has a key that is no option.
 */
export async function readConfigFile(path: string): Promise<ConfigFile> {
  let text: string;
  try {
    text = await Deno.readTextFile(path);
  } catch (error) {
    throw unusable(
      `Can't read the configuration file ${quoted(path)}: ${whyUnreadable(error)}.`,
      error,
    );
  }
  return parseConfigFile(path, text);
}

/**
 * Reads the options out of a configuration file's text.
 *
 * @param path The file's path, for error messages.
 * @param text The file's content.
 * @return The options in it, whose values aren't checked yet.
 * @throws {SluiceError} If it isn't a JSON object, or has a key that is no option.
 */
export function parseConfigFile(path: string, text: string): ConfigFile {
  let values: unknown;
  try {
    // Editors on Windows begin a file with a byte order mark.
    values = JSON.parse(text.replace(/^\ufeff/, ""));
  } catch (error) {
    // V8 quotes what it read, which may be a secret in the wrong place.
    const said = String(error).replace(
      /^SyntaxError: |,? *(\.\.\.)?"[^]*"(\.\.\.)? is not valid JSON$/g,
      "",
    );
    throw unusable(
      `${quoted(path)} must be a JSON file, but isn't: ${printable(said, 200)}.`,
      error,
    );
  }
  if (!isObject(values) || Array.isArray(values)) {
    throw unusable(
      `${quoted(path)} must hold a JSON object of options, such as {"to": "./backups"}.`,
    );
  }
  for (const key of Object.keys(values)) checkKey(path, key);
  return { path, values };
}

/**
 * Why a file can't be read, in a few words.
 *
 * @param error What was thrown.
 */
export function whyUnreadable(error: unknown): string {
  if (error instanceof Deno.errors.NotFound) return "there is no such file";
  if (error instanceof Deno.errors.IsADirectory) return "it is a directory";
  if (error instanceof Deno.errors.NotCapable) return "run it again with --allow-read";
  if (error instanceof Deno.errors.PermissionDenied) return "this user has no permission for it";
  return printable(error instanceof Error ? error.message : String(error), 200);
}

function checkKey(path: string, key: string): void {
  const known = key as OptionKey;
  if (KEYS.includes(known)) return;
  if (OPTION_KEYS.includes(known)) {
    throw unusable(
      OPTIONS[known].secret
        ? `${quoted(path)} must not hold ${
          quoted(key)
        }, because files get copied and committed: set ${envName(known)} instead.`
        : `${quoted(path)} can't hold ${quoted(key)}: give it on the command line.`,
    );
  }
  const close = nearest(key, KEYS);
  const advice = close === undefined
    ? `its keys may be ${KEYS.join(", ")}.`
    : `did you mean "${close}"?`;
  throw unusable(`${quoted(path)} holds ${quoted(key)}, which is no option: ${advice}`);
}

function quoted(text: string): string {
  return JSON.stringify(printable(text));
}

function unusable(message: string, cause?: unknown): SluiceError {
  return new SluiceError(message, EXIT.usage, { cause });
}
