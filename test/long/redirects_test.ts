import assert from "node:assert/strict";
import { notify } from "../../src/schedule/notify.ts";
import { sampleProject } from "../../src/demo/sample/sample_project.ts";
import { SluiceError } from "../../src/error.ts";
import { freezeEnvironment } from "../../src/export/freeze.ts";
import type { ExportOptions } from "../../src/export/options.ts";
import type { Storage } from "../../src/storage/storage.ts";
import { RESOURCES } from "../../src/source/datocms/resources.ts";
import { FakeS3Error } from "../s3/fake_s3_objects.ts";
import { openFake, PART } from "../s3/open_fake.ts";
import { bytesOf, collect } from "../storage/bodies.ts";
import { serveHttp } from "../support/http_server.ts";
import { testClient } from "../support/cma.ts";
import { filesOf, QUICK_RETRIES, workbench } from "../support/exported.ts";
import { long } from "../support/long.ts";
import { type OtherHost, OtherHosts } from "../support/other_hosts.ts";

const STATUSES = [301, 302, 303, 307, 308];

/** An export that meets a redirect. */
interface Case {
  /** The request that is redirected: its method and its path. */
  readonly request: RegExp;
  readonly options?: Partial<ExportOptions>;
  /** How it ends. @default "fails" */
  readonly ends?: "fails" | "complete" | "partial";
}

const FROZEN: Partial<ExportOptions> = { include: ["records"], models: ["author"], freeze: true };

/** Every request that an export can send. */
const CASES: readonly Case[] = [
  ...RESOURCES.map(({ name, path }): Case => ({
    // The schema comes with the site.
    request: name === "models"
      ? /^GET \/site$/
      : new RegExp(`^GET ${path.replace(":id", "[^/]+")}$`),
    options: { include: [name] },
  })),
  // Which records are scheduled.
  { request: /^GET \/items$/, options: { include: ["schedules"] } },
  { request: /^GET \/job-results\//, options: { include: ["roles"] } },
  // Nothing that is exported depends on it.
  { request: /^GET \/users\/me$/, options: { include: ["records"] }, ends: "complete" },
  { request: /^POST \/environments\/main\/fork$/, options: FROZEN },
  { request: /^GET \/environments\/sluice-/, options: FROZEN },
  { request: /^GET \/48213\//, options: { include: ["uploads"], assets: "keep" }, ends: "partial" },
];

Deno.test("exportProject() lets no redirect of any request lead to another host", async (t) => {
  const redirect = { request: /^$/, status: 0, to: "" };
  let met = 0;
  await using others = new OtherHosts();
  await using bench = await workbench({
    project: sampleProject(),
    jobMs: 1,
    asyncPaths: ["/roles"],
    onRequest: ({ method, headers }, { pathname, search }) => {
      others.saw(headers.get("host"));
      if (pathname === "/control") return new Response("");
      if (!redirect.request.test(`${method} ${pathname}`)) return undefined;
      met++;
      const location = redirect.to + pathname + search;
      return new Response(null, { status: redirect.status, headers: { location } });
    },
  });
  const hosts = await others.listen(bench.cma.url);
  const run = async ({ request, options, ends = "fails" }: Case, other: OtherHost) => {
    met = 0;
    Object.assign(redirect, { request, to: other.origin });
    bench.events.length = 0;
    const result = await bench.export({
      tables: false,
      assets: false,
      retry: { ...QUICK_RETRIES, maxAttempts: 2 },
      ...options,
    }).catch((error) => error);
    assert.ok(met > 0, `${request} wasn't sent`);
    assert.equal(other.taken(), 0, `${request} went to ${other.origin}`);
    const isSealed = (await filesOf(bench.root)).some((file) => file.endsWith("canary.txt"));
    await Deno.remove(`${bench.root}/content`, { recursive: true }).catch(() => {});
    if (ends === "fails") {
      assert.ok(!isSealed);
      assert.ok(result instanceof SluiceError, String(result));
      assert.ok(result.message.includes(other.origin), result.message);
      assert.match(
        result.message,
        /^127\.0\.0\.1:\d+ gave no usable .*API's (own )?address[^\n]*\.$/,
      );
    } else {
      assert.ok(isSealed, String(result));
      assert.equal(result.manifest.assets?.failed > 0, ends === "partial");
    }
  };
  for (const [index, each] of CASES.entries()) {
    await t.step(String(each.request), async () => {
      for (let i = 0; i < long(hosts.length * STATUSES.length, 1); i++) {
        redirect.status = STATUSES[Math.floor(i / hosts.length + index) % STATUSES.length]!;
        await run(each, hosts[(index + i) % hosts.length]!);
      }
    });
  }
});

Deno.test("freezeEnvironment() doesn't take a copy for deleted because another host says so", async () => {
  await using others = new OtherHosts();
  let location = "";
  let sent = 0;
  await using bench = await workbench({
    project: sampleProject(),
    jobMs: 1,
    onRequest: ({ method, headers }, { pathname }) => {
      others.saw(headers.get("host"));
      if (pathname === "/control") return new Response("");
      if (method !== "DELETE" || location === "") return undefined;
      sent++;
      return new Response(null, { status: 307, headers: { location: location + pathname } });
    },
  });
  const hosts = await others.listen(bench.cma.url);
  for (const { origin, taken } of hosts.slice(0, long(hosts.length, 1))) {
    location = origin;
    bench.events.length = 0;
    const copy = await freezeEnvironment({
      apiToken: bench.cma.apiToken,
      baseUrl: bench.cma.url,
      retry: QUICK_RETRIES,
      storage: bench.storage,
      place: { projectId: "48213" },
      signal: new AbortController().signal,
      onEvent: (event) => bench.events.push(event),
      destroyTimeoutMs: 1000,
    });
    await copy[Symbol.asyncDispose]();
    assert.ok(sent > 0);
    assert.equal(taken(), 0, origin);
    const told = bench.events.flatMap((event) => {
      return event.type === "warning" && event.code === "freeze_not_deleted" ? [event.message] : [];
    });
    // The next one also tries to delete what the one before had to leave.
    assert.ok(told.length > 0);
    for (const message of told) assert.ok(message.includes(origin), message);
  }
});

Deno.test("CmaClient lets no method's redirect lead to another host, whatever the status", async () => {
  await using others = new OtherHosts();
  let location = "";
  let status = 0;
  await using server = serveHttp((request, { pathname }) => {
    others.saw(request.headers.get("host"));
    if (pathname === "/control") return new Response("");
    return new Response(null, { status, headers: { location: `${location}${pathname}` } });
  });
  const hosts = await others.listen(server.url);
  const client = testClient(server.url, { retry: { maxAttempts: 2 } });
  const requests = [
    ...RESOURCES.map(({ path }) => ["GET", path] as const),
    ...["/users/me", "/job-results/1", "/environments/x"].map((path) => ["GET", path] as const),
    ["POST", "/environments/main/fork"],
    ["PUT", "/environments/x/promote"],
    ["DELETE", "/environments/x"],
  ] as const;
  for (const { origin, taken } of hosts) {
    location = origin;
    for (const [at, each] of STATUSES.entries()) {
      status = each;
      // Each change sees each path, with one status, and each method with all.
      const isSeen = (index: number) => (index - at) % long(1, STATUSES.length) === 0;
      const some = requests.filter(([method], index) => method !== "GET" || isSeen(index));
      for (const [method, path] of some) {
        const body = method === "POST" ? { data: {} } : undefined;
        await assert.rejects(client.request(method, path, {}, body), (error: Error) => {
          assert.ok(error.message.includes(origin), error.message);
          assert.match(error.message, new RegExp(`^127\\.0\\.0\\.1:\\d+ gave .* to ${method} `));
          return true;
        });
      }
    }
    assert.equal(taken(), 0, origin);
  }
});

/** What is asked of S3, by what asks for it. */
const S3_REQUESTS: Readonly<Record<string, (storage: Storage) => Promise<unknown>>> = {
  PutObject: (storage) => storage.put("x", bytesOf(9)),
  CreateMultipartUpload: (storage) => storage.put("x", bytesOf(PART + 1)),
  UploadPart: (storage) => storage.put("x", bytesOf(PART + 1)),
  CompleteMultipartUpload: (storage) => storage.put("x", bytesOf(PART + 1)),
  HeadObject: (storage) => storage.stat("old"),
  GetObject: (storage) => storage.get("old"),
  ListObjectsV2: (storage) => collect(storage.list("")),
  DeleteObjects: (storage) => storage.delete(["old"]),
};

Deno.test("S3Storage lets no redirect lead to another host", async () => {
  await using others = new OtherHosts();
  await using opened = await openFake({ maxAttempts: 2 });
  const { fake, storage } = opened;
  await storage.put("old", bytesOf(3));
  fake.onRequest = () => others.saw(fake.requests.at(-1)?.headers.host);
  const hosts = await others.listen(fake.endpoint);
  for (const [index, { origin, taken }] of hosts.entries()) {
    for (const status of long(1, 0) === 1 ? STATUSES : [STATUSES[index]!]) {
      for (const [operation, run] of Object.entries(S3_REQUESTS)) {
        const before = fake.count(operation);
        const effect = new FakeS3Error(status, "Moved", { location: `${origin}/bucket/x` });
        fake.fail({ operation, times: 9, effect });
        await assert.rejects(run(storage), /^S3Error: Can't .*\.$/);
        fake.relent();
        assert.ok(fake.count(operation) > before);
      }
    }
    assert.equal(taken(), 0, origin);
  }
});

Deno.test("notify() lets no redirect lead to another host, and says where it leads", async () => {
  await using others = new OtherHosts();
  let location = "";
  let status = 0;
  await using server = serveHttp((request, { pathname }) => {
    others.saw(request.headers.get("host"));
    if (pathname === "/control") return new Response("");
    return new Response(null, { status, headers: { location } });
  });
  const hosts = await others.listen(server.url);
  for (const { origin, taken } of hosts) {
    location = `${origin}/hook`;
    for (status of STATUSES) {
      assert.deepEqual(await notify("{}", { url: `${server.url}/t0ken` }), {
        sent: false,
        attempts: 1,
        problem: `its server answered ${status}, a redirect to ${origin}, which isn't followed`,
      });
    }
    assert.equal(taken(), 0, origin);
  }
});
