/** A place in a {@linkcode Budget}, to be disposed when what it was for is done. */
export interface Place extends Disposable {
  /** How many bytes what has this place takes. */
  readonly bytes: number;
  /**
   * Says how many bytes what has this place really takes.
   *
   * @param bytes How many.
   */
  resize(bytes: number): void;
}

/** Someone who waits for a place. */
interface Waiter {
  readonly bytes: () => number;
  readonly enter: () => void;
}

/**
 * Bounds how many things are in flight at a time, and how many bytes they take: pages, whichever stream they
 * belong to, that are requested, wait in a queue, or are being written; or assets being fetched. A slow sink
 * so slows the requests down, and memory stays bounded.
 *
 * Who takes more bytes than there are gets a place once nobody else has one, so that nobody waits for ever.
 *
 * @example
 * ```ts
 * import { Budget } from "./budget.ts";
 *
 * const budget = new Budget(2);
 * const place = await budget.acquire();
 * console.assert(budget.inFlight === 1);
 * place[Symbol.dispose]();
 * console.assert(budget.inFlight === 0);
 * ```
 */
export class Budget {
  #size: number;
  readonly #maxBytes: number;
  #inFlight = 0;
  #bytes = 0;
  #waiting: Waiter[] = [];

  /**
   * Makes a budget.
   *
   * @param size How many may be in flight.
   * @param maxBytes How many bytes they may take together. @default {Infinity}
   * @throws {RangeError} If `size` isn't a whole number above 0.
   */
  constructor(size: number, maxBytes = Infinity) {
    assertSize(size);
    this.#size = size;
    this.#maxBytes = maxBytes;
  }

  /** How many are in flight. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** How many bytes they take. */
  get bytes(): number {
    return this.#bytes;
  }

  /** How many may be in flight. Fewer than there are keep others from entering, and end none. */
  get size(): number {
    return this.#size;
  }

  set size(size: number) {
    assertSize(size);
    this.#size = size;
    this.#admit();
  }

  /**
   * Waits for a place; first come, first served.
   *
   * @param signal Ends the wait.
   * @param bytes How many bytes what is in flight will take, as far as that is known by its turn. @default None
   * @return The place, to be disposed when what it was for is done.
   * @throws The signal's reason.
   */
  async acquire(signal?: AbortSignal, bytes: () => number = () => 0): Promise<Place> {
    signal?.throwIfAborted();
    const isFree = this.#waiting.length === 0 && this.#hasRoom(bytes());
    let taken = isFree ? this.#take(bytes()) : await this.#wait(bytes, signal);
    let held = true;
    return {
      get bytes() {
        return taken;
      },
      resize: (bytes) => {
        if (!held) return;
        this.#bytes += bytes - taken;
        taken = bytes;
        this.#admit();
      },
      [Symbol.dispose]: () => {
        if (!held) return;
        held = false;
        this.#inFlight--;
        this.#bytes -= taken;
        this.#admit();
      },
    };
  }

  #hasRoom(bytes: number): boolean {
    if (this.#inFlight === 0) return true;
    return this.#inFlight < this.#size && this.#bytes + bytes <= this.#maxBytes;
  }

  #take(bytes: number): number {
    this.#inFlight++;
    this.#bytes += bytes;
    return bytes;
  }

  #wait(bytes: () => number, signal?: AbortSignal): Promise<number> {
    return new Promise((resolve, reject) => {
      const enter = () => {
        signal?.removeEventListener("abort", leave);
        resolve(this.#take(bytes()));
      };
      const waiter = { bytes, enter };
      const leave = () => {
        this.#waiting = this.#waiting.filter((each) => each !== waiter);
        // It may have kept those behind it from entering.
        this.#admit();
        reject(signal!.reason);
      };
      this.#waiting.push(waiter);
      signal?.addEventListener("abort", leave, { once: true });
    });
  }

  /** Hands places to those in line, as far as there is room. */
  #admit(): void {
    for (let [next] = this.#waiting; next && this.#hasRoom(next.bytes()); [next] = this.#waiting) {
      this.#waiting.shift();
      next.enter();
    }
  }
}

function assertSize(size: number): void {
  if (Number.isSafeInteger(size) && size >= 1) return;
  throw new RangeError(`A budget must be a whole number above 0: current value is ${size}`);
}
