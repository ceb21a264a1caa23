import { createdAt } from "../content/attributes.ts";
import type { Resource } from "../content/resource.ts";

/** Which resources an object of a snapshot may hold something of: those created in a span of time. */
export interface Span {
  /** Whose: a model's id, or {@linkcode UPLOADS}. */
  readonly of: string;
  /** When the oldest of them was created, in milliseconds since 1970. */
  readonly from: number;
  /** When the newest of them was created, in milliseconds since 1970. */
  readonly to: number;
}

/** The least and the greatest time that there is: JSON knows no infinity. */
const [EARLIEST, LATEST] = [-8.64e15, 8.64e15];

/** Stands for uploads where records have their model's id. */
export const UPLOADS = "uploads";

/**
 * The span that covers two.
 *
 * @param a A span, if there is one yet.
 * @param b A span of the same.
 */
export function joined(a: Span | undefined, b: Span): Span {
  if (a === undefined) return b;
  return { of: b.of, from: Math.min(a.from, b.from), to: Math.max(a.to, b.to) };
}

/**
 * The span of a page; with resources that don't tell when they were created it covers all times.
 *
 * @param of A model's id, or {@linkcode UPLOADS}.
 * @param page The resources.
 */
export function spanOf(of: string, page: readonly Resource[]): Span {
  let [from, to] = [Infinity, -Infinity];
  for (const resource of page) {
    const time = createdAt(resource);
    if (Number.isNaN(time)) return { of, from: EARLIEST, to: LATEST };
    from = Math.min(from, time);
    to = Math.max(to, time);
  }
  return { of, from, to };
}

/**
 * Whether something created at a time may be in one of the spans.
 *
 * @param spans The spans; without any, anything may be.
 * @param of A model's id, or {@linkcode UPLOADS}.
 * @param time When it was created, in milliseconds since 1970; `NaN` if nobody knows.
 */
export function mayHold(spans: readonly Span[] | undefined, of: string, time: number): boolean {
  if (spans === undefined) return true;
  return spans.some((span) => {
    return span.of === of && (Number.isNaN(time) || span.from <= time && time <= span.to);
  });
}
