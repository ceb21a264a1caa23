import type { Item, Resource, Upload } from "../content/resource.ts";
import type { SchemaIndex } from "../content/schema_index.ts";
import type { Storage } from "../storage/storage.ts";
import { compareListings } from "../tools/diff/compare_listings.ts";
import { readableSide } from "../tools/diff/diff_side.ts";
import { type Mentions, mentionsIn } from "./mentions.ts";
import type { ReadSnapshot } from "./changed_snapshot.ts";
import { withTexts } from "./texts.ts";
import { writeLines } from "./write_lines.ts";

/** An upload whose file was sent anew, so that it has another address. */
export interface NewUrlOf {
  /** The upload's id in the target. */
  readonly id: string;
  /** Its address in the snapshot. */
  readonly old: string;
  /** Its address in the target. */
  readonly new: string;
}

/** Addresses of uploads that are others in the target, and the texts in which old ones stand. */
export interface NewUrls extends Mentions {
  /** How many uploads have or get another address. */
  readonly count: number;
  /** Those whose address is known by now, at most 10,000: `new_urls.ndjson` in the journal has all in the end. */
  readonly urls: readonly NewUrlOf[];
  /** Whether texts of records get the new ones. */
  readonly isRewritten: boolean;
}

/** The most addresses that are told one by one. */
const MOST = 10_000;

interface Address {
  readonly id: string;
  readonly old: string;
  new: string | undefined;
}

/** What may follow a path in a sentence, or around it in Markdown. */
const AFTER = /[.,;:!*_~]+$/;

/**
 * The addresses of uploads that are others in the target than in the snapshot, as DatoCMS gives a new one to each file
 * that it gets. Held are about 500 bytes for each of them.
 */
export class UploadUrls {
  /** Whether it is planned what is written: an address that isn't known yet is going to be another one. */
  isPlanning = true;
  readonly #byPath: ReadonlyMap<string, Address>;
  readonly #byId: ReadonlyMap<string, Address>;
  readonly #expected = new Set<string>();
  readonly #pattern: RegExp;

  private constructor(addresses: readonly Address[], hosts: ReadonlySet<string>) {
    this.#byPath = new Map(addresses.map((one) => [partsOf(one.old).path, one]));
    this.#byId = new Map(addresses.map((one) => [one.id, one]));
    const own = [...hosts].map((host) => RegExp.escape(host)).join("|");
    this.#pattern = new RegExp(`(?<=//)(?:${own})(/[^\\s"'<>()\\[\\]{}|\\\\^\`?#]*)`, "gi");
  }

  /**
   * Finds out which addresses are others, or may be once files were sent.
   *
   * @param wanted The snapshot, with the ids that it has in the target.
   * @param target The target as it is.
   * @param signal Aborts the reading.
   */
  static async of(
    wanted: ReadSnapshot,
    target: ReadSnapshot,
    signal: AbortSignal,
  ): Promise<UploadUrls> {
    const [before, after] = [
      await readableSide(target.source, signal),
      await readableSide(wanted.source, signal),
    ];
    const pairs = compareListings<Upload>({
      before,
      after,
      listings: [{ before: before.uploads, after: after.uploads }],
      textOf: ({ attributes }) => String(attributes?.url),
      signal,
    });
    const addresses: Address[] = [];
    const { attributes: { imgix_host: host } } = await wanted.snapshot.site({ signal });
    const hosts = new Set(typeof host === "string" && host !== "" ? [host] : []);
    for await (const { id, before: [now], after: [upload] } of pairs) {
      const old = upload?.attributes.url;
      if (typeof old !== "string" || !URL.canParse(old)) continue;
      hosts.add(partsOf(old).host);
      addresses.push({ id, old, new: now?.attributes.url });
    }
    return new UploadUrls(addresses, hosts);
  }

  /**
   * What is told of them; `null` if there are none.
   *
   * @param from The snapshot, with its texts as they are.
   * @param isRewritten Whether texts of records get the new ones.
   * @param signal Aborts the reading of texts.
   */
  async told(
    from: ReadSnapshot,
    isRewritten: boolean,
    signal: AbortSignal,
  ): Promise<NewUrls | null> {
    const { count } = this;
    if (count === 0) return null;
    const mentions = await mentionsIn(from, (text) => this.in(text), signal);
    return { count, urls: this.some(), isRewritten, ...mentions };
  }

  /** The first of those whose address is known by now. */
  some(): readonly NewUrlOf[] {
    return [...this.changed().take(MOST)];
  }

  /** How many uploads have or get another address. */
  get count(): number {
    return [...this.#byId.values()].filter((one) => this.#isOther(one)).length;
  }

  /** Those whose address is known by now. */
  *changed(): Generator<NewUrlOf, void> {
    for (const { id, old, new: next } of this.#byId.values()) {
      if (next !== undefined) yield { id, old, new: next };
    }
  }

  /** Takes which uploads are going to be sent. */
  expect(ids: Iterable<string>): void {
    for (const id of ids) this.#expected.add(id);
  }

  /** Takes what an upload is in the target. */
  learn({ id, attributes }: Pick<Resource, "id" | "attributes">): void {
    const address = this.#byId.get(id);
    const url = attributes?.url;
    if (address && typeof url === "string") address.new = url;
  }

  /** The old addresses in a text, of uploads that have or get another one. */
  in(text: string): string[] {
    const found = new Set<string>();
    this.#replace(text, (address, url) => {
      if (this.#isOther(address)) found.add(address.old);
      return url;
    });
    return [...found];
  }

  /** A record with new addresses in the place of old ones in its texts. */
  rewritten(item: Item, schema: SchemaIndex): Item {
    return withTexts(item, schema, (text) =>
      this.#replace(text, (address, url) => {
        if (address.new !== undefined) return address.new.replace(/^[a-z]+:\/\//i, "");
        const isComing = this.isPlanning && this.#expected.has(address.id);
        return isComing ? `${address.id}/?` : url;
      }));
  }

  /**
   * Writes those whose address is known beside a restore's journal: `new_urls.ndjson`, a line for each.
   *
   * @param storage Where.
   * @param journal The journal's folder.
   * @param signal Aborts it.
   * @throws {StorageError} If it can't be written.
   */
  async write(storage: Storage, journal: string, signal: AbortSignal): Promise<void> {
    await writeLines(storage, `${journal}/new_urls.ndjson`, this.changed(), signal);
  }

  #isOther({ id, old, new: next }: Address): boolean {
    return next === undefined ? this.#expected.has(id) : next !== old;
  }

  /** A text with something in the place of addresses, without what is before `//` and with what follows their path. */
  #replace(text: string, by: (address: Address, url: string) => string): string {
    if (this.#byPath.size === 0 || !text.includes("//")) return text;
    return text.replace(this.#pattern, (url, path: string) => {
      const after = this.#byPath.has(path) ? "" : AFTER.exec(path)?.[0] ?? "";
      const address = this.#byPath.get(path.slice(0, path.length - after.length));
      if (address === undefined) return url;
      return `${by(address, url.slice(0, url.length - after.length))}${after}`;
    });
  }
}

/** The host and the path of an address, as they are written. */
function partsOf(url: string): { readonly host: string; readonly path: string } {
  const [, host = "", path = ""] = /^[a-z]+:\/\/([^/?#]+)([^?#]*)/i.exec(url) ?? [];
  return { host, path };
}
