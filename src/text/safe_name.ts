import { createHash } from "node:crypto";

/** File systems allow 255 bytes; some room is left for suffixes. */
const MAX_BYTES = 200;

const ENCODER = new TextEncoder();

/**
 * Separators, what Windows forbids, control characters, those that reorder text, broken ones, those that XML
 * can't carry, in which S3 is told what to delete, and what {@linkcode shorten} ends names with.
 */
const UNSAFE =
  /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}\uFFFE\uFFFF/\\:*?"<>|%]|~(?=[0-9a-f]{16}(\.[A-Za-z0-9]{1,16})?$)/gu;

/** What an `api_key` can't hold: other characters are escaped also if they are harmless. */
const NOT_IN_API_KEYS = /[^a-z0-9_-]/gu;

/** Names of devices on Windows, which count with any extension. */
const RESERVED = /^(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[\d¹²³])(?= *(\.|$))/i;

/**
 * Makes a file name of text that an editor or a server chose, so that it is one segment of a path on
 * any system: separators, control characters and what Windows forbids are percent-encoded, names that
 * mean something else (`..`, `con`, a leading dot) are defused, and what is too long is cut and marked
 * with a hash.
 *
 * @param text The text.
 * @return The name.
 *
 * @example
 * ```ts
 * import { safeName } from "./safe_name.ts";
 *
 * console.assert(safeName("photo.jpg") === "photo.jpg");
 * console.assert(safeName("../../etc/passwd") === "%2E.%2F..%2Fetc%2Fpasswd");
 * ```
 */
export function safeName(text: string): string {
  return defuse(text.normalize("NFC").replace(UNSAFE, encode), text);
}

/**
 * A file name for an `api_key`: these are of few characters. One that isn't gets a name that can't be taken
 * for another one's, also on a file system that ignores case or has its own idea of equal characters.
 *
 * @param apiKey The `api_key` of a model or workflow.
 * @return The name.
 *
 * @example
 * ```ts
 * import { safeApiKey } from "./safe_name.ts";
 *
 * console.assert(safeApiKey("article") === "article");
 * console.assert(safeApiKey("Article") === "%41rticle");
 * ```
 */
export function safeApiKey(apiKey: string): string {
  return defuse(apiKey.replace(NOT_IN_API_KEYS, encode), apiKey);
}

/** Names that mean something else on some system, are empty, or too long. */
function defuse(name: string, text: string): string {
  const defused = (name === "" ? "%" : name)
    .replace(/^[. ]/, encode)
    .replace(/[. ]$/, encode)
    .replace(RESERVED, (word) => encode(word[0]!) + word.slice(1));
  return ENCODER.encode(defused).byteLength <= MAX_BYTES ? defused : shorten(defused, text);
}

/** Cuts a name before its extension, and adds a hash of the whole text. */
function shorten(name: string, text: string): string {
  const extension = /\.[A-Za-z0-9]{1,16}$/.exec(name)?.[0] ?? "";
  // Not UTF-8: there all broken characters are one.
  const hash = createHash("sha256").update(text, "utf16le").digest("hex");
  const mark = `~${hash.slice(0, 16)}${extension}`;
  // A character that is cut in half is left out by encodeInto.
  const stem = new Uint8Array(MAX_BYTES - mark.length);
  const { written } = ENCODER.encodeInto(name, stem);
  return new TextDecoder().decode(stem.subarray(0, written)) + mark;
}

/** Percent-encodes a character; one that is broken has no bytes, and is written as its number. */
function encode(text: string): string {
  if (!text.isWellFormed()) return `%u${text.charCodeAt(0).toString(16).toUpperCase()}`;
  return [...ENCODER.encode(text)]
    .map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, "0")}`)
    .join("");
}
