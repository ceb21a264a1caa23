const COUNT = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });
const UNITS = ["kB", "MB", "GB", "TB", "PB"] as const;

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
