import { toText } from "@std/streams/to-text";
import { printable } from "../text/printable.ts";
import type { Storage } from "../storage/storage.ts";
import { parseJson } from "../text/json.ts";
import { MANIFEST } from "./layout.ts";
import { type Manifest, manifestSchema } from "./manifest.ts";
import { isAsSealed } from "./manifest_digest.ts";

/**
 * Reads the manifest of a snapshot.
 *
 * @param storage Where the snapshot is.
 * @param prefix Where it lies in there, without a trailing slash.
 * @param signal Aborts the reading.
 * @param isChecked Whether its text has to be the one that was sealed, if it says which one that is.
 * @throws {SyntaxError} If it isn't a manifest of a version that this program knows, lists an object twice, or isn't
 * the one that was sealed.
 * @throws {ObjectNotFoundError} If there is none.
 * @throws {StorageError} If it can't be read.
 */
export async function readManifest(
  storage: Pick<Storage, "get">,
  prefix: string,
  signal: AbortSignal,
  isChecked = false,
): Promise<Manifest> {
  const key = `${prefix}/${MANIFEST}`;
  const bytes = await storage.get(key, { signal });
  try {
    const text = await toText(bytes);
    if (isChecked && isAsSealed(text) === false) {
      throw new SyntaxError("its text isn't the one that was sealed");
    }
    const manifest = manifestSchema.parse(parseJson(text));
    const twice = listedTwice(manifest);
    if (twice !== undefined) throw new SyntaxError(`it lists ${twice} twice`);
    return manifest;
  } catch (error) {
    signal.throwIfAborted();
    const isItsOwn = error instanceof SyntaxError || error instanceof TypeError ||
      (error instanceof Error && error.name === "ZodError");
    if (!isItsOwn) throw error;
    const why = printable(error.message.replaceAll(/\s+/g, " "), 300);
    throw new SyntaxError(`${key} isn't a manifest that this version knows (${why})`, {
      cause: error,
    });
  }
}

/**
 * The path of an object that a manifest lists twice: nobody knows which of both is right.
 *
 * @param manifest The manifest.
 * @return `undefined` if there is none.
 */
export function listedTwice({ objects }: Pick<Manifest, "objects">): string | undefined {
  const known = new Set<string>();
  return objects.find(({ path }) => known.size === known.add(path).size)?.path;
}
