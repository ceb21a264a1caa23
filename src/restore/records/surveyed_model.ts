import type { ItemType } from "../../content/resource.ts";

/** A model of the snapshot, as far as its records are concerned. */
export interface SurveyedModel {
  /** The model. */
  readonly type: ItemType;
  /** Whether its records have drafts. */
  readonly hasDrafts: boolean;
  /** Whether drafts may be saved that validators refuse. */
  readonly savesInvalid: boolean;
}

/**
 * A model, as far as its records are concerned.
 *
 * @param type The model.
 */
export function surveyed(type: ItemType): SurveyedModel {
  const hasDrafts = type.attributes.draft_mode_active === true;
  return {
    type,
    hasDrafts,
    savesInvalid: hasDrafts && type.attributes.draft_saving_active === true,
  };
}
