import { SluiceError } from "../error.ts";
import { ObjectNotFoundError, StorageError } from "../storage/storage.ts";

/** The stable names of what can be wrong with a request or its answer, each with its HTTP status. */
export const FAILURES = {
  VALIDATION_ERROR: 400,
  UNAUTHORIZED: 401,
  FORBIDDEN: 403,
  INVALID_SIGNATURE: 403,
  EXPIRED: 403,
  NOT_FOUND: 404,
  METHOD_NOT_ALLOWED: 405,
  CONFLICT: 409,
  GONE: 410,
  PAYLOAD_TOO_LARGE: 413,
  RANGE_NOT_SATISFIABLE: 416,
  RATE_LIMITED: 429,
  INTERNAL_ERROR: 500,
  SNAPSHOT_DAMAGED: 502,
  STORAGE_UNAVAILABLE: 503,
  OVERLOADED: 503,
} as const;

/** One of {@linkcode FAILURES}' names. */
export type FailureCode = keyof typeof FAILURES;

/** What a {@linkcode ServeError} says beyond its sentence. */
export interface ServeErrorOptions extends ErrorOptions {
  /** What is wrong in particular, such as the parameter. */
  readonly details?: Readonly<Record<string, string>> | undefined;
  /** Headers of the answer. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** Why a request isn't answered as it asked for. Its sentence goes to the client: it names no host, path or key. */
export class ServeError extends Error {
  /** The error's name. */
  override readonly name = "ServeError";
  /** What is wrong. */
  readonly code: FailureCode;
  /** What else there is to say. */
  readonly options: ServeErrorOptions;

  /**
   * Makes the error.
   *
   * @param code What is wrong.
   * @param message One sentence for the client.
   * @param options What else there is to say.
   */
  constructor(code: FailureCode, message: string, options: ServeErrorOptions = {}) {
    super(message, options);
    this.code = code;
    this.options = options;
  }

  /** The HTTP status. */
  get status(): number {
    return FAILURES[this.code];
  }
}

/**
 * A parameter or a part of the path isn't as it has to be.
 *
 * @param parameter Its name.
 * @param message What it must be.
 */
export function invalid(parameter: string, message: string): ServeError {
  return new ServeError("VALIDATION_ERROR", message, { details: { parameter } });
}

/**
 * There is no such thing, or none that the token may know of.
 *
 * @param what What it is, as in `a record "abc"`.
 */
export function notThere(what: string): ServeError {
  return new ServeError("NOT_FOUND", `There is no ${what}.`);
}

/**
 * What is said to a client of an error, whatever it is: what others say of their errors may name hosts, paths and
 * keys, and stays here.
 *
 * @param error The error.
 */
export function toServeError(error: unknown): ServeError {
  if (error instanceof ServeError) return error;
  if (error instanceof ObjectNotFoundError) {
    const message = "Something of the snapshot isn't there any more: it may have been pruned.";
    return new ServeError("GONE", message, { cause: error });
  }
  if (error instanceof StorageError) {
    const message = "The storage doesn't answer: ask again later.";
    const headers = { "Retry-After": "5" };
    return new ServeError("STORAGE_UNAVAILABLE", message, { cause: error, headers });
  }
  const isDamage = error instanceof SyntaxError || error instanceof SluiceError;
  if (isDamage) {
    const message = "The snapshot isn't as it was written: verify it, and ask for another one.";
    return new ServeError("SNAPSHOT_DAMAGED", message, { cause: error });
  }
  return new ServeError("INTERNAL_ERROR", "Something went wrong here: the log says what.", {
    cause: error,
  });
}
