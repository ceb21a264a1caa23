import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { buildClient } from "@datocms/cma-client";
import type { Item, Resource, Upload, Version } from "../../../src/content/resource.ts";
import { sampleProject } from "../../../src/demo/sample/sample_project.ts";
import { EXIT, SluiceError } from "../../../src/error.ts";
import type { Storage } from "../../../src/storage/storage.ts";
import { downloadDump, type DownloadDumpOptions } from "../../../src/tools/download/dump.ts";
import { SnapshotDamagedError } from "../../../src/tools/download/damage.ts";
import { zip } from "../../../src/tools/download/zip.ts";
import { openFake } from "../../s3/open_fake.ts";
import { copyOf, damaged, prefixIn } from "../../support/damage.ts";
import {
  directoryOf,
  entriesOf,
  filesOf,
  type Workbench,
  workbench,
} from "../../support/exported.ts";
import { MemoryStorage } from "../../support/memory_storage.ts";
import { textOf, zipFiles } from "../../support/zip_files.ts";

/** A line of a dump's records. */
interface RecordLine {
  readonly id: string;
  readonly current: Item;
  readonly published: Item | null;
  readonly scheduledPublication: Resource | null;
  readonly scheduledUnpublishing: Resource | null;
}

async function dumpOf(storage: Storage, options: DownloadDumpOptions = {}) {
  const { bytes, content, ...rest } = await downloadDump(storage, "latest", options);
  const files = zipFiles(await new Response(bytes).bytes());
  const lines = <T>(folder: string) => {
    return [...files].filter(([name]) => name.startsWith(`${folder}/`)).flatMap(([, bytes]) => {
      const text = textOf(bytes);
      assert.ok(text.endsWith("\n"));
      return text.trimEnd().split("\n").map((line) => JSON.parse(line) as T);
    });
  };
  const json = (name: string) => JSON.parse(textOf(files.get(name)!));
  return { files, lines, json, content: content(), ...rest };
}

/** The records of a snapshot, of one version. */
async function recordsOf(directory: string, version: Version): Promise<Item[]> {
  const folders = (await filesOf(`${directory}/records`)).map((path) => path.split("/")[0]!);
  const all = [...new Set(folders)].map((model) => {
    return entriesOf<Item>(`${directory}/records/${model}/${version}`);
  });
  return (await Promise.all(all)).flat();
}

function byId<T extends { readonly id: string }>(all: readonly T[]): Record<string, T> {
  return Object.fromEntries(all.map((each) => [each.id, each]));
}

/** The batches of published versions in a snapshot, whose lines are in another order. */
async function reverseLines(directory: string): Promise<void> {
  for (const path of await filesOf(`${directory}/records`)) {
    if (!path.includes("/published/")) continue;
    const file = `${directory}/records/${path}`;
    const { data } = JSON.parse(await Deno.readTextFile(file)) as { data: Item[] };
    await Deno.writeTextFile(file, JSON.stringify({ data: data.reverse() }, null, 1));
  }
}

/** What the real client gives of the project that a test serves. */
async function asTheClientGives({ cma }: Workbench) {
  const client = buildClient({ apiToken: cma.apiToken, baseUrl: cma.url });
  return {
    uploads: await Array.fromAsync(client.uploads.listPagedIterator()),
    collections: await client.uploadCollections.list(),
    workflows: await client.workflows.list(),
  };
}

for (const layout of ["ndjson", "enterprise"] as const) {
  Deno.test(`downloadDump() makes a zip of all that a project has: ${layout}`, async () => {
    await using bench = await workbench({ project: sampleProject() });
    const report = await bench.export({ layout, tables: false });
    const directory = directoryOf(report);
    const told: { bytes: number; totalBytes: number }[] = [];
    const dump = await dumpOf(bench.storage, { onProgress: (progress) => told.push(progress) });
    assert.equal(
      dump.snapshot,
      report.snapshot.split("/").slice(-2).join("/").replace(/\D*(\d+)\/\D*/, "$1/"),
    );
    const given = await asTheClientGives(bench);

    const names = [...dump.files.keys()];
    assert.equal(names[0], "schema.json");
    assert.equal(names.at(-1), "manifest.json");
    const schema = dump.json("schema.json");
    assert.deepEqual(Object.keys(schema), ["site", "workflows"]);
    assert.deepEqual(
      schema.site,
      JSON.parse(await Deno.readTextFile(`${directory}/site.json`)),
    );
    assert.ok(given.workflows.length > 0);
    assert.deepEqual(byId(schema.workflows), byId(given.workflows));

    const current = await recordsOf(directory, "current");
    const published = byId(await recordsOf(directory, "published"));
    const schedules = JSON.parse(await Deno.readTextFile(`${directory}/settings/schedules.json`));
    const of = (record: Item, type: string) => {
      return schedules.data.find((schedule: Resource) => {
        const { item } = schedule.relationships!;
        return schedule.type === type && (item!.data as Resource).id === record.id;
      }) ?? null;
    };
    const records = dump.lines<RecordLine>("records");
    assert.deepEqual(
      byId(records),
      byId(current.map((record) => ({
        id: record.id,
        current: record,
        published: published[record.id] ?? null,
        scheduledPublication: of(record, "scheduled_publication"),
        scheduledUnpublishing: of(record, "scheduled_unpublishing"),
      }))),
    );
    // Otherwise this would show little.
    assert.ok(records.some(({ published }) => published === null));
    assert.ok(records.some(({ published, current }) => {
      return published !== null && JSON.stringify(published) !== JSON.stringify(current);
    }));
    assert.ok(records.some(({ scheduledPublication }) => scheduledPublication !== null));
    assert.ok(records.some(({ scheduledUnpublishing }) => scheduledUnpublishing !== null));

    const uploads = dump.lines<{ id: string; filename: string; md5: string }>("uploads");
    assert.deepEqual(byId(uploads), byId(given.uploads));
    const collections = dump.lines<{ id: string }>("upload-collections");
    assert.deepEqual(byId(collections), byId(given.collections));
    assert.ok(uploads.length > 0 && collections.length > 0);

    const withFiles = (await Deno.readTextFile(`${directory}/assets.ndjson`)).trimEnd().split("\n")
      .map((line) => JSON.parse(line)).filter(({ md5 }) => md5 !== null);
    const filenames = byId(uploads);
    // One of them tries to leave the folder.
    const assetName = (id: string) => {
      return `assets/${id}/${filenames[id]!.filename.replaceAll("/", "_")}`;
    };
    assert.deepEqual(
      names.filter((name) => name.startsWith("assets/")),
      withFiles.map(({ upload_id: id }) => assetName(id)),
    );
    for (const { upload_id: id, key } of withFiles) {
      const bytes = dump.files.get(assetName(id))!;
      assert.deepEqual(new Uint8Array(bytes), await Deno.readFile(`${bench.root}/${key}`));
    }

    const { version, ...manifest } = dump.json("manifest.json");
    assert.equal(version, 1);
    const counts = {
      records: records.length,
      uploads: uploads.length,
      uploadCollections: collections.length,
    };
    const { id, attributes } = schema.site.data;
    assert.match(manifest.pluginVersion, /^sluice@/);
    assert.deepEqual({ ...manifest, pluginVersion: "" }, {
      format: "datocms-project-dump",
      createdAt: report.manifest.endedAt,
      pluginVersion: "",
      site: { id, environment: report.manifest.environment.id, primary: true },
      locales: attributes.locales,
      includesAssets: true,
      counts,
    });
    const { assets: files, missing, ...counted } = dump.content;
    assert.deepEqual(counted, counts);
    assert.equal(files.count, withFiles.length);
    assert.deepEqual(missing, report.manifest.failures.map(({ code }) => ({ code })));
    assert.deepEqual(told.at(-1)!.bytes, told.at(-1)!.totalBytes);
    assert.ok(dump.totalBytes > 0);
  });
}

Deno.test("downloadDump() of the same snapshot gives the same zip, in files of the size that is asked for", async () => {
  await using bench = await workbench({ project: sampleProject() });
  await bench.export({ assets: false, tables: false });
  const read = async (options?: DownloadDumpOptions) =>
    await new Response((await downloadDump(bench.storage, "latest", options)).bytes).bytes();
  assert.deepEqual(await read(), await read());
  const whole = await dumpOf(bench.storage);
  assert.equal(whole.json("manifest.json").includesAssets, false);
  const split = await dumpOf(bench.storage, { fileBytes: 10_000 });
  const files = [...split.files].filter(([name]) => name.startsWith("records/"));
  assert.ok(files.length > 3);
  assert.deepEqual(
    files.map(([name]) => name),
    files.map((_, i) => `records/${String(i + 1).padStart(6, "0")}.jsonl`),
  );
  for (const [name, { length }] of files) {
    const lines = textOf(split.files.get(name)!).split("\n").length - 1;
    assert.ok(length <= 10_000 || lines === 1, name);
  }
  assert.deepEqual(split.lines("records"), whole.lines("records"));
  assert.deepEqual(split.json("manifest.json"), whole.json("manifest.json"));
});

Deno.test("downloadDump() makes a dump of a Project Export of DatoCMS, whatever the order of its records", async () => {
  await using bench = await workbench({ project: sampleProject() });
  const report = await bench.export({ layout: "enterprise", tables: false });
  const expected = await dumpOf(bench.storage);
  const directory = directoryOf(report);
  for (const path of ["manifest.json", "export.json"]) await Deno.remove(`${directory}/${path}`);
  await Deno.remove(`${directory}/settings`, { recursive: true });
  await reverseLines(directory);
  const dump = await dumpOf(bench.storage);
  const without = ({ scheduledPublication: _, scheduledUnpublishing: _un, ...line }: RecordLine) =>
    line;
  assert.deepEqual(
    dump.lines<RecordLine>("records").map(without),
    expected.lines<RecordLine>("records").map(without),
  );
  assert.deepEqual(dump.lines("uploads"), expected.lines("uploads"));
  const assets = (files: ReadonlyMap<string, Uint8Array>) =>
    [...files].filter(([name]) => name.startsWith("assets/")).map(([name, bytes]) => {
      return [name, createHash("md5").update(bytes).digest("hex")] as const;
    }).sort();
  // Nothing tells where a file is whose name another one has, too.
  const of = new Map(assets(dump.files));
  const lost = assets(expected.files).filter(([name, md5]) => of.get(name) !== md5);
  assert.ok(of.size > 10 && lost.length < 3);
  const failed = dump.content.missing.filter(({ code }) => code === "asset_failed");
  assert.ok(failed.length < lost.length + 2);
  for (const [name] of lost) {
    assert.ok(failed.some(({ message }) => message.includes(name.split("/")[1]!)));
  }
  const codes = new Set(dump.content.missing.map(({ code }) => code));
  // It has neither collections nor schedules.
  assert.deepEqual(codes, new Set(["schedule_missing", "resource_skipped", "asset_failed"]));
});

Deno.test("downloadDump() leaves out asset files that aren't what they were, and names them", async () => {
  await using bench = await workbench({ project: sampleProject() });
  const report = await bench.export({ tables: false });
  const copy = await copyOf(bench.storage);
  const whole = await dumpOf(copy);
  const [first, second] = [...copy.objects.keys()].filter((key) => key.startsWith("assets/"));
  const bytes = copy.objects.get(first!)!.slice();
  bytes[bytes.length - 1]! ^= 1;
  const uploads = await entriesOf<Upload>(`${directoryOf(report)}/uploads`);
  const idOf = (key: string) => {
    const name = key.slice(key.lastIndexOf("/") + 1);
    return uploads.find(({ attributes }) => attributes.path.endsWith(`/${name}`))!.id;
  };
  await damaged(copy, first!, bytes, async () => {
    await damaged(copy, second!, undefined, async () => {
      const dump = await dumpOf(copy);
      const names = [...dump.files.keys()];
      const lost = [first!, second!].map(idOf);
      assert.deepEqual(
        [...whole.files.keys()].filter((name) => !names.includes(name)).map((name) => {
          return name.split("/")[1];
        }).sort(),
        [...lost].sort(),
      );
      const named = dump.content.missing.map(({ message }) => message);
      assert.equal(named.length, whole.content.missing.length + 2);
      for (const id of lost) assert.ok(named.some((message) => message.includes(id)), id);
      assert.equal(dump.content.assets.count, whole.content.assets.count - 2);
      assert.deepEqual(dump.json("manifest.json"), whole.json("manifest.json"));
    });
  });
});

Deno.test("downloadDump() fails where an object isn't as it was sealed, and leaves no file", async () => {
  await using bench = await workbench({ project: sampleProject() });
  await bench.export({ assets: false, tables: false });
  const copy = await copyOf(bench.storage);
  const prefix = prefixIn(copy);
  const out = new MemoryStorage();
  const keys = [...copy.objects.keys()].filter((key) => {
    return /\/(records|uploads|models|workflows)\/|site\.json$|manifest\.json$|upload_collections/
      .test(key);
  });
  assert.ok(keys.length > 20);
  for (const key of keys) {
    const bytes = copy.objects.get(key)!.slice();
    const at = bytes.findIndex((byte, i) => i > bytes.length / 2 && byte > 0x60 && byte < 0x79);
    bytes[at]! += 1;
    for (const changed of key.endsWith("manifest.json") ? [bytes] : [bytes, undefined]) {
      await damaged(copy, key, changed, async () => {
        const made = (async () => {
          const dump = await downloadDump(copy, "latest");
          await out.put("dump.zip", dump.bytes);
        })();
        await assert.rejects(made, (error) => {
          assert.ok(error instanceof SnapshotDamagedError, `${key}: ${error}`);
          assert.match(error.message, new RegExp(key.slice(prefix.length + 1)));
          return true;
        });
      });
    }
  }
  assert.equal(out.objects.size, 0);
});

Deno.test("downloadDump() says what a snapshot was exported without", async () => {
  await using bench = await workbench({ project: sampleProject() });
  await bench.export({ assets: false, tables: false, published: false });
  await assert.rejects(downloadDump(bench.storage, "latest"), (error) => {
    assert.ok(error instanceof SluiceError);
    assert.equal(error.exitCode, EXIT.usage);
    assert.match(error.message, /without published versions/);
    return true;
  });
  await using other = await workbench({ project: sampleProject() });
  await other.export({
    assets: false,
    tables: false,
    models: ["article"],
    exclude: ["upload_collections", "workflows"],
  });
  const { content, lines } = await dumpOf(other.storage);
  assert.ok(lines<RecordLine>("records").length > 0);
  const messages = content.missing.map(({ message }) => message).join("\n");
  assert.match(messages, /without the records of author/);
  assert.doesNotMatch(messages, /records of article/);
  assert.match(messages, /doesn't have upload_collections/);
  assert.match(messages, /doesn't have workflows/);
});

Deno.test("downloadDump() from S3 ends when it is aborted, and when nobody reads it any more", async () => {
  await using bench = await workbench({ project: sampleProject() });
  await bench.export({ tables: false });
  await using opened = await openFake();
  const { storage } = opened;
  const copy = await copyOf(bench.storage);
  for (const [key, bytes] of copy.objects) await storage.put(key, bytes);
  assert.deepEqual((await dumpOf(storage)).files, (await dumpOf(copy)).files);
  const stop = new AbortController();
  const out = new MemoryStorage({ onChunk: () => stop.abort(new Error("Stopped")) });
  const { bytes } = await downloadDump(storage, "latest", { signal: stop.signal });
  await assert.rejects(out.put("dump.zip", bytes), /Stopped/);
  assert.equal(out.objects.size, 0);
  const { bytes: others } = await downloadDump(storage, "latest");
  const reader = others.getReader();
  await reader.read();
  await reader.cancel();
});

Deno.test("zip() lists all entries, however many there are", async () => {
  async function* entries(count: number) {
    for (let i = 0; i < count; i++) {
      yield { name: `${i}.txt`, bytes: ReadableStream.from([Uint8Array.of(48 + i % 10)]) };
    }
  }
  for (const count of [500, 501]) {
    const pieces = await Array.fromAsync(zip(entries(count), new Date("2026-03-01T00:00:00Z")));
    assert.ok(pieces.every(({ length }) => length > 0));
    const files = zipFiles(await new Blob(pieces).bytes());
    assert.deepEqual([...files.keys()], Array.from({ length: count }, (_, i) => `${i}.txt`));
  }
});
