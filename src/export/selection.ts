import type { ItemType, Version } from "../content/resource.ts";
import type { SchemaIndex } from "../content/schema_index.ts";
import { EXIT, SluiceError } from "../error.ts";
import { type ExportResource, type ResourceName, RESOURCES } from "../source/datocms/resources.ts";
import { nearest } from "../text/nearest.ts";
import { printable } from "../text/printable.ts";
import type { SourceSettings } from "./export_settings.ts";

/** The settings that say what of a project is exported. */
export type SelectionSettings = Pick<
  SourceSettings,
  "models" | "excludeModels" | "include" | "exclude" | "published" | "assets"
>;

/** Most scheduled records that are asked about unless all of them are wanted: each takes a request. */
const MOST_SCHEDULED = 1000;

/** One listing of records that is read: a model in a version. */
export interface RecordListing {
  /** The model. */
  readonly model: ItemType;
  /** Which version of its records. */
  readonly version: Version;
}

/** A resource that has no form of its own in a snapshot, and its name. */
export type SettingResource = ExportResource & { readonly name: ResourceName };

/** Which records are asked about what is scheduled for them. */
export interface ScheduleSelection {
  /** The models that they are of. */
  readonly models: readonly ItemType[];
  /** The most records. */
  readonly most: number;
}

/** What of a project is exported. */
export class Selection {
  /** The listings of records to read. */
  readonly recordListings: readonly RecordListing[];
  /** The resources to read that have no form of their own. */
  readonly settings: readonly SettingResource[];
  /** Which records are asked about; `undefined` if none: without records, only if it is asked for by name. */
  readonly schedules: ScheduleSelection | undefined;
  readonly #settings: SelectionSettings;

  /**
   * Finds what was chosen in a project.
   *
   * @param schema The project's schema.
   * @param settings What was chosen.
   * @throws {SluiceError} If a model was chosen that isn't there.
   */
  constructor(schema: Pick<SchemaIndex, "models">, settings: SelectionSettings) {
    const { models, excludeModels, published } = settings;
    const known = schema.models.map((model) => model.attributes.api_key);
    assertKnown("model", models, known);
    assertKnown("model", excludeModels, known);
    this.#settings = settings;
    const versions: Version[] = published ? ["current", "published"] : ["current"];
    const chosen = schema.models.filter(({ attributes: { api_key: key } }) => {
      return (models?.includes(key) ?? true) && !(excludeModels?.includes(key) ?? false);
    });
    this.recordListings = this.wants("records")
      ? chosen.flatMap((model) => versions.map((version) => ({ model, version })))
      : [];
    this.settings = RESOURCES.filter(({ name, layout }) => {
      return (layout === "files" || layout === "settings") && this.wants(name);
    });
    const isNamed = this.names("schedules");
    this.schedules = this.wants("schedules") && (this.wants("records") || isNamed)
      ? { models: chosen, most: isNamed ? Infinity : MOST_SCHEDULED }
      : undefined;
  }

  /**
   * Whether a resource is exported.
   *
   * @param name The resource's name.
   */
  wants(name: ResourceName): boolean {
    const { include, exclude } = this.#settings;
    return (include?.includes(name) ?? true) && !(exclude?.includes(name) ?? false);
  }

  /**
   * Whether a resource was asked for by its name, so that it is missing where it can't be read.
   *
   * @param name The resource's name.
   */
  names(name: ResourceName): boolean {
    return this.#settings.include?.includes(name) ?? false;
  }

  /** Whether asset files are fetched. */
  get wantsAssets(): boolean {
    return this.wants("uploads") && this.#settings.assets !== false;
  }

  /** Whether published versions of records are read. */
  get wantsPublished(): boolean {
    return this.recordListings.some(({ version }) => version === "published");
  }

  /** How many listings are read. */
  get listings(): number {
    return this.recordListings.length + this.settings.length + Number(this.wants("uploads")) +
      Number(this.schedules !== undefined);
  }
}

/**
 * Makes sure that what was chosen by name is there.
 *
 * @param kind What it is, such as `model`.
 * @param chosen The names that were chosen, if any.
 * @param known The names that there are.
 * @throws {SluiceError} If one of them isn't there.
 */
export function assertKnown(
  kind: string,
  chosen: readonly string[] | undefined,
  known: readonly string[],
): void {
  const unknown = chosen?.find((name) => !known.includes(name));
  if (unknown === undefined) return;
  const close = nearest(unknown, known);
  throw new SluiceError(
    `The project has no ${kind} ${JSON.stringify(printable(unknown))}: ${
      close
        ? `did you mean ${JSON.stringify(close)}?`
        : `its ${kind}s are ${printable(known.join(", "))}.`
    }`,
    EXIT.usage,
  );
}
