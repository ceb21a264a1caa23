import assert from "node:assert/strict";
import { sampleProject } from "../../src/demo/sample/sample_project.ts";
import { emptyProject } from "../../src/simulator/empty_project.ts";
import { type DemoCma, startDemoCma } from "../../src/simulator/server.ts";
import { EXIT } from "../../src/error.ts";
import { littleProject } from "../restore/frame.ts";
import { openRgw, RGW } from "../s3/open_rgw.ts";
import {
  denoDir,
  denoTask,
  runInTerminal,
  startInTerminal,
  type TerminalEnd,
} from "../support/terminal.ts";
import { worked } from "../support/worked_project.ts";

/** As little as there is: each file that is written takes its time. */
const LITTLE = ["--models=lock", "--include=records", "--no-assets", "--no-tables"];
/** What Deno says where it may not ask. */
const DENIED = /NotCapable|Requires \w+ access|--allow-(?:net|read|write|env|sys|run)|may not do/;
const CTRL_C = "\x03";
/** Who runs the tests may lack zstd and bsdtar; where all has to pass, they are there. */
const HAS_ARCHIVERS = Deno.env.get("SLUICE_TEST_CI") === "true" ||
  (await new Deno.Command("bash", { args: ["-c", "command -v zstd && command -v bsdtar"] })
    .output()).success;

/** A served project, and a folder to export it to. */
async function open(): Promise<
  AsyncDisposable & {
    readonly cma: DemoCma;
    readonly to: string;
    readonly env: Readonly<Record<string, string>>;
  }
> {
  const to = await Deno.makeTempDir();
  const cma = startDemoCma({ project: sampleProject(), rateLimit: false });
  return {
    cma,
    to,
    env: {
      DENO_DIR: denoDir(),
      DATOCMS_API_TOKEN: cma.apiToken,
      DATOCMS_BASE_URL: cma.url,
      SLUICE_ASSET_HOST: cma.assetHost,
      SLUICE_TO: to,
    },
    async [Symbol.asyncDispose]() {
      await cma.stop();
      await Deno.remove(to, { recursive: true });
    },
  };
}

function assertEnds({ code, output }: TerminalEnd, expected: RegExp): void {
  assert.equal(code, EXIT.complete, output);
  assert.match(output, expected);
  assert.doesNotMatch(output, DENIED);
}

/** All that a user types, in an order in which one finds what the one before has left. */
const LINES: readonly (readonly [words: readonly string[], shows: RegExp])[] = [
  [["--version"], /sluice \d+\./],
  [["--help"], /Usage: sluice/],
  [["help", "schedule"], /Usage: sluice schedule/],
  [["completions", "bash"], /complete /],
  [["plan"], /Nothing was written/],
  [["export", "--dry-run"], /Nothing was written/],
  [["schedule", "status"], /exports +on/],
  [["export", "--label", "reason=upgrade", ...LITTLE], /: complete/],
  [["export", "--resume", ...LITTLE], /: complete/],
  [["export", "--freeze", ...LITTLE], /: complete/],
  [["list"], /Snapshot +Environment +Begun/],
  [["list", "--label", "reason"], /Snapshot +Environment +Begun/],
  [["show"], /State +complete/],
  [["cat", "latest", "site"], /"data": \{/],
  [["find", "Candle Lock"], /lock \(current\)/],
  [["diff", "latest", "live", ...LITTLE.slice(0, 1)], /No differences/],
  [["verify", "--level", "references"], /: intact/],
  [["doctor"], /[Nn]o problem|0 problems/],
  [["doctor", "--clean"], /[Nn]o problem|0 problems/],
  [["prune", "--keep-last", "1", "--dry-run"], /Would remove \d+ snapshot/],
  [["prune", "--keep-last", "1", "--unused-assets"], /Removed \d+ snapshot/],
  [["unlock"], /There is no lock/],
  [["unlock", "--force"], /There is no lock/],
  [["schedule", "disable"], /exports +off/],
  [["schedule", "status"], /exports +off/],
  [["schedule", "enable"], /exports +on/],
];

Deno.test("deno task sluice runs every command in a terminal without asking for a permission", async () => {
  await using opened = await open();
  for (const [words, shows] of LINES) {
    assertEnds(
      await runInTerminal(denoTask("sluice", ...words), { env: opened.env }),
      shows,
    );
  }
});

Deno.test("deno task sluice download writes what tar, gzip and zstd read, and copy what verify finds intact", async () => {
  await using opened = await open();
  const { env, to } = opened;
  // With files whose names aren't ASCII.
  const some = LITTLE.filter((word) => word !== "--no-assets").concat("--include=uploads");
  assertEnds(await runInTerminal(denoTask("export", ...some), { env }), /: complete/);
  const sluice = (...words: string[]) => denoTask("sluice", ...words).join(" ");
  const download = (name: string) => sluice("download", "--out", `${to}/${name}`);
  const line = [
    `${download("x.tgz")} && gzip -t ${to}/x.tgz`,
    `mkdir ${to}/tar && tar -xf ${to}/x.tgz -C ${to}/tar`,
    `${sluice("download", "--out", "-")} | cmp - ${to}/x.tgz`,
    ...HAS_ARCHIVERS
      ? [
        `${download("x.tar.zst")} && zstd -qt ${to}/x.tar.zst`,
        `mkdir ${to}/bsdtar && bsdtar -xf ${to}/x.tar.zst -C ${to}/bsdtar`,
        `diff -r ${to}/tar ${to}/bsdtar`,
        `bsdtar -tf ${to}/x.tgz >${to}/names`,
        `zstd -dcq ${to}/x.tar.zst | tar -t --quoting-style=literal | diff - ${to}/names`,
      ]
      : [],
    sluice("verify", "--level=references", "--from", `${to}/tar`),
    sluice("copy", "--to", `${to}/copy`),
    sluice("verify", "--level=references", "--from", `${to}/copy`),
  ].join(" && ");
  const end = await runInTerminal(["bash", "-o", "pipefail", "-c", line], { env });
  assertEnds(end, /: intact[^]*: intact/);
});

Deno.test("deno task sluice retry, export --retry-failed and restore in a terminal ask for no permission", async () => {
  await using opened = await open();
  const { env } = opened;
  assertEnds(await runInTerminal(denoTask("export"), { env }), /: complete/);
  const restore = denoTask("sluice", "restore", "--into", "new:rescue");
  assertEnds(await runInTerminal(restore, { env }), /Restored [^]*no differences/);
  const none = /none had failed/;
  assertEnds(await runInTerminal(denoTask("sluice", "retry"), { env }), none);
  assertEnds(await runInTerminal(denoTask("export", "--retry-failed"), { env }), none);
});

Deno.test("what deno task sluice download writes is read by unzip, gzip and grep", async () => {
  await using opened = await open();
  const { env, to } = opened;
  const [dump, single] = [`${to}/dump.zip`, `${to}/project.json.gz`];
  const run = async (shows: RegExp, ...words: string[]) => {
    assertEnds(await runInTerminal(words, { env }), shows);
  };
  await run(/: complete/, ...denoTask("export", "--no-tables"));
  const written = /48213\/\d+ is in /;
  await run(written, ...denoTask("sluice", "download", "--as", "datocms-dump", "--out", dump));
  await run(/No errors detected/, "bash", "-c", `unzip -t ${dump}`);
  await run(/"format": "datocms-project-dump"/, "bash", "-c", `unzip -p ${dump} manifest.json`);
  await run(written, ...denoTask("sluice", "download", "--single", "--out", single));
  const lines = `gzip -t ${single} && zcat ${single} | grep -c '^{"id":"[^"]*","type":"item"'`;
  await run(/^33\r?\n/, "bash", "-c", lines);
  const piped = denoTask("sluice", "download", "--single", "--view=current", "--out=-").join(" ");
  await run(/^\],\r?\n"end":\{"records":38,/, "bash", "-c", `${piped} 2>/dev/null | tail -n 2`);
});

Deno.test("deno task sluice schedule in a terminal exports and stops at Ctrl-C, without asking", async () => {
  await using opened = await open();
  const words = denoTask("sluice", "schedule", "--every=1h", ...LITTLE);
  const terminal = startInTerminal(words, { env: opened.env });
  await terminal.shows(/complete: |Deno requests|sluice: /);
  await terminal.type(CTRL_C);
  assertEnds(await terminal.end, /complete: /);
});

Deno.test("deno task sluice serve in a terminal answers and stops at Ctrl-C, without asking", async () => {
  await using opened = await open();
  const terminal = startInTerminal(denoTask("sluice", "serve", "--listen=127.0.0.1:0"), {
    env: opened.env,
  });
  await terminal.shows(/slu_\w{46}\s|Deno requests|sluice: /);
  const [, url, token] = /(http:\S+)\s[^]*?(slu_\w{46})/.exec(terminal.output) ?? [];
  assert.ok(url !== undefined, terminal.output);
  const headers = { Authorization: `Bearer ${token}` };
  const answer = await fetch(`${url}/api/v1/projects`, { headers });
  assert.deepEqual(await answer.json(), { projects: [] });
  await terminal.type(CTRL_C);
  assertEnds(await terminal.end, /Serving the snapshots/);
});

Deno.test("deno task cron in a terminal starts and stops at Ctrl-C, without asking", async () => {
  await using opened = await open();
  const port = freePort();
  const terminal = startInTerminal(denoTask("cron"), {
    env: {
      ...opened.env,
      DENO_SERVE_ADDRESS: `tcp:127.0.0.1:${port}`,
      // Not while this runs.
      SLUICE_CRON: "0 0 29 2 *",
    },
  });
  await terminal.shows(/Listening|Deno requests|sluice: /);
  const answer = await fetch(`http://127.0.0.1:${port}/status`);
  assert.equal((await answer.json()).state, "due");
  await terminal.type(CTRL_C);
  assertEnds(await terminal.end, /Listening/);
});

Deno.test("deno task demo --serve in a terminal asks for no permission, uses no proxy, and serves until Ctrl-C", async () => {
  const proxy = "http://127.0.0.1:9";
  const env = { DENO_DIR: denoDir(), HTTP_PROXY: proxy, http_proxy: proxy, ALL_PROXY: proxy };
  const to = `dist/${crypto.randomUUID()}`;
  try {
    const terminal = startInTerminal(denoTask("demo", "--serve", "--to", to), { env });
    await terminal.shows(/slu_\w{46}\s|Deno requests|sluice: /);
    const [, url, token] = /at (http:\S+)\s[^]*?(slu_\w{46})/.exec(terminal.output) ?? [];
    assert.ok(url !== undefined, terminal.output);
    const headers = { Authorization: `Bearer ${token}` };
    const { projects } = await (await fetch(`${url}/api/v1/projects`, { headers })).json();
    assert.deepEqual(projects.map(({ name }: { name: string }) => name), ["Slackwater"]);
    await terminal.type(CTRL_C);
    assertEnds(
      await terminal.end,
      /: complete[^]*\nRestored into an empty project on this machine, and compared: /,
    );
    const left = [...Deno.readDirSync(to)].map(({ name }) => name).sort();
    assert.deepEqual(left, ["assets", "content"]);
  } finally {
    await Deno.remove(to, { recursive: true }).catch(() => {});
  }
});

Deno.test("deno task --env-file reads the variables, and a secret's file the token", async () => {
  await using opened = await open();
  const { DATOCMS_API_TOKEN: token, DENO_DIR, ...env } = opened.env;
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${folder}/token`, `${token}\n`);
    const lines = Object.entries({ ...env, SLUICE_API_TOKEN_FILE: `${folder}/token` });
    const text = lines.map(([name, value]) => `${name}="${value}"\n`).join("");
    await Deno.writeTextFile(`${folder}/.env`, `# For a test.\n${text}`);
    const [deno, task, ...words] = denoTask("export", ...LITTLE);
    const command = [deno!, task!, `--env-file=${folder}/.env`, ...words];
    assertEnds(await runInTerminal(command, { env: { DENO_DIR: DENO_DIR! } }), /: complete/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("NO_PROXY=* keeps a proxy out of the way", async () => {
  await using opened = await open();
  const env = { ...opened.env, HTTP_PROXY: "http://127.0.0.1:9" };
  const failed = await runInTerminal(denoTask("export", "--no-assets"), {
    env: { ...env, SLUICE_TIMEOUT: "1s" },
  });
  assert.equal(failed.code, EXIT.failed, failed.output);
  const words = denoTask("export", ...LITTLE);
  assertEnds(
    await runInTerminal(words, { env: { ...env, NO_PROXY: "*" } }),
    /: complete/,
  );
});

Deno.test({
  name: "deno task sluice runs every command on S3 in a terminal without asking for a permission",
  ignore: RGW === undefined,
  async fn() {
    await using opened = await open();
    await using bucket = await openRgw(RGW!);
    const env = {
      ...opened.env,
      SLUICE_TO: bucket.storage.url,
      AWS_ENDPOINT_URL_S3: RGW!,
      AWS_REGION: "us-east-1",
      AWS_ACCESS_KEY_ID: Deno.env.get("AWS_ACCESS_KEY_ID")!,
      AWS_SECRET_ACCESS_KEY: Deno.env.get("AWS_SECRET_ACCESS_KEY")!,
    };
    for (
      const [words, shows] of [
        [["export", ...LITTLE], /: complete/],
        [["list"], /Snapshot +Environment +Begun/],
        [["show"], /State +complete/],
        [["cat", "latest", "lock"], /"id":"/],
        [["diff", "latest", "latest"], /No differences/],
        [["verify", "--all"], /: intact/],
        [["doctor", "--clean"], /[Nn]o problem|0 problems/],
        [["schedule", "disable"], /exports +off/],
        [["schedule", "status"], /exports +off/],
      ] as const
    ) {
      assertEnds(await runInTerminal(denoTask("sluice", ...words), { env }), shows);
    }
  },
});

/** Restores a small project into an empty one, with nothing but the task's permissions. */
async function restoreByTask(at: Readonly<Record<string, string>>): Promise<void> {
  await using cma = startDemoCma({ project: worked(3, 6), rateLimit: false });
  await using empty = startDemoCma({ project: emptyProject(), rateLimit: false });
  const journal = await Deno.makeTempDir();
  const run = (served: DemoCma, ...words: string[]) => {
    const { apiToken: DATOCMS_API_TOKEN, url: DATOCMS_BASE_URL, assetHost } = served;
    const reached = { DATOCMS_API_TOKEN, DATOCMS_BASE_URL, SLUICE_ASSET_HOST: assetHost };
    const env = { DENO_DIR: denoDir(), SLUICE_JOURNAL: journal, ...reached, ...at };
    return startInTerminal(denoTask("sluice", ...words), { env });
  };
  try {
    assertEnds(await run(cma, "export", "--no-tables").end, /: complete/);
    const restoring = run(empty, "restore", "--other-project");
    await restoring.shows("Type New project/main");
    assert.deepEqual(empty.writes.writes, []);
    await restoring.type("New project/main\r");
    assertEnds(await restoring.end, /Compared with the snapshot: \d+ records, no differences\./);
    const [place] = [...Deno.readDirSync(`${journal}/content`)].map(({ name }) => name);
    const kept = [...Deno.readDirSync(`${journal}/content/${place}`)].map(({ name }) => name);
    assert.equal(kept.filter((name) => /^restore_\d+$/.test(name)).length, 1, kept.join());
  } finally {
    await Deno.remove(journal, { recursive: true });
  }
}

Deno.test("deno task sluice restore in a terminal asks for a text, but for no permission", async () => {
  const to = await Deno.makeTempDir();
  try {
    await restoreByTask({ SLUICE_TO: to });
  } finally {
    await Deno.remove(to, { recursive: true });
  }
});

Deno.test("deno task sluice restore into the primary environment asks for its name", async () => {
  const project = worked(3, 6);
  await using cma = startDemoCma({ project, rateLimit: false, jobMs: 0 });
  const to = await Deno.makeTempDir();
  const { apiToken: DATOCMS_API_TOKEN, url: DATOCMS_BASE_URL, assetHost } = cma;
  const reached = { DATOCMS_API_TOKEN, DATOCMS_BASE_URL, SLUICE_ASSET_HOST: assetHost };
  const env = { DENO_DIR: denoDir(), SLUICE_TO: to, ...reached };
  const start = (...words: string[]) => startInTerminal(denoTask("sluice", ...words), { env });
  try {
    assertEnds(await start("export", "--no-tables").end, /: complete/);
    const { items } = project.primary;
    const { current } = items.records()[0]!;
    items.update(current.id, current.attributes, "2020-01-01T00:00:00Z");
    const name = `${project.primary.site.attributes.name}/main`;
    for (const typed of ["main", name]) {
      const restoring = start("restore", "--into", "primary", "--conflicts", "overwrite");
      await restoring.shows(`Type ${name}`);
      assert.deepEqual(cma.writes.writes, []);
      await restoring.type(`${typed}\r`);
      const ended = await restoring.end;
      if (typed === name) assertEnds(ended, /no differences\./);
      else assert.match(ended.output, /has to be confirmed by its name/);
    }
  } finally {
    await Deno.remove(to, { recursive: true });
  }
});

Deno.test("deno task sluice drill in a terminal passes, and leaves no environment after Ctrl-C", async () => {
  const project = littleProject();
  let onWrite: (path: string) => void = () => {};
  await using cma = startDemoCma({
    project,
    rateLimit: false,
    jobMs: 5,
    onRequest: ({ method }, { pathname }) => void (method === "GET" || onWrite(pathname)),
  });
  const to = await Deno.makeTempDir();
  const { apiToken: DATOCMS_API_TOKEN, url: DATOCMS_BASE_URL, assetHost } = cma;
  const reached = { DATOCMS_API_TOKEN, DATOCMS_BASE_URL, SLUICE_ASSET_HOST: assetHost };
  const env = { DENO_DIR: denoDir(), SLUICE_TO: to, ...reached };
  const start = (...words: string[]) => startInTerminal(denoTask("sluice", ...words), { env });
  try {
    assertEnds(await start("export", "--no-tables").end, /: complete/);
    const drilling = start("drill", "--sample", "3", "--assets", "1");
    assertEnds(await drilling.end, /Passed: [^]*a sample only: 3 records[^]*no differences/);
    assert.deepEqual([...project.environments.keys()], ["main"]);
    assertEnds(await start("schedule", "status").end, /Last drill +passed at /);
    const stopped = start("drill", "--full");
    onWrite = (path) => {
      if (path !== "/items") return;
      onWrite = () => {};
      stopped.type(CTRL_C);
    };
    const { code, output } = await stopped.end;
    assert.equal(code, EXIT.cancelled, output);
    assert.match(output, /the environment is destroyed/);
    assert.deepEqual([...project.environments.keys()], ["main"]);
  } finally {
    await Deno.remove(to, { recursive: true });
  }
});

Deno.test({
  name: "deno task sluice restore takes a snapshot from S3, with its journal on disk",
  ignore: RGW === undefined,
  async fn() {
    await using bucket = await openRgw(RGW!);
    await restoreByTask({
      SLUICE_TO: bucket.storage.url,
      AWS_ENDPOINT_URL_S3: RGW!,
      AWS_REGION: "us-east-1",
      AWS_ACCESS_KEY_ID: Deno.env.get("AWS_ACCESS_KEY_ID")!,
      AWS_SECRET_ACCESS_KEY: Deno.env.get("AWS_SECRET_ACCESS_KEY")!,
    });
  },
});

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}
