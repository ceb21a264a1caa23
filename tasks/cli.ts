/**
 * The `sluice` command: connects the command line to Deno.
 *
 * @module
 */
import { outputTo } from "../src/cli/output_to.ts";
import { runCli } from "../src/cli/run_cli.ts";
import { hasTerminal, stopSignal } from "../src/cli/stop_signal.ts";

/** The terminal's width; a usual one if there is no terminal, or one that doesn't know. */
function columns(): number {
  try {
    return Deno.consoleSize().columns || 80;
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

const isStdoutTerminal = Deno.stdout.isTerminal();
const exitCode = await runCli(Deno.args, {
  // Nobody reads on, as in `sluice help | head`, or the terminal was closed.
  stdout: outputTo(
    Deno.stdout,
    (error) => isStdoutTerminal || error instanceof Deno.errors.BrokenPipe,
  ),
  // An export doesn't fail because its log can't be written.
  stderr: outputTo(Deno.stderr, () => true),
  env,
  isTerminal: Deno.stderr.isTerminal(),
  columns,
  signal: stopSignal("The command was cancelled.", { hasTerminal: hasTerminal() }),
});
Deno.exit(exitCode);
