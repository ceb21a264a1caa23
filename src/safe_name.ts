import { createHash } from "node:crypto";

/** File systems allow 255 bytes; some room is left for suffixes. */
const MAX_BYTES = 200;

const ENCODER = new TextEncoder();

/** Separators, what Windows forbids, control characters and those that reorder text. */
const UNSAFE =
  // deno-lint-ignore no-control-regex -- control characters are what is looked for
  /[\0-\x1f\x7f-\x9f/\\:*?"<>|%\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

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
  return defuse(text.normalize("NFC").toWellFormed().replace(UNSAFE, encode), text);
}

/**
 * A file name for an `api_key`: these are lower case, and one that isn't can't be taken for another on a
 * file system that ignores case.
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
  const escaped = apiKey.normalize("NFC").toWellFormed()
    .replace(new RegExp(`${UNSAFE.source}|\\p{Changes_When_Lowercased}`, "gu"), encode);
  return defuse(escaped, apiKey);
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
  const mark = `~${createHash("sha256").update(text).digest("hex").slice(0, 16)}${extension}`;
  // A character that is cut in half is left out by encodeInto.
  const stem = new Uint8Array(MAX_BYTES - mark.length);
  const { written } = ENCODER.encodeInto(name, stem);
  return new TextDecoder().decode(stem.subarray(0, written)) + mark;
}

function encode(text: string): string {
  return [...ENCODER.encode(text)]
    .map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, "0")}`)
    .join("");
}
