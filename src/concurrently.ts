/**
 * Runs tasks, some at a time. When one fails, no further one is begun and the signal that the others
 * were given is aborted; all have ended before the failure is passed on.
 *
 * @param tasks The tasks.
 * @param limit The most tasks at a time.
 * @param signal Aborting it aborts the tasks.
 * @throws The first failure.
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
  const stop = new AbortController();
  const either = signal ? AbortSignal.any([signal, stop.signal]) : stop.signal;
  const iterator = tasks[Symbol.iterator]();
  let failure: { readonly error: unknown } | undefined;
  const worker = async () => {
    for (let next = iterator.next(); !next.done; next = iterator.next()) {
      try {
        either.throwIfAborted();
        await next.value(either);
      } catch (error) {
        failure ??= { error };
        stop.abort(error);
        return;
      }
    }
  };
  await Promise.all(Array.from({ length: limit }, worker));
  if (failure) throw failure.error;
}
