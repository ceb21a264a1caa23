import { attachment } from "../assets/content_disposition.ts";
import type { Storage } from "../storage/storage.ts";
import { hasTag } from "./answer.ts";
import { ServeError } from "./failure.ts";

/** A file that is sent, as a whole or in part. */
export interface SentFile {
  /** Its key in the storage. */
  readonly key: string;
  /** Its size in bytes. */
  readonly size: number;
  /** What tells its bytes from others, without quotes. */
  readonly tag: string;
  /** Its MIME type, as whoever uploaded it said. */
  readonly type: string;
  /** The name to save it under. */
  readonly filename: string;
  /** Opens all of it: the stream fails before its last bytes if they aren't the right ones. */
  readonly open: (signal: AbortSignal) => Promise<ReadableStream<Uint8Array<ArrayBuffer>>>;
}

/** MIME types of what browsers show without running anything in it. */
export const SHOWN_TYPES: ReadonlySet<string> = new Set([
  "image/png",
  "image/jpeg",
  "image/gif",
  "image/webp",
  "image/avif",
  "video/mp4",
  "video/webm",
  "audio/mpeg",
]);
/** A MIME type as headers take it. */
const TYPE = /^[\w!#$&^.+-]{1,64}\/[\w!#$&^.+-]{1,64}$/;

/**
 * How a file is sent, so that nothing in it runs in a browser: what could is saved instead, whatever it says of itself.
 *
 * @param file Its type, as whoever uploaded it said, and its name.
 */
export function delivery(
  file: Pick<SentFile, "type" | "filename">,
): { readonly type: string; readonly isShown: boolean; readonly disposition: string } {
  const type = TYPE.test(file.type) ? file.type.toLowerCase() : "application/octet-stream";
  const isShown = SHOWN_TYPES.has(type);
  return { type, isShown, disposition: isShown ? "inline" : attachment(file.filename) };
}

/**
 * Answers with a file, or the part of it that is asked for. What could run in a browser is saved instead, whatever
 * it says of itself.
 *
 * @param request The request.
 * @param storage Where the file is.
 * @param file The file.
 * @param signal Aborts it.
 * @throws {ServeError} If the part isn't in it.
 */
export async function fileAnswer(
  request: Request,
  storage: Storage,
  file: SentFile,
  signal: AbortSignal,
): Promise<Response> {
  const { size, tag } = file;
  const { type, isShown, disposition } = delivery(file);
  const headers = new Headers({
    "Content-Type": type,
    "Accept-Ranges": "bytes",
    "ETag": `"${tag}"`,
    "Cache-Control": "private, max-age=31536000, immutable",
    "Vary": "Authorization",
    "Content-Disposition": disposition,
  });
  if (!isShown) headers.set("Content-Security-Policy", "default-src 'none'; sandbox");
  if (hasTag(request, tag)) return new Response(null, { status: 304, headers });
  const ifRange = request.headers.get("if-range");
  const isSame = ifRange === null || ifRange === `"${tag}"`;
  const asked = isSame ? request.headers.get("range") : null;
  const range = asked === null ? undefined : parseRange(asked, size);
  if (range === undefined) {
    headers.set("Content-Length", String(size));
    return new Response(heldBack(await file.open(signal)), { headers });
  }
  const { start, end } = range;
  headers.set("Content-Range", `bytes ${start}-${end - 1}/${size}`);
  headers.set("Content-Length", String(end - start));
  const bytes = await storage.get(file.key, { range, signal });
  return new Response(bytes, { status: 206, headers });
}

/**
 * The only range that a header asks for.
 *
 * @param header The header `Range`.
 * @param size The file's size in bytes.
 * @return `undefined` if all is to be sent: the header isn't understood, or asks for several ranges.
 * @throws {ServeError} If the file hasn't these bytes.
 */
export function parseRange(
  header: string,
  size: number,
): { readonly start: number; readonly end: number } | undefined {
  const [, first, last] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header.trim()) ?? [];
  if (first === undefined || last === undefined || first + last === "") return undefined;
  const isSuffix = first === "";
  if (!isSuffix && last !== "" && Number(last) < Number(first)) return undefined;
  const start = isSuffix ? Math.max(0, size - Number(last)) : Number(first);
  const end = isSuffix || last === "" ? size : Math.min(size, Number(last) + 1);
  if (start < end) return { start, end };
  throw new ServeError(
    "RANGE_NOT_SATISFIABLE",
    `The file has ${size} bytes: ask for some of these.`,
    {
      headers: { "Content-Range": `bytes */${size}` },
    },
  );
}

/**
 * Passes on each piece when the next one is there: what fails at its end never looks whole, although all its bytes
 * were read.
 */
function heldBack(
  bytes: ReadableStream<Uint8Array<ArrayBuffer>>,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  let held: Uint8Array<ArrayBuffer> | undefined;
  return bytes.pipeThrough(
    new TransformStream(
      {
        transform(piece, controller) {
          if (held !== undefined) controller.enqueue(held);
          held = piece;
        },
        flush(controller) {
          if (held !== undefined) controller.enqueue(held);
        },
      },
    ),
  );
}
