import {
  type Attributes,
  type Context,
  context,
  createNoopMeter,
  metrics,
  type Span,
  type SpanOptions,
  type SpanStatus,
  type TimeInput,
  trace,
  type Tracer,
} from "@opentelemetry/api";

/** A span that was recorded. */
export class RecordedSpan implements Span {
  readonly attributes: Record<string, unknown> = {};
  readonly events: { readonly name: string; readonly attributes: unknown }[] = [];
  status: SpanStatus | undefined;
  endTime: TimeInput | undefined;
  ended = 0;

  constructor(
    readonly name: string,
    readonly parent: RecordedSpan | undefined,
    readonly options: SpanOptions,
  ) {
    this.setAttributes(options.attributes ?? {});
  }

  spanContext() {
    return { traceId: "1".repeat(32), spanId: "1".repeat(16), traceFlags: 1 };
  }

  setAttribute(key: string, value: unknown): this {
    this.attributes[key] = value;
    return this;
  }

  setAttributes(attributes: Attributes): this {
    Object.assign(this.attributes, attributes);
    return this;
  }

  addEvent(name: string, attributes?: unknown): this {
    this.events.push({ name, attributes });
    return this;
  }

  addLink(): this {
    return this;
  }

  addLinks(): this {
    return this;
  }

  setStatus(status: SpanStatus): this {
    this.status = status;
    return this;
  }

  updateName(): this {
    throw new Error("Spans keep their names.");
  }

  end(endTime?: TimeInput): void {
    this.ended++;
    this.endTime = endTime;
  }

  isRecording(): boolean {
    return this.ended === 0;
  }

  recordException(): void {
    throw new Error("Exceptions hold what nobody has looked at.");
  }
}

/** Keeps all spans and counts until it is disposed. */
export class Recorder implements Disposable {
  readonly spans: RecordedSpan[] = [];
  readonly #counts = new Map<
    string,
    { readonly attributes: Attributes; readonly value: number }[]
  >();

  constructor() {
    const startSpan = (name: string, options: SpanOptions = {}, within?: Context) => {
      const parent = trace.getSpan(within ?? context.active());
      const span = new RecordedSpan(name, parent as RecordedSpan | undefined, options);
      this.spans.push(span);
      return span;
    };
    const tracer = {
      startSpan,
      startActiveSpan: () => {
        throw new Error("Not used.");
      },
    } as Tracer;
    const meter = Object.assign(createNoopMeter(), {
      createCounter: (name: string) => ({
        add: (value: number, attributes: Attributes = {}) => {
          if (!this.#counts.has(name)) this.#counts.set(name, []);
          this.#counts.get(name)!.push({ attributes, value });
        },
      }),
    });
    trace.setGlobalTracerProvider({ getTracer: () => tracer });
    metrics.setGlobalMeterProvider({ getMeter: () => meter });
  }

  /** The spans of a name. */
  named(name: string): RecordedSpan[] {
    return this.spans.filter((span) => span.name === name);
  }

  /** What was counted under a name, as far as it has the attributes. */
  sum(name: string, where: Attributes = {}): number {
    return (this.#counts.get(name) ?? [])
      .filter(({ attributes }) => Object.entries(where).every(([k, v]) => attributes[k] === v))
      .reduce((sum, { value }) => sum + value, 0);
  }

  /** All that was recorded, as text. */
  get text(): string {
    const spans = this.spans.map(({ name, attributes, events, status }) => {
      return { name, attributes, events, status };
    });
    return JSON.stringify([spans, [...this.#counts]]);
  }

  [Symbol.dispose](): void {
    trace.disable();
    metrics.disable();
  }
}
