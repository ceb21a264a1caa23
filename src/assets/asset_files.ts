import { hashNumber } from "../text/hash_number.ts";
import type { ObjectInfo, Storage } from "../storage/storage.ts";

/** A file that is in a storage. */
export interface AssetFile {
  /** Whether it is listed by another name, which this storage may or may not take for the same. */
  readonly alike?: true | undefined;
  /** Its size in bytes. */
  readonly size: number;
  /** The storage's tag of its content, if it has one. */
  readonly etag?: string | undefined;
  /** When it was written, in ISO 8601, if there is no tag. */
  readonly modified_at?: string | undefined;
  /** MD5 of its content in hexadecimal, if an earlier export wrote it down and it is the same file since. */
  readonly md5?: string | undefined;
  /** How often it was tried until it was fetched, if an earlier run of the same export has fetched it. */
  readonly attempts?: number | undefined;
}

/** What an earlier export, or an earlier run of the same one, wrote down of a file. */
export interface AssetRecord extends AssetFile {
  /** Its key. */
  readonly key: string;
}

/**
 * The files that a storage lists, together with what earlier exports wrote down of them. A file counts as
 * the one that was written down if its size and its tag (or, where there are none, its time) are the same.
 *
 * A file takes about 200 bytes of memory, as neither keys nor objects are kept. Should two keys ever have
 * the same hash (of 48 bits), one file is taken for the other: if that one isn't what its upload announces,
 * it is fetched again.
 *
 * @example
 * ```ts
 * import { AssetFiles } from "./asset_files.ts";
 *
 * const files = new AssetFiles();
 * files.add({ key: "a.jpg", size: 5, etag: "x-2" });
 * files.recall({ key: "a.jpg", size: 5, etag: "x-2", md5: "8b1a9953c4611296a827abf8c47804d7" });
 * console.assert(files.find("a.jpg")?.md5 === "8b1a9953c4611296a827abf8c47804d7");
 * ```
 */
export class AssetFiles {
  readonly #files = new Map<number, string>();
  /** Of names that are written in one of several ways: the number of the only way that is there. */
  readonly #alike = new Map<number, number>();

  /** How many files there are. */
  get count(): number {
    return this.#files.size;
  }

  /**
   * Adds a file.
   *
   * @param info What the storage lists.
   */
  add({ key, size, etag, modifiedAt }: ObjectInfo): void {
    const number = hashNumber(key);
    this.#files.set(number, packed({ size, ...fingerprint({ etag, modifiedAt }) }));
    const plain = folded(key);
    if (plain !== key) this.#alike.set(hashNumber(plain), number);
  }

  /**
   * Adds what an earlier export wrote down of a file, if it is there and still the same.
   *
   * @param record What was written down.
   */
  recall({ key, size, etag, modified_at, md5, attempts }: AssetRecord): void {
    const number = this.#numberOf(key);
    const text = this.#files.get(number);
    if (text === undefined || md5 === undefined) return;
    const file = unpacked(text);
    const isTheSame = file.size === size && file.etag === etag && file.modified_at === modified_at;
    // Where nothing tells one content from another, the size alone says too little.
    if (!isTheSame || (etag ?? modified_at) === undefined) return;
    this.#files.set(number, packed({ ...file, md5, attempts }));
  }

  /**
   * What is known of a file, or `undefined` if it isn't there. A storage can list a key in another case, or
   * its letters with marks in another form, than it was written.
   *
   * @param key Its key.
   */
  find(key: string): AssetFile | undefined {
    const number = this.#numberOf(key);
    const text = this.#files.get(number);
    if (text === undefined) return undefined;
    return { ...unpacked(text), ...(number !== hashNumber(key) && { alike: true }) };
  }

  /** The number of a key, or of the one that is there instead. */
  #numberOf(key: string): number {
    const number = hashNumber(key);
    if (this.#files.has(number)) return number;
    const plain = hashNumber(folded(key));
    return this.#alike.get(plain) ?? plain;
  }
}

/**
 * A file that was found; one that is listed by another name only if the storage takes both for the same.
 *
 * @param storage The storage.
 * @param key The key that was looked for.
 * @param file What was found.
 * @param signal Ends it.
 * @throws {StorageError} If the storage can't be asked.
 */
export async function confirmed(
  storage: Pick<Storage, "stat">,
  key: string,
  file: AssetFile | undefined,
  signal: AbortSignal,
): Promise<AssetFile | undefined> {
  if (!file?.alike) return file;
  const { alike: _, ...listed } = file;
  const info = await storage.stat(key, { signal });
  if (info?.size !== listed.size) return undefined;
  const { etag, modified_at } = fingerprint(info);
  return etag === listed.etag && modified_at === listed.modified_at ? listed : undefined;
}

/**
 * A name as storages take it for the same that ignore case, or how letters with marks are written.
 *
 * @param name The name.
 */
export function folded(name: string): string {
  return name.toUpperCase().toLowerCase().normalize("NFC");
}

/**
 * What tells whether a file is still the same.
 *
 * @param info What the storage says of it.
 */
export function fingerprint(
  { etag, modifiedAt }: { etag?: string | undefined; modifiedAt?: Date | undefined },
): Pick<AssetFile, "etag" | "modified_at"> {
  if (etag !== undefined) return { etag };
  return modifiedAt === undefined ? {} : { modified_at: modifiedAt.toISOString() };
}

/** One flat string; the MD5 is most often the tag. */
function packed({ size, etag = "", modified_at = "", md5 = "", attempts }: AssetFile): string {
  return [size, etag, modified_at, md5 !== "" && md5 === etag ? "=" : md5, attempts].join("\n");
}

function unpacked(text: string): AssetFile {
  const [size, etag, modified_at, md5, attempts] = text.split("\n");
  return {
    size: Number(size),
    ...(etag && { etag }),
    ...(modified_at && { modified_at }),
    ...(md5 && { md5: md5 === "=" ? etag! : md5 }),
    ...(attempts && { attempts: Number(attempts) }),
  };
}
