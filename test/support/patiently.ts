/** An exporter ended before it came to where it was to be paused. */
export class UnpausedError extends Error {
  override readonly name = "UnpausedError";

  /** @param said What it said. */
  constructor(said: string) {
    super(`It ended before it was to be paused: ${said}`);
  }
}

/**
 * Shows something with a lock that counts for a short time; for longer, if the machine has too much to do to
 * renew one in time.
 *
 * @param ttlMs The short time, in milliseconds.
 * @param show Shows it; fails with an {@linkcode UnpausedError} if the lock was lost too early.
 */
export async function patiently(
  ttlMs: number,
  show: (lockTtlMs: number) => Promise<void>,
): Promise<void> {
  for (let ms = ttlMs;; ms *= 3) {
    try {
      return await show(ms);
    } catch (error) {
      if (!(error instanceof UnpausedError) || ms > 30_000) throw error;
    }
  }
}
