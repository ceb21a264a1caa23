import * as z from "zod";
import { EXIT, SluiceError } from "../../error.ts";

/** What a snapshot consists of, as far as it can be restored by itself. */
export const RESTORE_KINDS = ["schema", "assets", "records", "settings"] as const;

/** One of {@linkcode RESTORE_KINDS}. */
export type RestoreKind = typeof RESTORE_KINDS[number];

/** What is restored along with records, of what they link to. */
export const LINKED = ["missing", "all", "none"] as const satisfies RestoreChoice["withLinks"][];

/** A part of a snapshot: only this is restored, and nothing else changes. */
export interface RestoreChoice {
  /** The kinds of things. @default Records, if they are chosen by anything else; all, if nothing is chosen */
  readonly only?: readonly RestoreKind[] | undefined;
  /** Records, or the schema, of these models only, by their `api_key`. */
  readonly models?: readonly string[] | undefined;
  /** Records, or the schema, of all models but these. */
  readonly excludeModels?: readonly string[] | undefined;
  /** These records only, by their ids. */
  readonly records?: readonly string[] | undefined;
  /**
   * So many records only, chosen at random, each with what it links to; the same seed chooses the same ones. The
   * schema, the settings and what is known of the uploads that they refer to come with them.
   */
  readonly sample?: { readonly size: number; readonly seed: string } | undefined;
  /**
   * What the chosen records link to, and is restored along: what the target lacks, all, or nothing, so that links to
   * what isn't there are dropped. @default {"missing"}
   */
  readonly withLinks?: "missing" | "all" | "none" | undefined;
  /**
   * Whether records that linked to those that come back, and lost these links, get them back. @default {false}
   */
  readonly withReferrers?: boolean | undefined;
  /** Only this field of the chosen records, by its `api_key`, in their current versions. */
  readonly field?: string | undefined;
  /** Only values in these locales of the chosen records, in their current versions. */
  readonly locales?: readonly string[] | undefined;
  /**
   * Whether the chosen records come as copies, under new ids and as drafts, beside what is there. The ids follow from
   * the snapshot and the records, so that nothing is copied twice. @default {false}
   */
  readonly copy?: boolean | undefined;
}

/** Reads a choice that was noted. */
export const restoreChoice: z.ZodType<RestoreChoice> = z.strictObject({
  only: z.array(z.enum(RESTORE_KINDS)).min(1).optional(),
  models: z.array(z.string()).min(1).optional(),
  excludeModels: z.array(z.string()).min(1).optional(),
  records: z.array(z.string()).min(1).optional(),
  sample: z.strictObject({ size: z.number().int().min(1), seed: z.string() }).optional(),
  withLinks: z.enum(LINKED).optional(),
  withReferrers: z.boolean().optional(),
  field: z.string().optional(),
  locales: z.array(z.string()).min(1).optional(),
  copy: z.boolean().optional(),
});

/** What comes along with chosen records, as they link to it: ids. */
export interface Along {
  /** Records. */
  readonly records: readonly string[];
  /** Uploads. */
  readonly uploads: readonly string[];
}

/** Reads what was noted to come along. */
export const along: z.ZodType<Along> = z.object({
  records: z.array(z.string()),
  uploads: z.array(z.string()),
});

/**
 * The choice as it is noted and compared; `undefined` if all is restored.
 *
 * @param given What was asked for.
 * @throws {SluiceError} If that contradicts itself.
 */
export function settledChoice(given: RestoreChoice | undefined): RestoreChoice | undefined {
  if (given === undefined) return undefined;
  const { only, models, excludeModels, records, sample, withLinks, field, locales } = given;
  const withReferrers = given.withReferrers || undefined;
  const copy = given.copy || undefined;
  const what = { only, models, excludeModels, records, sample, field, locales };
  if (sample !== undefined) {
    const isOther = (key: string) => key !== "sample" && (key !== "only" || only!.length < 4);
    if (Object.keys(given).some(isOther)) {
      throw contradiction("A sample is of all that there is: choose nothing else.");
    }
    return { only: [...RESTORE_KINDS], sample };
  }
  const isPart = Object.values(what).some((one) => one !== undefined);
  if (!isPart) {
    if ((withLinks ?? withReferrers ?? copy) === undefined) return undefined;
    throw contradiction("What comes back along with chosen records is about these: choose some.");
  }
  if (records !== undefined && (models ?? excludeModels) !== undefined) {
    throw contradiction("Records are chosen by their ids or by their models: give one of them.");
  }
  if (models !== undefined && excludeModels !== undefined) {
    throw contradiction("Models are named or left out: give one of them.");
  }
  const kinds = new Set(only ?? ["records"]);
  if (records !== undefined && !kinds.has("records")) {
    throw contradiction("Records are chosen, but only others are to be restored.");
  }
  if ((models ?? excludeModels) !== undefined && !kinds.has("records") && !kinds.has("schema")) {
    throw contradiction("Models are chosen, but neither records nor the schema.");
  }
  if ((withLinks ?? withReferrers) !== undefined && !kinds.has("records")) {
    throw contradiction("What comes back along with records is about these, which aren't chosen.");
  }
  if (copy) {
    if ((field ?? locales ?? withReferrers) !== undefined) {
      throw contradiction("Copies are of whole records, and nothing links to them yet.");
    }
    if ((records ?? models) === undefined || kinds.size > 1) {
      throw contradiction("Copies are made of records: name these, or their models.");
    }
  }
  if ((field ?? locales) !== undefined) {
    if (withReferrers) {
      throw contradiction("Links come back to whole records: choose no field or locale of them.");
    }
    if ((records ?? models) === undefined || kinds.size > 1) {
      throw contradiction("A field or locale is chosen of records: name these, or their models.");
    }
  }
  const parts = {
    only: RESTORE_KINDS.filter((kind) => kinds.has(kind)),
    models,
    excludeModels,
    records: records && [...new Set(records)],
    withLinks,
    withReferrers,
    field,
    locales: locales && [...new Set(locales)],
    copy,
  };
  return Object.fromEntries(Object.entries(parts).filter(([, value]) => value !== undefined));
}

function contradiction(message: string): SluiceError {
  return new SluiceError(message, EXIT.usage, { code: "restore_choice" });
}
