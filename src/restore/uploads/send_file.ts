import { request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Clock } from "../../async/clock.ts";
import { backoffMs, DEFAULT_RETRY_POLICY } from "../../async/retry.ts";
import { SluiceError } from "../../error.ts";
import { networkReason } from "../../http/body.ts";
import { Watchdog } from "../../http/watchdog.ts";
import { printable } from "../../text/printable.ts";

/** A file of this size (bytes) or less is sent in one piece. */
const IN_ONE_PIECE = 4 * 1024 * 1024;
/** How long the other side may take for the next bytes, in milliseconds. */
const STALL_MS = 60_000;
const ATTEMPTS = 5;

/** A file that is sent. */
export interface FileToSend {
  /** Its size in bytes. */
  readonly size: number;
  /** Opens its bytes: their stream fails if they aren't those that were stored. */
  open(options: { readonly signal: AbortSignal }): Promise<ReadableStream<Uint8Array<ArrayBuffer>>>;
}

/** Where a file is sent. */
export interface SendTo {
  /** The address, which needs no token. */
  readonly url: string;
  /** The headers that the address asks for. */
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * Sends a file to the address that the API gave for it, with its length, and again if the network fails. The whole
 * file is never in memory, unless it is small.
 *
 * @param file The file.
 * @param to Where it is sent.
 * @param options What aborts it, and the clock.
 * @throws {SluiceError} If it isn't taken after all attempts, or its bytes aren't those that were stored.
 */
export async function sendFile(
  file: FileToSend,
  to: SendTo,
  { signal, clock }: { readonly signal: AbortSignal; readonly clock: Clock },
): Promise<void> {
  for (let attempt = 1;; attempt++) {
    let reason: string;
    try {
      using watchdog = new Watchdog(signal, clock);
      const status = file.size <= IN_ONE_PIECE
        ? await sendWhole(file, to, watchdog)
        : await sendStreamed(file, to, watchdog);
      if (status >= 200 && status < 300) return;
      reason = `status ${status}`;
      if (status < 500 && status !== 408 && status !== 429) attempt = ATTEMPTS;
    } catch (error) {
      signal.throwIfAborted();
      // Of what is stored: sending it again doesn't mend it.
      if (error instanceof SluiceError) throw error;
      reason = networkReason(error);
    }
    if (attempt >= ATTEMPTS) {
      throw new SluiceError(
        `${
          new URL(to.url).host
        }, where DatoCMS takes files, didn't take one of ${file.size} bytes (last: ${
          printable(reason, 200)
        }): try again later.`,
        undefined,
        { code: "upload_refused" },
      );
    }
    await clock.delay(backoffMs(DEFAULT_RETRY_POLICY, attempt), { signal });
  }
}

async function sendWhole(
  file: FileToSend,
  { url, headers }: SendTo,
  watchdog: Watchdog,
): Promise<number> {
  const { signal } = watchdog;
  watchdog.expect(STALL_MS, "bytes of a stored file");
  const body = await new Response(await file.open({ signal })).bytes();
  watchdog.expect(STALL_MS, "an answer");
  const response = await fetch(url, { method: "PUT", headers, body, signal, redirect: "error" });
  await response.body?.cancel();
  return response.status;
}

/** `fetch` sends a stream in chunks, without a length, which object stores don't take. */
async function sendStreamed(
  file: FileToSend,
  { url, headers }: SendTo,
  watchdog: Watchdog,
): Promise<number> {
  const { signal } = watchdog;
  watchdog.expect(STALL_MS, "bytes of a stored file");
  const bytes = (await file.open({ signal })).pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        watchdog.expect(STALL_MS, "bytes to be taken");
        controller.enqueue(chunk);
      },
    }),
  );
  const send = url.startsWith("https:") ? requestHttps : requestHttp;
  const request = send(url, {
    method: "PUT",
    headers: { ...headers, "content-length": String(file.size) },
    signal,
  });
  const answered = new Promise<number>((resolve, reject) => {
    request.on("error", reject);
    request.on("response", (response) => {
      response.on("error", reject);
      response.on("end", () => resolve(response.statusCode ?? 0));
      response.resume();
    });
  });
  // Whichever fails first says why: a stream that fails breaks the request off.
  const sent = pipeline(Readable.fromWeb(bytes as Parameters<typeof Readable.fromWeb>[0]), request);
  const [a, b] = await Promise.allSettled([sent, answered]);
  if (b.status === "fulfilled") return b.value;
  throw a.status === "rejected" ? a.reason : b.reason;
}
