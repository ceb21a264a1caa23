import assert from "node:assert/strict";
import { generateProject } from "../../src/simulator/generated/generated_project.ts";
import { directoryOf, workbench } from "../support/exported.ts";

const TOOLS = Deno.env.get("SLUICE_TEST_TOOLS");
const IS_CI = Deno.env.get("SLUICE_TEST_CI") === "true";
const PROJECT = generateProject({ records: 300, models: 2, uploads: 3, blocksPerRecord: 12 });

/** Runs a line of bash, and gives what it prints. */
async function bash(line: string): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command("bash", {
    args: ["-o", "pipefail", "-c", line],
  }).output();
  assert.ok(success, `${line}: ${new TextDecoder().decode(stderr)}`);
  return new TextDecoder().decode(stdout);
}

/** Snapshots of the same project: plain, and compressed. */
async function snapshots() {
  const bench = await workbench({ project: PROJECT });
  const directories: Record<string, string> = {};
  for (const compress of ["none", "gzip", "zstd"] as const) {
    for (const format of ["ndjson", "csv"] as const) {
      const report = await bench.export({ compress, format, assets: false });
      directories[`${compress} ${format}`] = directoryOf(report);
    }
  }
  const of = (compress: string, format: "ndjson" | "csv" = "ndjson") => {
    return directories[`${compress} ${format}`] ?? assert.fail();
  };
  return { bench, of };
}

Deno.test("zcat, zstd and DuckDB read what is compressed", async (t) => {
  const { bench, of } = await snapshots();
  await using _bench = bench;
  const files =
    (await bash(`cd '${of("none", "csv")}' && find records uploads tables -name '*_0*'`))
      .trim().split("\n");
  assert.ok(files.length > 8);
  const readers = {
    gzip: ["gz", "gzip -t", "zcat"],
    zstd: ["zst", "zstd -tq", "zstdcat"],
  } as const;
  for (const [compress, [suffix, check, cat]] of Object.entries(readers)) {
    const isThere = IS_CI || await bash(`command -v ${cat} || true`) !== "";
    await t.step({
      name: cat,
      ignore: !isThere,
      fn: async () => {
        let members = 0;
        for (const file of files) {
          const path = `${of(compress, "csv")}/${file}.${suffix}`;
          await bash(
            `${check} '${path}' && ${cat} '${path}' | cmp - '${of("none", "csv")}/${file}'`,
          );
          const { size } = await Deno.stat(`${of("none", "csv")}/${file}`);
          members = Math.max(members, size / (256 * 1024));
        }
        assert.ok(members > 2, "some have several members");
      },
    });
  }
  await t.step({
    name: "DuckDB",
    ignore: TOOLS === undefined && !IS_CI,
    fn: async () => {
      const query = (format: "ndjson" | "csv", reader: string, compress: string, glob: string) => {
        const suffix = { none: "", gzip: ".gz", zstd: ".zst" }[compress];
        const sql = `SELECT count(*), min(id), max(id), count(DISTINCT id) FROM ${reader}('${
          of(compress, format)
        }/${glob}.${format}${suffix}')`;
        return bash(`node test/walk/duckdb.cjs -c "${sql}"`);
      };
      const tables = "tables/records/article/version=current/*";
      for (const compress of ["gzip", "zstd"]) {
        for (
          const [format, reader, glob] of [
            ["ndjson", "read_ndjson", "records/article/current/*"],
            ["ndjson", "read_json", tables],
            ["csv", "read_csv", tables],
          ] as const
        ) {
          const expected = await query(format, reader, "none", glob);
          assert.match(expected, /\n\d{3,} +\|/);
          assert.equal(await query(format, reader, compress, glob), expected);
        }
      }
    },
  });
});
