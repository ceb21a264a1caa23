import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { EXIT } from "../../src/error.ts";
import { VERSION } from "../../src/version.ts";
import { denoDir, runInTerminal } from "../support/terminal.ts";
import { HEAP } from "../support/permissions.ts";
import { permissionsOf, ROOT, run } from "./program.ts";

/**
 * The program without its source tree: bundled, installed and compiled. Unlike the other tests, this takes the
 * permission to run programs: `deno task test:bundle`.
 */
const VERSION_LINE = `sluice ${VERSION} (Deno ${Deno.version.deno}, ${Deno.build.target})\n`;
/** What a bundle runs with: neither a configuration, nor packages, nor anything from elsewhere. */
const ALONE = ["--no-config", "--no-lock", "--no-npm", "--no-remote"];
/** How long the program may take to tell how it is used, in milliseconds. */
const START_MS = 300;
/** On a slow machine it takes no more than this many starts of a program that does nothing. */
const EMPTY_STARTS = 4.5;
const STARTS = 10;
const ROUNDS = 3;

/** A folder with nothing in it but the bundle. */
async function bundle(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await Deno.makeTempDir({ prefix: "sluice-bundle-" });
  const args = ["bundle", "--quiet", "--code-splitting", "--outdir", path, "tasks/cli.ts"];
  const { code, stderr } = await run("deno", args);
  assert.equal(code, 0, stderr);
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}

/** Checks that a folder holds the demo's export. */
async function assertDemo(path: string): Promise<void> {
  const project = `${path}/sluice-demo/content/project_48213`;
  const snapshots = [];
  for await (const { name } of Deno.readDir(project)) {
    if (name.startsWith("snapshot_")) snapshots.push(name);
  }
  assert.equal(snapshots.length, 1);
  const snapshot = `${project}/${snapshots[0]}`;
  assert.ok((await Deno.stat(`${snapshot}/canary.txt`)).isFile);
  assert.equal(JSON.parse(await Deno.readTextFile(`${snapshot}/site.json`)).data.type, "site");
  const assets = await Array.fromAsync(Deno.readDir(`${path}/sluice-demo/assets/project_48213`));
  assert.ok(assets.length > 0);
}

Deno.test("the bundle exports the demo from an empty folder, and may read nothing but that", async () => {
  await using bundled = await bundle();
  const { path } = bundled;
  const env = { DENO_DIR: `${path}/cache` };
  const args = ["run", ...ALONE, ...permissionsOf("demo"), "cli.js", "demo"];
  const { code, stdout, stderr } = await run("deno", args, { cwd: path, env });
  assert.equal(code, EXIT.complete, stderr);
  assert.match(stdout, /^Exported Slackwater /);
  await assertDemo(path);
});

Deno.test("the bundle imports nothing but itself and what Deno has built in", async () => {
  await using bundled = await bundle();
  const { path } = bundled;
  const info = await run("deno", ["info", "--json", ...ALONE, "cli.js"], {
    cwd: path,
  });
  const { roots, modules } = JSON.parse(info.stdout) as {
    roots: string[];
    modules: {
      specifier: string;
      error?: string;
      dependencies?: { code?: { specifier: string } }[];
    }[];
  };
  const bySpecifier = new Map(modules.map((module) => [module.specifier, module]));
  // What comments name as the place of a type isn't imported.
  const imported = new Set(roots);
  for (const specifier of imported) {
    for (const { code } of bySpecifier.get(specifier)?.dependencies ?? []) {
      if (code !== undefined) imported.add(code.specifier);
    }
  }
  const own = `file://${await Deno.realPath(path)}/`;
  assert.ok(imported.size > 5);
  for (const specifier of imported) {
    assert.equal(bySpecifier.get(specifier)?.error, undefined, specifier);
    assert.ok(specifier.startsWith(own) || specifier.startsWith("node:"), specifier);
  }
  for await (const { name } of Deno.readDir(path)) {
    const code = await Deno.readTextFile(`${path}/${name}`);
    assert.ok(!code.includes(`"${ROOT}`) && !code.includes(`"file://${ROOT}`), name);
    // An import of what isn't known before it runs.
    assert.doesNotMatch(code, /\bimport\(\s*[^"'\s)]/, name);
  }
});

Deno.test("the bundle holds what is loaded for S3 only", async () => {
  await using bundled = await bundle();
  const { path } = bundled;
  const env = {
    DENO_DIR: `${path}/cache`,
    DATOCMS_API_TOKEN: "0123456789abcdef0123456789abcd",
    AWS_ACCESS_KEY_ID: "key",
    AWS_SECRET_ACCESS_KEY: "secret",
    AWS_REGION: "eu-west-1",
    AWS_MAX_ATTEMPTS: "1",
  };
  let signed = 0;
  const refusing = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, (request) => {
    if (request.headers.get("authorization")?.startsWith("AWS4-")) signed++;
    return new Response("<Error><Code>AccessDenied</Code></Error>", { status: 403 });
  });
  await using _ = { [Symbol.asyncDispose]: () => refusing.shutdown() };
  const url = `http://127.0.0.1:${refusing.addr.port}`;
  const args = ["doctor", "--base-url", url, "--to", "s3://bucket/prefix"];
  const { code, stdout, stderr } = await run(
    "deno",
    ["run", ...ALONE, ...permissionsOf("export"), "cli.js", ...args],
    { cwd: path, env: { ...env, AWS_ENDPOINT_URL_S3: url } },
  );
  assert.equal(code, EXIT.failed, stderr);
  assert.match(stdout, /the credentials lack the permission s3:PutObject/);
  assert.ok(signed > 0, "S3 wasn't asked");
  assert.doesNotMatch(stdout + stderr, /module|NotCapable|is not a function/i);
});

Deno.test(`the bundle tells how it is used within ${START_MS} ms`, async () => {
  await using bundled = await bundle();
  const { path } = bundled;
  const rounds: { readonly wall: number; readonly work: number }[] = [];
  // The first start compiles, which the later ones find done.
  await timeStart(path);
  const empty = [];
  for (let i = 0; i < STARTS; i++) empty.push((await timeStart(path, ["eval", "0"])).work);
  const most = Math.max(START_MS, EMPTY_STARTS * median(empty));
  do {
    const starts = [];
    for (let i = 0; i < STARTS; i++) starts.push(await timeStart(path));
    rounds.push({
      wall: median(starts.map(({ wall }) => wall)),
      work: median(starts.map(({ work }) => work)),
    });
    // On a machine that is busy with other things, only the work is the program's own.
  } while (
    rounds.length < ROUNDS && Math.min(rounds.at(-1)!.wall, rounds.at(-1)!.work) >= most
  );
  const figures = rounds.map(({ wall, work }) => `${wall} ms, with ${work} ms of work`).join("; ");
  await Deno.stdout.write(new TextEncoder().encode(`median of ${STARTS} starts: ${figures}\n`));
  assert.ok(
    Math.min(rounds.at(-1)!.wall, rounds.at(-1)!.work) < most,
    `${figures}; ${most} ms at most`,
  );
});

/** How many milliseconds it takes to tell how it is used, and how many of these a processor works. */
async function timeStart(
  path: string,
  start = ["run", ...ALONE, ...permissionsOf("export"), "cli.js", "--help"],
): Promise<{ readonly wall: number; readonly work: number }> {
  const timed = ["-c", 'TIMEFORMAT="%3R %3U %3S"; time "$0" "$@"', Deno.execPath(), ...start];
  const { stdout, stderr } = await run("bash", timed, { cwd: path, env: { LC_ALL: "C" } });
  if (start[0] === "run") assert.match(stdout, /^sluice streams a DatoCMS project/);
  assert.match(stderr, /^[\d.]+ [\d.]+ [\d.]+\n$/);
  const [wall, user, system] = stderr.split(" ").map((seconds) => Number(seconds) * 1000);
  return { wall: wall!, work: user! + system! };
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return Math.round((sorted[Math.ceil(middle) - 1]! + sorted[Math.floor(middle)]!) / 2);
}

Deno.test("deno task install installs a command with the permissions of an export", async () => {
  assert.deepEqual(permissionsOf("install"), permissionsOf("export"));
  const root = await Deno.makeTempDir({ prefix: "sluice-install-" });
  try {
    const env = { DENO_INSTALL_ROOT: root };
    const { code, stderr } = await run("deno", ["task", "--quiet", "install"], { env });
    assert.equal(code, 0, stderr);
    const { stdout } = await run("bash", [`${root}/bin/sluice`, "--version"], { cwd: root });
    assert.equal(stdout, VERSION_LINE);
    const script = await Deno.readTextFile(`${root}/bin/sluice`);
    for (const flag of [HEAP, ...permissionsOf("export")]) assert.ok(script.includes(flag), flag);
    const words = ["bash", `${root}/bin/sluice`, "schedule", "disable", "--to", `${root}/to`];
    const status = await runInTerminal(words, {
      cwd: root,
      env: { DENO_DIR: denoDir(), DATOCMS_API_TOKEN: "0123456789abcdef0123456789abcd" },
    });
    assert.equal(status.code, EXIT.failed, status.output);
    assert.match(status.output, /sluice: .*site-api\.datocms\.com/);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});

Deno.test("deno task compile builds a program with the demo, or tells that Deno's runtime is missing", async () => {
  const { code, stdout, stderr } = await run("deno", [
    "task",
    "--quiet",
    "compile",
    Deno.build.target,
  ]);
  if (code !== 0) {
    assert.match(
      stderr,
      /^compile: Deno's runtime for \S+ can't be downloaded from https:\/\/dl\.deno\.land\S*: .+\.\n$/,
    );
    return;
  }
  const cwd = await Deno.makeTempDir({ prefix: "sluice-compiled-" });
  try {
    const program = `${ROOT}${stdout.trim()}`;
    const exec = ["-c", 'exec "$0" "$@"', program];
    assert.equal((await run("bash", [...exec, "--version"], { cwd })).stdout, VERSION_LINE);
    assert.equal((await run("bash", [...exec, "demo"], { cwd })).code, EXIT.complete);
    await assertDemo(cwd);
  } finally {
    await Deno.remove(cwd, { recursive: true });
  }
});

Deno.test("deno task compile notices a runtime that isn't one", async () => {
  const { code, stdout, stderr } = await run(
    "deno",
    ["task", "--quiet", "compile", Deno.build.target],
    { env: { DENORT_BIN: Deno.execPath() } },
  );
  const program = `${ROOT}dist/sluice-${Deno.build.target}`;
  const built = Buffer.from(await Deno.readFile(program));
  await Deno.remove(program);
  assert.deepEqual([code, stdout], [1, ""]);
  // What the runtime is given: it is another one, but with the flags of the program.
  const flags = HEAP.replace("--v8-flags=", "").split(",");
  assert.ok(built.includes(`${JSON.stringify(flags).slice(1, -1)}]`));
  assert.match(
    stderr,
    /^compile: What is in \.\/dist\/sluice-\S+ now isn't sluice, but says "deno [^"]+": DENORT_BIN has to be .+\.\n$/,
  );
});

Deno.test("deno task compile refuses a system that there isn't", async () => {
  const { code, stderr } = await run("deno", ["task", "--quiet", "compile", "solaris"]);
  assert.equal(code, 1);
  assert.match(stderr, /^compile: There is no target "solaris": it can be x86_64-.+\.\n$/);
});
