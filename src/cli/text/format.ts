const COUNT = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });
const UNITS = ["kB", "MB", "GB", "TB", "PB"] as const;
/** The eighths of a cell. */
const EIGHTHS = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

/**
 * A number for people: `1,204`.
 *
 * @param count The number; it is rounded.
 */
export function formatCount(count: number): string {
  return COUNT.format(count);
}

/**
 * A number of things for people: `1 record`, `1,204 records`.
 *
 * @param count How many.
 * @param one What one is called.
 * @param many What several are called. @default {`${one}s`}
 */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}

/**
 * A size for people: `999 B`, `1.2 MB`.
 *
 * @param bytes The size in bytes.
 */
export function formatBytes(bytes: number): string {
  if (bytes < 1000) return `${Math.round(bytes)} B`;
  let value = bytes / 1000;
  let unit = 0;
  // What would be rounded to 1000 belongs to the next unit.
  for (; value >= 999.5 && unit < UNITS.length - 1; unit++) value /= 1000;
  return `${value < 9.95 ? value.toFixed(1) : formatCount(value)} ${UNITS[unit]}`;
}

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
