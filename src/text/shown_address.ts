import { fileURLToPath } from "node:url";
import { printable } from "./printable.ts";

/**
 * An address as people write it: the path of a `file:` URL, any other URL as it is.
 *
 * @param url The address.
 */
export function shownAddress(url: string): string {
  return printable(url.startsWith("file:") ? pathOf(url) : url, 1000);
}

/** An address has names in it that a server chose: what can't be a path is shown as it is. */
function pathOf(url: string): string {
  try {
    return fileURLToPath(url);
  } catch {
    return url;
  }
}
