import assert from "node:assert/strict";
import { delay } from "../../src/async/delay.ts";
import { generateProject } from "../../src/simulator/generated/generated_project.ts";
import { draw } from "../../src/simulator/generated/random.ts";
import { memoryCopy } from "../../src/simulator/memory_copy.ts";
import { type DemoCma, startDemoCma } from "../../src/simulator/server.ts";
import { EXIT } from "../../src/error.ts";
import { LocalStorage } from "../../src/storage/local/local_storage.ts";
import type { Storage } from "../../src/storage/storage.ts";
import { openRgw, RGW } from "../s3/open_rgw.ts";
import { Editor } from "../support/editor.ts";
import { evidence } from "../support/evidence.ts";
import { long } from "../support/long.ts";
import { patiently, UnpausedError } from "../support/patiently.ts";
import { assertSealedAreWhole } from "../support/sealed_snapshots.ts";
import { ROOT } from "../support/terminal.ts";
import { PERMISSIONS } from "../support/permissions.ts";
import { SEED } from "../support/seed.ts";

/**
 * Exports in processes of their own that are stopped with SIGSTOP, as by Ctrl-Z or a sleep, and continued
 * when another one has completed their snapshot. With SLUICE_TEST_SEED they are stopped after as many
 * requests as in an earlier run. Those with the time that locks really have take minutes.
 */
const LOCK = "content/project_900001/lock.json";
const SHORT = new URL("../support/short_lock_program.ts", import.meta.url).pathname;
const SHORT_MS = 1500;
const REQUESTS = 60;

/** How a program ended. */
interface End {
  readonly code: number;
  readonly stderr: string;
}

/** Starts an export; with the command's own permissions, and the lock's own time if none is given. */
function start(cma: DemoCma, to: string, lockTtlMs: number | undefined): Deno.ChildProcess {
  const allowed = ["--allow-net", ...PERMISSIONS];
  const args = lockTtlMs === undefined
    ? [
      "tasks/cli.ts",
      "export",
      ...["--to", to, "--base-url", cma.url, "--asset-host", cma.assetHost],
      "--resume",
      "--quiet",
    ]
    : [SHORT, JSON.stringify({ to, url: cma.url, apiToken: cma.apiToken, lockTtlMs })];
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-check", ...allowed, ...args],
    cwd: ROOT,
    env: {
      DATOCMS_API_TOKEN: cma.apiToken,
      ...(RGW && { AWS_ENDPOINT_URL_S3: RGW, AWS_REGION: "us-east-1" }),
    },
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
}

/** Ends a process, if it hasn't yet. */
function end(child: Deno.ChildProcess): void {
  try {
    child.kill("SIGKILL");
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
  }
}

async function endOf(child: Deno.ChildProcess): Promise<End> {
  const { code, stderr } = await child.output();
  return { code, stderr: new TextDecoder().decode(stderr) };
}

function unpaused(said: string): never {
  throw new UnpausedError(said);
}

async function onDisk(): Promise<AsyncDisposable & { readonly storage: Storage }> {
  const root = await Deno.makeTempDir({ prefix: "sluice-paused-" });
  return {
    storage: new LocalStorage(root),
    [Symbol.asyncDispose]: () => Deno.remove(root, { recursive: true }),
  };
}

/** Stops an export after some requests, lets another one complete its snapshot, and continues it. */
async function show(
  open: () => Promise<AsyncDisposable & { readonly storage: Storage }>,
  lockTtlMs: number | undefined,
  number: number,
): Promise<void> {
  const project = memoryCopy(generateProject({
    records: 400,
    models: 3,
    uploads: 30,
    assetBytes: 2000,
    blocksPerRecord: 1,
  }));
  let onRequest = () => {};
  await using cma = startDemoCma({
    project,
    rateLimit: false,
    onRequest: async () => {
      onRequest();
      // Slow enough that there is something to be paused in.
      await delay(10);
      return undefined;
    },
  });
  await using place = await open();
  const { storage } = place;
  const paused = start(cma, storage.url, lockTtlMs);
  const stopped = Promise.withResolvers<void>();
  const at = 8 + draw(SEED, number) % (REQUESTS - 8);
  let requests = 0;
  onRequest = () => {
    if (++requests !== at) return;
    paused.kill("SIGSTOP");
    stopped.resolve();
  };
  const ended = endOf(paused);
  await Promise.race([stopped.promise, ended.then(({ stderr }) => unpaused(stderr))]);
  try {
    const editor = new Editor(project, { seed: SEED });
    editor.edit(20);
    const deadline = performance.now() + 240_000;
    for (;;) {
      const { code, stderr } = await endOf(start(cma, storage.url, lockTtlMs && 60_000));
      if (code === EXIT.complete || code === EXIT.partial) break;
      assert.match(stderr, /Another export of this project and environment writes to the same/);
      assert.ok(performance.now() < deadline, stderr);
      await delay(200);
    }
    editor.edit(20);
    const before = await evidence(storage);
    assert.equal(await storage.stat(LOCK), undefined);
    paused.kill("SIGCONT");
    const { code, stderr } = await ended;
    assert.deepEqual(await evidence(storage), before, `stopped at request ${at}: ${stderr}`);
    assert.equal(code, EXIT.failed, stderr);
    const message = stderr.trim().split("\n").at(-1)!;
    assert.match(
      message,
      /The export was stopped because (another one has completed its snapshot|its lock .* is gone).*paused for longer than its lock counts/,
    );
    assert.equal(await assertSealedAreWhole(storage), 1);
  } finally {
    end(paused);
    await ended;
  }
}

const PAUSES = long(5, 2);
const TITLE = "continues after another one has completed its snapshot, changes nothing in it";

for (let number = 0; number < PAUSES; number++) {
  const toS3 = RGW !== undefined && number % 2 === 1;
  Deno.test(`An export to ${toS3 ? "S3" : "a disk"} that ${TITLE} (${number}, SLUICE_TEST_SEED=${SEED})`, async () => {
    const open = toS3 ? () => openRgw(RGW!) : onDisk;
    await patiently(SHORT_MS, (ttlMs) => show(open, ttlMs, number));
  });
}

for (let number = 0; number < long(RGW === undefined ? 1 : 2, 0); number++) {
  Deno.test(`sluice export to ${number === 0 ? "a disk" : "S3"} that ${TITLE} (SLUICE_TEST_SEED=${SEED})`, async () => {
    await show(number === 0 ? onDisk : () => openRgw(RGW!), undefined, 10 + number);
  });
}
