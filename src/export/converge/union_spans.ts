import { joined, type Span, spanOf } from "../../snapshot/span.ts";

/**
 * An object's spans, with another one. They only grow: what was taken out of an object may still be
 * looked for in it.
 *
 * @param spans The spans; without any, the object may hold anything.
 * @param span The other one, if there is one.
 */
export function unionSpans(
  spans: readonly Span[] | undefined,
  span: Span | undefined,
): readonly Span[] | undefined {
  if (spans === undefined || span === undefined) return spans;
  const others = spans.filter(({ of }) => of !== span.of);
  const own = spans.filter(({ of }) => of === span.of);
  return [...others, [...own, span].reduce(joined)];
}

/**
 * The span of some times; if one of them isn't known, it covers all times.
 *
 * @param of A model's id, or `UPLOADS`.
 * @param times When resources were created, in milliseconds since 1970; `NaN` if nobody knows.
 * @return The span, or `undefined` if there are no times.
 */
export function spanOfTimes(of: string, times: Iterable<number>): Span | undefined {
  let span: Span | undefined;
  for (const time of times) {
    // A resource that doesn't tell its time has the span that covers all.
    const own = Number.isNaN(time)
      ? spanOf(of, [{ id: "", type: "" }])
      : { of, from: time, to: time };
    span = joined(span, own);
  }
  return span;
}
