/**
 * A stream of what a generator yields, one step for each read.
 *
 * Cancelling the stream first aborts the controller that the generator was given, which has to end
 * whatever it waits for: a generator that waits can't be returned from. `ReadableStream.from` leaves it
 * waiting.
 *
 * @param generate Makes the generator, which gets the controller that a cancel aborts.
 * @return The stream. The generator begins with the first read.
 *
 * @example
 * ```ts
 * import { generatorStream } from "./generator_stream.ts";
 *
 * const numbers = generatorStream(async function* ({ signal }) {
 *   for (let n = 0; !signal.aborted; n++) yield await Promise.resolve(n);
 * });
 * const reader = numbers.getReader();
 * console.assert((await reader.read()).value === 0);
 * await reader.cancel();
 * ```
 */
export function generatorStream<T>(
  generate: (stop: AbortController) => AsyncGenerator<T, void>,
): ReadableStream<T> {
  const stop = new AbortController();
  const iterator = generate(stop);
  return new ReadableStream<T>({
    async pull(controller) {
      const { done, value } = await iterator.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    async cancel(reason) {
      stop.abort(reason);
      await iterator.return(undefined);
    },
  }, { highWaterMark: 0 });
}
