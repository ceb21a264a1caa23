import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { MOST_BYTES_IN_FLIGHT } from "../../src/http/request_gate.ts";
import { generateProject } from "../../src/simulator/generated/generated_project.ts";
import { type DemoCmaOptions, startDemoCma } from "../../src/simulator/server.ts";
import { LARGEST_RECORD, largestRecords } from "../support/largest_records.ts";
import { long } from "../support/long.ts";
import { type MeasuredEnd, runMeasured } from "../support/measured_program.ts";

const RATE_LIMIT = { limit: 100_000, windowMs: 3000 };
const MIB = 1024 * 1024;

/** Exports a generated project whose server does something special. */
function exportFrom(
  options: Pick<DemoCmaOptions, "gzip" | "onRequest">,
  records = 100,
): Promise<MeasuredEnd> {
  const project = generateProject({ records, uploads: 10, assetBytes: 1000 });
  return exported({ project, ...options });
}

/** Exports what a server has. */
async function exported(
  options: Pick<DemoCmaOptions, "project" | "gzip" | "onRequest">,
  args: readonly string[] = [],
): Promise<MeasuredEnd> {
  await using cma = startDemoCma({ rateLimit: RATE_LIMIT, ...options });
  const to = await Deno.makeTempDir();
  try {
    return await runMeasured("export", [
      "--to",
      to,
      "--base-url",
      cma.url,
      "--asset-host",
      cma.assetHost,
      ...args,
    ], { DATOCMS_API_TOKEN: cma.apiToken });
  } finally {
    await Deno.remove(to, { recursive: true });
  }
}

const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[values.length >> 1]!;

Deno.test("an export of compressed answers takes hardly more memory than one of plain ones", async () => {
  const filter = (id: number) => ({
    id: String(id),
    type: "item_type_filter",
    attributes: { name: `Filter ${id}`.padEnd(1000, "-"), filter: {}, columns: null },
  });
  const filters = JSON.stringify({
    data: Array.from({ length: long(24_000, 8000) }, (_, id) => filter(id)),
  });
  const onRequest: DemoCmaOptions["onRequest"] = (_request, { pathname }) => {
    return pathname === "/item-type-filters" ? new Response(filters) : undefined;
  };
  const peaks: { readonly [coding in "plain" | "gzip"]: number[] } = { plain: [], gzip: [] };
  for (let i = 0; i < long(3, 1); i++) {
    for (const coding of ["plain", "gzip"] as const) {
      const options = { gzip: coding === "gzip", onRequest };
      const { code, peakMiB, stdout, stderr } = await exportFrom(options, long(5000, 300));
      assert.equal(code, 0, stderr);
      assert.match(stdout, /^Exported .*: complete\.$/m);
      peaks[coding].push(peakMiB);
    }
  }
  const ratio = median(peaks.gzip) / median(peaks.plain);
  // One small export of each tells no more than that answers are not held several times over.
  assert.ok(ratio <= (long(1, 0) === 1 ? 1.1 : 1.4), JSON.stringify({ ratio, ...peaks }));
});

/** Which requests a bomb answers, and what becomes of the export. */
const BOMBS: Readonly<
  Record<string, {
    readonly path: string;
    readonly status: number;
    readonly message: RegExp;
  }>
> = {
  "for the schema": {
    path: "/site",
    status: 200,
    message:
      /answered GET \/site with more than 32 MiB, .* check the API's address.* \(--base-url, --exclude\)/,
  },
  "for a refusal": { path: "/site", status: 422, message: /status 422 and something else/ },
  "for pages of records": {
    path: "/items",
    status: 200,
    message: /Expected resources of at most 32 MiB/,
  },
  "for a listing of settings": {
    path: "/roles",
    status: 200,
    message:
      /answered GET \/roles with more than 32 MiB, .* leave it out \(--base-url, --exclude\)/,
  },
};

Deno.test("a gzip bomb in place of an answer is refused, and takes little memory", async (t) => {
  const bomb = Uint8Array.from(gzipSync(new Uint8Array(200 * MIB).fill(0x20), { level: 9 }));
  const plain = await exportFrom({});
  assert.equal(plain.code, 0, plain.stderr);
  assert.match(plain.stdout, /^Exported .*: complete\.$/m);
  for (const [name, { path, status, message }] of Object.entries(BOMBS).slice(0, long(9, 2))) {
    await t.step(name, async () => {
      const headers = { "content-type": "application/json", "content-encoding": "gzip" };
      const { code, peakMiB, stderr } = await exportFrom({
        onRequest: (_request, { pathname }) => {
          return pathname === path ? new Response(bomb, { status, headers }) : undefined;
        },
      });
      assert.equal(code, 1, stderr);
      assert.match(stderr, message);
      const more = peakMiB - plain.peakMiB;
      assert.ok(more <= 300, `${more} MiB more than the ${plain.peakMiB} MiB of a plain export`);
    });
  }
});

Deno.test("an export of the largest legal records, in full pages, keeps to the program's heap", async () => {
  // The first answers hold as many records as may come in nested form: all of those would be more than is ever in
  // flight.
  const { project, models } = largestRecords(long(40, 10), 30);
  assert.ok(30 * LARGEST_RECORD * models.length > MOST_BYTES_IN_FLIGHT);
  let full = 0;
  const less = long(1, 0) === 1 ? [] : ["--no-published"];
  const { code, stdout, stderr } = await exported({
    project,
    onRequest: (_request, { searchParams: asked }) => {
      if (asked.get("page[limit]") === "30") full++;
      return undefined;
    },
  }, ["--models", models.join(), ...less]);
  assert.equal(code, 0, stderr.slice(-1000));
  assert.match(stdout, /^Exported .*: complete\.$/m);
  assert.ok(full > 0);
});
