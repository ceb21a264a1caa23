/** How a command in a shell ended. */
export interface Ran {
  /** Its exit code. */
  readonly code: number;
  /** What it wrote to stdout. */
  readonly stdout: string;
  /** What it wrote to stderr. */
  readonly stderr: string;
}

/** A program that a command started, and that runs until it is told to stop. */
interface Service {
  readonly command: string;
  readonly pid: number;
}

/** How long a command may take, in milliseconds. */
const PATIENCE_MS = 90_000;

/** One bash that commands are typed into, so that its variables and its directory stay from one to the next. */
export class Shell implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #keyboard: WritableStreamDefaultWriter<Uint8Array>;
  readonly #screen: ReadableStreamDefaultReader<string>;
  readonly #files: string;
  readonly #services: Service[] = [];
  #count = 0;
  #read = "";

  /**
   * Starts the shell.
   *
   * @param cwd Where it is.
   * @param env All of its environment.
   * @param files A directory for what it needs.
   */
  constructor(cwd: string, env: Readonly<Record<string, string>>, files: string) {
    this.#files = files;
    this.#child = new Deno.Command("bash", {
      args: ["--noprofile", "--norc"],
      cwd,
      clearEnv: true,
      env: { ...env },
      stdin: "piped",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    this.#keyboard = this.#child.stdin.getWriter();
    this.#screen = this.#child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  }

  /**
   * Runs a command to its end.
   *
   * @param command The command; its standard input is empty.
   * @throws {Error} If it takes too long; the shell is of no use any more then.
   */
  async run(command: string): Promise<Ran> {
    const file = await this.#save(command);
    const code = Number(
      await this.#ask(`. '${file}.sh' >'${file}.out' 2>'${file}.err' </dev/null; echo "<$?>"`),
    );
    return {
      code,
      stdout: await Deno.readTextFile(`${file}.out`),
      stderr: await Deno.readTextFile(`${file}.err`),
    };
  }

  /**
   * Starts a command that runs until the shell is closed, and waits until it works.
   *
   * @param command The command.
   * @param isReady Asked again and again with what it wrote, until it says yes.
   * @throws {Error} If it ends instead, or takes too long.
   */
  async start(command: string, isReady: (output: string) => Promise<boolean>): Promise<void> {
    const file = await this.#save(command);
    // With job control, the program and what it starts are a group of their own.
    const pid = Number(
      await this.#ask(
        `set -m; (. '${file}.sh') >'${file}.out' 2>&1 </dev/null & echo "<$!>"; set +m`,
      ),
    );
    this.#services.push({ command, pid });
    const end = performance.now() + PATIENCE_MS;
    while (true) {
      const output = await Deno.readTextFile(`${file}.out`).catch(() => "");
      if (await isReady(output)) return;
      const isThere = await this.#ask(`kill -0 ${pid} 2>/dev/null; echo "<$?>"`) === "0";
      if (!isThere || performance.now() > end) throw new Error(`It isn't ready:\n${output}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /**
   * Stops what {@linkcode start} started.
   *
   * @return What didn't end as it should when it was told to, with SIGTERM.
   */
  async stopServices(): Promise<string[]> {
    const bad: string[] = [];
    for (const { command, pid } of this.#services.splice(0)) {
      const code = await this.#ask(`kill -TERM -- -${pid} 2>/dev/null; wait ${pid}; echo "<$?>"`);
      // What SIGTERM itself ended had nothing to clean up.
      if (code !== "0" && code !== "143") bad.push(`${command}: exit code ${code}`);
    }
    return bad;
  }

  /** Ends the shell, and what runs in it. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stopServices().catch(() => []);
    await this.#keyboard.close().catch(() => {});
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // It has ended.
    }
    await this.#screen.cancel().catch(() => {});
    await this.#child.status;
  }

  async #save(command: string): Promise<string> {
    const file = `${this.#files}/${++this.#count}`;
    await Deno.writeTextFile(`${file}.sh`, `${command}\n`);
    return file;
  }

  /** Types a line, and reads what it writes between angle brackets. */
  async #ask(line: string): Promise<string> {
    await this.#keyboard.write(new TextEncoder().encode(`${line}\n`));
    const timer = Promise.withResolvers<never>();
    const late = setTimeout(() => {
      this.#child.kill("SIGKILL");
      timer.reject(new Error(`It took more than ${PATIENCE_MS / 1000} seconds.`));
    }, PATIENCE_MS);
    try {
      while (true) {
        const answer = /<(\d+)>\n/.exec(this.#read);
        if (answer !== null) {
          this.#read = this.#read.slice(answer.index + answer[0].length);
          return answer[1]!;
        }
        const { value, done } = await Promise.race([this.#screen.read(), timer.promise]);
        if (done) throw new Error("The shell has ended.");
        this.#read += value;
      }
    } finally {
      clearTimeout(late);
    }
  }
}
