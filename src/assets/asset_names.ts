import type { Upload } from "../content/resource.ts";
import { folded } from "./asset_files.ts";
import { hashNumber } from "../text/hash_number.ts";
import { safeName } from "../text/safe_name.ts";

/**
 * Gives each asset a file name of its own: the last segment of the upload's `path`, made safe. When two
 * of them would meet on a file system that ignores case, the later one gets its upload's id.
 *
 * Names must be asked for in one order (that of creation), so that each export gives the same ones.
 *
 * @example
 * ```ts
 * import { AssetNames } from "./asset_names.ts";
 *
 * const upload = (id: string, path: string) => ({
 *   id,
 *   type: "upload" as const,
 *   attributes: { path, url: "" },
 * });
 * const names = new AssetNames();
 * console.assert(names.of(upload("1", "/7/16-Photo.jpg")) === "16-Photo.jpg");
 * console.assert(names.of(upload("2", "/7/16-photo.jpg")) === "16-photo~2.jpg");
 * ```
 */
export class AssetNames {
  /** A number for each name that is taken: eight bytes instead of a string. */
  readonly #taken = new Set<number>();

  /**
   * The asset's file name.
   *
   * @param upload The upload.
   */
  of(upload: Upload): string {
    const plain = lastSegment(upload);
    let name = safeName(plain);
    for (let n = 1; !this.#take(name); n++) {
      name = safeName(marked(plain, n === 1 ? upload.id : `${upload.id}~${n}`));
    }
    return name;
  }

  /**
   * The file name that an asset gets if no other one has it.
   *
   * @param upload The upload.
   */
  static plain(upload: Upload): string {
    return safeName(lastSegment(upload));
  }

  /**
   * Whether a file name is one that an asset can have got.
   *
   * @param upload The upload.
   * @param name The file name.
   */
  static mayBe(upload: Upload, name: string): boolean {
    const plain = lastSegment(upload);
    // Of a name that is too long, what stands before its end is cut off.
    return name === safeName(plain) || name.includes(`~${upload.id}`) ||
      name === safeName(marked(plain, upload.id));
  }

  /**
   * Takes a file name.
   *
   * @param name The file name.
   */
  add(name: string): void {
    this.#take(name);
  }

  /**
   * Whether an asset has this file name, or one that is the same where case is ignored.
   *
   * @param name The file name.
   */
  has(name: string): boolean {
    return this.#taken.has(numberOf(name));
  }

  /** Whether the name was free. Two names with one number would only give the later one its id. */
  #take(name: string): boolean {
    const number = numberOf(name);
    if (this.#taken.has(number)) return false;
    this.#taken.add(number);
    return true;
  }
}

function lastSegment({ id, attributes: { path } }: Upload): string {
  const text = typeof path === "string" ? path.slice(path.lastIndexOf("/") + 1) : "";
  return text || id;
}

/** A number that is the same for names that a file system may take for one. */
function numberOf(name: string): number {
  return hashNumber(folded(name));
}

/** Puts a mark before the extension. */
function marked(name: string, mark: string): string {
  const dot = name.lastIndexOf(".");
  return dot > 0 ? `${name.slice(0, dot)}~${mark}${name.slice(dot)}` : `${name}~${mark}`;
}
