import { getOwn } from "../../text/own.ts";
import { SluiceError } from "../../error.ts";
import { StorageError } from "../storage.ts";

/** The system's code of an error (`"ENOSPC"`), if it has one. */
export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string"
    ? error.code
    : undefined;
}

/** Whether the error says that a path doesn't exist, which one below a file or too long can't. */
export function isAbsent(error: unknown): boolean {
  return ["ENOENT", "ENOTDIR", "ENAMETOOLONG"].includes(errorCode(error) ?? "");
}

/** Turns the error that a path doesn't exist into nothing, and throws any other. */
export function nothingIfAbsent(error: unknown): undefined {
  if (!isAbsent(error)) throw error;
}

/** What a system's code means for someone who reads or writes at `path`, and what to do. */
const MEANING: Readonly<Record<string, (path: string) => string>> = {
  ENOSPC: (path) => `the disk that holds ${path} is full: free some space or choose another one`,
  EDQUOT: (path) => `the disk quota for ${path} is used up: free some space or choose another disk`,
  EFBIG: (path) => `${path} would be bigger than its file system allows: choose another disk`,
  EROFS: (path) => `${path} is on a read-only file system: choose another destination`,
  EACCES: (path) => `this user has no permission for ${path}: change it or choose another path`,
  EPERM: (path) => `the system doesn't permit it for ${path}: change that or choose another path`,
  ENAMETOOLONG: (path) =>
    `the name ${path} is longer than its file system allows: choose another destination`,
  ENOTDIR: (path) => `${path} is a file, not a directory: move it or choose another path`,
  EEXIST: (path) => `${path} is a file, not a directory: move it or choose another path`,
  EISDIR: (path) => `${path} is a directory: move it or choose another path`,
  ENOENT: (path) => `${path} or a directory on its way was removed meanwhile: try again`,
  ELOOP: (path) => `the symbolic links on the way to ${path} lead in a circle: remove them`,
  EXDEV: (path) => `${path} is where another disk is mounted: choose another destination`,
  EBUSY: (path) => `${path} is in use by the system or another program: end that and try again`,
  ESTALE: (path) => `the network share that holds ${path} was replaced: mount it again`,
  EMFILE: () => "too many files are open: raise the limit (ulimit -n) or lower the concurrency",
  ENFILE: () => "the whole system has too many files open: try again later",
  EIO: (path) => `the disk that holds ${path} fails to read or write: check that disk`,
  EINVAL: (path) => `${path} is not a name that its file system can hold`,
};

/**
 * Turns an error of the file system into one sentence: what was tried, what went wrong, where, and what to
 * do.
 *
 * @param error What the system said.
 * @param action What was tried, as in `write "a/b"`.
 * @param path The file or directory that is at fault.
 * @param root The directory that Deno should be allowed to use, if it isn't.
 * @return The error to throw.
 */
export function localError(
  error: unknown,
  action: string,
  path: string,
  root = path,
): SluiceError {
  if (error instanceof SluiceError) return error;
  const quoted = JSON.stringify(path);
  const meaning = error instanceof Deno.errors.NotCapable
    ? missingPermission(error, JSON.stringify(root))
    : getOwn(MEANING, errorCode(error) ?? "")?.(quoted) ??
      `${quoted} gave an error: ${error instanceof Error ? error.message : error}`;
  return new StorageError(`Can't ${action}, because ${meaning}.`, undefined, { cause: error });
}

/** Deno's own sentence ends with the flag, but without the path to give it. */
function missingPermission(error: Error, path: string): string {
  const kind = /--allow-(\w+)/.exec(error.message)?.[1] ?? "write";
  if (kind === "all") {
    return `Deno keeps ${path} from programs that may not do everything: choose another path`;
  }
  return `Deno may not ${kind} ${path}: run it again with --allow-${kind}=${path}`;
}
