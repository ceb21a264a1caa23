import type { RestoreParts } from "./parts.ts";

/** The parts. */
export const PARTS: RestoreParts = {
  planSchema: () => Promise.resolve({ steps: [] }),
  planUploads: () => Promise.resolve({ steps: [], missing: new Set() }),
  planRecords: () => Promise.resolve({ steps: [], relaxed: new Set() }),
};
