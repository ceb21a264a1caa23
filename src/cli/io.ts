import type { Secrets } from "../text/secrets/secrets.ts";

/** Where text goes. Writing waits until the text is taken. */
export interface TextOutput {
  /** Writes text; nothing is added to it. */
  write(text: string): void;
}

/** Where bytes go that aren't text. */
export interface ByteOutput {
  /** Whether a person would see them. */
  readonly isTerminal: boolean;
  /** Takes them; it isn't closed. */
  readonly writable: () => WritableStream<Uint8Array<ArrayBuffer>>;
}

/** The time, and something done again and again. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number;
  /**
   * Calls a function again and again.
   *
   * @param ms How often, in milliseconds.
   * @param tick The function.
   * @return Ends it.
   */
  every(ms: number, tick: () => void): () => void;
}

/** All that the command line has to do with the world around it, besides files and network. */
export interface CliIo {
  /** Takes results. */
  readonly stdout: TextOutput;
  /** Takes results that aren't text, on stdout. @default Nothing does */
  readonly bytes?: ByteOutput | undefined;
  /** Takes progress, logs and errors. */
  readonly stderr: TextOutput;
  /** Knows what the outputs don't get. @default Nothing is known */
  readonly secrets?: Secrets | undefined;
  /** The value of an environment variable. */
  readonly env: (name: string) => string | undefined;
  /** The names of all environment variables that may be read. @default None */
  readonly envNames?: (() => readonly string[]) | undefined;
  /**
   * Asks a person for a line. @default Nobody is there to be asked
   *
   * @return `undefined` if nothing more can be read.
   */
  readonly ask?: ((question: string) => Promise<string | undefined>) | undefined;
  /** Whether stderr is a terminal. */
  readonly isTerminal: boolean;
  /** Whether stdout is a terminal. @default {false} */
  readonly isStdoutTerminal?: boolean | undefined;
  /** The width of the terminal, in columns. */
  readonly columns: () => number;
  /** Cancels the command. */
  readonly signal: AbortSignal;
  /** The time. @default {SYSTEM_CLOCK} */
  readonly clock?: Clock | undefined;
}

/** The machine's clock and timers. */
export const SYSTEM_CLOCK: Clock = {
  now: () => Date.now(),
  every: (ms, tick) => {
    const timer = setInterval(tick, ms);
    return () => clearInterval(timer);
  },
};
