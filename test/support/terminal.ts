import assert from "node:assert/strict";
import config from "../../deno.json" with { type: "json" };
import { shellWord } from "../../src/text/printable.ts";

/** The root of the source tree. */
export const ROOT: string = new URL("../../", import.meta.url).pathname;

/** How a program in a terminal is run. */
export interface TerminalOptions {
  /** Where it is run. @default the root of the source tree */
  readonly cwd?: string | undefined;
  /** All of its environment beside PATH and TERM; nothing of the test's own is passed on. */
  readonly env?: Readonly<Record<string, string>> | undefined;
  /** The terminal's width. @default {80} */
  readonly columns?: number | undefined;
  /** The terminal's height. @default {24} */
  readonly rows?: number | undefined;
}

/** How a program in a terminal ended. */
export interface TerminalEnd {
  /** Its exit code, or 128 and the signal's number. */
  readonly code: number;
  /** All that the terminal was sent. */
  readonly output: string;
}

/** A pseudo-terminal with a program in it. */
export interface Terminal {
  /** All that the terminal was sent so far. */
  readonly output: string;
  /** How it ends. */
  readonly end: Promise<TerminalEnd>;
  /** Types on the keyboard; `\x03` is Ctrl-C, which reaches every program in the foreground. */
  type(text: string): Promise<void>;
  /** Closes the terminal, as a window is closed. */
  close(): void;
  /** Ends once the output holds a text, or the program has ended. */
  shows(text: string | RegExp): Promise<void>;
}

/**
 * Starts a command in a pseudo-terminal of its own, which `script` of util-linux makes.
 *
 * @param command The words of the command.
 * @param options Its environment, and the terminal's size.
 */
export function startInTerminal(
  command: readonly string[],
  { cwd = ROOT, env = {}, columns = 80, rows = 24 }: TerminalOptions = {},
): Terminal {
  const size = `stty rows ${rows} cols ${columns}`;
  const line = `${size}; exec ${command.map(shellWord).join(" ")}`;
  const child = new Deno.Command("script", {
    args: ["--quiet", "--return", "--flush", "--command", line, "/dev/null"],
    cwd,
    clearEnv: true,
    env: { PATH: pathOf(), TERM: "xterm-256color", SHELL: "/bin/sh", ...env },
    stdin: "piped",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const keyboard = child.stdin.getWriter();
  let output = "";
  let ended = false;
  let woken = Promise.withResolvers<void>();
  const wake = () => {
    woken.resolve();
    woken = Promise.withResolvers<void>();
  };
  const end = (async () => {
    try {
      for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
        output += text;
        wake();
      }
      const { code } = await child.status;
      return { code, output };
    } finally {
      ended = true;
      wake();
      await keyboard.close().catch(() => {});
    }
  })();
  return {
    get output() {
      return output;
    },
    end,
    type: (text) => keyboard.write(new TextEncoder().encode(text)),
    close: () => child.kill("SIGKILL"),
    async shows(text) {
      const isThere = () => typeof text === "string" ? output.includes(text) : text.test(output);
      while (!ended && !isThere()) await woken.promise;
    },
  };
}

/**
 * Runs a command in a pseudo-terminal to its end, and cuts it off as soon as it asks for a permission: nobody
 * is there who would answer.
 *
 * @param command The words of the command.
 * @param options Its environment, and the terminal's size.
 * @throws {Error} If it asks for a permission.
 */
export async function runInTerminal(
  command: readonly string[],
  options?: TerminalOptions,
): Promise<TerminalEnd> {
  const terminal = startInTerminal(command, options);
  await terminal.shows(PROMPT);
  if (PROMPT.test(terminal.output)) terminal.close();
  const end = await terminal.end;
  if (PROMPT.test(end.output)) throw new Error(`Deno asks for a permission:\n${end.output}`);
  return end;
}

/** What Deno's question for a permission begins with. */
const PROMPT = /Deno requests|Allow\? \[y\/n/;

/**
 * The words of `deno task NAME …`, as a user types them.
 *
 * @param name The task.
 * @param args What follows its name.
 */
export function denoTask(name: string, ...args: string[]): string[] {
  assert.ok(Object.hasOwn(config.tasks, name), `deno.json has no task ${name}`);
  return [Deno.execPath(), "task", "--quiet", name, ...args];
}

/**
 * Where Deno keeps what it fetched. A program gets it in DENO_DIR, as it has no HOME that would lead there.
 */
export function denoDir(): string {
  return Deno.env.get("SLUICE_TEST_DENO_DIR") || `${Deno.env.get("HOME")}/.cache/deno`;
}

/** Where programs are found: Deno's own directory, so that tasks find `deno`, and the system's. */
function pathOf(): string {
  const own = Deno.execPath().replace(/\/[^/]*$/, "");
  return `${own}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`;
}
