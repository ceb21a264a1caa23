import { createHash } from "node:crypto";
import type { ItemQuery, Listing, ListQuery } from "../cma_server/stores.ts";
import type {
  Field,
  Item,
  ItemType,
  Resource,
  Site,
  Upload,
  Version,
} from "../content/resource.ts";

const CHUNK = 64 * 1024;

/** Records that are at hand: an `ItemStore` that doesn't make wait. */
export interface DemoItems {
  /** One page of a listing. */
  list(query: ItemQuery): Listing<Item>;
  /** A record or block by its id. */
  get(id: string, version: Version): Item | undefined;
  /** What is scheduled for a record. */
  schedules(id: string): readonly Resource[];
}

/** Uploads that are at hand: an `UploadStore` that doesn't make wait. */
export interface DemoUploads {
  /** One page of a listing. */
  list(query: ListQuery): Listing<Upload>;
  /** An upload by its id. */
  get(id: string): Upload | undefined;
}

/** What an environment holds. */
export interface DemoEnvironment {
  /** The environment itself: its id, and when it was created and changed. */
  readonly resource: Resource;
  /** The project as this environment has it (locales and theme are the environment's own). */
  readonly site: Site;
  /** Models and block models, in the order that the API lists them. */
  readonly itemTypes: readonly ItemType[];
  /** All fields. */
  readonly fields: readonly Field[];
  /** All fieldsets. */
  readonly fieldsets: readonly Resource[];
  /** Everything else that is listed whole: URL path (`/menu-items`) to its resources, or to the only one. */
  readonly settings: ReadonlyMap<string, readonly Resource[] | Resource>;
  /** The records. */
  readonly items: DemoItems;
  /** The uploads. */
  readonly uploads: DemoUploads;
  /**
   * A copy that lives on its own.
   *
   * @param resource The new environment's own resource.
   */
  fork(resource: Resource): DemoEnvironment;
}

/** The bytes of an asset. */
export interface DemoAsset {
  /** How many bytes there are. */
  readonly size: number;
  /** Their MD5 digest, in hex. */
  readonly md5: string;
  /** Their MIME type. */
  readonly contentType: string;
  /** A stream of them, from the start, as often as asked for. */
  body(): ReadableStream<Uint8Array<ArrayBuffer>>;
}

/**
 * A project that can be served by {@linkcode startDemoCma}: held in memory, or made up as it is read.
 *
 * @see {@link https://www.datocms.com/docs/content-management-api}
 */
export interface DemoProject {
  /** The id of the primary environment. */
  readonly primaryEnvironment: string;
  /** The environments by id. A fork adds one; a deletion takes one away. */
  readonly environments: Map<string, DemoEnvironment>;
  /** The time by the project's clock, which its answers tell. @default The time by this machine's clock */
  now?(): Date;
  /**
   * The asset at a path, if there are bytes there.
   *
   * @param path An upload's `path`, such as `/64206/1646150872-favicon.ico`.
   */
  asset(path: string): DemoAsset | undefined;
}

/**
 * An asset whose bytes are in memory.
 *
 * @param bytes The asset's bytes.
 * @param contentType Their MIME type.
 */
export function bytesAsset(bytes: Uint8Array<ArrayBuffer>, contentType: string): DemoAsset {
  return {
    size: bytes.length,
    md5: createHash("md5").update(bytes).digest("hex"),
    contentType,
    body(): ReadableStream<Uint8Array<ArrayBuffer>> {
      let offset = 0;
      return new ReadableStream({
        pull(controller) {
          // A copy, because whoever reads the stream may transfer the chunk's buffer elsewhere.
          if (offset < bytes.length) controller.enqueue(bytes.slice(offset, offset + CHUNK));
          offset += CHUNK;
          if (offset >= bytes.length) controller.close();
        },
      }, { highWaterMark: 0 });
    },
  };
}
