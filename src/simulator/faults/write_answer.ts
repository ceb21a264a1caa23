import { delay } from "../../async/delay.ts";
import type { Fault } from "./faults.ts";

const encoder = new TextEncoder();

/** What a request is answered with. */
export interface Answered {
  /** The answer. */
  readonly response: Response;
  /** What goes wrong on its way. */
  readonly fault: Fault | undefined;
}

/** An answer's body, and how long it is. */
interface Body {
  readonly size: number;
  readonly chunks: AsyncIterable<Uint8Array<ArrayBuffer>>;
}

/**
 * Writes an answer on a connection, with whatever goes wrong with it.
 *
 * @param connection The connection.
 * @param answered The answer. Its body is read to its end, or cancelled.
 * @param method The request's method.
 * @param signal Ends a body that comes slowly.
 * @return Whether the connection stays open.
 */
export async function writeAnswer(
  connection: Deno.TcpConn,
  { response, fault }: Answered,
  method: string,
  signal: AbortSignal,
): Promise<boolean> {
  const kind = fault?.kind;
  if (kind === "close" || kind === "silence") {
    await response.body?.cancel();
    return kind === "silence";
  }
  const { size, chunks } = await bodyOf(response, method);
  const half = size >> 1;
  switch (kind) {
    case "close-in-body":
      await writeHead(connection, response, { "transfer-encoding": "chunked" });
      await writeAll(connection, encoder.encode(`${size.toString(16)}\r\n`));
      await writeSome(connection, chunks, half);
      return false;
    case "truncated":
    case "stall":
      await writeHead(connection, response, { "content-length": String(size) });
      await writeSome(connection, chunks, half);
      return kind === "stall";
    case "length-too-small":
      await writeHead(connection, response, { "content-length": String(half) });
      await writeSome(connection, chunks, size);
      return true;
    case "drip":
      await writeHead(connection, response, { "content-length": String(size) });
      await writeSlowly(connection, chunks, fault?.ms ?? 1000, signal);
      return true;
    default:
      await writeHead(connection, response, { "content-length": String(size) });
      await writeSome(connection, chunks, size);
      return true;
  }
}

/** The body; as a whole, if nothing tells its length. */
async function bodyOf(response: Response, method: string): Promise<Body> {
  const { headers, body } = response;
  const length = headers.get("content-length");
  if (body !== null && length !== null) return { size: Number(length), chunks: body };
  const bytes = await response.bytes();
  const size = method === "HEAD" && length !== null ? Number(length) : bytes.length;
  return { size, chunks: ReadableStream.from(bytes.length > 0 ? [bytes] : []) };
}

async function writeHead(
  connection: Deno.TcpConn,
  { status, statusText, headers }: Response,
  framing: Readonly<Record<string, string>>,
): Promise<void> {
  const all = new Headers(headers);
  all.delete("content-length");
  if (!all.has("date")) all.set("date", new Date().toUTCString());
  for (const [name, value] of Object.entries(framing)) all.set(name, value);
  const lines = [...all].map(([name, value]) => `${name}: ${value}\r\n`);
  const text = `HTTP/1.1 ${status} ${statusText}\r\n${lines.join("")}\r\n`;
  await writeAll(connection, encoder.encode(text));
}

/** Writes the first bytes of a body; leaving the loop cancels what is left. */
async function writeSome(
  connection: Deno.TcpConn,
  chunks: AsyncIterable<Uint8Array<ArrayBuffer>>,
  most: number,
): Promise<void> {
  let left = most;
  for await (const chunk of chunks) {
    await writeAll(connection, chunk.subarray(0, left));
    left -= Math.min(left, chunk.length);
    if (left === 0) break;
  }
}

async function writeSlowly(
  connection: Deno.TcpConn,
  chunks: AsyncIterable<Uint8Array<ArrayBuffer>>,
  ms: number,
  signal: AbortSignal,
): Promise<void> {
  for await (const chunk of chunks) {
    for (let i = 0; i < chunk.length; i++) {
      await writeAll(connection, chunk.subarray(i, i + 1));
      await delay(ms, signal);
    }
  }
}

async function writeAll(connection: Deno.TcpConn, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
  for (let written = 0; written < bytes.length;) {
    written += await connection.write(bytes.subarray(written));
  }
}
