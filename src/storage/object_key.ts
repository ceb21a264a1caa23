import { createHash } from "node:crypto";
import { assertKey, StorageError } from "./storage.ts";

const TEMPORARY = /(?:^|\/)\.sluice-[0-9a-f-]+\.(tmp|hold)$/;

/**
 * A new name for an object that is there only while another one is written.
 *
 * @param purpose Hexadecimal digits that tell names apart, if need be.
 */
export function temporaryName(purpose = ""): string {
  return `.sluice-${purpose && `${purpose}-`}${crypto.randomUUID()}.tmp`;
}

/**
 * Hexadecimal digits that tell the objects apart that are there while the one of a key is written.
 *
 * @param key The key.
 */
export function purposeOf(key: string): string {
  return createHash("sha256").update(key).digest("hex").slice(0, 16);
}

/**
 * What the keys begin with that {@linkcode temporaryName} gives with the purpose of a key, in its directory.
 *
 * @param key The key.
 */
export function temporaryPrefix(key: string): string {
  return `${key.slice(0, key.lastIndexOf("/") + 1)}.sluice-${purposeOf(key)}-`;
}

/**
 * The name of what stands for a hold on a key.
 *
 * @param key The key.
 */
export function holdName(key: string): string {
  return `.sluice-${createHash("sha256").update(key).digest("hex").slice(0, 32)}.hold`;
}

/** Whether a key's last segment is one of {@linkcode temporaryName}'s or {@linkcode holdName}'s. */
export function isTemporary(key: string): boolean {
  return TEMPORARY.test(key);
}

/**
 * Checks the key of an object that a storage is asked for.
 *
 * @param key The key.
 * @return The key.
 * @throws {StorageError} If it isn't a key, or is a name that {@linkcode isTemporary} knows.
 */
export function assertFinalKey(key: string): string {
  if (!isTemporary(assertKey(key))) return key;
  throw new StorageError(
    `The name ${JSON.stringify(key)} is kept for what is being written: choose another one.`,
  );
}

/**
 * Whether something is a key.
 *
 * @param key What may be one.
 */
export function isKey(key: string): boolean {
  try {
    assertKey(key);
    return true;
  } catch {
    return false;
  }
}

/**
 * Checks the prefix of a listing.
 *
 * @param prefix The prefix, which needn't end with a segment.
 * @return The prefix.
 * @throws {StorageError} If no key can begin with it, because of an empty, `.` or `..` segment.
 */
export function assertPrefix(prefix: string): string {
  const slash = prefix.lastIndexOf("/");
  if (slash >= 0) assertKey(prefix.slice(0, slash));
  return prefix;
}
