import assert from "node:assert/strict";
import { unpackTar } from "modern-tar";
import { runCli } from "../../src/cli/run_cli.ts";
import { EXIT } from "../../src/error.ts";
import { textOf, zipFiles } from "../support/zip_files.ts";
import { until } from "../support/until.ts";
import { type Bench, bench, filesBelow, LITTLE } from "./bench.ts";
import { FakeClock, fakeIo } from "./fake_io.ts";

/** An output of bytes that remembers them. */
function bytesOutput(isTerminal = false) {
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  return {
    isTerminal,
    writable: () => new WritableStream({ write: (piece) => void pieces.push(piece) }),
    all: () => new Blob(pieces).bytes(),
  };
}

/** Runs a command with an output of bytes. */
async function runWith(bench_: Bench, args: string[], bytes?: ReturnType<typeof bytesOutput>) {
  const io = { ...fakeIo({ env: { SLUICE_TO: bench_.to } }), bytes };
  return { exitCode: await runCli(args, io), io };
}

/** The paths of a place's files, but for the hint at its newest snapshot. */
async function pathsBelow(directory: string): Promise<string[]> {
  const paths = (await filesBelow(directory)).map((path) => path.slice(directory.length + 1));
  return paths.filter((path) => !path.endsWith("/latest.json")).sort();
}

Deno.test("sluice download writes an archive, a directory or stdout, and copy another place", async () => {
  await using bench_ = await bench();
  await bench_.run(["export", ...LITTLE]);
  const out = await Deno.makeTempDir();
  try {
    const own = await pathsBelow(bench_.to);
    const { io, exitCode } = await bench_.run(["download", "--out", `${out}/one.tar.gz`]);
    assert.equal(exitCode, EXIT.complete, io.err());
    assert.match(io.out(), /^48213\/\d+ is in \/.*\/one\.tar\.gz \([\d.]+ kB\)\.\n$/);
    assert.equal(io.err(), "");
    const archive = await Deno.readFile(`${out}/one.tar.gz`);
    const tar = new Blob([archive]).stream().pipeThrough(new DecompressionStream("gzip"));
    const entries = await unpackTar(tar, { strict: true });
    assert.deepEqual(entries.map(({ header }) => header.name).sort(), own);

    const json = await bench_.run(["download", "latest", "--out", `${out}/two.tgz`, "--json"]);
    const result = JSON.parse(json.io.out());
    assert.deepEqual(Object.keys(result), [
      ...["status", "snapshot", "from", "to", "form", "bytes", "contentBytes"],
    ]);
    assert.deepEqual([result.form, result.bytes], ["tar.gz", archive.length]);
    assert.deepEqual(await Deno.readFile(`${out}/two.tgz`), archive);

    const bytes = bytesOutput();
    const piped = await runWith(bench_, ["download", "--out", "-"], bytes);
    assert.equal(piped.exitCode, EXIT.complete, piped.io.err());
    assert.equal(piped.io.out() + piped.io.err(), "");
    assert.deepEqual(await bytes.all(), archive);

    const full = new WritableStream({
      write: () => Promise.reject(new Error("No space left on device (os error 28)")),
    });
    const lost = await runWith(bench_, ["download", "--out=-"], {
      ...bytesOutput(),
      writable: () => full,
    });
    assert.equal(lost.exitCode, EXIT.failed);
    assert.match(lost.io.err(), /isn't whole, because stdout doesn't take it: .*No space left/);

    const folder = await bench_.run(["download", "--out", `${out}/folder`]);
    assert.match(
      folder.io.out(),
      /^48213\/\d+ is in \/.*: \d+ objects and 0 asset files copied \(/,
    );
    assert.deepEqual(await pathsBelow(`${out}/folder`), own);
    const again = await bench_.run(["download", "--out", `${out}/folder`]);
    assert.match(again.io.out(), /^48213\/\d+ is already in \//);

    const copied = await bench_.run(["copy", "--from", bench_.to, "--to", `${out}/copy`, "--json"]);
    const { status, snapshots: [copy] } = JSON.parse(copied.io.out());
    assert.deepEqual([status, copy.state, copy.objects.copied.count], [
      "complete",
      "copied",
      own.length - 2,
    ]);
    assert.deepEqual(Object.keys(copy), ["snapshot", "from", "to", "state", "objects", "assets"]);
    const quiet = await bench_.run([
      ...["copy", "--all", "--from", bench_.to, "--to", `${out}/copy`, "--quiet"],
    ]);
    assert.equal(quiet.exitCode, EXIT.complete);
    assert.equal(quiet.io.out() + quiet.io.err(), "");

    // One that is damaged keeps no other one from being copied, and no archive from staying as it was.
    const site = own.find((path) => path.endsWith("site.json"))!;
    await Deno.writeTextFile(`${bench_.to}/${site}`, "{}");
    const all = await bench_.run(["copy", "--all", "--from", bench_.to, "--to", `${out}/other`]);
    assert.equal(all.exitCode, EXIT.failed);
    assert.match(
      all.io.out(),
      /^Not copied: The snapshot 48213\/\d+ is damaged: ".*site\.json": it has 2 of/,
    );
    const damaged = await bench_.run(["download", "--out", `${out}/one.tar.gz`]);
    assert.equal(damaged.exitCode, EXIT.failed);
    assert.match(
      damaged.io.err(),
      /is damaged: .*site\.json": it has 2 of \d+ bytes\. Verify it/s,
    );
    assert.deepEqual(await Deno.readFile(`${out}/one.tar.gz`), archive);
    const cut = await runWith(bench_, ["download", "--out=-"], bytesOutput());
    assert.equal(cut.exitCode, EXIT.failed);
    assert.equal(cut.io.out(), "");
    const names = (await filesBelow(out)).filter((path) => path.includes(".sluice-"));
    assert.deepEqual(names, []);
  } finally {
    await Deno.remove(out, { recursive: true });
  }
});

Deno.test("sluice download and copy refuse what can't be meant", async () => {
  await using bench_ = await bench();
  for (
    const [args, message] of [
      [
        ["download"],
        /needs a place for the snapshot: write sluice download --out snapshot\.tar\.gz/,
      ],
      [["download", "--out", "x.zip"], /--out must be a directory, or end with \.tgz or \.tar\.gz/],
      [
        ["download", "--as", "datocms-dump", "--out", "x"],
        /--out must end with \.zip, but is "x"\./,
      ],
      [
        ["download", "--single", "--out", "x.zip"],
        /--out must end with \.json\.gz or \.json, but is "x\.zip"/,
      ],
      [
        ["download", "--single", "--as", "datocms-dump", "--out", "x.zip"],
        /--single and --as datocms-dump are two forms/,
      ],
      [
        ["download", "--single", "--models", "a", "--out", "x.json"],
        /--single holds the records of all models: leave --models out/,
      ],
      [["download", "--single"], /write sluice download --single --out project\.json\.gz/],
      [["download", "--out"], /--out needs a value/],
      [["download", "--out", "-", "--json"], /--json and --out - both write to stdout/],
      [["download", "--out", "-"], /stdout, which is a terminal: send it to a file or a program/],
      [["copy"], /needs another place than \/.* for the copy: write sluice copy --to <directory>/],
      [["copy", "latest", "--all", "--to", "x"], /takes snapshots or --all, but not both/],
    ] as const
  ) {
    const { exitCode, io } = await runWith(bench_, [...args], bytesOutput(true));
    assert.equal(exitCode, EXIT.usage, args.join(" "));
    assert.match(io.err() + io.out(), message);
  }
});

Deno.test("sluice download shows how far it is, and leaves nothing at Ctrl-C", async () => {
  await using bench_ = await bench();
  await bench_.run(["export", ...LITTLE]);
  const out = await Deno.makeTempDir();
  const clock = new FakeClock();
  const io = fakeIo({ env: { SLUICE_TO: bench_.to }, isTerminal: true, clock });
  const bytes = {
    isTerminal: false,
    writable: () =>
      new WritableStream<Uint8Array<ArrayBuffer>>({
        write: async () => {
          clock.advance(1000);
          await until(() => io.err().includes("Downloading"), "the progress");
          io.cancel();
        },
      }),
  };
  const exitCode = await runCli(["download", "--out", "-"], { ...io, bytes });
  assert.equal(exitCode, EXIT.cancelled, io.err());
  assert.match(io.err(), /Downloading {2}\d+ %, [\d.]+ k?B of [\d.]+ kB/);
  assert.equal(clock.timers, 0);
  for (const place of ["snapshot.tar.gz", "folder"]) {
    const stopped = fakeIo({ env: { SLUICE_TO: bench_.to } });
    stopped.cancel();
    assert.equal(await runCli(["download", "--out", `${out}/${place}`], stopped), EXIT.cancelled);
  }
  assert.deepEqual(await filesBelow(out), []);
  await Deno.remove(out, { recursive: true });
});

Deno.test("sluice download writes a dump for DatoCMS's content tools, or a single document", async () => {
  await using bench_ = await bench();
  // A dump is of all models.
  const all = ["--no-assets", "--no-tables"];
  await bench_.run(["export", ...all]);
  const out = await Deno.makeTempDir();
  try {
    const run = (...args: string[]) => bench_.run(["download", ...args]);
    const dump = ["--as", "datocms-dump"];
    const { io, exitCode } = await run(...dump, "--out", `${out}/dump.zip`);
    assert.equal(exitCode, EXIT.complete, io.err());
    assert.match(io.out(), /^48213\/\d+ is in \/.*\/dump\.zip \([\d.]+ kB\)\.\n$/);
    const zip = await Deno.readFile(`${out}/dump.zip`);
    const files = zipFiles(zip);
    assert.deepEqual([...files.keys()].at(-1), "manifest.json");
    const { counts } = JSON.parse(textOf(files.get("manifest.json")!));
    const json = JSON.parse(
      (await run(...dump, "--out", `${out}/other.zip`, "--json")).io.out(),
    );
    assert.deepEqual(Object.keys(json), [
      ...["status", "snapshot", "from", "to", "form", "bytes", "contentBytes"],
      ...["records", "uploads", "uploadCollections", "assets", "missing"],
    ]);
    assert.deepEqual([json.status, json.form, json.bytes, json.records, json.missing], [
      ...["complete", "datocms-dump", zip.length, counts.records, []],
    ]);
    const bytes = bytesOutput();
    await runWith(bench_, ["download", ...dump, "--out", "-"], bytes);
    assert.deepEqual(await bytes.all(), zip);

    await run("--single", "--out", `${out}/all.json`, "--view", "current");
    const { contents, end } = JSON.parse(await Deno.readTextFile(`${out}/all.json`));
    assert.equal(contents.length, counts.records);
    assert.deepEqual(end, { records: counts.records, uploads: counts.uploads, complete: true });
    await run("--single", "--out", `${out}/public.json.gz`);
    const packed = (await Deno.open(`${out}/public.json.gz`)).readable;
    const text = await new Response(packed.pipeThrough(new DecompressionStream("gzip"))).text();
    assert.equal(JSON.parse(text).meta.view, "published");
    const plain = bytesOutput();
    await runWith(bench_, ["download", "--single", "--out", "-"], plain);
    assert.equal(textOf(await plain.all()), text);

    // What a dump lacks is named, and what was exported without published versions makes none.
    const lacking = ["--exclude", "upload_collections"];
    await bench_.run(["export", ...all, ...lacking]);
    const partial = await run(...dump, "--out", `${out}/dump.zip`);
    assert.equal(partial.exitCode, EXIT.partial);
    assert.match(partial.io.err(), /The snapshot doesn't have upload_collections/);
    await bench_.run(["export", ...all, "--no-published"]);
    const none = await run("--single", "--out", `${out}/none.json`);
    assert.equal(none.exitCode, EXIT.usage);
    assert.match(none.io.err(), /exported without published versions: ask for the current ones/);
    const names = [...Deno.readDirSync(out)].map(({ name }) => name).sort();
    assert.deepEqual(names, ["all.json", "dump.zip", "other.zip", "public.json.gz"]);
  } finally {
    await Deno.remove(out, { recursive: true });
  }
});
