import { EXIT, SluiceError } from "../error.ts";
import { printable } from "../text/printable.ts";
import { isQuoted } from "./check_variables.ts";
import { whyUnreadable } from "./config_file.ts";
import { OPTIONS } from "./options.ts";

/** More than any token has, in bytes: what is larger is another file. */
const LARGEST = 64 * 1024;

/**
 * Reads an API token from a file that holds nothing else, such as a secret that Docker or Kubernetes mounts.
 * Blanks and line breaks around the token don't matter.
 *
 * @param path The file's path.
 * @throws {SluiceError} If it can't be read or holds no token, of which nothing is shown; the exit code is
 * {@linkcode EXIT.usage}.
 */
export async function readTokenFile(path: string): Promise<string> {
  const token = (await textOf(path)).replace(/^\ufeff/, "").trim();
  if (token === "") throw unusable(path, "is empty: is the secret there that it is made from?");
  if (isQuoted(token)) {
    throw unusable(path, "holds quotation marks around the token: leave them out.");
  }
  if (OPTIONS.apiToken.schema.safeParse(token).success) return token;
  throw unusable(path, `must hold nothing but ${OPTIONS.apiToken.expects}, but doesn't.`);
}

async function textOf(path: string): Promise<string> {
  try {
    const { size } = await Deno.stat(path);
    if (size <= LARGEST) return await Deno.readTextFile(path);
  } catch (error) {
    const why = whyUnreadable(error);
    throw new SluiceError(
      `Can't read the API token from ${shown(path)}: ${why}.`,
      EXIT.usage,
      { cause: error },
    );
  }
  throw unusable(path, "is much larger than a token: name the file that holds nothing else.");
}

function shown(path: string): string {
  return JSON.stringify(printable(path));
}

function unusable(path: string, what: string): SluiceError {
  return new SluiceError(`The API token's file ${shown(path)} ${what}`, EXIT.usage);
}
