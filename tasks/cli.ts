/**
 * The `sluice` command: connects the command line to Deno.
 *
 * @module
 */
import type { TextOutput } from "../src/cli/io.ts";
import { runCli } from "../src/cli/run_cli.ts";
import { EXIT } from "../src/error.ts";

/** On Windows, Deno knows no other signal that means the same. */
const SIGNALS: readonly Deno.Signal[] = Deno.build.os === "windows"
  ? ["SIGINT"]
  : ["SIGINT", "SIGTERM"];

/** A stream of the process as an output. What nobody reads any more, as in `sluice help | head`, is dropped. */
function outputTo(stream: { writeSync(bytes: Uint8Array): number }): TextOutput {
  const encoder = new TextEncoder();
  return {
    write(text) {
      try {
        for (let rest = encoder.encode(text); rest.length > 0;) {
          rest = rest.subarray(stream.writeSync(rest));
        }
      } catch (error) {
        if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
      }
    },
  };
}

/** The terminal's width; a usual one if there is no terminal. */
function columns(): number {
  try {
    return Deno.consoleSize().columns;
  } catch {
    return 80;
  }
}

/** An environment variable; one that may not be read counts as not set. */
function env(name: string): string | undefined {
  try {
    return Deno.env.get(name);
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) return undefined;
    throw error;
  }
}

const stopping = new AbortController();
for (const signal of SIGNALS) {
  Deno.addSignalListener(signal, () => {
    // Who asks a second time doesn't want to wait.
    if (stopping.signal.aborted) Deno.exit(EXIT.cancelled);
    stopping.abort(new DOMException("The command was cancelled.", "AbortError"));
  });
}

const exitCode = await runCli(Deno.args, {
  stdout: outputTo(Deno.stdout),
  stderr: outputTo(Deno.stderr),
  env,
  isTerminal: Deno.stderr.isTerminal(),
  columns,
  signal: stopping.signal,
});
Deno.exit(exitCode);
