import assert from "node:assert/strict";
import { advised } from "../../src/cli/report/advice.ts";
import type { ExportOptions } from "../../src/export/options.ts";
import type { ScheduleOptions } from "../../src/schedule/schedule.ts";
import { failureNote, scheduleSwitch } from "../../src/schedule/schedule_notes.ts";
import { draw } from "../../src/simulator/generated/random.ts";
import { generateProject } from "../../src/simulator/generated/generated_project.ts";
import { startDemoCma } from "../../src/simulator/server.ts";
import { EXIT } from "../../src/error.ts";
import type { JsonReport } from "../../src/report/json_report.ts";
import { LOCK } from "../../src/snapshot/layout.ts";
import { json } from "../support/cma.ts";
import { expireLock } from "../support/expire_lock.ts";
import { MemoryStorage } from "../support/memory_storage.ts";
import { assertSealedAreWhole } from "../support/sealed_snapshots.ts";
import { PlainDirectory } from "../support/plain_directory.ts";
import { TracedStorage } from "../support/traced_storage.ts";
import { turn, until } from "../support/until.ts";
import { type Cma, scheduleOf, temporaryRoot, ticksUntil } from "./ticking.ts";
import { withStaging } from "../support/with_staging.ts";
import { long } from "../support/long.ts";

const PLACE = { projectId: "900001" };
const PREFIX = "content/project_900001";
const HOUR = 3_600_000;
/** More than the projects here ever take: Sluice isn't what is to wait. */
const rateLimit = { limit: 5000, windowMs: 1000 };

function requests({ log }: Cma): number {
  return log.count.api + log.count.asset;
}

Deno.test("Schedule.tick() seals a project over some time budgets, with at most a tenth more requests", async () => {
  // As much as it takes that what each tick asks for anew is a tenth.
  const ticks = long(10, 5);
  const project = generateProject({ records: 60, uploads: ticks * 80, assetBytes: 300 });
  // A budget of requests stands for one of time, which passes as the machine pleases.
  let left = Infinity;
  let stop = new AbortController();
  await using cma = startDemoCma({
    project,
    rateLimit,
    onRequest: () => {
      if (--left === 0) stop.abort();
      return undefined;
    },
  });
  const exported = { concurrency: 4 };
  const whole = await scheduleOf(cma, new MemoryStorage(), { exported }).tick();
  assert.equal(whole.state, "complete", whole.message);
  const undisturbed = requests(cma);

  cma.log.clear();
  const storage = new MemoryStorage();
  const results = await ticksUntil("complete", (number) => {
    left = Math.ceil(undisturbed / ticks);
    stop = new AbortController();
    const budget = { ...exported, timeBudgetMs: 60_000, stop: stop.signal };
    const now = () => Date.now() + number * HOUR;
    return scheduleOf(cma, storage, { exported: budget, now }).tick();
  }, 40);
  assert.ok(Math.abs(results.length - ticks - 0.5) < 2, `${results.length} ticks`);
  assert.ok(results.slice(0, -1).every(({ state }) => state === "unfinished"));
  const ratio = requests(cma) / undisturbed;
  assert.ok(ratio <= 1.1, `${ratio} of the requests in ${results.length} ticks`);
  assert.equal(await assertSealedAreWhole(storage), 1);
  // All of it is one snapshot, and nothing is left to be done.
  assert.equal((await scheduleOf(cma, storage).tick()).state, "waiting");
});

Deno.test("Schedule.tick() continues after ticks that were killed", async () => {
  const project = generateProject({ records: 120, uploads: 300, assetBytes: 300 });
  await using cma = startDemoCma({ project, rateLimit });
  await using root = await temporaryRoot();
  const storage = new PlainDirectory(root.path);
  let killed = 0;
  const seen = new Set<string>();
  const results = await ticksUntil("complete", async (number) => {
    // What is dead does nothing any more: it neither gives its lock back nor writes a note.
    const crashAt = number < 30 ? 15 + draw(7, number) % 100 : undefined;
    const traced = new TracedStorage(storage, { crashAt });
    const exported = { checkpointMs: 0, timeBudgetMs: 20_000 };
    const now = () => Date.now() + number * HOUR;
    const result = await scheduleOf(cma, traced, { exported, now }).tick();
    if (crashAt !== undefined && traced.calls.length >= crashAt) killed++;
    await assertSealedAreWhole(storage, seen);
    if (result.state === "busy") await expireLock(storage, `${PREFIX}/${LOCK}`);
    return result;
  }, 80);
  assert.ok(killed >= 5, `only ${killed} were killed`);
  assert.ok(results.some(({ state }) => state === "busy"), "no lock was in the way");
  // However often it was begun, it is one snapshot.
  assert.equal(await assertSealedAreWhole(storage), 1);
  const folders = [...Deno.readDirSync(`${root.path}/${PREFIX}`)].filter(({ name }) => {
    return name.startsWith("snapshot_");
  });
  assert.equal(folders.length, 1);
});

Deno.test("Schedule.tick() of two processes at the same moment never exports twice at once", async () => {
  const project = generateProject({ records: 10, models: 1, blocksPerRecord: 0, uploads: 3 });
  await using cma = startDemoCma({ project, rateLimit });
  const shared = new MemoryStorage();
  const writing = [0, 0];
  const storages = [0, 1].map((own) => {
    const put: MemoryStorage["put"] = async (key, body, options) => {
      if (!key.includes("/snapshot_")) return await shared.put(key, body, options);
      assert.equal(writing[1 - own], 0, `${key} is written while the other one writes`);
      writing[own]!++;
      try {
        // Time for the other one to come in between.
        await turn();
        return await shared.put(key, body, options);
      } finally {
        writing[own]!--;
      }
    };
    return Object.assign(Object.create(shared) as MemoryStorage, { put });
  });
  const states = new Map<string, number>();
  for (let round = 0; round < long(50, 8); round++) {
    const now = () => Date.now() + round * HOUR * 24;
    const results = await Promise.all(storages.map((storage) => {
      return scheduleOf(cma, storage, {
        now,
        exported: { timeBudgetMs: 5000, include: ["records", "uploads"], tables: false },
      }).tick();
    }));
    for (const { state, message } of results) {
      assert.ok(["complete", "busy", "waiting"].includes(state), message);
      states.set(state, (states.get(state) ?? 0) + 1);
    }
  }
  assert.ok((states.get("busy") ?? 0) > 0);
  // Each time it was due, one snapshot was made, and no more than that.
  assert.equal(states.get("complete"), await assertSealedAreWhole(shared));
});

Deno.test("Schedule.tick() makes one snapshot if another process makes it after both found it due", async () => {
  const project = generateProject({ records: 5, models: 1 });
  const storage = new MemoryStorage();
  let other: Promise<unknown> | undefined;
  await using cma = startDemoCma({
    project,
    rateLimit,
    onRequest: async (_request, url) => {
      // The schema is read after it was found due, and before the lock is taken.
      if (!url.searchParams.has("include") || other !== undefined) return undefined;
      const run = ticksUntil("complete", () => scheduleOf(cma, storage).tick(), 1);
      other = run;
      await run;
      return undefined;
    },
  });
  const { state } = await scheduleOf(cma, storage).tick();
  await other;
  assert.equal(state, "waiting");
  assert.equal(await assertSealedAreWhole(storage), 1);
});

Deno.test("Schedule.tick() begins a snapshot as often as it is due, however often it ticks", async () => {
  await using cma = startDemoCma({
    project: generateProject({ records: 4, models: 1 }),
    rateLimit,
  });
  const storage = new MemoryStorage();
  const start = Date.now();
  const at = (hours: number) => {
    const now = () => start + hours * HOUR;
    return scheduleOf(cma, storage, { every: "24h", now }).tick();
  };
  assert.equal((await at(0)).state, "complete");
  const early = await at(23);
  assert.equal(early.state, "waiting");
  assert.ok(Math.abs(Date.parse(early.nextAt!) - start - 24 * HOUR) < 2000);
  assert.equal((await at(24.1)).state, "complete");
  assert.equal(await assertSealedAreWhole(storage), 2);
});

Deno.test("Schedule.tick() reuses what hasn't changed since the last snapshot, and reads all for every seventh", async () => {
  await using cma = startDemoCma({
    project: generateProject({ records: 4, models: 1, blocksPerRecord: 1 }),
    rateLimit,
  });
  const storage = new MemoryStorage();
  const start = Date.now();
  const at = async (day: number, exported: Partial<ExportOptions> = {}) => {
    const now = () => start + day * 25 * HOUR;
    const how = { every: "24h", now, exported: { assets: false, tables: false, ...exported } };
    const { report } = await scheduleOf(cma, storage, how).tick();
    return [report!.manifest!.sinceFull, report!.reused?.records];
  };
  const days: unknown[] = [];
  for (let day = 0; day < 9; day++) days.push(await at(day));
  const reused = [1, 2, 3, 4, 5, 6].map((count) => [count, 4]);
  assert.deepEqual(days, [[0, undefined], ...reused, [0, undefined], [1, 4]]);
  assert.deepEqual(await at(9, { since: "none" }), [0, undefined]);
  assert.deepEqual(await at(10, { fullEvery: 2 }), [1, 4]);
  assert.deepEqual(await at(11, { fullEvery: 2 }), [0, undefined]);
  assert.equal(await assertSealedAreWhole(storage), 12);
});

Deno.test("Schedule.tick() exports nothing while exports are switched off", async () => {
  await using cma = startDemoCma({
    project: generateProject({ records: 4, models: 1 }),
    rateLimit,
  });
  const storage = new MemoryStorage();
  const note = scheduleSwitch(storage, PLACE);
  await note.write({ enabled: false, changedAt: new Date().toISOString() });
  const schedule = scheduleOf(cma, storage);
  assert.equal((await schedule.tick()).state, "disabled");
  assert.deepEqual([...storage.objects.keys()], [`${PREFIX}/schedule.json`]);
  const { state, nextExportAt } = await schedule.status();
  assert.deepEqual({ state, nextExportAt }, { state: "disabled", nextExportAt: null });
  await note.write({ enabled: true, changedAt: new Date().toISOString() });
  assert.equal((await schedule.tick()).state, "complete");
  storage.objects.set(note.key, new TextEncoder().encode("{"));
  const broken = await schedule.tick();
  assert.equal(broken.state, "failed");
  assert.equal(broken.code, "schedule_unreadable");
  assert.match(broken.message, /schedule\.json .*\.$/);
  assert.match(advised(broken).message, /: sluice schedule enable, or sluice schedule disable\.$/);
});

Deno.test("Schedule.tick() waits longer and longer after failures, in whatever process", async () => {
  let isBroken = true;
  let asked = 0;
  await using cma = startDemoCma({
    project: generateProject({ records: 4, models: 1 }),
    rateLimit,
    onRequest: (_request, url) => {
      if (!isBroken || url.pathname !== "/items") return undefined;
      asked++;
      return json({ data: [] }, { status: 404 });
    },
  });
  const storage = new MemoryStorage();
  const start = Date.now();
  const sent: string[] = [];
  const tick = (minute: number) => {
    const notify = (report: { status: string }) => {
      sent.push(report.status);
      return Promise.resolve({ sent: true, attempts: 1 });
    };
    const now = () => start + minute * 60_000;
    return scheduleOf(cma, storage, { notify, now, exported: { include: ["records"] } }).tick();
  };
  const failedAt: number[] = [];
  for (let minute = 0; minute <= 130; minute += 2) {
    const { state } = await tick(minute);
    if (state === "failed") failedAt.push(minute);
    else assert.equal(state, "backing_off");
  }
  assert.deepEqual(failedAt, [0, 4, 12, 28, 60, 124]);
  assert.deepEqual(sent, failedAt.map(() => "failed"));
  assert.ok(asked > 0);
  const status = await scheduleOf(cma, storage, { now: () => start + 130 * 60_000 }).status();
  assert.equal(status.state, "failing");
  assert.equal(status.failures?.count, 6);
  isBroken = false;
  assert.equal((await tick(260)).state, "complete");
  assert.equal(await failureNote(storage, PLACE).read(), undefined);
  assert.equal(sent.at(-1), "complete");
  // Never longer than between exports that don't fail.
  isBroken = true;
  await failureNote(storage, PLACE).write({ count: 30, at: new Date(start).toISOString() });
  assert.equal((await tick(260 + 24 * 60)).state, "failed");
});

Deno.test("Schedule.tick() tells once of a project that can't be found, not at each tick", async () => {
  await using cma = startDemoCma({
    project: generateProject({ records: 1, models: 1 }),
    onRequest: () => json({ data: [] }, { status: 401 }),
  });
  const storage = new MemoryStorage();
  const sent: string[] = [];
  const start = Date.now();
  const tick = (minute: number) => {
    const notify = (report: { status: string }) => {
      sent.push(report.status);
      return Promise.resolve({ sent: true, attempts: 1 });
    };
    return scheduleOf(cma, storage, { notify, now: () => start + minute * 60_000 }).tick();
  };
  for (let minute = 0; minute < 12; minute += 2) assert.equal((await tick(minute)).state, "failed");
  assert.equal(sent.length, 2);
});

Deno.test("Schedule.tick() remembers failures that its storage can't take", async () => {
  await using cma = startDemoCma({
    project: generateProject({ records: 1, models: 1 }),
    rateLimit,
  });
  const storage = new MemoryStorage({
    beforePut: () => {
      throw new Error("full");
    },
  });
  let time = Date.now();
  const schedule = scheduleOf(cma, storage, { now: () => time });
  assert.equal((await schedule.tick()).state, "failed");
  time += 120_000;
  assert.equal((await schedule.tick()).state, "backing_off");
  time += 120_000;
  assert.equal((await schedule.tick()).state, "failed");
});

Deno.test("Schedule.tick() that is cancelled gives its lock back, and counts as no failure", async () => {
  const controller = new AbortController();
  await using cma = startDemoCma({
    project: generateProject({ records: 50, models: 2 }),
    rateLimit,
    onRequest: (_request, url) => {
      if (url.pathname === "/items") controller.abort();
      return undefined;
    },
  });
  const storage = new MemoryStorage();
  assert.equal((await scheduleOf(cma, storage).tick(controller.signal)).state, "cancelled");
  await until(() => !storage.objects.has(`${PREFIX}/${LOCK}`), "the lock is given back");
  assert.equal(await failureNote(storage, PLACE).read(), undefined);
  assert.equal((await scheduleOf(cma, storage).tick()).state, "complete");
  assert.equal(await assertSealedAreWhole(storage), 1);
});

Deno.test("Schedule.tick() fails with a sentence if its time is over before anything could begin", async () => {
  await using cma = startDemoCma({
    project: generateProject({ records: 1, models: 1 }),
    rateLimit,
    latencyMs: 20,
  });
  const { state, message } = await scheduleOf(cma, new MemoryStorage(), {
    exported: { timeBudgetMs: 5 },
  }).tick();
  assert.equal(state, "failed");
  assert.match(message, /^The time budget was used up before the export could begin: allow more/);
});

Deno.test("Schedule.tick() fails if its time is over again and again before anything new comes", async () => {
  let isShort = true;
  await using cma = startDemoCma({
    project: generateProject({ records: 60, models: 1 }),
    rateLimit,
  });
  const storage = new MemoryStorage();
  const sent: JsonReport[] = [];
  const start = Date.now();
  const schedule = (minute: number) => {
    const stop = new AbortController();
    return scheduleOf(cma, storage, {
      now: () => start + minute * 60_000,
      notify: (report) => {
        sent.push(report);
        return Promise.resolve({ sent: true, attempts: 1 });
      },
      exported: {
        include: ["records"],
        stop: stop.signal,
        // As if its time was over then.
        onEvent: ({ type }) => isShort && type === "start" && stop.abort(),
      },
    });
  };
  const stuckAt = async (minute: number) => {
    const { unfinished, state, failures } = await schedule(minute).status();
    return [state, unfinished?.stuckTicks, failures?.count];
  };
  // The schema is new at the first tick.
  const states: string[] = [];
  for (let minute = 0; minute <= 6; minute += 2) {
    const { state, message } = await schedule(minute).tick();
    states.push(state);
    if (minute === 2) {
      assert.match(message, /before anything new was added .*: the next tick tries again/);
    }
  }
  assert.deepEqual(states, ["unfinished", "unfinished", "unfinished", "failed"]);
  assert.deepEqual(await stuckAt(6), ["failing", 3, 1]);
  assert.deepEqual(sent.map(({ status, exitCode }) => [status, exitCode]), [[
    "failed",
    EXIT.failed,
  ]]);
  assert.match(
    sent[0]!.error!,
    /^3 ticks in a row ended before anything new was added .*allow them/,
  );
  // Then it is waited longer and longer, and told each time.
  assert.equal((await schedule(8).tick()).state, "backing_off");
  assert.equal((await schedule(12).tick()).state, "failed");
  assert.deepEqual(await stuckAt(12), ["failing", 4, 2]);
  assert.equal(sent.length, 2);
  // A tick that gets further ends that.
  isShort = false;
  assert.equal((await schedule(60).tick()).state, "complete");
  assert.equal(await failureNote(storage, PLACE).read(), undefined);
});

Deno.test("Schedule.tick() exports although a clock that ran ahead named a snapshot, and noted a failure", async () => {
  const project = generateProject({ records: 4 });
  await using cma = startDemoCma({ project, rateLimit });
  for (const what of ["snapshot", "failure"]) {
    const storage = new MemoryStorage();
    const ahead = Date.now() + 400 * 24 * HOUR;
    if (what === "snapshot") {
      const prefix = `${PREFIX}/snapshot_${Math.floor(ahead / 1000)}`;
      for (const name of ["manifest.json", "canary.txt"]) {
        await storage.put(`${prefix}/${name}`, new TextEncoder().encode("{}"));
      }
    } else {
      await failureNote(storage, PLACE).write({ count: 2, at: new Date(ahead).toISOString() });
    }
    const exported = { include: ["records"] } as const;
    const first = await scheduleOf(cma, storage, { exported }).tick();
    assert.equal(first.state, "complete", `${what}: ${first.message}`);
    const second = await scheduleOf(cma, storage, { exported }).tick();
    assert.equal(second.state, "waiting", `${what}: ${second.message}`);
    assert.ok(Date.parse(second.nextAt!) < Date.now() + 25 * HOUR);
  }
});

Deno.test("Schedule.status() tells of a snapshot whose manifest somebody has deleted", async () => {
  await using cma = startDemoCma({ project: generateProject({ records: 1 }), rateLimit });
  const storage = new MemoryStorage();
  const prefix = `${PREFIX}/snapshot_1700000000`;
  await storage.put(`${prefix}/canary.txt`, new TextEncoder().encode("sealed"));
  const { state, lastExport } = await scheduleOf(cma, storage).status();
  assert.equal(state, "due");
  assert.equal(lastExport?.state, "unknown");
});

/** What is told, and how often. */
function telling(): { readonly sent: string[]; readonly notify: ScheduleOptions["notify"] } {
  const sent: string[] = [];
  return {
    sent,
    notify: ({ status }) => {
      sent.push(status);
      return Promise.resolve({ sent: true, attempts: 1 });
    },
  };
}

Deno.test("Schedule.tick() tells seldom of a switch that can't be understood, in whatever process", async () => {
  await using cma = startDemoCma({ project: generateProject({ records: 1 }), rateLimit });
  const storage = new MemoryStorage();
  storage.objects.set(scheduleSwitch(storage, PLACE).key, new TextEncoder().encode("{"));
  const { sent, notify } = telling();
  const start = Date.now();
  for (let minute = 0; minute <= 30; minute += 2) {
    const now = () => start + minute * 60_000;
    assert.equal((await scheduleOf(cma, storage, { notify, now }).tick()).state, "failed");
  }
  // At 0, 4, 12 and 28 minutes.
  assert.deepEqual(sent, ["failed", "failed", "failed", "failed"]);
});

Deno.test("Schedule.tick() tells seldom of a storage that can't be reached, and exports when it can", async () => {
  await using cma = startDemoCma({
    project: generateProject({ records: 1, models: 1 }),
    rateLimit,
  });
  const shared = new MemoryStorage();
  let isDown = false;
  const down = () => {
    throw new Error("out of reach");
  };
  const storage = new Proxy(shared, {
    get(target, name) {
      const value = Reflect.get(target, name, target);
      if (typeof value !== "function") return value;
      return isDown ? down : value.bind(target);
    },
  });
  const { sent, notify } = telling();
  let time = Date.now();
  const schedule = scheduleOf(cma, storage, { notify, now: () => time });
  assert.equal((await schedule.tick()).state, "complete");
  isDown = true;
  for (let minute = 0; minute <= 30; minute += 2, time += 120_000) {
    assert.equal((await schedule.tick()).state, "failed");
  }
  assert.deepEqual(sent, ["complete", "failed", "failed", "failed", "failed"]);
  isDown = false;
  assert.equal((await schedule.tick()).state, "waiting");
  assert.equal((await schedule.status()).state, "waiting");
});

Deno.test("Schedule.tick() forgets failures once nothing is due", async () => {
  let isDown = false;
  await using cma = startDemoCma({
    project: generateProject({ records: 1, models: 1 }),
    rateLimit,
    onRequest: () => isDown ? json({ data: [] }, { status: 401 }) : undefined,
  });
  const storage = new MemoryStorage();
  const start = Date.now();
  const fresh = (minute: number) => {
    return scheduleOf(cma, storage, { now: () => start + minute * 60_000 });
  };
  const [placed, unplaced] = [failureNote(storage, PLACE), failureNote(storage, undefined)];
  isDown = true;
  assert.equal((await fresh(0).tick()).state, "failed");
  assert.equal((await unplaced.read())?.count, 1);
  isDown = false;
  assert.equal((await fresh(6).tick()).state, "complete");
  assert.equal(await unplaced.read(), undefined);
  let minute = 10;
  const schedule = scheduleOf(cma, storage, { now: () => start + minute * 60_000 });
  isDown = true;
  assert.equal((await schedule.tick()).state, "failed");
  isDown = false;
  minute = 15;
  assert.equal((await schedule.status()).state, "failing");
  assert.equal((await schedule.tick()).state, "waiting");
  assert.equal((await schedule.status()).state, "waiting");
  assert.equal(await unplaced.read(), undefined);
  // Of an export that another process has made since.
  await placed.write({ count: 9, at: new Date(start).toISOString() });
  assert.equal((await fresh(16).tick()).state, "waiting");
  assert.equal(await placed.read(), undefined);
});

Deno.test("Schedule.tick() isn't held up by failures from before its clock was set back", async () => {
  let isDown = true;
  await using cma = startDemoCma({
    project: generateProject({ records: 1, models: 1 }),
    rateLimit,
    onRequest: () => isDown ? json({ data: [] }, { status: 401 }) : undefined,
  });
  const storage = new MemoryStorage();
  let time = Date.now() + 10 * HOUR;
  const schedule = scheduleOf(cma, storage, { now: () => time });
  assert.equal((await schedule.tick()).state, "failed");
  time -= 10 * HOUR;
  // The storage, too, has one of that time.
  assert.equal((await schedule.tick()).state, "failed");
  const { sent, notify } = telling();
  const other = scheduleOf(cma, storage, { now: () => time - 10 * HOUR, notify });
  assert.equal((await other.tick()).state, "failed");
  assert.deepEqual(sent, ["failed"]);
  isDown = false;
  time += 5 * 60_000;
  assert.equal((await schedule.tick()).state, "complete");
});

Deno.test("Schedule.tick() exports as often as it should when its environment becomes the primary one", async () => {
  const project = withStaging(generateProject({ records: 1, models: 1 }));
  await using cma = startDemoCma({
    project,
    rateLimit,
  });
  const storage = new MemoryStorage();
  const schedule = scheduleOf(cma, storage, { exported: { environment: "staging" } });
  const states: string[] = [];
  for (let day = 0; day < 2; day++) {
    for (let i = 0; i < 3; i++) states.push((await schedule.tick()).state);
    project.primaryEnvironment = "staging";
    // A day passes, which makes what is there older.
    for (const [key, bytes] of [...storage.objects]) {
      if (day > 0 || !key.includes("/snapshot_")) continue;
      storage.objects.delete(key);
      const older = key.replace(/(?<=\/snapshot_)\d+/, (second) => `${Number(second) - 90_000}`);
      storage.objects.set(older, bytes);
    }
  }
  assert.deepEqual(states, ["complete", "waiting", "waiting", "complete", "waiting", "waiting"]);
});

Deno.test("Schedule.tick() begins a snapshot at each tick if ticks are as far apart as snapshots", async () => {
  await using cma = startDemoCma({
    project: generateProject({ records: 1, models: 1 }),
    rateLimit,
  });
  const ticks = "0 3 * * *";
  const cases = [
    // A snapshot begins some seconds after its tick: a day later, these are still to go.
    { every: "24h", ticks, early: 90_000, state: "complete" },
    { every: "24h", ticks, early: HOUR, state: "waiting" },
    { every: "24h", ticks: "*/2 * * * *", early: 30_000, state: "complete" },
    { every: "24h", ticks: "*/2 * * * *", early: 90_000, state: "waiting" },
    // Two processes at once make one snapshot, however often one is due.
    { every: "10m", ticks, early: 9 * 60_000, state: "waiting" },
  ];
  for (const { early, state, ...options } of cases) {
    const storage = new MemoryStorage();
    assert.equal((await scheduleOf(cma, storage, options).tick()).state, "complete");
    const { nextExportAt } = await scheduleOf(cma, storage, options).status();
    const now = () => Date.parse(nextExportAt!) - early;
    const next = await scheduleOf(cma, storage, { ...options, now }).tick();
    assert.equal(next.state, state, `${options.every}, ${options.ticks}, ${early}`);
  }
  // A cron expression says exactly when.
  const storage = new MemoryStorage();
  const options = { every: "30 3 * * *", ticks: "0 * * * *" };
  assert.equal((await scheduleOf(cma, storage, options).tick()).state, "complete");
  const { nextExportAt } = await scheduleOf(cma, storage, options).status();
  const now = () => Date.parse(nextExportAt!) - 60_000;
  assert.equal((await scheduleOf(cma, storage, { ...options, now }).tick()).state, "waiting");
});
