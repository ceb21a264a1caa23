import type { Listen, RunningServer } from "../server.ts";
import { RequestReader } from "./request_reader.ts";
import { type Answered, writeAnswer } from "./write_answer.ts";

/**
 * Serves HTTP/1.1 on connections of its own, so that answers can be broken in ways in which `Deno.serve`
 * answers nothing.
 *
 * @param listen Where to listen, and what stops it: connections are cut then.
 * @param respond Answers a request.
 */
export function serveBroken(
  { hostname, port, signal }: Listen,
  respond: (request: Request) => Promise<Answered>,
): RunningServer {
  const listener = Deno.listen({ hostname, port });
  const origin = `http://${hostname}:${listener.addr.port}`;
  const connections = new Set<Deno.TcpConn>();
  const running = new Set<Promise<void>>();

  const serve = async (connection: Deno.TcpConn) => {
    try {
      const requests = new RequestReader(connection, origin);
      for (let isOpen = true; isOpen;) {
        const request = await requests.next();
        if (request === undefined) break;
        const answered = await respondOrFail(respond, request);
        isOpen = await writeAnswer(connection, answered, request.method, signal);
      }
    } catch {
      // Whoever is there has gone, or doesn't speak HTTP.
    } finally {
      connections.delete(connection);
      close(connection);
    }
  };
  const accept = async () => {
    for await (const connection of listener) {
      connections.add(connection);
      const task = serve(connection).finally(() => running.delete(task));
      running.add(task);
    }
    await Promise.all(running);
  };
  const stop = () => {
    close(listener);
    for (const connection of connections) close(connection);
  };
  const finished = accept().finally(() => signal.removeEventListener("abort", stop));
  if (signal.aborted) stop();
  else signal.addEventListener("abort", stop, { once: true });
  return { addr: { port: listener.addr.port }, finished };
}

async function respondOrFail(
  respond: (request: Request) => Promise<Answered>,
  request: Request,
): Promise<Answered> {
  try {
    return await respond(request);
  } catch {
    const response = new Response("Internal Server Error\n", { status: 500 });
    return { response, fault: undefined };
  }
}

/** Closes what may be closed already. */
function close(closable: { close(): void }): void {
  try {
    closable.close();
  } catch (error) {
    if (!(error instanceof Deno.errors.BadResource)) throw error;
  }
}
