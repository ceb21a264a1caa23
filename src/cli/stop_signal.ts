import { EXIT } from "../error.ts";

/** On Windows, Deno knows no other signal that means the same. */
const SIGNALS: readonly Deno.Signal[] = Deno.build.os === "windows"
  ? ["SIGINT"]
  : ["SIGINT", "SIGTERM"];

/**
 * A signal that is aborted when the process is told to stop. Told a second time, the process ends.
 *
 * @param reason Why it stops.
 */
export function stopSignal(reason: string): AbortSignal {
  const stop = new AbortController();
  for (const signal of SIGNALS) {
    Deno.addSignalListener(signal, () => {
      // Who asks a second time doesn't want to wait.
      if (stop.signal.aborted) Deno.exit(EXIT.cancelled);
      stop.abort(new DOMException(reason, "AbortError"));
    });
  }
  return stop.signal;
}
