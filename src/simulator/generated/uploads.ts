import { createHash, type Hash } from "node:crypto";
import type { Upload } from "../../content/resource.ts";
import { meets, sortedByRules, uploadColumn } from "../../cma_server/listing.ts";
import { newUpload } from "../new_upload.ts";
import type { DemoAsset } from "../project.ts";
import type { Listing, ListQuery } from "../../cma_server/stores.ts";
import type { DemoUploads } from "../project.ts";
import type { GeneratedIds } from "./ids.ts";
import { draw, pick } from "./random.ts";

/** What {@linkcode GeneratedUploads} lists. */
export interface GeneratedUploadsOptions {
  /** How many uploads there are. */
  readonly uploads: number;
  /** How many bytes an asset has on average. */
  readonly assetBytes: number;
  /** The project's id. */
  readonly siteId: string;
  /** The project's seed. */
  readonly seed: number;
  /** The project's ids. */
  readonly ids: GeneratedIds;
}

const FILES = [
  ["jpg", "image/jpeg"],
  ["png", "image/png"],
  ["pdf", "application/pdf"],
  ["mp4", "video/mp4"],
  ["txt", "text/plain"],
] as const;
const NAMES = ["barge", "lock", "heron", "mill", "weir"] as const;
const NATURAL = new Set(["id", "_created_at", "_updated_at"]);
const CHUNK = 64 * 1024;
const FIRST_SECOND = 1_600_000_000;
/** Assets come in sizes from half to one and a half of the average. */
const SIZES = [0.5, 0.75, 1, 1.25, 1.5] as const;

/**
 * Uploads and their bytes, made up when they are read. No two assets have the same bytes, and `size`
 * and `md5` tell the truth.
 */
export class GeneratedUploads implements DemoUploads {
  readonly #options: GeneratedUploadsOptions;
  readonly #chunk = new Uint8Array(CHUNK);
  /** The digests of what assets of one size have in common. */
  readonly #digests = new Map<number, Hash>();

  /**
   * Prepares the bytes that all assets have in common.
   *
   * @param options What to list.
   */
  constructor(options: GeneratedUploadsOptions) {
    this.#options = options;
    for (let i = 0; i < CHUNK; i++) this.#chunk[i] = draw(options.seed, 3, i);
  }

  /** An upload by its id. */
  get(id: string): Upload | undefined {
    const decoded = this.#options.ids.decode(id);
    if (decoded?.kind !== "upload" || decoded.index >= this.#options.uploads) return undefined;
    return this.#upload(decoded.index);
  }

  /** One page of a listing. */
  list(query: ListQuery): Listing<Upload> {
    const { uploads } = this.#options;
    const [order] = query.orderBy;
    const natural = query.orderBy.every(({ column, direction }) =>
      NATURAL.has(column) && direction === order?.direction
    );
    const ascending = order?.direction === "ASC";
    const nth = (n: number) => this.#upload(ascending ? n : uploads - 1 - n);
    if (natural && !query.ids && query.filters.length === 0) {
      const length = Math.max(0, Math.min(query.limit, uploads - query.offset));
      const page = Array.from({ length }, (_, i) => nth(query.offset + i));
      return { total: uploads, page };
    }
    const all = query.ids
      ? query.ids.map((id) => this.get(id)).filter((one) => one !== undefined)
      : Array.from({ length: uploads }, (_, i) => nth(i));
    const rules = order ? query.orderBy : [{ column: "id", direction: "DESC" as const }];
    const met = all.filter((one) => meets(one, query.filters, uploadColumn));
    const found = sortedByRules(met, rules, uploadColumn);
    return { total: found.length, page: found.slice(query.offset, query.offset + query.limit) };
  }

  /**
   * The asset at a path, if there is one.
   *
   * @param path An upload's `path`.
   */
  asset(path: string): DemoAsset | undefined {
    const [, second] = /^\/\d+\/(\d+)-/.exec(path) ?? [];
    const index = Number(second) - FIRST_SECOND;
    const { uploads } = this.#options;
    if (!(index >= 0 && index < uploads) || this.#path(index) !== path) return undefined;
    return this.#asset(index);
  }

  #upload(index: number): Upload {
    const { ids } = this.#options;
    const created = new Date((FIRST_SECOND + index) * 1000).toISOString();
    const path = this.#path(index);
    const isImage = this.#file(index)[1].startsWith("image/");
    return newUpload(
      ids.encode({ kind: "upload", index, block: 0 }),
      path,
      path.slice(path.indexOf("-") + 1),
      this.#asset(index),
      {
        created_at: created,
        updated_at: created,
        ...(isImage ? { width: 640, height: 480 } : {}),
      },
    );
  }

  #asset(index: number): DemoAsset {
    const tail = this.#tail(index);
    const size = this.#size(index);
    const chunk = this.#chunk;
    return {
      size,
      md5: this.#digest(size - tail.length).copy().update(tail).digest("hex"),
      contentType: this.#file(index)[1],
      body(): ReadableStream<Uint8Array<ArrayBuffer>> {
        let left = size - tail.length;
        return new ReadableStream({
          pull(controller) {
            // Copies, because whoever reads the stream may transfer a chunk's buffer elsewhere.
            if (left > 0) controller.enqueue(chunk.slice(0, left));
            else {
              controller.enqueue(tail.slice());
              controller.close();
            }
            left -= CHUNK;
          },
        }, { highWaterMark: 0 });
      },
    };
  }

  /** The digest of the first bytes of assets, from which the digest of each asset continues. */
  #digest(bytes: number): Hash {
    let digest = this.#digests.get(bytes);
    if (!digest) {
      digest = createHash("md5");
      for (let left = bytes; left > 0; left -= CHUNK) {
        digest.update(this.#chunk.subarray(0, Math.min(left, CHUNK)));
      }
      this.#digests.set(bytes, digest);
    }
    return digest;
  }

  /** The last bytes of an asset, which make it unlike all others. */
  #tail(index: number): Uint8Array<ArrayBuffer> {
    const id = this.#options.ids.encode({ kind: "upload", index, block: 0 });
    return new TextEncoder().encode(`${id}\n`);
  }

  #size(index: number): number {
    const { assetBytes, seed } = this.#options;
    return Math.max(23, Math.round(assetBytes * pick(SIZES, draw(seed, 4, index))));
  }

  #path(index: number): string {
    const { siteId, seed } = this.#options;
    const name = pick(NAMES, draw(seed, 5, index));
    return `/${siteId}/${FIRST_SECOND + index}-${name}.${this.#file(index)[0]}`;
  }

  #file(index: number): typeof FILES[number] {
    return pick(FILES, draw(this.#options.seed, 6, index));
  }
}
