import type { startDemoCma } from "../../src/simulator/server.ts";
import { RGW } from "../s3/open_rgw.ts";
import { denoArgs } from "../support/permissions.ts";
import { turn } from "../support/until.ts";

const ROOT = new URL("../../", import.meta.url);

/** How a program ended. */
export interface ProgramEnd {
  /** Its exit code, or 128 and the signal's number. */
  readonly code: number;
  /** The signal that ended it. */
  readonly signal: Deno.Signal | null;
  /** What it wrote to stderr. */
  readonly stderr: string;
}

/** An export that runs. */
export interface Program {
  /** How it ends. */
  readonly end: Promise<ProgramEnd>;
  /** Sends it a signal; one that has ended doesn't mind. */
  kill(signal: Deno.Signal): void;
}

/**
 * Starts an export as a process of its own, with what `deno task export` has, and waits until it has sent
 * its first request.
 *
 * @param cma What is exported.
 * @param to The destination's address.
 * @param options More of the command's options.
 */
export async function startExport(
  cma: ReturnType<typeof startDemoCma>,
  to: string,
  options: readonly string[] = [],
): Promise<Program> {
  // `deno` itself: a task would be one more process, which a signal doesn't get through.
  const task = denoArgs("export");
  const source = ["--base-url", cma.url, "--asset-host", cma.assetHost];
  const before = cma.log.count.api;
  const child = new Deno.Command(Deno.execPath(), {
    args: [...task, "--to", to, ...source, "--log-format", "json", ...options],
    cwd: ROOT,
    env: { DATOCMS_API_TOKEN: cma.apiToken, ...(RGW && { AWS_ENDPOINT_URL_S3: RGW }) },
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const end = child.output().then(({ code, signal, stderr }) => {
    return { code, signal, stderr: new TextDecoder().decode(stderr) };
  });
  let ended = false;
  end.finally(() => ended = true).catch(() => {});
  while (!ended && cma.log.count.api === before) await turn();
  return {
    end,
    kill(signal) {
      try {
        child.kill(signal);
      } catch (error) {
        if (!(error instanceof TypeError)) throw error;
      }
    },
  };
}
