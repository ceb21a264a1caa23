import { AssetFiles } from "../assets/asset_files.ts";
import { attachment } from "../assets/content_disposition.ts";
import { concurrently } from "../async/concurrently.ts";
import { EXIT, SluiceError } from "../error.ts";
import { checkedBytes } from "../snapshot/checked_reading.ts";
import type { FoundSnapshot } from "../snapshot/find_snapshot.ts";
import { noteLatest } from "../snapshot/latest.ts";
import { assetsPrefix, CANARY, MANIFEST } from "../snapshot/layout.ts";
import { ExportLock } from "../snapshot/lock/export_lock.ts";
import { untilFilesStay } from "../snapshot/lock/until_files_stay.ts";
import type { Tally } from "../snapshot/manifest.ts";
import { withGrace } from "../storage/grace.ts";
import { ObjectExistsError, ObjectNotFoundError, type Storage } from "../storage/storage.ts";
import { printable, shownAddress } from "../text/printable.ts";
import {
  type ContentFile,
  SnapshotContents,
  textOf,
  type TransferOptions,
} from "./download/contents.ts";
import type { SnapshotSelection } from "./download/selection.ts";

/** Options of {@linkcode copySnapshot}. */
export interface CopyOptions extends SnapshotSelection, TransferOptions {
  /** How long the lock of a copy that was killed holds others off, in milliseconds. @default {120_000} */
  readonly lockTtlMs?: number | undefined;
  /** Called when it waits, as unused asset files are being removed from there. */
  readonly onWait?: (() => void) | undefined;
  /** Aborts it: what was copied by then stays, and doesn't claim to be complete. */
  readonly signal?: AbortSignal | undefined;
}

/** What was copied, and what was there already. */
export interface CopyCounts {
  /** What was copied. */
  readonly copied: Tally;
  /** What was there already, with the right bytes. */
  readonly skipped: Tally;
}

/** What {@linkcode copySnapshot} did. */
export interface CopyResult {
  /** The snapshot's name: `<project>/[<environment>/]<id>`. */
  readonly snapshot: string;
  /** The address of the snapshot that was copied. */
  readonly from: string;
  /** The address of the copy. */
  readonly to: string;
  /** Whether it was copied now, or was there already, sealed and the same. */
  readonly state: "copied" | "there";
  /** The objects of its folder, but for the manifest and `canary.txt`. */
  readonly objects: CopyCounts;
  /** Its asset files. */
  readonly assets: CopyCounts;
}

/** Files that are copied at a time. */
const AT_A_TIME = 4;
/** How long a seal that has begun continues once it is cancelled, in milliseconds. */
const GRACE_MS = 30_000;
const ENCODER = new TextEncoder();

/**
 * Copies a sealed snapshot, with the asset files that it refers to, to another place on disk or in S3. All bytes are
 * compared with the manifest, and those of asset files with their MD5, while they are copied. `canary.txt` comes last:
 * wherever it is interrupted, what is there doesn't claim to be complete, and the next copy continues: what is there
 * with the right bytes isn't copied again, and nothing is ever replaced. Nobody exports to the environment there
 * meanwhile, nor removes asset files: it waits for whoever does. Holds no more in memory than some pieces, and some 200 bytes for each asset file that is there.
 *
 * @param from Where the snapshot is.
 * @param snapshot What names it, as in `latest`, or the snapshot.
 * @param to Where it goes: into the same folder as there.
 * @param options What is left out, and the signal.
 * @return What was copied.
 * @throws {SnapshotDamagedError} If something isn't as it was sealed.
 * @throws {SluiceError} If there is no such snapshot, or there is something else in its place (exit code 2).
 * @throws {LockedError} If somebody exports to the environment there.
 * @throws {StorageError} If something can't be read or written.
 * @throws The signal's reason.
 *
 * @example
 * ```ts no-eval
 * import { exportProject, LocalStorage } from "@sluice/datocms";
 * import { copySnapshot } from "@sluice/datocms/tools";
 *
 * const storage = new LocalStorage("./backups");
 * await exportProject({
 *   apiToken: Deno.env.get("DATOCMS_API_TOKEN")!,
 *   storage,
 *   assets: false,
 *   tables: false,
 * });
 * const second = new LocalStorage("./second");
 * console.assert((await copySnapshot(storage, "latest", second)).state === "copied");
 * console.assert((await copySnapshot(storage, "latest", second)).state === "there");
 * ```
 */
export async function copySnapshot(
  from: Storage,
  snapshot: string | FoundSnapshot,
  to: Storage,
  options: CopyOptions = {},
): Promise<CopyResult> {
  const { lockTtlMs: ttlMs, signal = new AbortController().signal } = options;
  if (from.url === to.url) {
    throw new SluiceError(
      `A snapshot is copied from one place to another, but both are ${shownAddress(to.url)}.`,
      EXIT.usage,
    );
  }
  const contents = await SnapshotContents.read(from, snapshot, { ...options, signal });
  const { found: { name, prefix } } = contents;
  const copy = new Copy(contents, to, options.onWait);
  let isThere = await copy.isThere(signal);
  if (!isThere) {
    const folder = prefix.slice(0, prefix.lastIndexOf("/"));
    await using lock = await ExportLock.acquire(to, folder, { ttlMs, signal });
    try {
      // Whoever had the lock may have copied it.
      isThere = await copy.isThere(lock.signal);
      if (!isThere) await copy.run(lock);
    } catch (error) {
      throw await lock.reasonOf(error);
    }
  }
  return {
    snapshot: name,
    from: `${from.url}/${prefix}`,
    to: `${to.url}/${prefix}`,
    state: isThere ? "there" : "copied",
    objects: { ...copy.objects },
    assets: { ...copy.assets },
  };
}

/** Counts what is copied, and what was there already. */
class Counts implements CopyCounts {
  copied: Tally = { count: 0, bytes: 0 };
  skipped: Tally = { count: 0, bytes: 0 };

  add(to: keyof CopyCounts, size: number): void {
    const { count, bytes } = this[to];
    this[to] = { count: count + 1, bytes: bytes + size };
  }
}

/** One snapshot on its way to one place. */
class Copy {
  readonly objects: Counts = new Counts();
  readonly assets: Counts = new Counts();
  readonly #contents: SnapshotContents;
  readonly #to: Storage;
  readonly #onWait: (() => void) | undefined;

  constructor(contents: SnapshotContents, to: Storage, onWait: (() => void) | undefined) {
    this.#contents = contents;
    this.#to = to;
    this.#onWait = onWait;
  }

  /**
   * Whether the snapshot is there already, sealed and the same.
   *
   * @throws {SluiceError} If another one is there in its place.
   */
  async isThere(signal: AbortSignal): Promise<boolean> {
    const { found, manifestText, canaryText, manifest } = this.#contents;
    const canary = await textOf(this.#to, found, CANARY, signal);
    if (canary === undefined) return false;
    const text = await textOf(this.#to, found, MANIFEST, signal);
    if (canary !== canaryText || text !== manifestText) {
      throw this.#taken(MANIFEST, "is that of another snapshot, or of another part of it");
    }
    for (const { size } of manifest.objects) this.objects.add("skipped", size);
    const { downloaded, kept } = manifest.assets ?? {};
    const of = (key: keyof Tally) => (downloaded?.[key] ?? 0) + (kept?.[key] ?? 0);
    this.assets.skipped = { count: of("count"), bytes: of("bytes") };
    this.#contents.count(this.#contents.totalBytes);
    return true;
  }

  /** Copies all that isn't there, and seals it. */
  async run(lock: ExportLock): Promise<void> {
    const { signal, storage } = lock;
    const { found: { prefix }, objects } = this.#contents;
    const there = await this.#listed(signal);
    // What is in its place is found out before anything is written.
    const expected = new Map(objects.map(({ key, size }) => [key, size]));
    for (const [key, size] of there) {
      if (key === `${prefix}/${MANIFEST}`) continue;
      const wanted = expected.get(key);
      if (wanted === undefined) throw this.#taken(key, "doesn't belong to the snapshot");
      if (wanted !== size) throw this.#taken(key, `has ${size} bytes instead of ${wanted}`);
    }
    await this.#copyAssets(storage, signal);
    await each(objects, signal, async (file, signal) => {
      const isThere = there.has(file.key);
      await this.#copyFile(storage, file, { isThere, counts: this.objects, signal });
    });
    await this.#seal(lock);
  }

  async #copyAssets(storage: Storage, signal: AbortSignal): Promise<void> {
    const { manifest: { assets, project } } = this.#contents;
    if (assets === undefined) return;
    await untilFilesStay(this.#to, project.id, { onWait: this.#onWait, signal });
    const files = new AssetFiles();
    for await (const page of this.#to.list(`${assetsPrefix(project.id)}/`, { signal })) {
      for (const info of page) files.add(info);
    }
    for await (const page of this.#contents.assets()) {
      await each(page, signal, async (file, signal) => {
        const isThere = files.find(file.key) !== undefined;
        await this.#copyFile(storage, file, { isThere, counts: this.assets, signal });
      });
    }
  }

  /** Copies a file unless it is there. Nothing that is there is ever replaced. */
  async #copyFile(
    storage: Storage,
    file: ContentFile,
    { isThere, counts, signal }: {
      readonly isThere: boolean;
      readonly counts: Counts;
      readonly signal: AbortSignal;
    },
  ): Promise<void> {
    const { key, size } = file;
    if (isThere && await this.#isSame(file, signal)) {
      this.#contents.count(size);
      return counts.add("skipped", size);
    }
    const body = await this.#contents.open(file, signal);
    try {
      await storage.put(key, body, { signal, size, ifAbsent: true, ...settingsOf(file) });
    } catch (error) {
      if (!(error instanceof ObjectExistsError)) throw error;
      // Somebody else has written it meanwhile, or a listing was late.
      if (await this.#isSame(file, signal)) return counts.add("skipped", size);
      throw this.#taken(key, "was written by somebody else");
    }
    counts.add("copied", size);
  }

  /**
   * Whether a file is there with the right bytes; `false` if it isn't there.
   *
   * @throws {SluiceError} If it is there with others.
   */
  async #isSame(file: ContentFile, signal: AbortSignal): Promise<boolean> {
    const { key, size, digest } = file;
    const info = await this.#to.stat(key, { signal });
    if (info === undefined) return false;
    if (info.size !== size) throw this.#taken(key, `has ${info.size} bytes instead of ${size}`);
    // In S3 the tag is most often the MD5, or it was put with it.
    if (info.etag === digest || info.metadata?.md5 === digest) return true;
    try {
      if (await hasBytes(await this.#to.get(key, { signal }), file)) return true;
    } catch (error) {
      if (!(error instanceof ObjectNotFoundError)) throw error;
      return false;
    }
    throw this.#taken(key, "has other bytes");
  }

  /** Makes sure that all is there and nothing else, and seals it. */
  async #seal(lock: ExportLock): Promise<void> {
    const { signal, storage } = lock;
    const { found: { prefix }, objects, manifestText, canaryText } = this.#contents;
    await storage.clear?.(`${prefix}/`, { signal });
    const there = await this.#listed(signal);
    for (const { key, size } of objects) {
      // A listing may be late.
      const found = there.get(key) ?? (await this.#to.stat(key, { signal }))?.size;
      if (found !== size) throw this.#taken(key, "was deleted or changed while it was copied");
      there.delete(key);
    }
    const manifest = `${prefix}/${MANIFEST}`;
    const [extra] = [...there.keys()].filter((key) => key !== manifest);
    if (extra !== undefined) throw this.#taken(extra, "was written by somebody else");
    await lock.confirm();
    await withGrace(signal, GRACE_MS, async (signal) => {
      const how = { signal, ifAbsent: true };
      if (!there.has(manifest)) await storage.put(manifest, ENCODER.encode(manifestText), how);
      else if (await textOf(this.#to, this.#contents.found, MANIFEST, signal) !== manifestText) {
        throw this.#taken(MANIFEST, "is that of another snapshot, or of another part of it");
      }
      await storage.put(`${prefix}/${CANARY}`, ENCODER.encode(canaryText), how);
      await noteLatest(storage, prefix, signal);
    });
  }

  /** The sizes of what is in the snapshot's folder there, by key. */
  async #listed(signal: AbortSignal): Promise<Map<string, number>> {
    const there = new Map<string, number>();
    const { found: { prefix } } = this.#contents;
    for await (const page of this.#to.list(`${prefix}/`, { signal })) {
      for (const { key, size } of page) there.set(key, size);
    }
    return there;
  }

  #taken(key: string, how: string): SluiceError {
    const { found: { name, prefix } } = this.#contents;
    const isAsset = !key.startsWith(`${prefix}/`) && key !== MANIFEST;
    const what = isAsset ? "that file" : `the folder ${printable(prefix)}`;
    return new SluiceError(
      `The snapshot ${name} can't be copied to ${shownAddress(this.#to.url)}, because ${
        JSON.stringify(printable(key, 200))
      } there ${how}. If nobody needs it, delete ${what} and copy again, or copy to another place.`,
      EXIT.usage,
    );
  }
}

async function each(
  files: readonly ContentFile[],
  signal: AbortSignal,
  run: (file: ContentFile, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const tasks = files.map((file) => (signal: AbortSignal) => run(file, signal));
  await concurrently(tasks, AT_A_TIME, signal);
}

/** What an export says of an asset file when it writes it, as far as it is known here. */
function settingsOf(
  { key, algorithm, digest }: ContentFile,
): { contentDisposition?: string; metadata?: Record<string, string> } {
  if (algorithm !== "md5") return {};
  const name = key.slice(key.lastIndexOf("/") + 1);
  return { contentDisposition: attachment(name), metadata: { md5: digest } };
}

/** Whether bytes are those of a file; they are read as far as it takes to know. */
async function hasBytes(
  bytes: AsyncIterable<Uint8Array<ArrayBuffer>>,
  file: ContentFile,
): Promise<boolean> {
  const others = new Error("Others");
  try {
    for await (const _ of checkedBytes(bytes, file, () => others));
    return true;
  } catch (error) {
    if (error !== others) throw error;
    return false;
  }
}
