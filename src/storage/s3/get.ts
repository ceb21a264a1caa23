import type { GetObjectCommandOutput } from "@aws-sdk/client-s3";
import type { S3Objects, S3Part } from "./objects.ts";
import { readObject } from "./read.ts";
import { isConflict, S3Error } from "./s3_error.ts";

/** What {@linkcode getObject} takes. */
export interface GetObjectOptions {
  /** Names the object in error messages. */
  readonly name: string;
  /** Which of its bytes are read, as far as it has them. */
  readonly range: { readonly start: number; readonly end: number };
  /** Milliseconds that the next bytes may take, once they are asked for. */
  readonly timeout: number;
  /** Aborts the request, and fails the stream. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * The bytes of an object, or of a range of it; `undefined` if there is no such object. If the connection
 * breaks, what is left of them is asked for.
 *
 * @param objects Sends the requests.
 * @param key The object's full key.
 * @param options Which bytes, what to say in errors, and the signal.
 * @throws {S3Error} If S3 can't be reached or refuses it.
 */
export async function getObject(
  objects: S3Objects,
  key: string,
  options: GetObjectOptions,
): Promise<ReadableStream<Uint8Array<ArrayBuffer>> | undefined> {
  const { range, signal } = options;
  const { start, end } = range;
  const empty = () => ReadableStream.from<Uint8Array<ArrayBuffer>>([]);
  // A range of no bytes can't be asked for.
  if (start === end) return await objects.head(key, { signal }) && empty();
  const isWhole = start === 0 && end === Infinity;
  const found = await objects.get(key, { signal }, isWhole ? undefined : range)
    .catch((error) => {
      if (isWhole || !isBeyondEnd(error)) throw error;
      return "beyond its end" as const;
    });
  if (found === undefined) return undefined;
  if (found === "beyond its end") return empty();
  const { ContentRange, ContentLength, ETag: etag } = found;
  const [, first, total] = /^bytes (\d+)-\d+\/(\d+)$/.exec(ContentRange ?? "") ?? [];
  const isPart = !isWhole && Number(first) === start;
  const offset = isPart ? start : 0;
  const until = isPart ? Math.min(end, Number(total)) : ContentLength;
  const size = until === undefined ? undefined : until - offset;
  const bytes = readObject(bodyOf(found), {
    ...options,
    size,
    reopen: async (from) => {
      if (etag === undefined || until === undefined) return undefined;
      const left = { start: offset + from, ...(isPart && { end: until }), etag };
      return await reopen(objects, key, left, signal);
    },
  });
  // There are servers that know no ranges.
  return isWhole || isPart ? bytes : bytes.pipeThrough(slice(start, end));
}

/** The rest of an object; `undefined` if it is another one by now, or can't be had alone. */
async function reopen(
  objects: S3Objects,
  key: string,
  left: S3Part,
  signal: AbortSignal | undefined,
): Promise<ReadableStream<Uint8Array<ArrayBuffer>> | undefined> {
  const rest = await objects.get(key, { signal }, left).catch((error) => {
    if (isConflict(error)) return undefined;
    throw error;
  });
  if (rest?.ContentRange?.startsWith(`bytes ${left.start}-`)) return bodyOf(rest);
  await rest?.Body?.transformToWebStream().cancel();
  return undefined;
}

function slice(
  start: number,
  end: number,
): TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>> {
  let position = 0;
  return new TransformStream({
    transform(chunk, controller): void {
      const wanted = chunk.subarray(Math.max(start - position, 0), Math.max(end - position, 0));
      position += chunk.length;
      if (wanted.length > 0) controller.enqueue(wanted);
      if (position >= end) controller.terminate();
    },
  });
}

function isBeyondEnd(error: unknown): boolean {
  return error instanceof S3Error && error.status === 416;
}

function bodyOf({ Body }: GetObjectCommandOutput): ReadableStream<Uint8Array<ArrayBuffer>> {
  return Body?.transformToWebStream() ?? ReadableStream.from([]);
}
