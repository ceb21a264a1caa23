import { EXIT } from "../error.ts";
import type { Clock } from "./io.ts";

/** Signals by which a person or the system asks a program to end; SIGBREAK is Windows' Ctrl-Break. */
const SIGNALS = ["SIGINT", "SIGTERM", "SIGQUIT", "SIGBREAK"] as const;
/** How long another signal is taken for the same as the first, in beats of so many milliseconds. */
const SAME = { beats: 10, ms: 100 };

/** What {@linkcode stopSignal} has to do with the process. */
export interface StopWorld {
  /** Whether a person sits at a terminal: then its end is one of the program, too. */
  readonly hasTerminal: boolean;
  /** Calls a function at each signal of a kind. @default {Deno.addSignalListener} */
  readonly listen?: ((signal: Deno.Signal, listener: () => void) => void) | undefined;
  /** Calls a function again and again. @default {setInterval, which doesn't keep the process alive} */
  readonly every?: Clock["every"] | undefined;
  /** Ends the process. @default {Deno.exit} */
  readonly exit?: ((code: number) => void) | undefined;
}

/**
 * A signal that is aborted when the process is asked to stop. Asked a second time, the process ends.
 *
 * A second signal counts only a second or more after the first: one Ctrl-C reaches a program several
 * times, from the terminal and from each program between them, as `deno task` is one.
 *
 * @param reason Why it stops.
 * @param world The process.
 */
export function stopSignal(reason: string, world: StopWorld): AbortSignal {
  const { hasTerminal, listen = listenTo, every = everyBeat, exit = Deno.exit } = world;
  const stop = new AbortController();
  let beats = 0;
  const begin = () => {
    stop.abort(new DOMException(reason, "AbortError"));
    // Beats, not the time: a process that was kept busy is told late of what came at once.
    const end = every(SAME.ms, () => {
      if (++beats === SAME.beats) end();
    });
  };
  for (const signal of SIGNALS) {
    listen(signal, () => {
      if (!stop.signal.aborted) return begin();
      // Who asks a second time doesn't want to wait.
      if (beats >= SAME.beats) exit(EXIT.cancelled);
    });
  }
  listen("SIGHUP", () => {
    // Without a terminal it is listened to only to live on: Deno ends at it, also under `nohup`. Nobody who
    // closes a terminal asks for haste.
    if (hasTerminal && !stop.signal.aborted) begin();
  });
  return stop.signal;
}

/** Whether a person sits at a terminal: `nohup` leaves no program one to read from and to write to. */
export function hasTerminal(): boolean {
  return Deno.stdin.isTerminal() && (Deno.stdout.isTerminal() || Deno.stderr.isTerminal());
}

/** Listens to a signal, unless this system or this Deno has none of that name. */
function listenTo(signal: Deno.Signal, listener: () => void): void {
  try {
    Deno.addSignalListener(signal, listener);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
  }
}

function everyBeat(ms: number, tick: () => void): () => void {
  const timer = setInterval(tick, ms);
  Deno.unrefTimer(timer);
  return () => clearInterval(timer);
}
