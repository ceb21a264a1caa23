/** A server that runs until it is disposed. */
export interface TestServer extends AsyncDisposable {
  /** Its address, without a trailing slash. */
  readonly url: string;
}

/**
 * Serves HTTP on 127.0.0.1. Its end cuts off what is still open.
 *
 * @param handler Answers the requests; `count` counts them from 1.
 */
export function serveHttp(
  handler: (request: Request, url: URL, count: number) => Response | Promise<Response>,
): TestServer {
  const stop = new AbortController();
  let count = 0;
  const server = Deno.serve({
    hostname: "127.0.0.1",
    port: 0,
    signal: stop.signal,
    onListen: () => {},
  }, (request) => handler(request, new URL(request.url), ++count));
  return {
    url: `http://127.0.0.1:${server.addr.port}`,
    async [Symbol.asyncDispose]() {
      stop.abort();
      await server.finished;
    },
  };
}

/**
 * Serves whatever bytes on 127.0.0.1: broken HTTP, resets, silence. One connection is one request.
 *
 * @param handler Is given what was sent (headers and body), and the connection, which it may close;
 * `count` counts connections from 1. What it returns is sent, and the connection closed.
 */
export function serveTcp(
  handler: (
    request: string,
    connection: Deno.TcpConn,
    count: number,
  ) => string | undefined | Promise<string | undefined>,
): TestServer {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const open = new Set<Deno.TcpConn>();
  const running = new Set<Promise<void>>();
  let count = 0;
  const serve = async (connection: Deno.TcpConn) => {
    const number = ++count;
    try {
      const answer = await handler(await readRequest(connection), connection, number);
      if (answer !== undefined) {
        await connection.write(new TextEncoder().encode(answer));
        close(connection);
      }
    } catch {
      close(connection);
    }
  };
  const accepting = (async () => {
    for await (const connection of listener) {
      open.add(connection);
      const task = serve(connection).finally(() => running.delete(task));
      running.add(task);
    }
  })();
  return {
    url: `http://127.0.0.1:${listener.addr.port}`,
    async [Symbol.asyncDispose]() {
      listener.close();
      await accepting;
      for (const connection of open) close(connection);
      await Promise.all(running);
    },
  };
}

/** Closes a connection, also one that is closed. Returns nothing, so that nothing is answered. */
export function close(connection: Deno.TcpConn): undefined {
  try {
    connection.close();
  } catch (error) {
    if (!(error instanceof Deno.errors.BadResource)) throw error;
  }
}

/** Reads a request's head, and its body as far as `Content-Length` announces one. */
async function readRequest(connection: Deno.TcpConn): Promise<string> {
  const decoder = new TextDecoder();
  const buffer = new Uint8Array(16 * 1024);
  let text = "";
  for (;;) {
    const size = await connection.read(buffer);
    if (size === null) return text;
    text += decoder.decode(buffer.subarray(0, size), { stream: true });
    const head = text.indexOf("\r\n\r\n");
    if (head < 0) continue;
    const length = /^content-length: *(\d+)/im.exec(text.slice(0, head))?.[1] ?? "0";
    if (text.length >= head + 4 + Number(length)) return text;
  }
}
