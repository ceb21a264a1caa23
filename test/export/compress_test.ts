import assert from "node:assert/strict";
import { generateProject } from "../../src/simulator/generated/generated_project.ts";
import { memoryCopy } from "../../src/simulator/memory_copy.ts";
import type { ExportOptions } from "../../src/export/options.ts";
import { verifySnapshot } from "../../src/tools/verify.ts";
import { workbench } from "../support/exported.ts";
import { contentOf } from "../support/snapshot_content.ts";

const PROJECT = memoryCopy(generateProject({ records: 24, models: 2, uploads: 5, assetBytes: 50 }));
/** Ways to write snapshots, and how each is compressed. */
const FORMS: readonly (readonly [Partial<ExportOptions>, ("gzip" | "zstd")[]])[] = [
  [{ assets: false }, ["gzip", "zstd"]],
  [{ format: "csv", assets: false }, ["gzip"]],
  [{ tables: "only", assets: false }, ["zstd"]],
];

Deno.test("exportProject() writes the same whether it is compressed or not, in all forms", async () => {
  await using bench = await workbench({ project: PROJECT });
  for (const [form, compressions] of FORMS) {
    const plain = await bench.export(form);
    const expected = await contentOf(bench.storage, plain.snapshot);
    for (const compress of compressions) {
      const { snapshot, manifest } = await bench.export({ ...form, compress });
      assert.deepEqual(await contentOf(bench.storage, snapshot), expected);
      assert.equal(manifest.options.compress, compress);
      const suffix = compress === "gzip" ? ".gz" : ".zst";
      const isText = ({ path }: { readonly path: string }) => {
        return /^(records|uploads|tables)\/.*_\d+\./.test(path);
      };
      assert.deepEqual(
        manifest.objects.filter(isText).map(({ path, count, plainSize }) => {
          return { path, count, plainSize };
        }),
        plain.manifest.objects.filter(isText).map(({ path, count, size }) => {
          return { path: path + suffix, count, plainSize: size };
        }),
      );
      assert.ok(
        !manifest.objects.some((object) => !isText(object) && /\.(gz|zst)$/.test(object.path)),
      );
      const { status, problems } = await verifySnapshot(
        bench.storage,
        snapshot.split("_").at(-1)!,
        {
          level: "references",
        },
      );
      assert.deepEqual({ status, problems }, { status: "intact", problems: [] });
    }
  }
});

Deno.test("exportProject() compresses nothing in the layout of DatoCMS's own exports", async () => {
  await using bench = await workbench({ project: PROJECT });
  const options = { layout: "enterprise", compress: "zstd", assets: false } as const;
  const { manifest } = await bench.export(options);
  assert.ok(manifest.objects.every(({ path }) => !/\.(gz|zst)$/.test(path)));
  assert.equal(manifest.options.compress, undefined);
});
