import { Budget } from "../async/budget.ts";
import { type Clock, SYSTEM_CLOCK } from "../async/clock.ts";
import type { RateLimiter } from "./rate_limiter.ts";

/** The most requests in flight unless another number is asked for. */
export const MOST_IN_FLIGHT = 40;

/** How many bytes answers in flight may take together, unless another number is asked for. */
export const MOST_BYTES_IN_FLIGHT: number = 64 * 1024 * 1024;

/** Options of {@linkcode RequestGate}. */
export interface RequestGateOptions {
  /** Says when a request may be sent, and how many in a second. */
  readonly limiter: RateLimiter;
  /** The most requests, whatever their rate. @default {40} */
  readonly most?: number | undefined;
  /** How many bytes their answers may take together. @default {67108864} */
  readonly maxBytes?: number | undefined;
  /** Measures how long answers take. @default {SYSTEM_CLOCK} */
  readonly clock?: Clock | undefined;
}

/** A request that may be sent at once, to be disposed when its answer was read or none will come. */
export interface Flight extends Disposable {
  /**
   * Waits until the same request may be sent once more, as to the goal of a redirect.
   *
   * @param signal Ends the wait.
   * @throws The signal's reason.
   */
  again(signal?: AbortSignal): Promise<void>;
  /** Learns from the headers of its answer. */
  answered(headers: Headers): void;
  /** Learns how many bytes of its answer have come. */
  came(bytes: number): void;
  /** Learns how large its answer is, which was read whole. */
  ended(bytes: number): void;
}

/** The fewest requests that a rate is kept up with, unless fewer are the most. */
const FEWEST = 4;
/** How many more are in flight than answers of the usual time need: some take longer. */
const RESERVE = 1.25;
/** How much of a measurement counts, at least: the latest ones count most. */
const SHARE = 0.1;
/** The first request of a kind is taken for as large as this (bytes): most answers are smaller. */
const FIRST = 1024 * 1024;

/**
 * Lets requests through to the API: as many at a time as keep up with the allowed rate, however long answers
 * take, and as their answers' bytes leave room for; and then each when the limiter says so. While nobody knows
 * how large answers of a kind are, four of them fill all the room.
 *
 * @example
 * ```ts
 * import { RateLimiter } from "./rate_limiter.ts";
 * import { RequestGate } from "./request_gate.ts";
 *
 * const gate = new RequestGate({ limiter: new RateLimiter() });
 * {
 *   using flight = await gate.enter("items");
 *   flight.answered(new Headers({ "x-ratelimit-remaining": "59" }));
 *   flight.ended(2_000);
 * }
 * console.assert(gate.size === 4);
 * ```
 */
export class RequestGate {
  readonly #limiter: RateLimiter;
  readonly #most: number;
  readonly #maxBytes: number;
  readonly #clock: Clock;
  readonly #places: Budget;
  /** How large answers of each kind are expected to be, in bytes; `undefined` before the first. */
  readonly #expected = new Map<string, number | undefined>();
  /** How long an answer takes until it was read, in milliseconds. */
  #latencyMs = 0;
  #answers = 0;

  /**
   * @param options The rate, and bounds.
   */
  constructor({ limiter, most, maxBytes, clock }: RequestGateOptions) {
    this.#limiter = limiter;
    this.#most = most ?? MOST_IN_FLIGHT;
    this.#maxBytes = maxBytes ?? MOST_BYTES_IN_FLIGHT;
    this.#clock = clock ?? SYSTEM_CLOCK;
    this.#places = new Budget(Math.min(FEWEST, this.#most), this.#maxBytes);
  }

  /** How many requests may be in flight by now. */
  get size(): number {
    return this.#places.size;
  }

  /** How many bytes the answers in flight take, as far as that is known. */
  get bytes(): number {
    return this.#places.bytes;
  }

  /**
   * Waits until another request may be in flight, and then until it may be sent; first come, first served.
   *
   * @param kind What kind of answer it has: those of a kind are about as large as each other.
   * @param signal Ends the wait.
   * @throws The signal's reason.
   */
  async enter(kind: string, signal?: AbortSignal): Promise<Flight> {
    const unknown = this.#expected.has(kind) ? this.#maxBytes / FEWEST : FIRST;
    if (!this.#expected.has(kind)) this.#expected.set(kind, undefined);
    const place = await this.#places.acquire(signal, () => this.#expected.get(kind) ?? unknown);
    const limiter = this.#limiter;
    let ticket = await limiter.acquire(signal).catch((error) => {
      place[Symbol.dispose]();
      throw error;
    });
    return {
      again: async (signal) => {
        limiter.release(ticket);
        ticket = await limiter.acquire(signal);
      },
      answered: (headers) => limiter.learn(headers, ticket),
      came: (bytes) => {
        if (bytes > place.bytes) place.resize(bytes);
      },
      ended: (bytes) => {
        const before = this.#expected.get(kind) ?? 0;
        this.#expected.set(kind, Math.max(bytes, Math.round(before * (1 - SHARE))));
        this.#learn(this.#clock.elapsed() - ticket.sentAt);
      },
      [Symbol.dispose]: () => {
        // One that was answered is counted already.
        limiter.release(ticket);
        place[Symbol.dispose]();
      },
    };
  }

  #learn(ms: number): void {
    const share = Math.max(SHARE, 1 / ++this.#answers);
    this.#latencyMs += (ms - this.#latencyMs) * share;
    const needed = Math.ceil(this.#limiter.perSecond * this.#latencyMs / 1000 * RESERVE);
    this.#places.size = Math.min(this.#most, Math.max(FEWEST, needed));
  }
}
