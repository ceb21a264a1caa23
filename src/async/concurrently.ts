/**
 * Runs tasks, some at a time. When one fails, no further one is begun and the signal that the others
 * were given is aborted; all have ended before the failure is passed on.
 *
 * @param tasks The tasks.
 * @param limit The most tasks at a time.
 * @param signal Aborting it aborts the tasks.
 * @throws The first failure.
 * @throws {RangeError} If `limit` isn't a whole number above 0.
 *
 * @example
 * ```ts
 * import { concurrently } from "./concurrently.ts";
 *
 * const done: number[] = [];
 * await concurrently([1, 2, 3].map((n) => async () => void done.push(await n)), 2);
 * console.assert(done.length === 3);
 * ```
 */
export async function concurrently(
  tasks: Iterable<(signal: AbortSignal) => Promise<void>>,
  limit: number,
  signal?: AbortSignal,
): Promise<void> {
  if (!Number.isSafeInteger(limit) || limit < 1) {
    throw new RangeError(
      `The most tasks at a time must be a whole number above 0: current value is ${limit}`,
    );
  }
  const stop = new AbortController();
  const either = signal ? AbortSignal.any([signal, stop.signal]) : stop.signal;
  const iterator = tasks[Symbol.iterator]();
  let failure: { readonly error: unknown } | undefined;
  const worker = async () => {
    try {
      for (let next = iterator.next(); !next.done; next = iterator.next()) {
        either.throwIfAborted();
        await next.value(either);
      }
    } catch (error) {
      failure ??= { error };
      stop.abort(error);
    }
  };
  await Promise.all(Array.from({ length: limit }, worker));
  if (failure) throw failure.error;
}
