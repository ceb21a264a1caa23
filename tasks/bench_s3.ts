/**
 * Uploads a generated stream to an S3 server, in turns with `S3Storage` and with the AWS SDK's own
 * `Upload`, and prints JSON: the MiB per second, CPU time and peak memory of each, and the ratio. With a server
 * of test/s3/start-rgw.sh that has enough memory (`RGW_MEM=16G`), for 3 rounds of 5 GB:
 *
 *     eval "$(test/s3/start-rgw.sh)" && deno task bench:s3 5000 3
 *
 * @module
 */
import { CreateBucketCommand, DeleteBucketCommand, S3Client } from "@aws-sdk/client-s3";
import { Upload } from "@aws-sdk/lib-storage";
import process from "node:process";
import { S3Storage } from "../src/storage/s3/s3_storage.ts";

const [megabytes = 1000, rounds = 3] = Deno.args.map(Number);
const endpoint = Deno.env.get("SLUICE_TEST_S3_ENDPOINT");
if (endpoint === undefined) {
  throw new Error("SLUICE_TEST_S3_ENDPOINT isn't set: start a server with test/s3/start-rgw.sh.");
}

const MiB = 1024 * 1024;
/** What both get. */
const REACHED = { endpoint, region: "us-east-1", forcePathStyle: true };
const PARTS = { partSize: 8 * MiB, queueSize: 4 };
/** What a socket or a file usually gives at a time. */
const CHUNK = 64 * 1024;

const bucket = `sluice-bench-${crypto.randomUUID()}`;
const client = new S3Client({ ...REACHED, requestChecksumCalculation: "WHEN_REQUIRED" });

/** The same bytes each time, which don't repeat within a part; each chunk has memory of its own. */
function stream(bytes: number): ReadableStream<Uint8Array<ArrayBuffer>> {
  const noise = new Uint32Array((16 * MiB + CHUNK) / 4);
  for (let i = 0, state = 1; i < noise.length; i++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    noise[i] = state;
  }
  let given = 0;
  return new ReadableStream({
    pull(controller): void {
      const at = (given * 7) % (16 * MiB);
      const size = Math.min(CHUNK, bytes - given);
      controller.enqueue(new Uint8Array(noise.buffer.slice(at, at + size)));
      given += size;
      if (given >= bytes) controller.close();
    },
  });
}

const PROGRAMS = {
  async sluice(body: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<void> {
    using storage = new S3Storage({ bucket, ...REACHED, ...PARTS });
    await storage.put("object", body);
    await storage.delete(["object"]);
  },
  async upload(body: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<void> {
    const params = { Bucket: bucket, Key: "object", Body: body };
    await new Upload({ client, params, ...PARTS }).done();
    using storage = new S3Storage({ bucket, ...REACHED });
    await storage.delete(["object"]);
  },
};
type Program = keyof typeof PROGRAMS;

interface Run {
  readonly program: Program;
  readonly mibPerSecond: number;
  readonly cpuSeconds: number;
  readonly peakMiB: number;
}

async function run(program: Program): Promise<Run> {
  let peak = 0;
  const sample = () => peak = Math.max(peak, Deno.memoryUsage().rss);
  const timer = setInterval(sample, 20);
  try {
    const started = performance.now();
    const before = process.cpuUsage();
    await PROGRAMS[program](stream(megabytes * 1e6));
    const seconds = (performance.now() - started) / 1000;
    const { user, system } = process.cpuUsage(before);
    return {
      program,
      mibPerSecond: megabytes * 1e6 / MiB / seconds,
      cpuSeconds: (user + system) / 1e6,
      peakMiB: peak / MiB,
    };
  } finally {
    clearInterval(timer);
  }
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return (sorted[Math.ceil(middle - 1)]! + sorted[Math.floor(middle)]!) / 2;
}

function summary(runs: readonly Run[]) {
  return {
    mibPerSecond: runs.map(({ mibPerSecond }) => mibPerSecond),
    median: median(runs.map(({ mibPerSecond }) => mibPerSecond)),
    medianCpuSeconds: median(runs.map(({ cpuSeconds }) => cpuSeconds)),
    // What a process once had in memory it seldom gives back: later ones tell less.
    firstPeakMiB: runs[0]?.peakMiB,
  };
}

await client.send(new CreateBucketCommand({ Bucket: bucket }));
try {
  const runs: Run[] = [];
  for (let round = 0; round < rounds; round++) {
    const order: Program[] = round % 2 === 0 ? ["sluice", "upload"] : ["upload", "sluice"];
    for (const program of order) runs.push(await run(program));
  }
  const sluice = summary(runs.filter(({ program }) => program === "sluice"));
  const upload = summary(runs.filter(({ program }) => program === "upload"));
  const result = { megabytes, sluice, upload, ratio: sluice.median / upload.median };
  await Deno.stdout.write(new TextEncoder().encode(`${JSON.stringify(result, null, 2)}\n`));
} finally {
  using storage = new S3Storage({ bucket, ...REACHED });
  await storage.delete(["object"]);
  await storage.sweep("", { olderThan: new Date(8.64e15) });
  await client.send(new DeleteBucketCommand({ Bucket: bucket }));
  client.destroy();
}
