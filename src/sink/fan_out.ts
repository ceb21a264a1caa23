/**
 * A sink that hands every chunk to several sinks, and takes the next one when the slowest of them is
 * ready. Unlike `tee()` it keeps nothing for a sink that lags behind.
 *
 * If one sink fails, the others are aborted with its reason, also in the middle of a write.
 *
 * @param sinks The sinks.
 * @return One sink.
 *
 * @example
 * ```ts
 * import { fanOut } from "@sluice/datocms";
 *
 * const seen: number[] = [];
 * const collect = () => new WritableStream<number>({ write: (n) => void seen.push(n) });
 * await ReadableStream.from([1, 2]).pipeTo(fanOut([collect(), collect()]));
 * console.assert(seen.join() === "1,1,2,2");
 * ```
 */
export function fanOut<T>(sinks: readonly WritableStream<T>[]): WritableStream<T> {
  const writers = sinks.map((sink) => sink.getWriter());
  // Every failure is seen by the write, close or abort that meets it.
  for (const writer of writers) writer.closed.catch(() => {});
  const abortAll = async (reason: unknown) => {
    await Promise.allSettled(writers.map((writer) => writer.abort(reason)));
  };
  const all = async (step: (writer: WritableStreamDefaultWriter<T>) => Promise<void>) => {
    let failure: { readonly error: unknown } | undefined;
    await Promise.all(writers.map(async (writer) => {
      try {
        await step(writer);
      } catch (error) {
        failure ??= { error };
        await abortAll(failure.error);
      }
    }));
    if (failure) throw (failure as { readonly error: unknown }).error;
  };
  return new WritableStream<T>({
    start({ signal }) {
      // A stream aborts its sink only after the write that is under way: that has to end, too.
      signal.addEventListener("abort", () => void abortAll(signal.reason), { once: true });
    },
    write: (chunk) => all((writer) => writer.write(chunk)),
    close: () => all((writer) => writer.close()),
    abort: abortAll,
  }, { highWaterMark: 1 });
}
