import assert from "node:assert/strict";
import type { Resource } from "../../src/content/resource.ts";
import { itemId } from "../../src/demo/sample/ids.ts";
import { sampleProject } from "../../src/demo/sample/sample_project.ts";
import { injectFaults } from "../../src/simulator/faults/inject_faults.ts";
import type { DemoCmaOptions } from "../../src/simulator/server.ts";
import { EXIT, SluiceError } from "../../src/error.ts";
import type { ExportEvent } from "../../src/export/events.ts";
import { freezeEnvironment, type FreezeOptions } from "../../src/export/freeze.ts";
import { findCopies } from "../../src/export/freeze_leftovers.ts";
import { ExportLock } from "../../src/snapshot/lock/export_lock.ts";
import { apiError } from "../support/cma.ts";
import { directoryOf, entriesOf, filesOf, QUICK_RETRIES, workbench } from "../support/exported.ts";
import { assertSealedAreWhole } from "../support/sealed_snapshots.ts";
import { HASTY_CLOCK } from "../support/manual_clock.ts";

const PLACE = { projectId: "48213" };
const NOTE = "content/project_48213/freeze.json";
const FAST = { models: ["author"], include: ["records" as const], tables: false, freeze: true };
const COPY = /^sluice-freeze-\d{10}-[0-9a-f]{8}$/;

/** A served project, and what it takes to export a copy of it. */
async function icebox(options: Partial<DemoCmaOptions> = {}) {
  const project = sampleProject();
  const made = await workbench({ project, jobMs: 20, ...options });
  return {
    ...made,
    project,
    /** The environments that there are once DatoCMS has done what it was asked to. */
    environments: () => [...project.environments.keys()],
    texts: (code: string) =>
      made.events.flatMap((event) =>
        event.type === "warning" && event.code === code ? [event.message] : []
      ),
    freeze: (more: Partial<FreezeOptions> = {}) =>
      freezeEnvironment({
        apiToken: made.cma.apiToken,
        baseUrl: made.cma.url,
        retry: QUICK_RETRIES,
        clock: HASTY_CLOCK,
        storage: made.storage,
        place: PLACE,
        signal: new AbortController().signal,
        onEvent: (event) => made.events.push(event),
        ...more,
      }),
    /** Puts a sandbox there, as an export that was killed leaves it. */
    leave(id: string, ageMs: number, changedMs: number = ageMs) {
      const resource: Resource = {
        id,
        type: "environment",
        meta: {
          status: "ready",
          primary: false,
          created_at: new Date(Date.now() - ageMs).toISOString(),
          last_data_change_at: new Date(Date.now() - changedMs).toISOString(),
        },
      };
      project.environments.set(id, project.primary.fork(resource));
    },
    [Symbol.asyncDispose]: () => made[Symbol.asyncDispose](),
  };
}

function stepsOf(events: readonly ExportEvent[]): string[] {
  return events.flatMap((event) =>
    event.type === "freeze" && !(event.step === "creating" && event.percent !== null)
      ? [event.step]
      : []
  );
}

Deno.test("exportProject() with freeze reads a copy, and names the environment that it is of", async () => {
  await using made = await icebox();
  const { cma } = made;
  let isEdited = false;
  const onEvent = (event: ExportEvent) => {
    made.events.push(event);
    if (event.type !== "start") return;
    // An editor goes on while the copy is read.
    isEdited = made.project.primary.items.delete(itemId("ada")) === undefined;
  };
  const report = await made.export({ ...FAST, onEvent });
  assert.ok(isEdited);
  assert.equal(report.status, "complete");
  assert.deepEqual(report.manifest.environment, { id: "main", primary: true });
  assert.match(report.snapshot, /\/content\/project_48213\/snapshot_\d+$/);
  assert.equal(report.manifest.records.author?.current?.count, 5);
  const read = cma.log.requests.filter(({ path }) => path.startsWith("/items"));
  assert.ok(read.length > 0);
  for (const { environment } of read) assert.match(environment ?? "", COPY);
  assert.deepEqual(made.environments(), ["main", "spring-issue"]);
  assert.deepEqual(stepsOf(made.events), ["creating", "ready", "deleted"]);
  assert.equal(await assertSealedAreWhole(made.storage), 1);
  assert.deepEqual(
    (await filesOf(made.root)).filter((path) => !path.includes("/snapshot_")),
    ["content/project_48213/latest.json"],
  );
  // Editors aren't kept from writing.
  const forks = cma.log.requests.filter(({ method }) => method === "POST");
  assert.deepEqual(forks.map(({ path }) => path), [
    "/environments/main/fork?immediate_return=true",
  ]);
});

Deno.test("exportProject() with freeze doesn't list the copy among the environments", async () => {
  await using made = await icebox();
  const report = await made.export({ ...FAST, include: ["records", "environments"] });
  const listed = await entriesOf<Resource>(`${directoryOf(report)}/settings`);
  assert.deepEqual(listed.map(({ id }) => id), ["main", "spring-issue"]);
  const { environments } = report.manifest.resources;
  assert.ok(environments && "count" in environments);
  assert.equal(environments.count, 2);
  assert.deepEqual(report.manifest.findings, []);
  const told = made.events.flatMap((event) =>
    (event.type === "total" || event.type === "page") && event.resource === "environments"
      ? [event.type === "total" ? event.total : event.count]
      : []
  );
  assert.deepEqual(told, [2, 2]);
});

Deno.test("exportProject() with freeze copies a sandbox, and writes to the sandbox's place", async () => {
  await using made = await icebox();
  const { manifest, snapshot } = await made.export({ ...FAST, environment: "spring-issue" });
  assert.deepEqual(manifest.environment, { id: "spring-issue", primary: false });
  assert.match(snapshot, /\/content\/project_48213\/spring-issue\/snapshot_\d+$/);
  assert.deepEqual(made.environments(), ["main", "spring-issue"]);
});

Deno.test("exportProject() with freeze deletes the copy when the export fails or is cancelled", async () => {
  const fail = { path: "" };
  await using made = await icebox({
    onRequest: (request, { pathname }) =>
      pathname === fail.path && COPY.test(request.headers.get("x-environment") ?? "")
        ? apiError(422, "BROKEN")
        : undefined,
  });
  fail.path = "/items";
  await assert.rejects(made.export(FAST), /refused GET \/items \(422 BROKEN\)/);
  assert.deepEqual(made.environments(), ["main", "spring-issue"]);
  fail.path = "";
  const reason = new DOMException("Stop.", "AbortError");
  for (const at of ["creating", "ready", "start", "page"]) {
    const cancel = new AbortController();
    const onEvent = (event: ExportEvent) => {
      if (event.type === at || event.type === "freeze" && event.step === at) cancel.abort(reason);
    };
    await assert.rejects(
      made.export({ ...FAST, onEvent, signal: cancel.signal }),
      (error) => error === reason,
      at,
    );
    assert.deepEqual(made.environments(), ["main", "spring-issue"], at);
    assert.deepEqual((await filesOf(made.root)).filter((path) => path.endsWith(NOTE)), [], at);
  }
  assert.equal(await assertSealedAreWhole(made.storage), 0);
});

Deno.test("freezeEnvironment() deletes a copy although it was cancelled before there was an answer", async () => {
  const cancel = new AbortController();
  const reason = new Error("stop");
  await using made = await icebox({
    jobMs: 200,
    onRequest: (request) => {
      if (request.method === "POST") cancel.abort(reason);
      return undefined;
    },
  });
  await assert.rejects(made.freeze({ signal: cancel.signal }), (error) => error === reason);
  assert.deepEqual(made.environments(), ["main", "spring-issue"]);
  assert.equal(await made.storage.stat(NOTE), undefined);
  assert.deepEqual(stepsOf(made.events), ["creating", "deleted"]);
});

Deno.test("freezeEnvironment() deletes what killed exports left, and no other one's copy", async () => {
  await using made = await icebox();
  const HOUR = 3_600_000;
  const mine = "sluice-freeze-1700000000-aaaaaaaa";
  const others = {
    old: "sluice-freeze-1700000001-bbbbbbbb",
    edited: "sluice-freeze-1700000001-eeeeeeee",
    late: `sluice-freeze-${Math.floor(Date.now() / 1000) - 24 * 3600}-ffffffff`,
    young: "sluice-freeze-1700000002-cccccccc",
    named: "sluice-freeze-of-mine",
    unlike: "old-sluice-freeze-1700000003-dddddddd",
  };
  made.leave(mine, 1000);
  made.leave(others.old, 26 * HOUR);
  made.leave(others.edited, 100 * HOUR, 97 * HOUR);
  made.leave(others.late, 100 * HOUR);
  made.leave(others.young, 24.5 * HOUR);
  made.leave(others.named, 100 * HOUR);
  made.leave(others.unlike, 100 * HOUR);
  await made.storage.put(NOTE, new TextEncoder().encode(JSON.stringify({ environment: mine })));
  {
    await using copy = await made.freeze();
    assert.match(copy.id, COPY);
    assert.deepEqual(
      made.environments().sort(),
      [
        "main",
        "spring-issue",
        others.edited,
        others.late,
        others.young,
        others.named,
        others.unlike,
        copy.id,
      ].sort(),
    );
    const note = await new Response(await made.storage.get(NOTE)).json();
    assert.deepEqual(note, { environment: copy.id, destination: made.storage.url });
  }
  assert.deepEqual(made.texts("freeze_leftover_kept"), [
    `The sandbox environment ${others.edited}, a temporary copy that an earlier export had left, is ` +
    "kept, because something in it was changed since: delete it in Project settings → Environments, " +
    "if it is no longer needed.",
  ]);
  assert.deepEqual(
    made.texts("freeze_leftover_deleted").sort(),
    [mine, others.old].map((id) =>
      `The sandbox environment ${id}, a temporary copy that an earlier export had left, was deleted.`
    ),
  );
  // A name that isn't a copy's is nobody's to delete, whatever the note says; nor is another place's copy.
  const elsewhere = { environment: others.young, destination: "s3://elsewhere" };
  for (
    const text of [
      '{"environment": "spring-issue"}',
      '{"environment": "main"}',
      "{",
      "null",
      JSON.stringify(elsewhere),
    ]
  ) {
    await made.storage.put(NOTE, new TextEncoder().encode(text));
    await using _copy = await made.freeze();
    assert.ok(made.environments().includes("spring-issue"));
    assert.ok(made.environments().includes(others.young));
  }
});

Deno.test("freezeEnvironment() says which permission is missing, and leaves nothing", async () => {
  const refused = { method: "", code: "INSUFFICIENT_PERMISSIONS", status: 403 };
  await using made = await icebox({
    onRequest: ({ method }, { pathname }) =>
      pathname.startsWith("/environments") && method === refused.method
        ? apiError(refused.status, refused.code)
        : undefined,
  });
  const message =
    /^SluiceError: The API token may not copy environments \(403 INSUFFICIENT_PERMISSIONS\): give its role the permission to manage environments \(can_manage_environments\) in Project settings → Roles, or export the environment itself\.$/;
  for (const method of ["GET", "POST"]) {
    refused.method = method;
    await assert.rejects(made.freeze(), message);
    assert.equal(await made.storage.stat(NOTE), undefined);
  }
  Object.assign(refused, { code: "PLAN_UPGRADE_REQUIRED", status: 422 });
  await assert.rejects(made.freeze(), /^SluiceError: The project's plan doesn't allow one more /);
  assert.deepEqual(made.texts("freeze_not_deleted"), []);
  assert.deepEqual(made.environments(), ["main", "spring-issue"]);
});

Deno.test("freezeEnvironment() says that the token may not read the copy, and deletes it", async () => {
  await using made = await icebox({
    onRequest: (request, { pathname }) =>
      pathname === "/site" && request.headers.has("x-environment")
        ? apiError(404, "INVALID_ENVIRONMENT")
        : undefined,
  });
  await assert.rejects(
    made.freeze(),
    /^SluiceError: The API token can't read sluice-freeze-\d+-\w+, the temporary copy that it made \(404 INVALID_ENVIRONMENT\): give its role access to sandbox environments in /,
  );
  assert.deepEqual(made.environments(), ["main", "spring-issue"]);
});

Deno.test("freezeEnvironment() tells how to delete a copy that can't be deleted", async () => {
  const refused = { code: "" };
  await using made = await icebox({
    onRequest: ({ method }) =>
      method === "DELETE" && refused.code !== "" ? apiError(403, refused.code) : undefined,
  });
  refused.code = "INSUFFICIENT_PERMISSIONS";
  const report = await made.export(FAST);
  assert.equal(report.status, "complete");
  const [id] = made.environments().filter((name) => COPY.test(name));
  assert.ok(id);
  const [message, ...more] = made.texts("freeze_not_deleted");
  assert.deepEqual(more, []);
  assert.ok(
    message?.startsWith(`The sandbox environment ${id}, a temporary copy, couldn't be deleted (`),
  );
  assert.ok(
    message?.endsWith(
      `): delete it in Project settings → Environments, or with "npx datocms environments:destroy ${id}".`,
    ),
  );
  // The next export to the same place finds it.
  refused.code = "";
  await made.export(FAST);
  assert.deepEqual(made.environments(), ["main", "spring-issue"]);
  assert.equal(made.texts("freeze_leftover_deleted").length, 1);
});

Deno.test("freezeEnvironment() tries again to delete a copy that is in use, for a limited time", async () => {
  const busy = { times: 2 };
  await using made = await icebox({
    onRequest: ({ method }) =>
      method === "DELETE" && busy.times-- > 0
        ? apiError(422, "CANNOT_DESTROY_FORKING_ORIGIN")
        : undefined,
  });
  {
    await using _copy = await made.freeze();
  }
  assert.deepEqual(made.environments(), ["main", "spring-issue"]);
  assert.deepEqual(made.texts("freeze_not_deleted"), []);
  busy.times = Infinity;
  {
    await using _copy = await made.freeze({ destroyTimeoutMs: 300 });
  }
  assert.match(made.texts("freeze_not_deleted")[0] ?? "", /422 CANNOT_DESTROY_FORKING_ORIGIN/);
});

Deno.test("freezeEnvironment() waits for the copy, tells how far it is, and gives up in time", async () => {
  await using made = await icebox({ jobMs: 500 });
  {
    await using _copy = await made.freeze();
    const percents = made.events.flatMap((event) =>
      event.type === "freeze" && event.percent !== null ? [event.percent] : []
    );
    assert.ok(percents.length > 0);
  }
  await assert.rejects(
    made.freeze({ readyTimeoutMs: 50 }),
    /^SluiceError: The temporary copy of the environment "main" wasn't ready after 0 s: try again later, /,
  );
  assert.deepEqual(made.environments(), ["main", "spring-issue"]);
});

Deno.test("freezeEnvironment() looks for a copy that it got no answer about", async () => {
  const broken = { isMade: false };
  await using made = await icebox({
    onRequest: ({ method }) => {
      if (method !== "POST") return undefined;
      // As a proxy answers that has lost the API's answer.
      if (broken.isMade) made.leave(note, 0);
      return new Response("Bad gateway", { status: 502 });
    },
  });
  let note = "";
  await assert.rejects(made.freeze(), /502/);
  // It may still come: the note stays.
  note = (await new Response(await made.storage.get(NOTE)).json()).environment;
  assert.match(note, COPY);
  broken.isMade = true;
  await assert.rejects(made.freeze(), /502/);
  assert.ok(made.environments().includes(note));
  broken.isMade = false;
  await made.storage.put(NOTE, new TextEncoder().encode(JSON.stringify({ environment: note })));
  await assert.rejects(made.freeze(), /502/);
  assert.deepEqual(made.environments(), ["main", "spring-issue"]);
});

Deno.test("exportProject() with freeze can't be gone on with, and leaves what another one reads", async () => {
  await using made = await icebox();
  for (
    const [option, what] of [
      [{ resume: true }, "can't resume another one"],
      [{ timeBudgetMs: 1000 }, "can't have a time budget"],
    ] as const
  ) {
    await assert.rejects(made.export({ ...FAST, ...option }), (error) => {
      assert.ok(error instanceof SluiceError);
      assert.equal(error.exitCode, EXIT.usage);
      assert.match(error.message, new RegExp(`^A frozen export ${what}: `));
      return true;
    });
  }
  assert.equal(made.cma.log.requests.length, 0);
  await using _lock = await ExportLock.acquire(made.storage, PLACE);
  await using copy = await made.freeze();
  await assert.rejects(made.export(FAST), { name: "LockedError" });
  assert.ok(made.environments().includes(copy.id));
});

Deno.test("exportProject() with freeze continues with a copy whose request was carried out, but not answered", async () => {
  for (const lost of [1, 2, 3, Infinity]) {
    const nth = lost === Infinity ? undefined : Array.from({ length: lost }, (_, i) => i + 1);
    await using made = await icebox({
      intercept: injectFaults({ rules: [{ on: "/environments/:id/fork", faults: "close", nth }] }),
    });
    const report = await made.export(FAST);
    assert.equal(report.status, "complete", `${lost} answers lost`);
    assert.deepEqual(made.environments(), ["main", "spring-issue"]);
    assert.deepEqual(stepsOf(made.events), ["creating", "ready", "deleted"]);
    // Each asked for the same copy.
    const forks = made.cma.log.requests.filter(({ method }) => method === "POST");
    assert.ok(forks.length > 1);
  }
});

Deno.test("freezeEnvironment() deletes no copy by a clock that is ahead, or that isn't told", async () => {
  const HOUR = 3_600_000;
  const read = `sluice-freeze-${Math.floor(Date.now() / 1000) - 7200}-aaaaaaaa`;
  // The server's clock is a day ahead.
  await using made = await icebox({
    intercept: injectFaults({ rules: [{ on: "/environments", faults: "skewed-clock" }] }),
  });
  made.leave(read, 2 * HOUR);
  {
    await using _copy = await made.freeze();
  }
  assert.deepEqual(made.environments(), ["main", "spring-issue", read]);
  const environments = [{
    id: "sluice-freeze-1700000000-aaaaaaaa",
    meta: { primary: false, created_at: "2023-11-14T22:13:20Z" },
  }];
  const found = (now?: Date) => findCopies(environments, now);
  assert.equal(found(new Date()).stale.length, 1);
  assert.equal(found().young.length, 1);
  // Nor are environments whose API tells less than is known today.
  for (const meta of [{ primary: false }, { created_at: "2023-11-14T22:13:20Z" }, {}]) {
    assert.equal(findCopies([{ ...environments[0]!, meta }], new Date()).stale.length, 0);
  }
  const primary = { ...environments[0]!.meta, primary: true };
  assert.equal(findCopies([{ ...environments[0]!, meta: primary }], new Date()).stale.length, 0);
});

Deno.test("exportProject() with freeze ends before others may take its copy for a leftover", async () => {
  await using made = await icebox({ latencyMs: 100 });
  // What exportProject() takes is passed on, this option for tests among it.
  const options = { ...FAST, include: undefined, models: undefined, lifeMs: 1000 };
  await assert.rejects(
    made.export(options),
    new RegExp(
      "^SluiceError: The export was stopped because it has read the temporary copy sluice-freeze-\\S+ for " +
        "a day, after which other exports may take that for a leftover and delete it: ",
    ),
  );
  assert.deepEqual(made.environments(), ["main", "spring-issue"]);
  assert.deepEqual(stepsOf(made.events), ["creating", "ready", "deleted"]);
});

Deno.test("exportProject() with freeze says that a copy is deleted whose deletion wasn't answered", async () => {
  await using made = await icebox({
    intercept: injectFaults({
      rules: [{ on: "/environments/:id", method: "DELETE", faults: "close", nth: [1] }],
    }),
  });
  await made.export(FAST);
  assert.deepEqual(made.environments(), ["main", "spring-issue"]);
  assert.deepEqual(stepsOf(made.events), ["creating", "ready", "deleted"]);
});

Deno.test("freezeEnvironment() waits while the project takes no changes", async () => {
  for (
    const [status, code, transient, why] of [
      [422, "MAINTENANCE_MODE", false, "the project is in maintenance mode"],
      [422, "MAINTENANCE_MODE", true, "the project is in maintenance mode"],
      [403, "DEACTIVATED_SITE", false, "the project is deactivated"],
    ] as const
  ) {
    const stopped = { times: 2 };
    await using made = await icebox({
      onRequest: ({ method }) =>
        method !== "GET" && stopped.times-- > 0 ? apiError(status, code, { transient }) : undefined,
    });
    const waits = () => made.texts("freeze_waits");
    {
      await using _copy = await made.freeze();
      if (!transient) {
        assert.deepEqual(waits(), [
          `DatoCMS takes no changes for now, because ${why}: the temporary copy waits for that to end, for 10 ` +
          "minutes at most.",
        ]);
      }
      stopped.times = 2;
    }
    assert.deepEqual(made.environments(), ["main", "spring-issue"]);
    assert.deepEqual(made.texts("freeze_not_deleted"), []);
    // What is left is deleted as soon as that is possible, too.
    const left = "sluice-freeze-1700000000-aaaaaaaa";
    made.leave(left, 1000);
    await made.storage.put(NOTE, new TextEncoder().encode(JSON.stringify({ environment: left })));
    stopped.times = 1;
    {
      await using _copy = await made.freeze();
    }
    assert.deepEqual(made.environments(), ["main", "spring-issue"]);
    stopped.times = Infinity;
    await assert.rejects(made.freeze({ writableTimeoutMs: 10 }), (error) => {
      assert.ok(error instanceof SluiceError);
      assert.equal(error.exitCode, EXIT.failed);
      assert.match(
        error.message,
        new RegExp(
          `^DatoCMS makes no copy of an environment, because ${why} \\(\\d+ ${code}\\): try again when ` +
            "that is over, or export the environment itself, which only reads\\.$",
        ),
      );
      return true;
    });
    assert.equal(await made.storage.stat(NOTE), undefined);
    const cancel = new AbortController();
    const reason = new Error("stop");
    const onEvent = (event: ExportEvent) => {
      if (event.type === "warning" && event.code === "freeze_waits") cancel.abort(reason);
    };
    await assert.rejects(
      made.freeze({ signal: cancel.signal, onEvent }),
      (error) => error === reason,
    );
  }
});

Deno.test("freezeEnvironment() names the copies that may be in the way of one more", async () => {
  const left = `sluice-freeze-${Math.floor(Date.now() / 1000)}-aaaaaaaa`;
  await using made = await icebox({
    onRequest: ({ method }) =>
      method === "POST" ? apiError(422, "PLAN_UPGRADE_REQUIRED") : undefined,
  });
  made.leave(left, 1000);
  await assert.rejects(made.freeze(), {
    message: "The project's plan doesn't allow one more sandbox environment (422 " +
      `PLAN_UPGRADE_REQUIRED), which a temporary copy is: delete one (${left}, if no other export reads it, ` +
      "was left by one that was killed), or export the environment itself.",
  });
});
