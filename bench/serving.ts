/**
 * Measures `sluice serve` on generated snapshots on disk, as clients see it.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { delay } from "../src/async/delay.ts";
import { generateProject } from "../src/simulator/generated/generated_project.ts";
import { LocalStorage } from "../src/storage/local/local_storage.ts";
import { writeSnapshots } from "../tasks/generated_snapshots.ts";
import { putSmallSnapshot } from "../test/support/small_snapshot.ts";
import { round, some, type Table } from "./measurement.ts";

const RECORDS = some(20_000);
const SNAPSHOTS = some(1000);
const ASSET_BYTES = some(1 << 30);
const READERS = 50;
const STARTED_AT = new Date(1_700_000_000_000);
const PIECE = new Uint8Array(1 << 20);

/** The server, in a process of its own. */
interface Server extends AsyncDisposable {
  readonly url: string;
  readonly token: string;
  readonly pid: number;
  /** Seconds until it served. */
  readonly seconds: number;
}

/** Writes a large snapshot, and many small ones of another project. */
async function prepare(root: string): Promise<string> {
  const storage = new LocalStorage(root);
  const project = generateProject({ records: RECORDS, models: 1, uploads: 1 });
  const { uploads } = project.environments.get(project.primaryEnvironment)!;
  const [upload] = uploads.list({
    filters: [],
    orderBy: [{ column: "_created_at", direction: "ASC" }],
    offset: 0,
    limit: 1,
  }).page;
  const md5 = createHash("md5");
  const pieces = Math.ceil(ASSET_BYTES / PIECE.length);
  for (let i = 0; i < pieces; i++) md5.update(PIECE);
  const large = {
    ...project.asset(upload!.attributes.path)!,
    size: pieces * PIECE.length,
    md5: md5.digest("hex"),
    body: () => ReadableStream.from(Array.from({ length: pieces }, () => PIECE)),
  };
  const asset = (path: string) => path === upload!.attributes.path ? large : project.asset(path);
  const { signal } = new AbortController();
  const wanted = [{ startedAt: STARTED_AT, compress: "none" as const }];
  await writeSnapshots(storage, Object.assign(Object.create(project), { asset }), wanted, signal);
  for (let i = 0; i < SNAPSHOTS; i++) {
    await putSmallSnapshot(storage, "7", 1_600_000_000 + 3600 * i);
  }
  return upload!.id;
}

async function serveFrom(root: string): Promise<Server> {
  const flags = (await Promise.all(["tasks/heap", "tasks/permissions"].map((path) => {
    return Deno.readTextFile(path);
  }))).flatMap((text) => text.trim().split("\n"));
  const started = performance.now();
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", ...flags, "--allow-net", "--quiet", "tasks/cli.ts", "serve", "--json"],
      ...["--listen", "127.0.0.1:0", "--rate", "1000000/60", "--from", root],
    ],
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  while (!text.includes("}")) text += (await reader.read()).value ?? "";
  const seconds = (performance.now() - started) / 1000;
  return {
    ...JSON.parse(text) as { url: string; token: string },
    pid: child.pid,
    seconds,
    async [Symbol.asyncDispose]() {
      child.kill("SIGTERM");
      await reader.cancel();
      await child.status;
    },
  };
}

/** Milliseconds that an answer took, and what it was. */
// deno-lint-ignore no-explicit-any -- what comes is checked by other tests
async function timed({ url, token }: Server, path: string): Promise<{ ms: number; body: any }> {
  const started = performance.now();
  const response = await fetch(`${url}${path}`, { headers: { Authorization: `Bearer ${token}` } });
  const text = await response.text();
  if (!response.ok) throw new Error(`${path}: ${response.status} ${text}`);
  return { ms: performance.now() - started, body: JSON.parse(text) };
}

function p95(times: readonly number[]): number {
  return times.toSorted((a, b) => a - b)[Math.ceil(0.95 * times.length) - 1]!;
}

async function rssMiB({ pid }: Server): Promise<number> {
  const status = await Deno.readTextFile(`/proc/${pid}/status`);
  return Number(/^VmRSS:\s+(\d+)/m.exec(status)![1]) / 1024;
}

/** How much memory many clients take that read a large file slowly. */
async function slowReaders(server: Server, path: string): Promise<number> {
  const before = await rssMiB(server);
  const { url, token } = server;
  const readers = await Promise.all(Array.from({ length: READERS }, async () => {
    const headers = { Authorization: `Bearer ${token}` };
    return (await fetch(`${url}${path}`, { headers })).body!.getReader();
  }));
  let most = before;
  for (let round = 0; round < 30; round++) {
    await Promise.all(readers.map((reader) => reader.read()));
    await delay(100);
    most = Math.max(most, await rssMiB(server));
  }
  await Promise.all(readers.map((reader) => reader.cancel()));
  return most - before;
}

/** What requests on served snapshots take, on disk. */
export async function measureServing(): Promise<Table> {
  const root = await Deno.makeTempDir({ prefix: "sluice-bench-" });
  try {
    const upload = await prepare(root);
    await using server = await serveFrom(root);
    const { body: { projects } } = await timed(server, "/api/v1/projects");
    const { id: project } = projects.find(({ id }: { id: string }) => id !== "7");
    const at = `/api/v1/projects/${project}/snapshots/${STARTED_AT.getTime() / 1000}`;
    const { body: { models } } = await timed(server, `${at}/models`);
    const { model } = models.find(
      (one: { model: { attributes: { modular_block: boolean } } }) =>
        !one.model.attributes.modular_block,
    );
    const list = `${at}/records?model=${model.attributes.api_key}`;
    const [pages, ids]: [number[], string[]] = [[], []];
    for (let cursor = "";;) {
      const { ms, body } = await timed(server, `${list}&limit=100${cursor}`);
      pages.push(ms);
      ids.push(...body.records.map(({ id }: { id: string }) => id));
      if (body.nextCursor === undefined) break;
      cursor = `&cursor=${body.nextCursor}`;
    }
    const single: number[] = [];
    for (let i = 0; i < 300; i++) {
      const id = ids[(i * 7919) % ids.length]!;
      single.push((await timed(server, `${at}/records/${id}`)).ms);
    }
    const sorted = `${list}&order=-_updated_at,id&limit=100`;
    const first = await timed(server, sorted);
    const next: number[] = [];
    for (let i = 0, { nextCursor } = first.body; i < 20 && nextCursor !== undefined; i++) {
      const { ms, body } = await timed(server, `${sorted}&cursor=${nextCursor}`);
      next.push(ms);
      nextCursor = body.nextCursor;
    }
    const listed = performance.now();
    let count = 0;
    for (let cursor = "";;) {
      const { body } = await timed(server, `/api/v1/projects/7/snapshots?limit=100${cursor}`);
      count += body.snapshots.length;
      if (body.nextCursor === undefined) break;
      cursor = `&cursor=${body.nextCursor}`;
    }
    const listing = performance.now() - listed;
    const grown = await slowReaders(server, `${at}/assets/${upload}/x`);
    return {
      title: "Serving",
      text:
        `\`sluice serve\` on a snapshot of ${ids.length} records of one model on disk, and ${count} small ` +
        "snapshots of another project. In brackets what must not be exceeded.",
      head: ["what", "took"],
      rows: [
        ["start", `${round(server.seconds)} s (1 s)`],
        ["a record by its id, p95", `${round(p95(single))} ms (10 ms)`],
        ["a page of 100 records, p95", `${round(p95(pages))} ms (50 ms)`],
        ["a first page in another order", `${round(first.ms)} ms (600 ms)`],
        ["the next ones in it, p95", `${round(p95(next))} ms (20 ms)`],
        [`${count} snapshots listed`, `${round(listing)} ms (1,000 ms)`],
        [
          `${READERS} slow readers of an asset of ${Math.round(ASSET_BYTES / 2 ** 20)} MiB: memory`,
          `${round(grown)} MiB more (50 MiB)`,
        ],
      ],
    };
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}
