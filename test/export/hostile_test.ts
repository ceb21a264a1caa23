import assert from "node:assert/strict";
import { renderTree } from "../../src/cli/report/tree.ts";
import { runCli } from "../../src/cli/run_cli.ts";
import { type DemoCmaOptions, startDemoCma } from "../../src/simulator/server.ts";
import { EXIT } from "../../src/error.ts";
import { type FakeIo, fakeIo, type FakeIoOptions } from "../cli/fake_io.ts";
import { filesOf, workbench } from "../support/exported.ts";
import { hostileProject, NAMES, NASTY } from "../support/hostile_project.ts";
import { serveHttp } from "../support/http_server.ts";
import { temporaryPath } from "../support/temporary.ts";

/** Serves one file. */
function serveFiles() {
  return serveHttp((_request, url) => {
    return url.pathname === "/hello" ? new Response("hello") : new Response(NASTY, { status: 404 });
  });
}

/** What Sluice itself draws with: the cursor back and up, lines erased, and its styles. */
// deno-lint-ignore no-control-regex -- control characters are what is looked for
const OWN = /\r\x1b\[\d+A|\x1b\[(?:J|K|(?:[012]|3[1236])m)/g;

function assertPrintable(text: string): void {
  const rest = text.replace(OWN, "").replaceAll("\n", "");
  const bad = /.{0,60}[\p{Cc}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u.exec(rest);
  assert.equal(bad, null, JSON.stringify(bad?.[0]));
  assert.ok(text.isWellFormed());
  assert.doesNotMatch(text, /^FAKE/m);
}

interface Served extends AsyncDisposable {
  /** A directory with the destination in it, and what nobody may touch. */
  readonly parent: string;
  run(args: string[], options?: FakeIoOptions): Promise<{ io: FakeIo; exitCode: number }>;
}

/** Serves the hostile project, and fails at the end if anything but the destination changed. */
async function serveHostile(options: Partial<DemoCmaOptions> = {}): Promise<Served> {
  const parent = await temporaryPath("sluice-hostile-");
  await Deno.mkdir(`${parent}/a/b/out`, { recursive: true });
  for (const directory of [".", "a", "a/b"]) {
    await Deno.writeTextFile(`${parent}/${directory}/outside`, "untouched");
  }
  const files = serveFiles();
  const cma = startDemoCma({
    project: hostileProject(files.url),
    rateLimit: { limit: 1000, windowMs: 3000 },
    ...options,
  });
  return {
    parent,
    async run(args, { env = {}, ...options } = {}) {
      const io = fakeIo({
        ...options,
        env: {
          DATOCMS_API_TOKEN: cma.apiToken,
          DATOCMS_BASE_URL: cma.url,
          SLUICE_ASSET_HOST: files.url,
          SLUICE_TO: `${parent}/a/b/out`,
          ...env,
        },
      });
      const exitCode = await runCli(args, io);
      assertPrintable(io.out());
      assertPrintable(io.err());
      return { io, exitCode };
    },
    async [Symbol.asyncDispose]() {
      await cma.stop();
      await files[Symbol.asyncDispose]();
      try {
        const others = (await filesOf(parent)).filter((path) => !path.startsWith("a/b/out/"));
        assert.deepEqual(others, ["a/b/outside", "a/outside", "outside"]);
        for (const path of others) {
          assert.equal(await Deno.readTextFile(`${parent}/${path}`), "untouched");
        }
      } finally {
        await Deno.remove(parent, { recursive: true });
      }
    },
  };
}

/** What file systems take for one. */
function folded(path: string): string {
  return path.normalize("NFKC").toUpperCase().toLowerCase().normalize("NFKD").toUpperCase();
}

Deno.test("sluice export of a hostile project stays in its folder, and tells of it in plain text", async () => {
  await using served = await serveHostile();
  const { io, exitCode } = await served.run(["export", "--verbose", "--structured-text=html"]);
  assert.equal(exitCode, EXIT.partial, io.err().slice(0, 3000));
  const files = await filesOf(`${served.parent}/a/b/out`);
  for (const path of files) {
    for (const segment of path.split("/")) {
      assert.ok(new TextEncoder().encode(segment).length <= 255, path);
      assert.doesNotMatch(
        segment,
        /[\\:*?"<>|\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}]|^[. ]|[. ]$/u,
      );
    }
  }
  assert.equal(new Set(files.map(folded)).size, files.length);
  assert.equal(Object.keys(Object.prototype).length, 0);
  const models = files.filter((path) => /\/models\/[^/]+\.json$/.test(path));
  assert.equal(models.length, NAMES.length);
  const batches = files.filter((path) =>
    /\/records\/[^/]+\/current\/batch_000\.ndjson$/.test(path)
  );
  assert.equal(batches.length, NAMES.length);
});

Deno.test("sluice export of a hostile project writes JSON in plain text", async () => {
  await using served = await serveHostile();
  const args = ["export", "--json", "--log-format=json", "--verbose", "--no-tables"];
  const { io, exitCode } = await served.run(args);
  assert.equal(exitCode, EXIT.partial, io.err().slice(0, 3000));
  const report = JSON.parse(io.out());
  assert.equal(report.project.name, NASTY);
  assert.deepEqual(Object.keys(report.manifest.records).sort(), NAMES.toSorted());
  for (const line of io.err().trimEnd().split("\n")) assert.ok(JSON.parse(line).type);
  const elsewhere = report.failures.filter(({ message }: { message: string }) =>
    /none of the project's asset hosts/.test(message)
  );
  assert.equal(elsewhere.length, 0, "--asset-host replaces the hosts");
});

Deno.test("sluice export of a hostile project draws nothing but its own progress", async () => {
  await using served = await serveHostile();
  const { exitCode, io } = await served.run(["export", "--no-tables"], { isTerminal: true });
  assert.equal(exitCode, EXIT.partial, io.err().slice(0, 3000));
  assert.match(io.err(), /Exporting/);
});

Deno.test("sluice plan and doctor tell of a hostile project in plain text", async () => {
  await using served = await serveHostile({ forbidden: ["/roles"], planLocked: ["/webhooks"] });
  for (const command of ["plan", "doctor"]) {
    for (const more of [[], ["--json"]]) {
      const { io, exitCode } = await served.run([command, ...more]);
      assert.ok(io.out().length > 100, `${command}: ${exitCode} ${io.err()}`);
    }
  }
});

Deno.test("sluice export tells in plain text why a hostile API can't be read", async () => {
  const answers: [what: string, answer: () => Response, message: RegExp][] = [
    ["error", () => apiError(NASTY), /^sluice: 127\.0\.0\.1:\d+ refused GET \/site \(418 /],
    [
      "error that repeats",
      () => apiError("X", { a: NASTY }),
      /refused GET \/site \(418 X; it says/,
    ],
    [
      "not JSON",
      () => new Response(NASTY),
      /^sluice: .*expected JSON, but the answer \(status 200/,
    ],
    [
      "no project",
      () => json({ data: { type: NASTY } }),
      /^sluice: Expected a DatoCMS project from/,
    ],
    [
      "deep JSON",
      () => new Response(`{"data":${"[".repeat(1e5)}${"]".repeat(1e5)}}`),
      /^sluice: 127\.0\.0\.1:\d+ answered GET \/site with JSON that is nested more than 2000 levels/,
    ],
  ];
  for (const [what, answer, message] of answers) {
    await using served = await serveHostile({
      onRequest: (_request, url) => url.pathname === "/site" ? answer() : undefined,
    });
    const env = { SLUICE_RETRIES: "0" };
    const { io, exitCode } = await served.run(["export", "--verbose"], { env });
    assert.equal(exitCode, EXIT.failed, what);
    const last = io.err().trimEnd().split("\n").at(-1)!;
    assert.match(last, message, what);
    assert.ok(last.length < 4100, what);
  }
});

Deno.test("sluice export names a record that is nested without end, and exports the others", async () => {
  const deep = `${"[".repeat(1e5)}${"]".repeat(1e5)}`;
  const data = `[{"id":"1","type":"item","attributes":{"body":${deep}}},{"id":"2","type":"item"}]`;
  await using served = await serveHostile({
    onRequest: (_request, url) => {
      if (url.pathname !== "/items" || url.searchParams.has("filter[fields][_updated_at][gt]")) {
        return;
      }
      return new Response(`{"data":${data},"meta":{"total_count":2}}`);
    },
  });
  const { exitCode, io } = await served.run([
    "export",
    "--no-assets",
    "--no-published",
    "--models",
    "..",
    "--include",
    "records",
    "--json",
  ]);
  assert.equal(exitCode, EXIT.partial, io.err().slice(-3000));
  const { failures, manifest } = JSON.parse(io.out());
  assert.deepEqual(failures, [{
    code: "resource_unreadable",
    message:
      'Of the current records of model .., the one with id "1" is missing: it is nested more than 2000 levels deep.',
  }]);
  assert.equal(manifest.records[".."].current.count, 1);
});

Deno.test("exportProject() fetches nothing from hosts that only a hostile project names", async () => {
  let asked = 0;
  await using other = serveHttp(() => new Response(String(++asked)));
  await using bench = await workbench({ project: hostileProject(other.url) });
  const report = await bench.export({ assetHost: undefined, tables: false, include: ["uploads"] });
  const { failures, assets } = report.manifest;
  assert.equal(asked, 0);
  assert.equal(assets!.downloaded.count, 0);
  assert.ok(
    failures.some(({ message }) => /the address is at 127\.0\.0\.1:\d+, which/.test(message)),
  );
  assert.ok(
    failures.some(({ message }) => /the address is at 169\.254\.169\.254, wh/.test(message)),
  );
  const { snapshot, manifest } = report;
  for (const line of renderTree({ status: "partial", snapshot, manifest })) assertPrintable(line);
});

function json(body: unknown): Response {
  return Response.json(body);
}

function apiError(code: string, details: object = {}): Response {
  const data = [{ id: "1", type: "api_error", attributes: { code, details } }];
  return Response.json({ data }, { status: 418 });
}
