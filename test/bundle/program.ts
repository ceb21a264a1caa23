import { denoArgs } from "../support/permissions.ts";

/** The repository. */
export const ROOT: string = new URL("../../", import.meta.url).pathname;

/** How a program ended. */
export interface Ended {
  /** Its exit code. */
  readonly code: number;
  /** What it wrote to stdout. */
  readonly stdout: string;
  /** What it wrote to stderr. */
  readonly stderr: string;
}

/**
 * The permissions that a task of this repository gives.
 *
 * @param task The task.
 */
export function permissionsOf(task: "export" | "demo" | "install"): string[] {
  return denoArgs(task).filter((word) => /^--(allow-|ignore-env|no-prompt)/.test(word));
}

/**
 * Runs `deno`, or `bash`, which can run anything else.
 *
 * @param program Which one.
 * @param args Its arguments.
 * @param options Where it runs, and with which variables besides those of this process.
 */
export async function run(
  program: "deno" | "bash",
  args: readonly string[],
  options: { readonly cwd?: string; readonly env?: Readonly<Record<string, string>> } = {},
): Promise<Ended> {
  const { cwd = ROOT, env = {} } = options;
  const { code, stdout, stderr } = await new Deno.Command(
    program === "deno" ? Deno.execPath() : program,
    {
      args: [...args],
      cwd,
      // Bash complains about a locale that isn't installed.
      env: { NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1", LC_ALL: "C.UTF-8", ...env },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    },
  ).output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}
