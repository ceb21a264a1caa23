import { denoDir, ROOT } from "./terminal.ts";
import { denoArgs } from "./permissions.ts";

/** How a measured program ended. */
export interface MeasuredEnd {
  /** Its exit code. */
  readonly code: number;
  /** The most memory that it had at once, in MiB. */
  readonly peakMiB: number;
  /** What it wrote to stdout. */
  readonly stdout: string;
  /** What it wrote to stderr. */
  readonly stderr: string;
}

/** Runs what follows; says on the last line of stderr how much memory the system says it had. */
const MEASURE = `
exec 3>&1
"$@" <&- >&3 &
while peak=$(grep VmHWM "/proc/$!/status" 2>/dev/null) && [ -n "$peak" ]; do
  last=$peak
  sleep 0.02
done
wait $!
code=$?
printf '\\n%s' "$last" >&2
exit $code`;

/**
 * Runs a task of this repository as a process of its own, with the task's permissions, and measures it.
 *
 * @param task The task.
 * @param args What follows its name.
 * @param env All of its environment beside the search path and Deno's cache.
 */
export async function runMeasured(
  task: "sluice" | "export",
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<MeasuredEnd> {
  const { code, stdout, stderr } = await new Deno.Command("bash", {
    args: ["-c", MEASURE, "bash", Deno.execPath(), ...denoArgs(task), ...args],
    cwd: ROOT,
    clearEnv: true,
    env: {
      PATH: Deno.env.get("PATH") ?? "/usr/bin:/bin",
      DENO_DIR: denoDir(),
      NO_COLOR: "1",
      ...env,
    },
    stdout: "piped",
    stderr: "piped",
  }).output();
  const decoder = new TextDecoder();
  const said = decoder.decode(stderr);
  const at = said.lastIndexOf("\n");
  const kib = Number(/VmHWM:\s+(\d+) kB/.exec(said.slice(at))?.[1]);
  return {
    code,
    peakMiB: kib / 1024,
    stdout: decoder.decode(stdout),
    stderr: said.slice(0, at),
  };
}
