import { EXIT, SluiceError } from "../error.ts";
import { printable } from "../text/printable.ts";
import { parseTokens, type ServeToken, tokensText } from "./token.ts";

/**
 * Reads a file of tokens.
 *
 * @param path The file's path.
 * @param options Whether it is fine if there is none: then it is empty.
 * @throws {SluiceError} If it can't be read, or holds something else.
 */
export async function readTokens(
  path: string,
  { mayLack = false }: { readonly mayLack?: boolean } = {},
): Promise<readonly ServeToken[]> {
  let text: string;
  try {
    text = await Deno.readTextFile(path);
  } catch (error) {
    if (mayLack && error instanceof Deno.errors.NotFound) return [];
    throw unusable("read from", path, error);
  }
  return parseTokens(text, `The file ${JSON.stringify(printable(path))}`);
}

/**
 * Writes a file of tokens, which only its owner may read. It is there whole, or as it was.
 *
 * @param path The file's path.
 * @param tokens The tokens.
 * @throws {SluiceError} If it can't be written.
 */
export async function writeTokens(path: string, tokens: readonly ServeToken[]): Promise<void> {
  const temporary = `${path}.${crypto.randomUUID()}.tmp`;
  try {
    await Deno.writeTextFile(temporary, tokensText(tokens), { createNew: true, mode: 0o600 });
    await Deno.rename(temporary, path);
  } catch (error) {
    await Deno.remove(temporary).catch(() => {});
    throw unusable("written to", path, error);
  }
}

/**
 * The tokens that a configuration lets in.
 *
 * @param given The file that keeps them, and what such a file would hold.
 * @throws {SluiceError} If they can't be read.
 */
export async function givenTokens({ tokenFile, serveTokens }: {
  readonly tokenFile?: string | undefined;
  readonly serveTokens?: string | undefined;
}): Promise<readonly ServeToken[]> {
  return [
    ...tokenFile === undefined ? [] : await readTokens(tokenFile),
    ...serveTokens === undefined ? [] : parseTokens(serveTokens, "SLUICE_TOKENS"),
  ];
}

function unusable(what: string, path: string, error: unknown): SluiceError {
  const why = error instanceof Deno.errors.NotFound
    ? "it isn't there"
    : error instanceof Deno.errors.PermissionDenied || error instanceof Deno.errors.NotCapable
    ? "that isn't allowed"
    : "the system refuses";
  return new SluiceError(
    `Tokens can't be ${what} ${JSON.stringify(printable(path))}: ${why}. Name another file.`,
    EXIT.usage,
    { cause: error },
  );
}
