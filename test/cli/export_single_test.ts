import assert from "node:assert/strict";
import { runCli } from "../../src/cli/run_cli.ts";
import { EXIT } from "../../src/error.ts";
import { generateProject } from "../../src/simulator/generated/generated_project.ts";
import { memoryCopy } from "../../src/simulator/memory_copy.ts";
import { textOf } from "../support/zip_files.ts";
import { type Bench, bench, filesBelow, TOKEN } from "./bench.ts";
import { fakeIo } from "./fake_io.ts";

/** A project that is served, and a directory for documents. */
async function open(options?: Parameters<typeof bench>[0]) {
  const served = await bench(options);
  const out = await Deno.makeTempDir();
  return {
    served,
    out,
    run: (...args: string[]) => served.run(["export", "--single", ...args]),
    names: () => [...Deno.readDirSync(out)].map(({ name }) => name),
    async [Symbol.asyncDispose]() {
      await served[Symbol.asyncDispose]();
      await Deno.remove(out, { recursive: true });
    },
  };
}

/** Exports to stdout. */
async function piped({ cma, to }: Bench, ...args: string[]) {
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  const env = {
    DATOCMS_API_TOKEN: TOKEN,
    DATOCMS_BASE_URL: cma.url,
    SLUICE_ASSET_HOST: cma.assetHost,
    SLUICE_TO: to,
  };
  const io = {
    ...fakeIo({ env }),
    bytes: {
      isTerminal: false,
      writable: () => new WritableStream({ write: (piece) => void pieces.push(piece) }),
    },
  };
  const exitCode = await runCli(["export", "--single", "-", ...args], io);
  return { exitCode, io, text: textOf(await new Blob(pieces).bytes()) };
}

Deno.test("sluice export --single writes a document of the project, and no snapshot", async () => {
  await using opened = await open();
  const { served, out, run, names } = opened;
  const { io, exitCode } = await run(`${out}/all.json`, "--view", "current");
  assert.equal(exitCode, EXIT.complete, io.err());
  assert.match(io.out(), /^The project is in \/.*\/all\.json \([\d.]+ kB\)\.\n$/);
  const { meta, contents, uploads, end } = JSON.parse(await Deno.readTextFile(`${out}/all.json`));
  assert.deepEqual(end, { records: contents.length, uploads: uploads.length, complete: true });
  assert.deepEqual(meta.source, { kind: "datocms" });
  assert.equal(contents.length, 38);

  const json = await run(`${out}/island.json.gz`, "--single-format", "content-island", "--json");
  assert.deepEqual(JSON.parse(json.io.out()), {
    status: "complete",
    to: `file://${out}/island.json.gz`,
    bytes: (await Deno.stat(`${out}/island.json.gz`)).size,
    changed: [],
  });
  const packed = (await Deno.open(`${out}/island.json.gz`)).readable;
  const island = await new Response(packed.pipeThrough(new DecompressionStream("gzip"))).json();
  assert.deepEqual(Object.keys(island), ["meta", "project", "contents"]);
  assert.equal(island.meta.view, "published");

  const pipe = await piped(served);
  assert.equal(pipe.exitCode, EXIT.complete, pipe.io.err());
  assert.equal(pipe.io.out(), "");
  assert.equal(JSON.parse(pipe.text).end.records, 33);
  assert.deepEqual(names().sort(), ["all.json", "island.json.gz"]);
  assert.deepEqual(await filesBelow(served.to).catch(() => []), []);
});

Deno.test("sluice export --single names what changed meanwhile and isn't amended, and ends with 3", async () => {
  const project = memoryCopy(generateProject({ records: 4, models: 1 }));
  const model = project.primary.itemTypes.find(({ attributes }) => !attributes.modular_block)!;
  let reads = 0;
  await using opened = await open({
    project,
    onRequest: (_request, { pathname }) => {
      if (pathname === "/site" && ++reads === 2) {
        Object.assign(model.attributes, { name: "Another name" });
      }
      return undefined;
    },
  });
  const { out, run } = opened;
  const { exitCode } = await run(`${out}/all.json`);
  assert.equal(exitCode, EXIT.partial);
  const { end } = JSON.parse(await Deno.readTextFile(`${out}/all.json`));
  assert.match(end.changed[0], /^The schema changed while the project was read /);
  assert.deepEqual([end.changed.length, end.complete], [1, true]);
});

Deno.test("sluice export --single leaves nothing where it fails, and refuses what makes no document", async () => {
  await using opened = await open({
    onRequest: (_request, { pathname }) => {
      return pathname === "/uploads" ? new Response("{}", { status: 404 }) : undefined;
    },
  });
  const { served, out, run, names } = opened;
  assert.equal((await run(`${out}/all.json`)).exitCode, EXIT.failed);
  assert.deepEqual(names(), []);
  const pipe = await piped(served);
  assert.deepEqual([pipe.exitCode, pipe.text], [EXIT.failed, ""]);

  const refusals: [string[], RegExp][] = [
    [[], /--single needs a file/],
    [[`${out}/all.zip`], /ends with \.json or \.json\.gz/],
    [[`${out}/a.json`, "--tables-only"], /--tables-only leaves out/],
    [[`${out}/a.json`, "--dry-run"], /--dry-run writes nothing/],
    [[`${out}/nothing/a.json`], /isn't there, or isn't writable/],
  ];
  for (const [args, message] of refusals) {
    const { io, exitCode } = await run(...args);
    assert.equal(exitCode, EXIT.usage, args.join(" "));
    assert.match(io.err(), message);
  }
  const word = await served.run(["export", "project.json"]);
  assert.equal(word.exitCode, EXIT.usage);
  assert.match(word.io.err(), /takes options only, but was given "project\.json"/);
  assert.deepEqual(names(), []);
});
