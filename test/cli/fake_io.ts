import type { CliIo, Clock } from "../../src/cli/io.ts";

/** A clock that stands still until it is told to move. */
export class FakeClock implements Clock {
  #now: number;
  readonly #timers = new Map<
    object,
    { readonly ms: number; next: number; readonly tick: () => void }
  >();

  /** @param now The time that it begins with, in milliseconds. */
  constructor(now = 1_000_000) {
    this.#now = now;
  }

  /** How many timers run. */
  get timers(): number {
    return this.#timers.size;
  }

  now(): number {
    return this.#now;
  }

  every(ms: number, tick: () => void): () => void {
    const timer = {};
    this.#timers.set(timer, { ms, next: this.#now + ms, tick });
    return () => this.#timers.delete(timer);
  }

  /** Moves the time on, and ticks as often as it takes. */
  advance(ms: number): void {
    const end = this.#now + ms;
    for (;;) {
      const due = [...this.#timers.values()].filter(({ next }) => next <= end)
        .sort((a, b) => a.next - b.next)[0];
      if (due === undefined) break;
      this.#now = due.next;
      due.next += due.ms;
      due.tick();
    }
    this.#now = end;
  }
}

/** What a command was given, and what it wrote. */
export interface FakeIo extends CliIo {
  /** What was written to stdout. */
  readonly out: () => string;
  /** What was written to stderr. */
  readonly err: () => string;
  /** Presses Ctrl-C. */
  readonly cancel: () => void;
}

/** Options of {@linkcode fakeIo}. */
export interface FakeIoOptions {
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly isTerminal?: boolean;
  readonly columns?: number;
  readonly clock?: Clock;
  /** Told of all that is written to stderr. */
  readonly onErr?: (text: string) => void;
}

/** A world around the command line that remembers what is written. */
export function fakeIo(options: FakeIoOptions = {}): FakeIo {
  const { env = {}, isTerminal = false, columns = 80, clock, onErr } = options;
  const controller = new AbortController();
  let out = "";
  let err = "";
  return {
    stdout: { write: (text) => void (out += text) },
    stderr: {
      write: (text) => {
        err += text;
        onErr?.(text);
      },
    },
    env: (name) => Object.hasOwn(env, name) ? env[name] : undefined,
    envNames: () => Object.keys(env).filter((name) => env[name] !== undefined),
    isTerminal,
    columns: () => columns,
    signal: controller.signal,
    clock,
    out: () => out,
    err: () => err,
    cancel: () => controller.abort(new DOMException("The command was cancelled.", "AbortError")),
  };
}
