import config from "../deno.json" with { type: "json" };

/** Sluice's version. */
export const VERSION: string = config.version;
