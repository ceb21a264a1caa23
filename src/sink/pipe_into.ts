/**
 * A transform and the sink behind it, as one sink: what is written goes through the transform, and
 * closing waits until the sink has taken everything.
 *
 * @param transform The transform.
 * @param sink The sink behind it.
 * @return One sink.
 *
 * @example
 * ```ts
 * import { pipeInto } from "@sluice/datocms";
 *
 * const seen: string[] = [];
 * const sink = pipeInto(
 *   new TransformStream<number, string>({ transform: (n, c) => c.enqueue(`#${n}`) }),
 *   new WritableStream<string>({ write: (text) => void seen.push(text) }),
 * );
 * await ReadableStream.from([1, 2]).pipeTo(sink);
 * console.assert(seen.join() === "#1,#2");
 * ```
 */
export function pipeInto<I, O>(
  transform: TransformStream<I, O>,
  sink: WritableStream<O>,
): WritableStream<I> {
  const piped = transform.readable.pipeTo(sink);
  const writer = transform.writable.getWriter();
  // Both are awaited by close or abort; until then a failure must not count as unhandled.
  piped.catch(() => {});
  writer.closed.catch(() => {});
  return new WritableStream<I>({
    write: (chunk) => writer.write(chunk),
    async close() {
      await writer.close();
      await piped;
    },
    async abort(reason) {
      await Promise.allSettled([writer.abort(reason), piped]);
    },
  }, { highWaterMark: 1 });
}
