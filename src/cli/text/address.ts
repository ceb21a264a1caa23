import { fileURLToPath } from "node:url";
import { printable } from "../../printable.ts";

/**
 * An address as people write it: the path of a `file:` URL, any other URL as it is.
 *
 * @param url The address.
 */
export function shownAddress(url: string): string {
  return printable(url.startsWith("file:") ? fileURLToPath(url) : url, 1000);
}
