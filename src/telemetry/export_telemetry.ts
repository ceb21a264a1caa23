import {
  type Attributes,
  type Context,
  context,
  type Counter,
  metrics,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
  type Tracer,
} from "@opentelemetry/api";
import { EXIT, SluiceError } from "../error.ts";
import { type ExportEvent, isAssetRetry } from "../export/events.ts";
import { printable } from "../text/printable.ts";
import type { ListingName } from "../source/datocms/cma_event.ts";
import { VERSION } from "../version.ts";

type Of<Type extends ExportEvent["type"]> = Extract<ExportEvent, { readonly type: Type }>;

/** What an counts. */
interface Counters {
  /** Records written, in all versions. */
  readonly records: Counter;
  /** Bytes of the API's answers, and of asset files that were downloaded. */
  readonly bytes: Counter;
  /** Requests and assets that were tried again. */
  readonly retries: Counter;
  /** Asset files, by what became of them. */
  readonly assets: Counter;
  /** Answers of the API, by status. */
  readonly requests: Counter;
}

/** A listing's span, and how much it read. */
interface ListingSpan {
  readonly span: Span;
  pages: number;
}

/**
 * Turns the events of one export into spans and counters: a span for the export, in it one for each
 * listing, in that one for each page; one for all assets. No token and nothing that a record holds is in
 * them.
 */
export class ExportTelemetry implements Disposable {
  /** The context in which the export's span is the active one. */
  readonly context: Context;
  readonly #tracer: Tracer = trace.getTracer("sluice", VERSION);
  readonly #counters: Counters = exportCounters();
  readonly #root: Span;
  readonly #listings = new Map<string, ListingSpan>();
  #assets: Span | undefined;
  #isEnded = false;

  /** Begins the export's span. */
  constructor() {
    this.#root = this.#tracer.startSpan("sluice.export", {
      attributes: { "service.version": VERSION },
    });
    this.context = trace.setSpan(context.active(), this.#root);
  }

  /** Takes an event; it can be handed on without its object. */
  readonly onEvent = (event: ExportEvent): void => {
    switch (event.type) {
      case "start":
        return this.#start(event);
      case "request":
        return this.#request(event);
      case "retry":
        return this.#retry(event);
      case "page":
        return this.#page(event);
      case "done":
        return this.#done(event);
      case "skipped":
        return this.#skipped(event);
      case "asset":
        return this.#asset(event);
      case "total":
      case "tables":
      case "written":
        return;
      case "warning":
      case "finding":
        // Not the message: it may name what is in records.
        return void this.#root.addEvent(event.type, { "sluice.code": event.code });
      case "since":
        return;
      case "reused":
        return void this.#root.addEvent("reused", {
          "sluice.records": event.records,
          "sluice.published": event.published,
          "sluice.requests": event.requests,
        });
      case "freeze":
        if (event.percent !== null) return;
        return void this.#root.addEvent("freeze", { "sluice.step": event.step });
      case "deleted":
        return void this.#root.addEvent("deleted", {
          "sluice.count": event.count,
          "sluice.bytes": event.bytes,
        });
      case "converged":
        return void this.#root.addEvent("converged", {
          "sluice.resource": event.resource,
          "sluice.pass": event.pass,
          "sluice.count": event.count,
        });
      case "checkpoint":
      case "sealed":
      case "unfinished":
        return void this.#root.addEvent(event.type);
    }
  };

  /**
   * Ends the export's span, and those that are open.
   *
   * @param status How the export ended, such as `complete`.
   */
  end(status: string): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#assets?.end();
    for (const { span } of this.#listings.values()) span.end();
    this.#listings.clear();
    this.#root.setAttribute("sluice.status", status);
    this.#root.end();
  }

  /**
   * Ends all spans because the export failed.
   *
   * @param error Why.
   */
  fail(error: unknown): void {
    const exitCode = error instanceof SluiceError ? error.exitCode : EXIT.failed;
    if (exitCode === EXIT.unfinished) return this.end("unfinished");
    const isAbort = error instanceof DOMException && error.name === "AbortError";
    if (exitCode === EXIT.cancelled || isAbort) return this.end("cancelled");
    // Other errors' messages may hold anything.
    const message = error instanceof SluiceError ? printable(error.message, 1000) : undefined;
    this.#root.setStatus({ code: SpanStatusCode.ERROR, ...(message && { message }) });
    this.#root.setAttribute("error.type", error instanceof Error ? error.name : typeof error);
    this.end("failed");
  }

  /** Ends all spans, should nothing have ended them. */
  [Symbol.dispose](): void {
    this.end("cancelled");
  }

  #start({ project, environment, resumed }: Of<"start">): void {
    this.#root.setAttributes({
      "sluice.project": project.id,
      ...(environment === null ? {} : { "sluice.environment": environment }),
      "sluice.resumed": resumed,
    });
  }

  #request(event: Of<"request">): void {
    const { listing, method, path, query, status, attempt, count, ms, bytes } = event;
    const endTime = Date.now();
    const startTime = endTime - ms;
    const parent = listing ? this.#listing(listing, startTime).span : this.#root;
    const offset = query["page[offset]"];
    const limit = query["page[limit]"];
    const span = this.#tracer.startSpan(
      listing ? "sluice.page" : "sluice.request",
      {
        kind: SpanKind.CLIENT,
        startTime,
        attributes: {
          ...(listing && attributesOf(listing)),
          "http.request.method": method,
          "url.path": path,
          "http.response.status_code": status,
          ...(offset === undefined ? {} : { "sluice.offset": Number(offset) }),
          ...(limit === undefined ? {} : { "sluice.limit": Number(limit) }),
          ...(count === null ? {} : { "sluice.count": count }),
          "sluice.bytes": bytes,
          "sluice.attempt": attempt,
        },
      },
      trace.setSpan(this.context, parent),
    );
    if (status >= 400) span.setStatus({ code: SpanStatusCode.ERROR });
    span.end(endTime);
    this.#counters.requests.add(1, { "http.response.status_code": status });
    this.#counters.bytes.add(bytes, { "sluice.source": "api" });
  }

  #retry(event: Of<"retry">): void {
    const { listing, reason, attempt, waitMs } = event;
    const isAsset = isAssetRetry(event);
    const span = listing ? this.#listing(listing).span : isAsset ? this.#assetsSpan : this.#root;
    span.addEvent("retry", {
      // That of an asset may hold its file's name.
      ...(isAsset ? {} : { "sluice.reason": reason }),
      "sluice.attempt": attempt,
      "sluice.wait_ms": waitMs,
    });
    this.#counters.retries.add(1, { "sluice.source": isAsset ? "assets" : "api" });
  }

  #page(event: Of<"page">): void {
    this.#listing(event).pages++;
    if (event.resource !== "records") return;
    this.#counters.records.add(event.count, attributesOf(event));
  }

  #done(event: Of<"done">): void {
    const { span, pages } = this.#listing(event);
    span.setAttributes({
      "sluice.count": event.count,
      "sluice.bytes": event.bytes,
      "sluice.pages": pages,
    });
    this.#end(event, span);
  }

  #skipped(event: Of<"skipped">): void {
    const { span } = this.#listing(event);
    span.setAttribute("sluice.skipped", true);
    this.#end(event, span);
  }

  #asset({ outcome: { outcome, upload_id, size, attempts } }: Of<"asset">): void {
    const span = this.#assetsSpan;
    this.#counters.assets.add(1, { "sluice.outcome": outcome });
    if (outcome === "downloaded") {
      this.#counters.bytes.add(size ?? 0, { "sluice.source": "assets" });
    }
    if (outcome === "downloaded" || outcome === "kept") return;
    span.addEvent(outcome, { "sluice.upload": upload_id, "sluice.attempts": attempts });
  }

  /** The span of all assets, which is begun with the first one. */
  get #assetsSpan(): Span {
    return this.#assets ??= this.#tracer.startSpan("sluice.assets", {}, this.context);
  }

  /** The span of a listing, which is begun if need be. */
  #listing(listing: ListingName, startTime: number = Date.now()): ListingSpan {
    const key = keyOf(listing);
    let found = this.#listings.get(key);
    if (found === undefined) {
      const span = this.#tracer.startSpan(
        "sluice.listing",
        { startTime, attributes: attributesOf(listing) },
        this.context,
      );
      this.#listings.set(key, found = { span, pages: 0 });
    }
    return found;
  }

  #end(listing: ListingName, span: Span): void {
    span.end();
    this.#listings.delete(keyOf(listing));
  }
}

function attributesOf({ resource, model, version }: ListingName): Attributes {
  return {
    "sluice.resource": resource,
    ...(model === undefined ? {} : { "sluice.model": model }),
    ...(version === undefined ? {} : { "sluice.version": version }),
  };
}

function keyOf({ resource, model, version }: ListingName): string {
  return [resource, model, version].join("/");
}

/** The counters of the meter provider that is registered now. */
function exportCounters(): Counters {
  const meter = metrics.getMeter("sluice", VERSION);
  const counter = (name: string, description: string, unit: string) => {
    return meter.createCounter(`sluice.${name}`, { description, unit });
  };
  return {
    records: counter("records", "Records written, in all versions", "{record}"),
    bytes: counter("bytes", "Bytes of the API's answers and of downloaded assets", "By"),
    retries: counter("retries", "Requests and assets that were tried again", "{retry}"),
    assets: counter("assets", "Asset files, by what became of them", "{asset}"),
    requests: counter("requests", "Answers of the API, by status", "{request}"),
  };
}
