/** Results that took work, the latest of them, up to a weight. Whoever asks for one that is being made waits for it. */
export class Kept<T> {
  readonly #values = new Map<string, Promise<T>>();
  readonly #weights = new Map<string, number>();
  readonly #most: number;
  readonly #weigh: (value: T) => number;

  /**
   * @param most The most weight that is kept.
   * @param weigh The weight of a result. @default {Each weighs 1}
   */
  constructor(most: number, weigh: (value: T) => number = () => 1) {
    this.#most = most;
    this.#weigh = weigh;
  }

  /**
   * A result.
   *
   * @param key What names it.
   * @param make Makes it, if it isn't kept. What fails isn't kept, either.
   * @throws What `make` throws.
   */
  async get(key: string, make: () => Promise<T>): Promise<T> {
    const kept = this.#values.get(key);
    if (kept !== undefined) {
      // The last one is the latest.
      this.#values.delete(key);
      this.#values.set(key, kept);
      return await kept;
    }
    const making = make();
    this.#values.set(key, making);
    try {
      const value = await making;
      if (this.#values.get(key) === making) {
        this.#weights.set(key, this.#weigh(value));
        this.#dropOldest();
      }
      return value;
    } catch (error) {
      if (this.#values.get(key) === making) this.#values.delete(key);
      throw error;
    }
  }

  #dropOldest(): void {
    let sum = 0;
    for (const weight of this.#weights.values()) sum += weight;
    for (const key of this.#values.keys()) {
      if (sum <= this.#most || this.#weights.size <= 1) return;
      const weight = this.#weights.get(key);
      if (weight === undefined) continue;
      sum -= weight;
      this.#values.delete(key);
      this.#weights.delete(key);
    }
  }
}
