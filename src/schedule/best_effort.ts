import { limited } from "../async/limited.ts";

/** How long it may take, in milliseconds. */
const MOST_MS = 5000;

/**
 * Does something for a short time, and doesn't fail.
 *
 * @param signal Ends it.
 * @param run Does it.
 * @return Whether it went well.
 */
export async function bestEffort(
  signal: AbortSignal,
  run: (signal: AbortSignal) => Promise<void>,
): Promise<boolean> {
  try {
    await limited(MOST_MS, signal, run);
    return true;
  } catch {
    return false;
  }
}
