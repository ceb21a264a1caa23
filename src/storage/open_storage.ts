import { fileURLToPath } from "node:url";
import { EXIT } from "../error.ts";
import { LocalStorage } from "./local/local_storage.ts";
import type { S3StorageOptions } from "./s3/options.ts";
import { S3Storage } from "./s3/s3_storage.ts";
import { type Storage, StorageError } from "./storage.ts";

/** What {@linkcode openStorage} takes. */
export interface OpenStorageOptions {
  /** How S3 is used, if the destination is there. */
  readonly s3?: Omit<S3StorageOptions, "bucket" | "prefix"> | undefined;
}

/**
 * The storage that a destination names. Nothing is written or sent yet.
 *
 * @param destination A directory's path, a `file:` URL or `s3://bucket[/prefix]`.
 * @param options How S3 is used.
 * @return The storage; its disposal closes S3's connections.
 * @throws {StorageError} If it names none; the exit code is {@linkcode EXIT.usage}.
 *
 * @example
 * ```ts
 * import { openStorage } from "@sluice/datocms";
 *
 * using storage = openStorage("s3://backups/datocms");
 * console.assert(storage.url === "s3://backups/datocms");
 * ```
 */
export function openStorage(
  destination: string,
  options: OpenStorageOptions = {},
): Storage & Disposable {
  // A single letter is a drive on Windows.
  const scheme = /^([a-z][a-z0-9+.-]+):/i.exec(destination)?.[1]?.toLowerCase();
  if (scheme === "s3") return S3Storage.at(destination, options.s3);
  if (scheme === "file") return new LocalStorage(toPath(destination));
  if (scheme === undefined && destination.trim() !== "") return new LocalStorage(destination);
  throw unusable(destination);
}

function toPath(url: string): string {
  // The parser makes an absolute path of a relative one, and the root of none.
  if (!/^file:\/(?!\/[^/]*$)/i.test(url)) throw unusable(url);
  try {
    return fileURLToPath(url);
  } catch (error) {
    throw unusable(url, error);
  }
}

function unusable(destination: string, cause?: unknown): StorageError {
  // Who puts a password into the address must not find it in a log.
  const shown = JSON.stringify(destination.replace(/\/\/.*@/, "//…@"));
  return new StorageError(
    `A destination must be a directory, a file: URL or s3://bucket[/prefix], but is ${shown}.`,
    EXIT.usage,
    { cause },
  );
}
