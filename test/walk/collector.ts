/** Takes what is sent by POST: traces and metrics, and the notifications of schedules. */
export class Collector implements AsyncDisposable {
  /** The paths that something was sent to. */
  readonly paths: string[] = [];
  /** All that was sent, as text. */
  received = "";
  readonly #server: Deno.HttpServer<Deno.NetAddr>;

  /** Starts it on a free port of 127.0.0.1. */
  constructor() {
    this.#server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen: () => {} },
      async (request) => {
        this.paths.push(new URL(request.url).pathname);
        this.received += new TextDecoder("latin1").decode(await request.bytes());
        return new Response(null, { status: 200 });
      },
    );
  }

  /** Its address. */
  get url(): string {
    return `http://127.0.0.1:${this.#server.addr.port}`;
  }

  /** Stops it. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#server.shutdown();
  }
}
