/**
 * Runs something that must not be cut off at once when it is aborted: who cuts off a request that makes
 * an object appear can't know whether it did. After an abort it gets some time to end by itself.
 *
 * @param signal Aborts, after that time.
 * @param milliseconds How long it may continue.
 * @param run What runs, with a signal of its own.
 * @return What it gives, also if that comes after an abort.
 * @throws The signal's reason, if it was aborted before, or what `run` throws.
 */
export async function withGrace<T>(
  signal: AbortSignal,
  milliseconds: number,
  run: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  const controller = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const onAbort = (): void => {
    timer = setTimeout(() => controller.abort(signal.reason), milliseconds);
  };
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await run(controller.signal);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", onAbort);
  }
}
