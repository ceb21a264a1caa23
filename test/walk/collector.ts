/** Takes traces and metrics, as a collector of OpenTelemetry does. */
export class Collector implements AsyncDisposable {
  /** All that was sent, as text. */
  received = "";
  readonly #server: Deno.HttpServer<Deno.NetAddr>;

  /** Starts it on a free port of 127.0.0.1. */
  constructor() {
    this.#server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen: () => {} },
      async (request) => {
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
