/** A moment that a server counted a request in: between when it was sent and when its answer came. */
export interface Counted {
  /** The first window that it may have been counted in. */
  readonly first: number;
  /** The last one. */
  readonly last: number;
}

/** So often answers may contradict each other about the time before nothing is made of it any more. */
const MOST_CONTRADICTIONS = 5;

/** Windows of which something is still known, at most: a request rarely takes longer. */
const MOST_WINDOWS = 30;

/**
 * What a client knows of a server that counts requests in windows which begin at multiples of their length
 * by its own clock: where that clock stands, within bounds that each answer narrows, and how many requests
 * may have been counted in which window.
 *
 * Moments are milliseconds by the client's clock; windows are numbered since 1970 by the server's.
 */
export class ServerWindows {
  readonly #ms: number;
  /** The server's clock is ahead of the client's by at least and at most as much (ms). */
  #ahead = { least: -Infinity, most: Infinity };
  #contradictions = 0;
  /** How many requests that were answered may have been counted in a window. */
  readonly #counts = new Map<number, number>();
  /** When the requests were sent that have no answer. */
  readonly #unanswered = new Set<{ readonly sentAt: number }>();

  /**
   * Knows nothing yet.
   *
   * @param ms A window's length in milliseconds: whole seconds, as HTTP's dates are.
   */
  constructor(ms: number) {
    this.#ms = ms;
  }

  /** Whether the server's clock is known well enough to tell one window from the next. */
  get isKnown(): boolean {
    const { least, most } = this.#ahead;
    return this.#contradictions <= MOST_CONTRADICTIONS && most - least <= this.#ms / 2;
  }

  /** How many requests have no answer. */
  get unanswered(): number {
    return this.#unanswered.size;
  }

  /** The earliest window that a moment may be in. */
  earliest(moment: number): number {
    return Math.floor((moment + this.#ahead.least) / this.#ms);
  }

  /** The latest window that a moment may be in. */
  latest(moment: number): number {
    return Math.floor((moment + this.#ahead.most) / this.#ms);
  }

  /** When a window has surely begun. */
  begin(window: number): number {
    return window * this.#ms - this.#ahead.least;
  }

  /** The most requests that may have been counted in a window so far; one without an answer may be in any. */
  used(window: number): number {
    let used = this.#counts.get(window) ?? 0;
    for (const { sentAt } of this.#unanswered) if (this.earliest(sentAt) <= window) used++;
    return used;
  }

  /** Counts a request that is sent. */
  send(request: { readonly sentAt: number }): void {
    this.#unanswered.add(request);
  }

  /**
   * Counts a request where its answer says that it belongs, and learns where the server's clock stands.
   *
   * @param request The request.
   * @param now When the answer came, or no answer will come any more.
   * @param date The answer's date, in milliseconds since 1970; `NaN` if it has none.
   * @return When it was counted; `undefined` if that isn't known.
   */
  answer(request: { readonly sentAt: number }, now: number, date: number): Counted | undefined {
    if (!this.#unanswered.delete(request)) return undefined;
    if (!Number.isNaN(date)) this.#learn(request.sentAt, now, date);
    if (!Number.isFinite(this.#ahead.least)) return undefined;
    // The date is that of the answer: the request was counted before.
    const last = Number.isNaN(date) ? this.latest(now) : Math.floor(date / this.#ms);
    const first = Math.max(Math.min(this.earliest(request.sentAt), last), last - MOST_WINDOWS);
    for (let window = first; window <= last; window++) this.add(window, 1);
    return { first, last };
  }

  /** Adds requests to a window, such as others have sent. */
  add(window: number, requests: number): void {
    this.#counts.set(window, (this.#counts.get(window) ?? 0) + requests);
    for (const old of this.#counts.keys()) {
      if (old < window - MOST_WINDOWS) this.#counts.delete(old);
    }
  }

  #learn(sentAt: number, now: number, date: number): void {
    const [least, most] = [date - now, date + 1000 - sentAt];
    const ahead = {
      least: Math.max(this.#ahead.least, least),
      most: Math.min(this.#ahead.most, most),
    };
    if (ahead.least <= ahead.most) this.#ahead = ahead;
    else {
      // A clock was set, or several servers answer whose clocks differ.
      this.#contradictions++;
      this.#ahead = { least, most };
    }
  }
}
