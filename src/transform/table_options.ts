import type { SchemaIndex } from "../content/schema_index.ts";
import type { Version } from "../content/resource.ts";
import type { OnWarning } from "./warnings.ts";

/** Options of the transforms that make table rows of records. */
export interface TableOptions {
  /** Which version the records are: the rows' `_version`. */
  readonly version: Version;
  /**
   * Only rows of these locales. What isn't localized has rows all the same.
   *
   * @default {all locales}
   */
  readonly locales?: readonly string[] | undefined;
  /** Called for what a transform doesn't know or can't turn into columns; it passes that through. */
  readonly onWarning?: OnWarning | undefined;
}

/** Options as the transforms use them: worked out once per stage, not once per record. */
export interface TableContext {
  readonly schema: SchemaIndex;
  readonly version: Version;
  /** The locales whose rows are made, or `undefined` for all. */
  readonly locales: ReadonlySet<string> | undefined;
  readonly warn: OnWarning;
}

/** Works out the options of a stage. */
export function tableContext(schema: SchemaIndex, options: TableOptions): TableContext {
  return {
    schema,
    version: options.version,
    locales: options.locales && new Set(options.locales),
    warn: options.onWarning ?? (() => {}),
  };
}

/** Whether rows of this locale are made. */
export function isSelected(context: TableContext, locale: string | null): boolean {
  return locale === null || context.locales === undefined || context.locales.has(locale);
}
