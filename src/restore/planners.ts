import type { RestoreParts } from "./parts.ts";
import { planRecords } from "./records/plan_records.ts";
import { planSchema } from "./schema/plan.ts";
import { planUploads } from "./uploads/plan.ts";

/** Who plans what. */
export const PARTS: RestoreParts = { planRecords, planSchema, planUploads };
