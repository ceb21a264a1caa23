import { EXIT, SluiceError } from "../error.ts";

/**
 * A path whose `~` at the start is replaced, as a shell does with one that it sees: it sees none in
 * variables, in files and between quotation marks. Addresses and other paths stay as they are.
 *
 * @param path The path.
 * @param home The home directory.
 * @param name What gave the path, as an error names it.
 * @throws {SluiceError} If there is no home directory; the exit code is {@linkcode EXIT.usage}.
 *
 * @example
 * ```ts
 * import { fromHome } from "./home_path.ts";
 *
 * console.assert(fromHome("~/backups", "/home/me", "SLUICE_TO") === "/home/me/backups");
 * console.assert(fromHome("s3://bucket/~", "/home/me", "SLUICE_TO") === "s3://bucket/~");
 * ```
 */
export function fromHome(path: string, home: string | undefined, name: string): string {
  if (!/^~(?:$|[/\\])/.test(path)) return path;
  if (home) return home.replace(/[/\\]+$/, "") + path.slice(1) || "/";
  throw new SluiceError(
    `${name} begins with ~, the home directory, but there is none: set HOME, or write the whole path.`,
    EXIT.usage,
  );
}

/**
 * The home directory that the environment tells; `undefined` if it tells none.
 *
 * @param env The value of an environment variable.
 */
export function homeOf(env: (name: string) => string | undefined): string | undefined {
  return env("HOME") || env("USERPROFILE") || undefined;
}
