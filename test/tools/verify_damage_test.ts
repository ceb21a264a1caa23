import assert from "node:assert/strict";
import fc from "fast-check";
import { sampleProject } from "../../src/demo/sample/sample_project.ts";
import type { ExportOptions } from "../../src/export/options.ts";
import { compressionOf, compressMember } from "../../src/sink/compression.ts";
import { decompressed } from "../../src/sink/members.ts";
import { verifySnapshot } from "../../src/tools/verify.ts";
import { copyOf, damaged, prefixIn } from "../support/damage.ts";
import { workbench } from "../support/exported.ts";
import { long } from "../support/long.ts";
import type { MemoryStorage } from "../support/memory_storage.ts";

/** How often each kind of damage is done, in each form. */
const RUNS = long(500, 4);
const FORMS: Readonly<Record<string, Partial<ExportOptions>>> = {
  "the layout ndjson": {},
  "the layout enterprise": { layout: "enterprise", format: "csv" },
  "what is compressed by gzip": { compress: "gzip", format: "csv" },
  "what is compressed by zstd": { compress: "zstd" },
};

/** An exported snapshot in memory. */
async function snapshotOf(form: Partial<ExportOptions>): Promise<MemoryStorage> {
  await using bench = await workbench({ project: sampleProject() });
  await bench.export(form);
  return await copyOf(bench.storage);
}

/** The text of an object, whichever way it is compressed, and what makes such an object of another text. */
async function textOf({ objects }: MemoryStorage, key: string) {
  const compression = compressionOf(key);
  const encode = (text: string): Uint8Array<ArrayBuffer> => {
    const bytes = new TextEncoder().encode(text);
    return compression === "none" ? bytes : compressMember(bytes, compression);
  };
  const stream = ReadableStream.from([objects.get(key)!]);
  return { text: await new Response(decompressed(stream, compression, key)).text(), encode };
}

/** A whole number below another one, as a share of it: keys have sizes of their own. */
const share = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const at = (share: number, length: number) => Math.floor(share * length);

for (const [what, form] of Object.entries(FORMS)) {
  Deno.test(`verifySnapshot() finds any damage at any place, in ${what}`, async (t) => {
    const storage = await snapshotOf(form);
    const prefix = prefixIn(storage);
    const own = [...storage.objects.keys()].filter((key) => key.startsWith(`${prefix}/`)).sort();
    const assets = [...storage.objects.keys()].filter((key) => key.startsWith("assets/"));
    assert.ok(own.length > 50 && assets.length > 5);
    const assertIntact = async () => {
      const { status, problems } = await verifySnapshot(storage, "latest", { level: "references" });
      assert.deepEqual({ status, problems }, { status: "intact", problems: [] });
    };
    await assertIntact();

    const finds = async (
      key: string,
      bytes: Uint8Array<ArrayBuffer> | undefined,
      kinds: RegExp,
      level: "manifest" | "data" | "references" = "data",
    ) => {
      // Not "latest": one without a seal isn't found by that.
      const id = prefix.split("_").at(-1)!;
      const found = await damaged(
        storage,
        key,
        bytes,
        () => verifySnapshot(storage, id, { level }),
      );
      assert.equal(found.status, "damaged");
      const named = found.problems.filter((problem) => problem.key === key);
      assert.ok(named.some(({ kind }) => kinds.test(kind)), JSON.stringify(found.problems));
    };
    const property = (
      title: string,
      run: (a: number, b: number, c: number) => Promise<void>,
      numRuns = RUNS,
    ) => t.step(title, () => fc.assert(fc.asyncProperty(share, share, share, run), { numRuns }));

    await property("a byte flipped", async (a, b, c) => {
      const key = own[at(a, own.length)]!;
      const bytes = storage.objects.get(key)!.slice();
      bytes[at(b, bytes.length)]! ^= 1 + at(c, 255);
      await finds(key, bytes, /^(changed|unparsable)$/);
    });
    await property("an object removed", async (a) => {
      for (const level of ["manifest", "data"] as const) {
        await finds(own[at(a, own.length)]!, undefined, /^missing$/, level);
      }
    });
    await property("an object added", async (a, b) => {
      const folder = own[at(a, own.length)]!.replace(/[^/]+$/, "");
      const key = `${folder}batch_${100 + at(b, 900)}.ndjson`;
      for (const level of ["manifest", "data"] as const) {
        await finds(key, new TextEncoder().encode("{}\n"), /^extra$/, level);
      }
    });
    await property("a line cut, or left out", async (a, b, c) => {
      const key = own[at(a, own.length)]!;
      const { text, encode } = await textOf(storage, key);
      const lines = text.split(/(?<=\n)/);
      const line = at(b, lines.length);
      const kept = lines[line]!.slice(0, at(c, lines[line]!.length));
      const cut = c < 0.5 ? lines.with(line, kept) : lines.with(line, kept.replace(/\n?$/, "\n"));
      if (cut.join("") === text) cut[line] = "";
      await finds(key, encode(cut.join("")), /^(truncated|unparsable|changed)$/);
    });
    await property("a byte of an asset file flipped, or its end cut", async (a, b, c) => {
      const key = assets[at(a, assets.length)]!;
      const bytes = storage.objects.get(key)!.slice();
      await finds(key, bytes.slice(0, at(b, bytes.length)), /^truncated$/, "references");
      await finds(key, undefined, /^missing$/, "references");
      bytes[at(b, bytes.length)]! ^= 1 + at(c, 255);
      await finds(key, bytes, /^changed$/, "references");
    }, Math.ceil(RUNS / 5));
    await assertIntact();
  });
}
