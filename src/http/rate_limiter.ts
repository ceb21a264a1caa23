import { type Clock, SYSTEM_CLOCK } from "../async/clock.ts";
import { ServerWindows } from "./server_windows.ts";

/** Options of {@linkcode RateLimiter}. */
export interface RateLimiterOptions {
  /** Requests per window until the API tells its own limit. @default {60} */
  readonly limit?: number;
  /** The window's length in milliseconds. @default {3000} */
  readonly windowMs?: number;
  /** The most requests per second, whatever the API allows. @default {Infinity} */
  readonly maxPerSecond?: number | undefined;
  /** Measures the time, and waits. @default {SYSTEM_CLOCK} */
  readonly clock?: Clock | undefined;
}

/** A request that may be sent. */
export interface Ticket {
  /** When it was let through, in milliseconds of {@linkcode Clock.elapsed}. */
  readonly sentAt: number;
}

/** So many windows have to begin where they should until all of a window is used. */
const CONFIRMATIONS = 3;

/**
 * How long after its beginning a window is tried (ms), at each confirmation: always sooner than the time
 * before. So one that began only with that request has not yet ended.
 */
const TRIED_AFTER = [200, 100, 0];

/** With fewer requests in a window than this, there is nothing to tell a new window by. */
const TELLING = 10;

/** So many requests others may send in a window before it looks as if it weren't a new one. */
const OF_OTHERS = 2;

/** When a request may be sent, and whether it is to try a window. */
interface Next {
  readonly at: number;
  readonly isTrial?: boolean;
}

/**
 * Keeps requests under the API's rate limit, and uses all of it.
 *
 * At first it counts in any window, wherever it may begin: each request comes back one window after it was
 * sent, and a little. The API's windows begin at multiples of three seconds by its own clock, which the dates
 * of its answers tell. Once the limit is used up but for one request, that one waits for the next window to
 * begin: if all of the limit is there again, the windows are where they should be, and from then on what is
 * left of a window isn't waited for. If it isn't, or the API ever refuses a request, it counts as at first.
 *
 * It learns from the answers: `X-RateLimit-Limit` sets the limit (plans differ), and when
 * `X-RateLimit-Remaining` is less than what is left, somebody else uses the same quota and the difference is
 * taken out.
 *
 * @see {@link https://www.datocms.com/docs/content-management-api/technical-limits}
 *
 * @example
 * ```ts
 * import { RateLimiter } from "./rate_limiter.ts";
 *
 * const limiter = new RateLimiter({ limit: 2, windowMs: 10 });
 * await limiter.acquire();
 * console.assert(limiter.available === 1);
 * ```
 */
export class RateLimiter {
  readonly #windowMs: number;
  readonly #maxPerSecond: number;
  readonly #clock: Clock;
  readonly #windows: ServerWindows | undefined;
  #limit: number;
  /** When each request that was sent comes back, earliest first (ms of {@linkcode Clock.elapsed}). */
  #returns: number[] = [];
  #pausedUntil = 0;
  #nextAt = 0;
  /** How many windows began where they should; `undefined` once one didn't. */
  #confirmed: number | undefined = 0;
  /** The last window that is known to have begun. */
  #open = -Infinity;
  /** When a request was sent last. */
  #lastAt = -Infinity;
  /** The request that tries whether a window begins where it should. */
  #trial: Ticket | undefined;
  #trials = 0;
  /** How long answers take, in milliseconds: the latest count most. 0 before the first. */
  #latencyMs = 0;
  #answers = 0;
  #waiting: ((ticket: Ticket) => void)[] = [];
  #timer: Disposable | undefined;

  /**
   * Makes a limiter with all of its limit left.
   *
   * @param options The limit to begin with.
   */
  constructor(options: RateLimiterOptions = {}) {
    this.#limit = options.limit ?? 60;
    this.#windowMs = options.windowMs ?? 3000;
    this.#maxPerSecond = options.maxPerSecond ?? Infinity;
    this.#clock = options.clock ?? SYSTEM_CLOCK;
    // Dates are in seconds: they don't tell other windows from each other.
    if (this.#windowMs % 1000 === 0) this.#windows = new ServerWindows(this.#windowMs);
  }

  /** Requests that could be sent right now. */
  get available(): number {
    const left = this.#left();
    if (!this.#confirmed || !this.#windows?.isKnown) return Math.max(0, left);
    const now = this.#clock.elapsed();
    return Math.max(0, left, this.#limit - this.#windows.used(this.#windows.earliest(now)));
  }

  /** Requests per window. */
  get limit(): number {
    return this.#limit;
  }

  /** Requests per second that the limit allows in the long run. */
  get perSecond(): number {
    const windowMs = this.#confirmed ? this.#windowMs : this.#longWindowMs;
    return Math.min(this.#maxPerSecond, this.#limit / (windowMs / 1000));
  }

  /** Whether windows are known to begin at multiples of their length by the API's clock. */
  get isAligned(): boolean {
    return this.#confirmed === CONFIRMATIONS;
  }

  /**
   * The shortest time that some requests can take: those of a window may all be sent at its beginning.
   *
   * @param requests How many.
   * @return In seconds.
   */
  leastSeconds(requests: number): number {
    const windows = Math.floor((requests - 1) / this.#limit);
    return Math.max(windows * this.#windowMs / 1000, (requests - 1) / this.#maxPerSecond);
  }

  /**
   * Waits until a request may be sent; first come, first served.
   *
   * @param signal Ends the wait.
   * @return What its answer is handed in with, so that it is counted where it belongs.
   * @throws The signal's reason.
   */
  acquire(signal?: AbortSignal): Promise<Ticket> {
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      const enter = (ticket: Ticket) => {
        signal?.removeEventListener("abort", leave);
        resolve(ticket);
      };
      const leave = () => {
        this.#waiting = this.#waiting.filter((each) => each !== enter);
        this.#admit();
        reject(signal!.reason);
      };
      signal?.addEventListener("abort", leave, { once: true });
      this.#waiting.push(enter);
      if (this.#waiting.length === 1) this.#admit();
    });
  }

  /**
   * Learns from an answer.
   *
   * @param headers The answer's headers.
   * @param ticket What the request was let through with.
   */
  learn(headers: Headers, ticket?: Ticket): void {
    const now = this.#clock.elapsed();
    const limit = wholeNumber(headers.get("x-ratelimit-limit"));
    if (limit !== undefined && limit > 0) this.#limit = limit;
    const remaining = wholeNumber(headers.get("x-ratelimit-remaining"));
    if (ticket !== undefined) {
      const ms = now - ticket.sentAt;
      this.#delay(ticket, now);
      this.#latencyMs = this.#latencyMs === 0 ? ms : this.#latencyMs * 0.9 + ms * 0.1;
      const date = Date.parse(headers.get("date") ?? "");
      const counted = this.#windows?.answer(ticket, now, date);
      if (counted !== undefined && counted.first === counted.last && remaining !== undefined) {
        const used = this.#limit - remaining;
        if (ticket === this.#trial) this.#judge(ticket, used, counted.last);
        const ofOthers = used - this.#windows!.used(counted.last);
        if (ofOthers > 0) this.#windows!.add(counted.last, ofOthers);
      }
    }
    if (remaining !== undefined) {
      const back = now + this.#longWindowMs;
      for (let spent = this.#left() - remaining; spent > 0; spent--) this.#returns.push(back);
    }
    this.#admit();
  }

  /**
   * Counts a request whose answer is of no use: it failed, or was a redirect.
   *
   * @param ticket What it was let through with.
   */
  release(ticket: Ticket): void {
    this.#windows?.answer(ticket, this.#clock.elapsed(), NaN);
    this.#admit();
  }

  /**
   * Lets nobody send for a while: the API said that it has enough. It doesn't count as it was believed to.
   *
   * @param ms How long, in milliseconds.
   */
  pause(ms: number): void {
    this.#confirmed = undefined;
    this.#pausedUntil = Math.max(this.#pausedUntil, this.#clock.elapsed() + ms);
    this.#admit();
  }

  /** Requests that leave evenly may arrive closer together: a little more than the window is safe. */
  get #longWindowMs(): number {
    return this.#windowMs * 1.05;
  }

  /** What is left of the limit in any window, wherever it begins. */
  #left(): number {
    const now = this.#clock.elapsed();
    let back = 0;
    while (back < this.#returns.length && this.#returns[back]! <= now) back++;
    if (back > 0) this.#returns.splice(0, back);
    return this.#limit - this.#returns.length;
  }

  /** Whether one request is kept to see by whether the next window begins where it should. */
  get #isTrying(): boolean {
    return this.#confirmed !== undefined && this.#confirmed < CONFIRMATIONS &&
      this.#limit >= 2 * TELLING && this.#windows?.isKnown === true;
  }

  /** The first requests leave late, while connections are made: they arrived before their answer, at least. */
  #delay({ sentAt }: Ticket, now: number): void {
    if (this.#answers++ >= this.#limit) return;
    const at = this.#returns.indexOf(sentAt + this.#longWindowMs);
    const back = now + this.#windowMs;
    if (at < 0 || back <= this.#returns[at]!) return;
    this.#returns[at] = back;
    this.#returns.sort((a, b) => a - b);
  }

  /** Lets through whoever waits and may be sent, and comes back when another may be. */
  #admit(): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
    while (this.#waiting.length > 0) {
      const now = this.#clock.elapsed();
      const next = this.#next(now);
      const at = Math.max(this.#pausedUntil, this.#nextAt, next.at);
      if (at > now) {
        // Else an answer has to come first.
        if (at < Infinity) {
          this.#timer = this.#clock.timer(Math.max(1, at - now), () => this.#admit());
        }
        return;
      }
      const ticket = { sentAt: now };
      if (next.isTrial) {
        this.#trial = ticket;
        this.#trials++;
      }
      this.#returns.push(now + this.#longWindowMs);
      this.#windows?.send(ticket);
      this.#lastAt = now;
      this.#nextAt = now + 1000 / this.#maxPerSecond;
      this.#waiting.shift()!(ticket);
    }
  }

  /** When the next request may be sent, and whether it is to try a window. */
  #next(now: number): Next {
    const kept = this.#isTrying ? 1 : 0;
    const missing = kept + 1 - this.#left();
    const anyWindow = { at: missing <= 0 ? now : this.#returns[missing - 1] ?? now };
    if (this.#confirmed === undefined || !this.#windows?.isKnown) return anyWindow;
    if (kept === 0 && this.#confirmed < CONFIRMATIONS) return anyWindow;
    const inWindow = this.#nextInWindow(now, this.#windows, kept);
    const until = kept > 0 ? this.#triedUntil(anyWindow.at, this.#windows) : 0;
    const otherwise = Math.max(anyWindow.at, until);
    return inWindow.at <= otherwise ? inWindow : { at: otherwise };
  }

  /** Until when requests wait that could be sent, so that the first one in a window can try it. */
  #triedUntil(at: number, windows: ServerWindows): number {
    if (this.#confirmed! > 0) return windows.begin(this.#open + 1) + this.#windowMs / 2;
    const isTelling = this.#left() > 0 && this.#returns.length >= this.#limit / 2;
    if (!isTelling || this.#trials >= CONFIRMATIONS) return 0;
    const begin = windows.begin(windows.latest(this.#lastAt) + 1);
    return at > begin - 500 ? begin + 750 : 0;
  }

  /** The same, where windows begin at multiples of their length by the API's clock. */
  #nextInWindow(
    now: number,
    windows: ServerWindows,
    kept: number,
  ): Next {
    const window = windows.earliest(now);
    if (kept > 0 && window > this.#open) {
      if (this.#confirmed === 0 && this.#left() < 1) return { at: Infinity };
      const isAlone = windows.unanswered === 0;
      const untouched = Math.max(window, windows.latest(this.#lastAt) + 1);
      const at = windows.begin(untouched) + 1 + TRIED_AFTER[this.#confirmed!]!;
      return { at: isAlone || at > now ? at : Infinity, isTrial: isAlone };
    }
    const last = windows.latest(now + this.#latencyMs);
    for (let each = window; each <= last; each++) {
      if (windows.used(each) >= this.#limit - kept) return { at: windows.begin(window + 1) + 1 };
    }
    return { at: now };
  }

  /** Whether a request that was alone in its window found the whole limit there. */
  #judge({ sentAt }: Ticket, used: number, window: number): void {
    this.#trial = undefined;
    if (this.#confirmed === undefined) return;
    const since = sentAt - this.#windowMs + this.#latencyMs + this.#longWindowMs;
    const before = this.#returns.filter((back) => back > since).length - 1;
    if (used > 1 + OF_OTHERS) this.#confirmed = undefined;
    else if (before >= TELLING) this.#confirmed++;
    if (this.#confirmed) this.#open = window;
  }
}

/** A header's number, up to a million: no plan has more, and each token that is taken out is kept. */
function wholeNumber(text: string | null): number | undefined {
  return text !== null && /^\d{1,6}$/.test(text) ? Number(text) : undefined;
}
