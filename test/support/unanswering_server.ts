import { serveBroken } from "../../src/simulator/faults/serve_broken.ts";

/** A server that keeps connections, and what it was asked for. */
export interface UnansweringServer extends AsyncDisposable {
  /** Its address, without a trailing slash. */
  readonly url: string;
  /** The requests that it got, but those with GET. */
  readonly got: { readonly method: string; readonly headers: Headers; readonly body: string }[];
}

/**
 * Serves HTTP on 127.0.0.1, and closes the connection in place of an answer to whatever isn't a GET: as a
 * server does that has carried out a request, and then ends.
 *
 * @param unanswered So many of them get no answer; the others do. @default {Infinity}
 */
export function serveUnanswering(unanswered = Infinity): UnansweringServer {
  const stop = new AbortController();
  const got: { method: string; headers: Headers; body: string }[] = [];
  const server = serveBroken(
    { hostname: "127.0.0.1", port: 0, signal: stop.signal },
    async ({ method, headers, body }) => {
      const response = Response.json({ data: {} });
      if (method === "GET") return { response, fault: undefined };
      got.push({ method, headers, body: await new Response(body).text() });
      return {
        response,
        fault: got.length > unanswered ? undefined : { kind: "close", ms: undefined },
      };
    },
  );
  return {
    url: `http://127.0.0.1:${server.addr.port}`,
    got,
    async [Symbol.asyncDispose]() {
      stop.abort();
      await server.finished;
    },
  };
}
