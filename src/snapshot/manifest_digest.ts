import { createHash } from "node:crypto";
import type { Manifest } from "./manifest.ts";

/** A manifest without a digest of its own. */
type Undigested = Omit<Manifest, "sha256">;

/** How a manifest ends whose last key holds a digest, whatever became of that key's name. */
const DIGEST_AT_END = /\n {2}"[^\n]*": "[0-9a-f]{64}"\n\}\n$/;

/**
 * Adds to a manifest what its own text is known by: every other object's digest is in the manifest.
 *
 * @param manifest The manifest; a digest that it has is replaced.
 * @return The manifest with its digest.
 *
 * @example
 * ```ts
 * import { manifestText, withDigest } from "./manifest_digest.ts";
 * import type { Manifest } from "./manifest.ts";
 *
 * declare const manifest: Manifest;
 * Deno.writeTextFileSync("manifest.json", manifestText(withDigest(manifest)));
 * ```
 */
export function withDigest(manifest: Undigested): Manifest {
  const { sha256: _old, ...rest } = manifest as Manifest;
  return { ...rest, sha256: digestOf(rest) };
}

/**
 * The text of `manifest.json`.
 *
 * @param manifest The manifest.
 */
export function manifestText(manifest: object): string {
  return `${JSON.stringify(manifest, null, 2)}\n`;
}

/**
 * Whether the text of a manifest is the one that was written; `undefined` for those of before manifests had a
 * digest.
 *
 * @param text The whole text of `manifest.json`.
 * @throws {SyntaxError} If it isn't JSON.
 */
export function isAsSealed(text: string): boolean | undefined {
  const manifest = JSON.parse(text) as Partial<Manifest> | null;
  const { sha256, ...rest } = manifest ?? {};
  if (sha256 === undefined) return DIGEST_AT_END.test(text) ? false : undefined;
  return manifestText(manifest!) === text && digestOf(rest) === sha256;
}

function digestOf(manifest: object): string {
  return createHash("sha256").update(manifestText(manifest)).digest("hex");
}
