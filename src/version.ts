import config from "../deno.json" with { type: "json" };

/**
 * Sluice's version.
 *
 * @example
 * ```ts
 * import { VERSION } from "@sluice/datocms";
 *
 * console.assert(/^\d+\.\d+\.\d+/.test(VERSION));
 * ```
 */
export const VERSION: string = config.version;
