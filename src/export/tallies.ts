import type { Version } from "../content/resource.ts";
import type { Manifest, Tally } from "../snapshot/manifest.ts";
import type { ResourceName } from "../source/datocms/resources.ts";

/** A resource that is counted as a whole. */
export type Counted = ResourceName | "site" | "models" | "tables";

/** What was counted, as the manifest shows it. */
export interface Counts {
  /** How many resources of each kind were read; for one that was left out, why. */
  readonly resources: Readonly<Manifest["resources"]>;
  /** How many records of each model were read, by `api_key` and version. */
  readonly records: Readonly<Manifest["records"]>;
}

/** Counts resources and records, and the bytes that they take in the snapshot. */
export class Tallies {
  readonly #resources: Manifest["resources"] = {};
  /** A model may be called `constructor`. */
  readonly #records: Manifest["records"] = Object.create(null);

  /** What was counted so far. */
  get counts(): Counts {
    return { resources: this.#resources, records: this.#records };
  }

  /**
   * Takes over what an earlier run has counted.
   *
   * @param counts What it has counted.
   */
  restore({ resources, records }: Counts): void {
    Object.assign(this.#resources, resources);
    Object.assign(this.#records, records);
  }

  /**
   * Counts a resource, in place of what was counted of it before.
   *
   * @param name The resource's name.
   * @param tally How many there are, and their bytes.
   */
  setResource(name: Counted, tally: Tally): void {
    this.#resources[name] = tally;
  }

  /**
   * Counts a resource as left out.
   *
   * @param name The resource's name.
   * @param reason Why, without secrets.
   */
  skipResource(name: ResourceName, reason: string): void {
    this.#resources[name] = { skipped: reason };
  }

  /**
   * Counts the records of a model, in place of what was counted of them before.
   *
   * @param model The model's `api_key`.
   * @param version Which version of them.
   * @param tally How many there are, and their bytes.
   */
  setRecords(model: string, version: Version, tally: Tally): void {
    (this.#records[model] ??= {})[version] = tally;
  }

  /**
   * Counts more records of a model.
   *
   * @param model The model's `api_key`.
   * @param version Which version of them.
   * @param more How many more, and their bytes.
   */
  addRecords(model: string, version: Version, more: Tally): void {
    const { count, bytes } = this.#records[model]?.[version] ?? { count: 0, bytes: 0 };
    this.setRecords(model, version, { count: count + more.count, bytes: bytes + more.bytes });
  }
}
