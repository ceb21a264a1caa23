import assert from "node:assert/strict";

/** In which respect a host differs from a server. */
type Kind = "port" | "address" | "name" | "scheme" | "IPv6";

/** A host that differs from a server in one respect, and counts what reaches it. */
export interface OtherHost {
  /** In which respect. */
  readonly kind: Kind;
  /** Its address, without a trailing slash. */
  readonly origin: string;
  /** How many requests reached it since this was asked last; of another scheme, how many connections. */
  taken(): number;
}

/** What anybody gets: a list with nothing in it, as a hostile server would send it. */
const NOTHING = JSON.stringify({ data: [], meta: { total_count: 0 } });

/**
 * Everybody whom a server on 127.0.0.1 may redirect to: another port, another loopback address, another name,
 * another scheme, and IPv6. All of them listen, and a test may reach them, which is tried out.
 */
export class OtherHosts implements AsyncDisposable {
  readonly #counts = new Map<Kind, number>();
  readonly #stop = new AbortController();
  readonly #ends: Promise<void>[] = [];

  /** To be told of each `Host` that the server itself is asked as: by another name, it is another host. */
  saw(host: string | null | undefined): void {
    if (host?.startsWith("localhost")) this.#count("name");
  }

  /**
   * Begins to listen, and asks each host something.
   *
   * @param url The server's address. It must answer whatever it is asked as `localhost`.
   * @return Those that this machine has.
   */
  async listen(url: string): Promise<OtherHost[]> {
    const port = Number(new URL(url).port);
    const origins: [Kind, string | undefined][] = [
      ["port", this.#serve("port", "127.0.0.1", 0)],
      ["address", this.#serve("address", "127.0.0.2", port)],
      ["name", `http://localhost:${port}`],
      ["scheme", this.#serveNoTls()],
      ["IPv6", this.#serve("IPv6", "::1", port)],
    ];
    const hosts = origins.flatMap(([kind, origin]) => {
      return origin === undefined ? [] : [{ kind, origin, taken: () => this.#take(kind) }];
    });
    for (const { kind, origin, taken } of hosts) {
      const asked = fetch(`${origin}/control`).then((response) => response.body?.cancel());
      if (kind === "scheme") await assert.rejects(asked);
      else await asked;
      assert.ok(taken() > 0, `Nothing reached ${origin}, so nothing can be forbidden`);
    }
    return hosts;
  }

  /** Stops listening. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#ends);
  }

  #serve(kind: Kind, hostname: string, port: number): string | undefined {
    const { signal } = this.#stop;
    try {
      const server = Deno.serve({ hostname, port, signal, onListen: () => {} }, () => {
        this.#count(kind);
        return new Response(NOTHING, { headers: { "content-type": "application/json" } });
      });
      this.#ends.push(server.finished);
      const host = hostname.includes(":") ? `[${hostname}]` : hostname;
      return `http://${host}:${server.addr.port}`;
    } catch (error) {
      if (!(error instanceof Deno.errors.AddrNotAvailable)) throw error;
      // deno-lint-ignore no-console
      console.log(`SKIPPED: hosts of the kind ${kind}, because this machine has no ${hostname}.`);
      return undefined;
    }
  }

  /** Whoever begins to speak TLS has gone too far, whatever becomes of it. */
  #serveNoTls(): string {
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    this.#stop.signal.addEventListener("abort", () => listener.close());
    this.#ends.push((async () => {
      for await (const connection of listener) {
        this.#count("scheme");
        connection.close();
      }
    })());
    return `https://127.0.0.1:${listener.addr.port}`;
  }

  #count(kind: Kind): void {
    this.#counts.set(kind, (this.#counts.get(kind) ?? 0) + 1);
  }

  #take(kind: Kind): number {
    const taken = this.#counts.get(kind) ?? 0;
    this.#counts.delete(kind);
    return taken;
  }
}
