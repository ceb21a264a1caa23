import type { Version } from "../../content/resource.ts";
import { IdBits } from "../../text/id_bits.ts";
import { isObject } from "../../text/json.ts";
import type { Check, EntryReader } from "./check.ts";

/** What is known of an id, as bits. */
const BITS = { current: 1, published: 2, upload: 1, asset: 2 } as const;

/** The version of records that a batch holds, and the folder of their model; `undefined` for other objects. */
export function batchOf(path: string): { model: string; version: Version } | "uploads" | undefined {
  if (/^uploads\/[^/]+\.(?:ndjson|json)(?:\.gz|\.zst)?$/.test(path)) return "uploads";
  const [, model, version] =
    /^records\/([^/]+)\/(current|published)\/[^/]+\.(?:ndjson|json)(?:\.gz|\.zst)?$/.exec(path) ??
      [];
  return model === undefined ? undefined : { model, version: version as Version };
}

/**
 * The ids of all records and uploads of a snapshot: at most 40 bytes of memory for each, with ids as DatoCMS
 * has them.
 */
export class KnownIds {
  readonly #check: Check;
  readonly #records = new IdBits();
  readonly #uploads = new IdBits();

  /** @param check The verification, which is told of ids that come twice. */
  constructor(check: Check) {
    this.#check = check;
  }

  /**
   * What collects the ids of a batch.
   *
   * @param path The batch's path.
   * @return `undefined` if it isn't one.
   */
  readerOf(path: string): EntryReader | undefined {
    const batch = batchOf(path);
    if (batch === undefined) return undefined;
    const [ids, bit] = batch === "uploads"
      ? [this.#uploads, BITS.upload]
      : [this.#records, BITS[batch.version]];
    let own: string[] = [];
    let nameless = 0;
    return {
      onEntry: (entry) => {
        if (isObject(entry) && typeof entry.id === "string") own.push(entry.id);
        else nameless++;
      },
      onAgain: () => {
        own = [];
        nameless = 0;
      },
      onEnd: () => {
        if (nameless > 0) this.#check.add("unparsable", path, `${nameless} entries have no id`);
        for (const id of own) {
          if (!ids.set(id, bit)) this.#check.add("extra", path, `${id} is there twice`);
        }
        own = [];
      },
    };
  }

  /** Whether there is a record, in any version. */
  hasRecord(id: string): boolean {
    return this.#records.has(id);
  }

  /** Whether there is a record's current version. */
  hasCurrent(id: string): boolean {
    return (this.#records.of(id) & BITS.current) !== 0;
  }

  /** Whether there is an upload. */
  hasUpload(id: string): boolean {
    return (this.#uploads.of(id) & BITS.upload) !== 0;
  }

  /** Notes that the list of assets has an upload. */
  addAsset(id: string): void {
    this.#uploads.set(id, BITS.asset);
  }

  /** The uploads that the list of assets doesn't have. */
  *withoutAsset(): Generator<string> {
    yield* this.#uploads.where((bits) => (bits & BITS.asset) === 0);
  }
}
