import { EXIT } from "../../error.ts";
import { StorageError } from "../storage.ts";

/** How often, and for how long, a request is tried. */
export interface S3Attempts {
  /** How often it is tried at least. */
  readonly attempts: number;
  /** Milliseconds after the first failure in which it is tried again. */
  readonly retryFor: number;
}

/**
 * How often a request is tried that takes long to fail: twice as often as by the AWS SDK, as an export that
 * continues for hours meets more trouble than one request.
 */
const ATTEMPTS = 6;
/** A server that is started again is there within a minute. */
const RETRY_FOR = 60_000;

/**
 * How often, and for how long, a request is tried.
 *
 * @param given What was asked for, if anything.
 * @param variable What `AWS_MAX_ATTEMPTS` says, if it is set.
 * @return The number, which is at least 1, and the time: none if a number was asked for.
 * @throws {StorageError} If it isn't a whole number above 0: no count would ever reach it.
 * @see https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html
 */
export function attemptsOf(given: number | undefined, variable: string | undefined): S3Attempts {
  if (given === undefined && variable === undefined) {
    return { attempts: ATTEMPTS, retryFor: RETRY_FOR };
  }
  const attempts = given ?? Number(variable);
  if (Number.isInteger(attempts) && attempts > 0) return { attempts, retryFor: 0 };
  const name = given === undefined ? "AWS_MAX_ATTEMPTS" : "maxAttempts";
  const shown = given === undefined ? JSON.stringify(variable) : given;
  throw new StorageError(`${name} must be a whole number above 0, but is ${shown}.`, EXIT.usage);
}
