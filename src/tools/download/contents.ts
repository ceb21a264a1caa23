import { type AssetIndexEntry, readAssetIndex } from "../../assets/asset_index.ts";
import { generatorStream } from "../../async/generator_stream.ts";
import { SluiceError } from "../../error.ts";
import { checkedBytes, type ExpectedBytes } from "../../snapshot/checked_reading.ts";
import { findSnapshot, type FoundSnapshot } from "../../snapshot/find_snapshot.ts";
import { assetsPrefix, CANARY, CLAIM, MANIFEST } from "../../snapshot/layout.ts";
import { type Manifest, manifestSchema } from "../../snapshot/manifest.ts";
import { isAsSealed } from "../../snapshot/manifest_digest.ts";
import { listedTwice } from "../../snapshot/read_manifest.ts";
import { ObjectNotFoundError, type Storage } from "../../storage/storage.ts";
import { shownAddress } from "../../text/printable.ts";
import { SnapshotDamagedError } from "./damage.ts";
import { selectedManifest, type SnapshotSelection } from "./selection.ts";

/** How far the taking of a snapshot is. */
export interface TransferProgress {
  /** Bytes that were taken, or found to be there already. */
  readonly bytes: number;
  /** Bytes that are to be taken, asset files included. */
  readonly totalBytes: number;
}

/** Which snapshot is taken, and what ends that. */
export interface TransferOptions {
  /** Only a snapshot of this project. @default {All} */
  readonly project?: string | undefined;
  /** Called with how far it is, for each piece that was read. */
  readonly onProgress?: ((progress: TransferProgress) => void) | undefined;
  /** Aborts it, also while what is made of it is read. */
  readonly signal?: AbortSignal | undefined;
}

/** Options of {@linkcode SnapshotContents.read}. */
export interface ReadContentsOptions extends SnapshotSelection, TransferOptions {
  /** Aborts it. */
  readonly signal: AbortSignal;
}

/** An object or asset file that is taken: its key, and what its bytes should be. */
export interface ContentFile extends ExpectedBytes {
  /** Its key in the storage. */
  readonly key: string;
  /** How many bytes it has. */
  readonly size: number;
  /** Their digest, in hexadecimal. */
  readonly digest: string;
}

const TEXT = { fatal: true, ignoreBOM: true } as const;

/** What is taken from a sealed snapshot, and read only together with what it should be. */
export class SnapshotContents {
  /** The snapshot. */
  readonly found: FoundSnapshot;
  /** What is taken, as the manifest that goes with it lists it. */
  readonly manifest: Manifest;
  /** The text of that manifest: the snapshot's own, if all is taken. */
  readonly manifestText: string;
  /** The text that seals it. */
  readonly canaryText: string;
  /** How many bytes are taken in all, as far as the manifest tells. */
  readonly totalBytes: number;
  readonly #storage: Storage;
  readonly #options: ReadContentsOptions;
  #bytes = 0;

  private constructor(
    storage: Storage,
    texts: Pick<SnapshotContents, "found" | "manifest" | "manifestText" | "canaryText">,
    options: ReadContentsOptions,
  ) {
    this.#storage = storage;
    this.#options = options;
    this.found = texts.found;
    this.manifest = texts.manifest;
    this.manifestText = texts.manifestText;
    this.canaryText = texts.canaryText;
    const { objects, assets } = this.manifest;
    this.totalBytes = objects.reduce((sum, { size }) => sum + size, 0) +
      (assets?.downloaded.bytes ?? 0) + (assets?.kept.bytes ?? 0);
  }

  /**
   * Reads what a snapshot's manifest says, if it is the one that was sealed.
   *
   * @param storage Where the snapshot is.
   * @param snapshot What names it, or the snapshot.
   * @param options Which part is taken, and the signal.
   * @throws {SnapshotDamagedError} If it isn't.
   * @throws {SluiceError} If there is no such snapshot, it has no manifest, or the part isn't in it.
   * @throws {StorageError} If it can't be read.
   */
  static async read(
    storage: Storage,
    snapshot: string | FoundSnapshot,
    options: ReadContentsOptions,
  ): Promise<SnapshotContents> {
    const { project, signal } = options;
    const found = typeof snapshot === "string"
      ? await findSnapshot(storage, snapshot, { project, signal })
      : snapshot;
    const read = (path: string) => textOf(storage, found, path, signal);
    const canaryText = await read(CANARY);
    if (canaryText === undefined) throw damaged(CANARY, "it isn't there");
    const text = await read(MANIFEST);
    if (text === undefined) {
      if (await storage.stat(`${found.prefix}/${CLAIM}`, { signal }) !== undefined) {
        throw damaged(MANIFEST, "it isn't there");
      }
      throw new SluiceError(
        `The snapshot ${found.name} in ${
          shownAddress(storage.url)
        } is a Project Export of DatoCMS, which has ` +
          "no manifest: nothing tells whether what is taken is right, so copy its folder as it is.",
      );
    }
    const manifest = parsed(text, found.name);
    if (canaryText !== `${manifest.endedAt}\n`) {
      throw damaged(CANARY, "it doesn't hold the time that the manifest ends with");
    }
    const part = selectedManifest(manifest, found.name, options);
    return new SnapshotContents(storage, {
      found,
      manifest: part === undefined ? manifest : JSON.parse(part),
      manifestText: part ?? text,
      canaryText,
    }, options);

    function damaged(path: string, what: string): SnapshotDamagedError {
      return new SnapshotDamagedError(found.name, path, what);
    }
  }

  /** The files of the snapshot's own folder, but for the manifest and the canary. */
  get objects(): readonly ContentFile[] {
    return this.manifest.objects.map(({ path, size, sha256 }) => {
      return { key: `${this.found.prefix}/${path}`, size, algorithm: "sha256", digest: sha256 };
    });
  }

  /**
   * The snapshot's asset files, in pages.
   *
   * @throws {SnapshotDamagedError} If the list of them isn't what the manifest says.
   * @throws {StorageError} If it can't be read.
   */
  async *assets(): AsyncGenerator<ContentFile[], void> {
    const { assets, project, objects } = this.manifest;
    if (assets === undefined) return;
    const prefix = assetsPrefix(project.id);
    const { index } = assets;
    let entries = 0;
    try {
      const key = `${this.found.prefix}/${index}`;
      const { signal } = this.#options;
      for await (const page of readAssetIndex(this.#storage, key, prefix, signal)) {
        entries += page.length;
        yield page.flatMap(assetFile);
      }
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      throw new SnapshotDamagedError(this.found.name, index, "a line isn't one of an asset");
    }
    const listed = objects.find(({ path }) => path === index);
    if (listed !== undefined && (listed.count ?? entries) === entries) return;
    throw new SnapshotDamagedError(this.found.name, index, "it doesn't name all asset files");
  }

  /**
   * Reads a file. The stream fails as soon as the bytes aren't those that were sealed.
   *
   * @param file The file.
   * @param signal Aborts the reading.
   * @throws {SnapshotDamagedError} If it isn't there.
   * @throws {StorageError} If it can't be read.
   */
  async open(
    file: ContentFile,
    signal: AbortSignal,
  ): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
    const fail = (what: string) => new SnapshotDamagedError(this.found.name, file.key, what);
    const end = new AbortController();
    const until = AbortSignal.any([signal, end.signal]);
    const bytes = await this.#storage.get(file.key, { signal: until }).catch((error) => {
      throw error instanceof ObjectNotFoundError ? fail("it isn't there") : error;
    });
    return generatorStream(({ signal: cancelled }) => {
      cancelled.addEventListener("abort", () => end.abort(cancelled.reason), { once: true });
      return this.#counted(checkedBytes(bytes, file, fail));
    });
  }

  /**
   * Counts bytes that needn't be read.
   *
   * @param bytes How many.
   */
  count(bytes: number): void {
    this.#bytes += bytes;
    this.#options.onProgress?.({
      bytes: this.#bytes,
      totalBytes: Math.max(this.#bytes, this.totalBytes),
    });
  }

  async *#counted(
    bytes: AsyncIterable<Uint8Array<ArrayBuffer>>,
  ): AsyncGenerator<Uint8Array<ArrayBuffer>, void> {
    for await (const chunk of bytes) {
      this.count(chunk.byteLength);
      yield chunk;
    }
  }
}

function assetFile({ key, size, md5 }: AssetIndexEntry): ContentFile[] {
  return size === null || md5 === null ? [] : [{ key, size, algorithm: "md5", digest: md5 }];
}

function parsed(text: string, snapshot: string): Manifest {
  try {
    const value: unknown = JSON.parse(text);
    const twice = listedTwice(manifestSchema.parse(value));
    if (twice !== undefined) {
      throw new SnapshotDamagedError(snapshot, MANIFEST, `it lists ${twice} twice`);
    }
    if (isAsSealed(text) !== false) return value as Manifest;
  } catch (error) {
    const isItsOwn = error instanceof SyntaxError ||
      (error instanceof Error && error.name === "ZodError");
    if (!isItsOwn) throw error;
    throw new SnapshotDamagedError(
      snapshot,
      MANIFEST,
      "it isn't a manifest that this version knows",
    );
  }
  throw new SnapshotDamagedError(snapshot, MANIFEST, "its text isn't the one that was sealed");
}

/**
 * The text of an object of a snapshot; `undefined` if it isn't there.
 *
 * @param storage Where the snapshot is.
 * @param found The snapshot.
 * @param path The object's path in it.
 * @param signal Aborts the reading.
 * @throws {SnapshotDamagedError} If it isn't text.
 * @throws {StorageError} If it can't be read.
 */
export async function textOf(
  storage: Storage,
  { prefix, name }: FoundSnapshot,
  path: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    const bytes = await storage.get(`${prefix}/${path}`, { signal });
    return new TextDecoder("utf-8", TEXT).decode(await new Response(bytes).bytes());
  } catch (error) {
    if (error instanceof ObjectNotFoundError) return undefined;
    signal.throwIfAborted();
    if (!(error instanceof TypeError)) throw error;
    throw new SnapshotDamagedError(name, path, "it isn't text");
  }
}
