/**
 * A number that looks random, always the same for the same arguments: what generated projects draw
 * everything from instead of keeping it.
 *
 * @param seed The project's seed.
 * @param parts What the number is for: indexes, versions, places.
 * @return A whole number from 0 to 2³² − 1.
 */
export function draw(seed: number, ...parts: readonly number[]): number {
  let hash = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b);
  for (const part of parts) {
    hash = Math.imul(hash ^ part, 0x9e3779b1);
    hash ^= hash >>> 15;
    hash = Math.imul(hash, 0x85ebca77);
    hash ^= hash >>> 13;
  }
  hash = Math.imul(hash, 0xc2b2ae3d);
  return (hash ^ hash >>> 16) >>> 0;
}

/**
 * Picks one of several.
 *
 * @param choices What to pick from; at least one.
 * @param number Any whole number, such as {@linkcode draw} returns.
 */
export function pick<T>(choices: readonly T[], number: number): T {
  return choices[number % choices.length]!;
}
