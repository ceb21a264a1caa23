import { formatCount } from "../../text/format.ts";

export { counted, formatBytes, formatCount } from "../../text/format.ts";

/** The eighths of a cell. */
const EIGHTHS = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

/**
 * A duration for people: `0.4 s`, `42 s`, `3 min 5 s`, `2 h 10 min`.
 *
 * @param ms The duration in milliseconds.
 */
export function formatDuration(ms: number): string {
  if (ms < 9950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  const minutes = Math.round(seconds / 60);
  return `${formatCount(Math.floor(minutes / 60))} h ${minutes % 60} min`;
}

/**
 * A bar that shows how much of something is done.
 *
 * @param width The bar's width in columns.
 * @param ratio How much is done, from 0 to 1; what is outside counts as the nearest of them.
 */
export function renderBar(width: number, ratio: number): string {
  const eighths = Math.floor(width * 8 * Math.min(1, Math.max(0, ratio || 0)));
  const full = Math.floor(eighths / 8);
  const bar = "█".repeat(full) + EIGHTHS[eighths % 8];
  return bar + "░".repeat(width - [...bar].length);
}
