/** A request that was answered. */
export interface CountedRequest {
  /** Which route answered it; `null` if none did. */
  readonly route: string | null;
  /** The HTTP status. */
  readonly status: number;
  /** How long the answer took to begin, in milliseconds. */
  readonly ms: number;
}

/** What is counted of a route. */
interface Counted {
  readonly statuses: Map<number, number>;
  bytes: number;
  ms: number;
}

/** Counts requests, for Prometheus and what reads the same text. */
export class Metrics {
  readonly #routes = new Map<string, Counted>();

  /**
   * Counts a request.
   *
   * @param request The request.
   */
  add({ route, status, ms }: CountedRequest): void {
    const counted = this.#of(route);
    counted.statuses.set(status, (counted.statuses.get(status) ?? 0) + 1);
    counted.ms += ms;
  }

  /**
   * Counts what was sent.
   *
   * @param route Which route sent it; `null` if none did.
   * @param bytes The bytes of a body, or of a part of it.
   */
  addBytes(route: string | null, bytes: number): void {
    this.#of(route).bytes += bytes;
  }

  /** All that was counted, in Prometheus's text format. Whatever no route answers has the route `none`. */
  text(): string {
    const all = [...this.#routes].sort(([a], [b]) => a < b ? -1 : 1).map(([route, counted]) => {
      const statuses = [...counted.statuses].sort(([a], [b]) => a - b);
      return { ...counted, route, statuses };
    });
    return [
      ...family("sluice_http_requests_total", "counter", "Requests that were answered.", [
        ...all.flatMap(({ route, statuses }) => {
          return statuses.map(([status, count]) => line("", { route, status }, count));
        }),
      ]),
      ...family("sluice_http_response_bytes_total", "counter", "Bytes of bodies that were sent.", [
        ...all.map(({ route, bytes }) => line("", { route }, bytes)),
      ]),
      ...family(
        "sluice_http_request_duration_seconds",
        "summary",
        "How long answers took to begin.",
        all.flatMap(({ route, ms, statuses }) => [
          line("_sum", { route }, ms / 1000),
          line("_count", { route }, statuses.reduce((sum, [, count]) => sum + count, 0)),
        ]),
      ),
    ].map((text) => `${text}\n`).join("");
  }

  #of(route: string | null): Counted {
    const name = route ?? "none";
    const counted = this.#routes.get(name) ?? { statuses: new Map(), bytes: 0, ms: 0 };
    this.#routes.set(name, counted);
    return counted;
  }
}

function family(name: string, type: string, help: string, lines: readonly string[]): string[] {
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...lines.map((one) => name + one)];
}

/** What follows a metric's name. */
function line(
  suffix: string,
  labels: Readonly<Record<string, string | number>>,
  value: number,
): string {
  const texts = Object.entries(labels).map(([name, text]) => {
    const escaped = String(text).replace(/[\\"]/g, "\\$&").replaceAll("\n", "\\n");
    return `${name}="${escaped}"`;
  });
  return `${suffix}{${texts.join()}} ${value}`;
}
