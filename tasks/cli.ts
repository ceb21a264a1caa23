/**
 * The `sluice` command: connects the command line to Deno.
 *
 * @module
 */
import "./require_deno.ts";
import { outputTo } from "../src/cli/output_to.ts";
import { envNames, readyEnvironment } from "../src/cli/ready_environment.ts";
import { runCli } from "../src/cli/run_cli.ts";
import { hasTerminal, stopSignal } from "../src/cli/stop_signal.ts";
import { readableVariable } from "../src/http/proxy.ts";

/** The terminal's width; a usual one if there is no terminal, or one that doesn't know. */
function columns(): number {
  try {
    return Deno.consoleSize().columns || 80;
  } catch {
    return 80;
  }
}

/** Asks a person on the terminal for a line. */
async function ask(question: string): Promise<string | undefined> {
  await Deno.stderr.write(new TextEncoder().encode(question));
  const reader = Deno.stdin.readable.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  while (!text.includes("\n")) {
    const { done, value } = await reader.read();
    if (done) break;
    text += value;
  }
  return text === "" ? undefined : text.split("\n")[0];
}

const isStdoutTerminal = Deno.stdout.isTerminal();
readyEnvironment(Deno.env);
const exitCode = await runCli(Deno.args, {
  // Nobody reads on, as in `sluice help | head`, or the terminal was closed.
  stdout: outputTo(
    Deno.stdout,
    (error) => isStdoutTerminal || error instanceof Deno.errors.BrokenPipe,
  ),
  bytes: { isTerminal: isStdoutTerminal, writable: () => Deno.stdout.writable },
  // An export doesn't fail because its log can't be written.
  stderr: outputTo(Deno.stderr, () => true),
  ask: Deno.stdin.isTerminal() && Deno.stderr.isTerminal() ? ask : undefined,
  env: readableVariable,
  envNames: () => envNames(Deno.env),
  isTerminal: Deno.stderr.isTerminal(),
  isStdoutTerminal,
  columns,
  signal: stopSignal("The command was cancelled.", { hasTerminal: hasTerminal() }),
});
Deno.exit(exitCode);
