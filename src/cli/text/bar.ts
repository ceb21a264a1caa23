/** The eighths of a cell. */
const PARTS = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

/**
 * A bar that shows how much of something is done.
 *
 * @param width The bar's width in columns.
 * @param ratio How much is done, from 0 to 1; what is outside counts as the nearest of them.
 */
export function renderBar(width: number, ratio: number): string {
  const eighths = Math.floor(width * 8 * Math.min(1, Math.max(0, ratio || 0)));
  const full = Math.floor(eighths / 8);
  const bar = "█".repeat(full) + PARTS[eighths % 8];
  return bar + "░".repeat(width - [...bar].length);
}
