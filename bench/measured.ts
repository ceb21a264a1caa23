import process from "node:process";

/** What a piece of work took. */
export interface Measured {
  readonly seconds: number;
  /** User and system time, all threads counted. */
  readonly cpuSeconds: number;
}

/** What a process took that did one thing. */
export interface Ended extends Measured {
  /** The most memory that it had, in MiB. */
  readonly peakMiB: number;
  /** What it says beside that. */
  readonly facts: Readonly<Record<string, number>>;
}

/** Measures a piece of work. */
export async function measured(work: () => Promise<unknown>): Promise<Measured> {
  const started = performance.now();
  const before = cpuSeconds();
  await work();
  return { seconds: (performance.now() - started) / 1000, cpuSeconds: cpuSeconds() - before };
}

/** User and system time of this process so far. */
export function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

/** Says at the end of a process what it took, for {@linkcode run}. */
export async function tell(
  work: () => Promise<Readonly<Record<string, number>> | void>,
): Promise<void> {
  let facts: Readonly<Record<string, number>> = {};
  const took = await measured(async () => {
    facts = await work() ?? {};
  });
  const peakMiB = process.resourceUsage().maxRSS / 1024;
  const ended: Ended = { ...took, peakMiB, facts };
  await Deno.stdout.write(new TextEncoder().encode(`${JSON.stringify(ended)}\n`));
}

/** The program's heap, which what serves it doesn't have. */
const HEAP = (await Deno.readTextFile("tasks/heap")).trim().split("\n");

const FLAGS = ["--no-prompt", "--allow-all", "--quiet"];

/**
 * Runs a module of this folder as a process of its own.
 *
 * @param module Its name.
 * @param options What it is called with.
 * @param flags More flags of Deno.
 */
export async function run(
  module: string,
  options: unknown,
  flags: readonly string[] = [],
): Promise<Ended> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", ...HEAP, ...FLAGS, ...flags, `bench/${module}`, JSON.stringify(options)],
    stdout: "piped",
    stderr: "piped",
  }).output();
  const decoder = new TextDecoder();
  if (!success) throw new Error(`bench/${module} failed: ${decoder.decode(stderr)}`);
  return JSON.parse(decoder.decode(stdout).trimEnd().split("\n").at(-1)!);
}

/**
 * Starts a module of this folder that serves something.
 *
 * @param module Its name.
 * @param options What it is called with.
 * @param port Where it listens once it is there.
 * @return Its process, which ends when it is disposed of.
 */
export async function serve(
  module: string,
  options: unknown,
  port: number,
): Promise<AsyncDisposable> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", ...FLAGS, `bench/${module}`, JSON.stringify(options)],
    stdout: "null",
    stderr: "inherit",
  }).spawn();
  for (let tries = 0;; tries++) {
    try {
      (await Deno.connect({ hostname: "127.0.0.1", port })).close();
      break;
    } catch (error) {
      if (tries === 600) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
  return {
    async [Symbol.asyncDispose]() {
      child.kill();
      await child.status;
    },
  };
}

/** The middle one of some numbers. */
export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!;
}
