import { EXIT } from "../error.ts";
import { StorageError } from "./storage.ts";

/** Twice as often as the AWS SDK: an export that goes on for hours meets more trouble than one request. */
const DEFAULT = 6;

/**
 * How often a request is tried.
 *
 * @param given What was asked for, if anything.
 * @param variable What `AWS_MAX_ATTEMPTS` says, if it is set.
 * @return The number, which is at least 1.
 * @throws {StorageError} If it isn't a whole number above 0: no count would ever reach it.
 * @see https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html
 */
export function attemptsOf(given: number | undefined, variable: string | undefined): number {
  const attempts = given ?? (variable === undefined ? DEFAULT : Number(variable));
  if (Number.isInteger(attempts) && attempts > 0) return attempts;
  const name = given === undefined ? "AWS_MAX_ATTEMPTS" : "maxAttempts";
  const shown = given === undefined ? JSON.stringify(variable) : given;
  throw new StorageError(`${name} must be a whole number above 0, but is ${shown}.`, EXIT.usage);
}
