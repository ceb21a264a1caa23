import type { Page, Resource, Site, Upload } from "../../content/resource.ts";
import { SchemaIndex } from "../../content/schema_index.ts";
import { type ReadableSide, readableSide } from "../../tools/diff/diff_side.ts";
import type { Snapshot } from "../../tools/open.ts";
import type { Inventory } from "../inventory.ts";
import { planSchema } from "../schema/plan.ts";
import { inOrder } from "../steps.ts";
import type { Step } from "../plan.ts";

/** Settings that stay: they are about uploads, which stay, too. */
const STAY: ReadonlySet<string> = new Set(["upload_collections", "upload_filters"]);

/**
 * An environment as it is once it is emptied, as a snapshot: its project's settings and its uploads with their
 * collections are as they are, and there are no models, no records and nothing that is about these. To empty it is to
 * restore this snapshot into it.
 */
export class Emptied {
  /** It as a snapshot. */
  readonly snapshot: Snapshot;
  /** The same, for comparisons. */
  readonly side: ReadableSide;
  readonly #inventory: Inventory;

  /**
   * Finds out what an environment is like then.
   *
   * @param inventory The environment as it is, without its records.
   * @param signal Aborts the reading.
   */
  static async of(inventory: Inventory, signal: AbortSignal): Promise<Emptied> {
    const site = await inventory.snapshot.site({ signal });
    return new Emptied(inventory, site, await readableSide(inventory.source, signal));
  }

  private constructor(inventory: Inventory, site: Site, present: ReadableSide) {
    this.#inventory = inventory;
    const { snapshot } = inventory;
    const { locales } = site.attributes;
    const schema = new SchemaIndex({ locales, itemTypes: [], fields: [], fieldsets: [] });
    const settings = async (name: string, signal: AbortSignal | undefined) => {
      const there = await snapshot.settings(name, { signal });
      return there && !STAY.has(name) ? [] : there;
    };
    this.snapshot = {
      name: snapshot.name,
      address: snapshot.address,
      manifest: snapshot.manifest,
      document: undefined,
      site: () => Promise.resolve(site),
      schema: () => Promise.resolve(schema),
      models: () => Promise.resolve([]),
      records: () => ReadableStream.from([]),
      record: () => Promise.resolve(undefined),
      uploads: (options): ReadableStream<Page<Upload>> => snapshot.uploads(options),
      upload: (id, options) => snapshot.upload(id, options),
      asset: (id, options) => snapshot.asset(id, options),
      tables: () => Promise.resolve([]),
      settings: (name, { signal } = {}) => settings(name, signal),
    };
    this.side = {
      name: present.name,
      address: present.address,
      manifest: present.manifest,
      schema,
      paths: present.paths,
      uploads: present.uploads,
      records: () => [],
      hasRecords: () => true,
      hasResource: (name) => present.hasResource(name),
      expect: () => {},
      entries: (path, signal) => present.entries(path, signal),
      json: async (path, signal) => {
        const name = /^settings\/([^/]+)\.json$/.exec(path)?.[1];
        if (name === undefined) return await present.json(path, signal);
        return { data: await settings(name, signal) ?? [] satisfies Resource[] };
      },
    };
  }

  /**
   * What empties the environment: models go with their records.
   *
   * @param signal Aborts the planning.
   * @return Steps, in order.
   */
  async steps(signal: AbortSignal): Promise<readonly Step[]> {
    const { steps } = await planSchema({
      snapshot: this.snapshot,
      wanted: this.side,
      target: this.#inventory.snapshot,
      present: this.#inventory.source,
      isOwn: true,
      isOtherProject: false,
      keepExtra: false,
      validators: "auto",
      missingAssets: "drop",
      stages: "keep",
      schedules: "list",
      onLoss: () => {},
      signal,
    }, { relaxed: new Set() });
    return inOrder(steps);
  }
}
