/** Longer names help nobody, and headers have their limits. */
const LONGEST = 200;

/**
 * A `Content-Disposition` header with which a browser saves a file under its name instead of showing it:
 * what editors upload may hold scripts.
 *
 * @param filename The name, as an editor chose it; folders in it don't count.
 * @return The header's value, in ASCII. A name that isn't in ASCII also comes with a plain stand-in.
 * @see {@link https://www.rfc-editor.org/rfc/rfc6266}
 *
 * @example
 * ```ts
 * import { attachment } from "./content_disposition.ts";
 *
 * console.assert(attachment("photo.jpg") === 'attachment; filename="photo.jpg"');
 * console.assert(
 *   attachment("è.jpg") === `attachment; filename="_.jpg"; filename*=UTF-8''%C3%A8.jpg`,
 * );
 * ```
 */
export function attachment(filename: string): string {
  const name = shortened(filename.toWellFormed().replace(UNSAFE, "_"));
  // Some browsers decode "%41" in the plain form, too.
  const plain = name.replace(/[^\x20-\x7e]|["%]/gu, "_");
  const encoded = plain === name ? "" : `; filename*=UTF-8''${encodedValue(name)}`;
  return `attachment; filename="${plain}"${encoded}`;
}

/** Separators, control characters, and those that reorder text to fake an extension. */
const UNSAFE =
  // deno-lint-ignore no-control-regex -- control characters are what is looked for
  /[\0-\x1f\x7f-\x9f/\\\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

function shortened(name: string): string {
  const characters = [...name];
  if (characters.length <= LONGEST) return name;
  const extension = /\.[A-Za-z0-9]{1,10}$/.exec(name)?.[0] ?? "";
  return characters.slice(0, LONGEST - extension.length).join("") + extension;
}

/** What `encodeURIComponent` leaves alone, but RFC 5987 doesn't allow. */
function encodedValue(name: string): string {
  return encodeURIComponent(name).replace(/['()*]/g, (sign) => {
    return `%${sign.charCodeAt(0).toString(16).toUpperCase()}`;
  });
}
