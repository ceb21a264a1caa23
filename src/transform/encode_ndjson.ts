import type { Page } from "../content/resource.ts";

const ENCODER = new TextEncoder();

/**
 * Encodes pages as NDJSON in UTF-8: one compact JSON text per line and `\n` after every line, the last
 * one too. A page becomes one chunk; a page without entries becomes none.
 *
 * U+2028 and U+2029 are escaped, because some readers take them for line ends. The result is the same
 * JSON value.
 *
 * @return A stream that takes pages and gives bytes.
 *
 * @example
 * ```ts
 * import { encodeNdjson } from "./encode_ndjson.ts";
 *
 * const bytes = ReadableStream.from([[{ id: "1" }, { id: "2" }]]).pipeThrough(encodeNdjson());
 * console.assert(await new Response(bytes).text() === '{"id":"1"}\n{"id":"2"}\n');
 * ```
 */
export function encodeNdjson(): TransformStream<Page<object>, Uint8Array<ArrayBuffer>> {
  return new TransformStream({
    transform(page, controller) {
      if (page.length > 0) controller.enqueue(ndjsonBytes(page));
    },
  });
}

/**
 * One page as NDJSON, as {@linkcode encodeNdjson} encodes it.
 *
 * @param page The page's entries.
 * @return The page in UTF-8: as many lines as the page has entries.
 *
 * @example
 * ```ts
 * import { ndjsonBytes } from "./encode_ndjson.ts";
 *
 * console.assert(new TextDecoder().decode(ndjsonBytes([{ id: "1" }])) === '{"id":"1"}\n');
 * ```
 */
export function ndjsonBytes(page: Page<object>): Uint8Array<ArrayBuffer> {
  let text = "";
  for (const entry of page) text += JSON.stringify(entry) + "\n";
  // Outside strings JSON has no such characters, so replacing them in the whole text is safe. Regular
  // expressions are several times slower.
  return ENCODER.encode(
    text.replaceAll("\u2028", "\\u2028").replaceAll("\u2029", "\\u2029"),
  );
}
