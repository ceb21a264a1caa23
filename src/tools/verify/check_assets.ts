import { type AssetIndexEntry, readAssetIndex } from "../../assets/asset_index.ts";
import { assetsPrefix, MANIFEST } from "../../snapshot/layout.ts";
import type { Manifest } from "../../snapshot/manifest.ts";
import { isObject } from "../../text/json.ts";
import { safeName } from "../../text/safe_name.ts";
import { readEntries } from "../../snapshot/batches.ts";
import type { Check } from "./check.ts";
import type { KnownIds } from "./known_ids.ts";

/** An asset file, and what it should be. */
interface ExpectedFile {
  readonly key: string;
  readonly size?: number | undefined;
  readonly md5: string;
}

/**
 * Reads the asset files that a snapshot's list names, and compares their bytes with it; and the list with the
 * uploads.
 *
 * @param check The verification.
 * @param manifest The snapshot's manifest.
 * @param ids The ids of the uploads; `undefined` if the snapshot doesn't have them.
 * @throws {StorageError} If something can't be read.
 */
export async function checkAssets(
  check: Check,
  { assets, project, objects }: Manifest,
  ids: KnownIds | undefined,
): Promise<void> {
  if (assets === undefined) return;
  const { index } = assets;
  const prefix = assetsPrefix(project.id);
  if (assets.prefix !== prefix) {
    check.add("changed", MANIFEST, `says that asset files are in ${assets.prefix}, not ${prefix}`);
  }
  check.expect(
    Math.round((assets.downloaded.bytes + assets.kept.bytes) / (check.sample?.of ?? 1)),
  );
  let entries = 0;
  try {
    const key = `${check.prefix}/${index}`;
    for await (const page of readAssetIndex(check.storage, key, prefix, check.signal)) {
      entries += page.length;
      for (const { upload_id: id } of page) {
        if (ids === undefined) continue;
        if (!ids.hasUpload(id)) check.add("dangling", index, `there is no upload ${id}`);
        ids.addAsset(id);
      }
      await check.each(page.flatMap(fileOf), (file) => checkFile(check, file));
    }
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    check.add("unparsable", index, "a line isn't one of an asset");
    return;
  }
  const { count = entries } = objects.find(({ path }) => path === index) ?? {};
  if (count !== entries) {
    check.add("dangling", index, `${count - entries} of its files aren't in ${prefix}`);
  }
  for (const id of ids?.withoutAsset() ?? []) {
    check.add("dangling", index, `it doesn't have the upload ${id}`);
  }
}

/**
 * Reads the asset files of a Project Export of DatoCMS, if there are any, and compares their bytes with what its
 * uploads say of them.
 *
 * @param check The verification.
 * @param projectId The project's id.
 * @param paths The paths of the batches of uploads.
 * @throws {StorageError} If something can't be read.
 */
export async function checkUploadFiles(
  check: Check,
  projectId: string,
  paths: readonly string[],
): Promise<void> {
  const prefix = assetsPrefix(projectId);
  if (!await hasAny(check, `${prefix}/`)) return;
  for (const path of paths) {
    try {
      const key = `${check.prefix}/${path}`;
      for await (const page of readEntries<unknown>(check.storage, key, check.signal)) {
        const files = page.flatMap((upload) => fileOfUpload(upload, prefix));
        await check.each(files, (file) => checkFile(check, file));
      }
    } catch (error) {
      // It was added when the batch was read the first time.
      if (!(error instanceof SyntaxError) && !(error instanceof TypeError)) throw error;
      check.signal.throwIfAborted();
    }
  }
}

async function hasAny(check: Check, prefix: string): Promise<boolean> {
  for await (const page of check.storage.list(prefix, { signal: check.signal })) {
    if (page.length > 0) return true;
  }
  return false;
}

function fileOf({ key, size, md5 }: AssetIndexEntry): ExpectedFile[] {
  return size === null || md5 === null ? [] : [{ key, size, md5 }];
}

function fileOfUpload(upload: unknown, prefix: string): ExpectedFile[] {
  const attributes = isObject(upload) ? upload.attributes : undefined;
  if (!isObject(attributes)) return [];
  const { path, size, md5 } = attributes;
  const isKnown = typeof path === "string" && typeof md5 === "string" &&
    /^[0-9a-f]{32}$/i.test(md5);
  if (!isKnown) return [];
  const name = path.slice(path.lastIndexOf("/") + 1);
  return [{
    key: `${prefix}/${safeName(name)}`,
    size: typeof size === "number" ? size : undefined,
    md5: md5.toLowerCase(),
  }];
}

async function checkFile(check: Check, { key, size, md5 }: ExpectedFile): Promise<void> {
  if (!check.isRead(key)) return;
  const read = await check.read(key, "bytes", { algorithm: "md5" });
  if (read === undefined) {
    check.problems.add("missing", key, "the asset file isn't there");
  } else if (size !== undefined && read.size < size) {
    check.problems.add("truncated", key, `has ${read.size} of ${size} bytes`);
  } else if (read.digest !== md5) {
    check.problems.add("changed", key, "MD5 of its bytes isn't that of the asset");
  }
}
