import assert from "node:assert/strict";
import { draw } from "../../src/simulator/generated/random.ts";
import { shellWord } from "../../src/text/printable.ts";
import { filesOf } from "../support/exported.ts";
import { long } from "../support/long.ts";
import { type TaskBench, taskBench } from "../support/task_bench.ts";
import { denoTask } from "../support/terminal.ts";
import { until } from "../support/until.ts";
import { SEED } from "../support/seed.ts";

/**
 * Exports that are told to stop, as users run them: `deno task export` in a terminal. With SLUICE_TEST_SEED
 * they are stopped after the same numbers of requests as in an earlier run.
 */

const STOPS = long(20, 3);
/** The part of an export's requests after which there is enough to do that it can be met. */
const MOST = 0.8;
const CTRL_C = "\x03";
const CTRL_BACKSLASH = "\x1c";

/** What is sealed at the destination. */
async function sealedIn({ to }: TaskBench): Promise<string[]> {
  return (await filesOf(to)).filter((path) => path.endsWith("/canary.txt"));
}

/** Runs a command in a shell that tells its process's id first: that of `deno task` itself. */
function telling(pidFile: string): (task: string[]) => string[] {
  return (task) => ["bash", "-c", `echo $$ > ${shellWord(pidFile)}; exec ${words(task)}`];
}

function words(command: readonly string[]): string {
  return command.map(shellWord).join(" ");
}

async function kill(signal: string, pidFile: string): Promise<void> {
  const pid = (await Deno.readTextFile(pidFile)).trim();
  const { success } = await new Deno.Command("bash", { args: ["-c", `kill -${signal} ${pid}`] })
    .output();
  assert.ok(success);
}

/** Waits until a program whose terminal is gone has ended, too. */
async function untilNothingIsLeft(bench: TaskBench): Promise<void> {
  let left: string[] = [""];
  let isLooking = false;
  await until(() => {
    if (!isLooking) {
      isLooking = true;
      bench.leftovers().then((found) => left = found, () => {}).finally(() => isLooking = false);
    }
    return left.length === 0;
  }, "an export without a terminal leaves nothing");
  await until(() => !isLooking, "the last look is over");
}

for (const args of [[], ["--freeze"]]) {
  const name = ["deno task export", ...args].join(" ");

  Deno.test(`${name} ends with 130 and leaves nothing after Ctrl-C at ${STOPS} moments (SLUICE_TEST_SEED=${SEED})`, async () => {
    await using bench = await taskBench();
    const whole = await bench.start(args).end;
    assert.equal(whole.code, 0, whole.output);
    assert.equal((await sealedIn(bench)).length, 1);
    const { api, asset } = bench.cma.log.count;
    for (let i = 0; i < STOPS; i++) {
      await bench.clear();
      const requests = 1 + draw(SEED, args.length, i) % Math.floor((api + asset) * MOST);
      const terminal = bench.start(args);
      bench.afterRequests(requests, () => terminal.type(CTRL_C));
      const { code, output } = await terminal.end;
      const what = `stop ${i + 1}, at request ${requests} of ${api + asset}:\n${output}`;
      assert.equal(code, 130, what);
      assert.match(output, /\^C/, what);
      assert.match(output, /sluice: Cancelled/, what);
      assert.deepEqual(await bench.leftovers(), [], what);
      assert.deepEqual(await sealedIn(bench), [], what);
    }
  });
}

Deno.test("deno task export takes no Ctrl-C for a second one within a second, and ends at once later", async () => {
  const hung = Promise.withResolvers<undefined>();
  await using bench = await taskBench({
    // The deletion of the temporary copy is all that there is left to wait for.
    onRequest: ({ method }) => method === "DELETE" ? hung.promise : undefined,
  });
  try {
    const terminal = bench.start(["--freeze"]);
    bench.afterRequests(30, () => terminal.type(CTRL_C));
    await terminal.shows("Cancelling");
    const cancelled = performance.now();
    await terminal.type(CTRL_C);
    const isDeleting = () => bench.cma.log.requests.some(({ method }) => method === "DELETE");
    await until(isDeleting, "the temporary copy is being deleted");
    let ended = false;
    terminal.end.finally(() => ended = true);
    await until(() => performance.now() - cancelled > 1500, "a second and more is over");
    assert.ok(!ended, "the second Ctrl-C came at once, and counted");
    await terminal.type(CTRL_C);
    const { code, output } = await terminal.end;
    assert.equal(code, 130, output);
    assert.ok(bench.cma.log.requests.some(({ finishedAt }) => finishedAt === undefined));
  } finally {
    hung.resolve(undefined);
  }
});

for (const signal of ["TERM", "QUIT", "HUP", "INT"]) {
  Deno.test(`deno task export ends with 130 and leaves nothing after SIG${signal}`, async () => {
    await using bench = await taskBench();
    const pidFile = await Deno.makeTempFile();
    try {
      const terminal = bench.start(["--freeze"], { command: telling(pidFile) });
      bench.afterRequests(30, () => kill(signal, pidFile));
      const { code, output } = await terminal.end;
      assert.equal(code, 130, output);
      assert.match(output, /sluice: Cancelled/);
      assert.deepEqual(await bench.leftovers(), []);
      assert.deepEqual(await sealedIn(bench), []);
    } finally {
      await Deno.remove(pidFile);
    }
  });
}

Deno.test("deno task export ends with 130 and leaves nothing after Ctrl-\\", async () => {
  await using bench = await taskBench();
  const terminal = bench.start(["--freeze"]);
  bench.afterRequests(30, () => terminal.type(CTRL_BACKSLASH));
  const { code, output } = await terminal.end;
  assert.equal(code, 130, output);
  assert.match(output, /sluice: Cancelled/);
  assert.deepEqual(await bench.leftovers(), []);
});

for (const args of [[], ["--json", "--verbose"]]) {
  Deno.test(`deno task export ${args.join(" ")} leaves nothing when its window is closed`, async () => {
    await using bench = await taskBench();
    const terminal = bench.start(["--freeze", ...args]);
    bench.afterRequests(30, () => terminal.close());
    await terminal.end;
    await untilNothingIsLeft(bench);
    assert.deepEqual(await sealedIn(bench), []);
    assert.ok(bench.cma.log.requests.some(({ method }) => method === "DELETE"));
  });
}

Deno.test("deno task sluice schedule ends with 0 and leaves nothing after Ctrl-C", async () => {
  await using bench = await taskBench();
  const terminal = bench.start([], {
    command: () => denoTask("sluice", "schedule", "--freeze"),
  });
  bench.afterRequests(30, () => terminal.type(CTRL_C));
  const { code, output } = await terminal.end;
  assert.equal(code, 0, output);
  // How often it exports is told to whoever asks for its status.
  assert.deepEqual(await bench.leftovers(), ["content/project_48213/schedule_times.json"]);
  assert.deepEqual(await sealedIn(bench), []);
});

Deno.test("nohup deno task export is done although its window is closed", async () => {
  await using bench = await taskBench();
  const log = await Deno.makeTempFile();
  const pidFile = await Deno.makeTempFile();
  try {
    const terminal = bench.start([], {
      command: (task) => {
        const run = `exec nohup ${words(task)} > ${shellWord(log)} 2>&1`;
        return ["bash", "-c", `echo $$ > ${shellWord(pidFile)}; ${run}`];
      },
    });
    // Also what a shell sends on to its jobs.
    bench.afterRequests(30, () => void kill("HUP", pidFile).then(() => terminal.close()));
    await terminal.end;
    await until(() => Deno.readTextFileSync(log).includes("Exported"), "the export is done");
    await untilNothingIsLeft(bench);
    assert.equal((await sealedIn(bench)).length, 1);
  } finally {
    await Deno.remove(log);
    await Deno.remove(pidFile);
  }
});
