import assert from "node:assert/strict";
import { EXIT, SluiceError } from "../../src/error.ts";
import { sampleProject } from "../../src/demo/sample/sample_project.ts";
import { RestoreJournal } from "../../src/restore/journal.ts";
import { planWith } from "../../src/restore/make_plan.ts";
import { abortRestore, applyRestore } from "../../src/restore/mod.ts";
import type { PlanInput, Step } from "../../src/restore/plan.ts";
import { emptyProject } from "../../src/simulator/empty_project.ts";
import { prefixIn } from "../support/damage.ts";
import { long } from "../support/long.ts";
import { MemoryStorage } from "../support/memory_storage.ts";
import {
  assertRefused,
  exported,
  framed,
  partsOf,
  restoreOptions,
  sampleSnapshot,
  served,
} from "./frame.ts";

const EMPTY = { id: "77001" };

/** A step that changes fields of articles, and notes it. */
function renaming(key: string, stopAfter = Infinity, stop = () => {}): Step {
  return {
    phase: "validators",
    writes: [{ action: "update", type: "field", count: 3, requests: 3 }],
    async run(run) {
      let done = 0;
      const fields = [0, 1, 2].map((n) => FIELDS[n]!);
      await run.forEach(fields, async (id) => {
        const data = { type: "field", id, attributes: { hint: key } };
        await run.temporary.note(`hint/${id}`, {
          data: { type: "field", id, attributes: { hint: null } },
        });
        await run.target.update(`/fields/${id}`, data, run);
        run.wrote("validators", "field");
        if (++done === stopAfter) stop();
      });
    },
  };
}

const SAMPLE = sampleProject();
const FIELDS = SAMPLE.primary.fields.filter(({ attributes: { hint } }) => hint === null)
  .map(({ id }) => id);

Deno.test("a restore into a new sandbox: nothing is written before it is applied, then a fork is", async () => {
  const storage = await sampleSnapshot();
  const before = [...storage.objects.keys()];
  await using cma = served(sampleProject());
  const events: string[] = [];
  await using plan = await framed({
    ...restoreOptions(cma, storage),
    into: "new:rescue",
    onEvent: (event) => events.push(event.type),
  });
  assert.deepEqual(cma.writes.writes, []);
  assert.deepEqual([...storage.objects.keys()], before);
  assert.deepEqual(cma.log.requests.filter(({ method }) => method !== "GET"), []);
  assert.equal(plan.target.environment, "rescue");
  assert.equal(plan.target.forkOf, "main");
  assert.equal(plan.confirmation, undefined);
  assert.match(plan.notes.join(), /2 hooks are enabled.*Ring the bell.*Print the website/);
  const result = await applyRestore(plan);
  assert.deepEqual(result.verification?.differences, []);
  assert.equal(result.exitCode, EXIT.complete);
  assert.equal(result.verification?.records, 38);
  assert.deepEqual(
    cma.log.requests.filter(({ method }) => method !== "GET").map(({ path }) => path),
    ["/environments/main/fork?immediate_return=true"],
  );
  const journal = [...storage.objects.keys()].filter((key) => !before.includes(key));
  const prefix = `content/project_48213/${/restore_\d+/.exec(result.journal)![0]}`;
  assert.deepEqual(
    journal,
    ["plan", "temporary", "report"].map((name) => `${prefix}/${name}.json`),
  );
  assert.ok(events.includes("checking") && events.includes("environment"));
});

Deno.test("a wrong target, or a snapshot that isn't whole, is refused before anything is written", async () => {
  const storage = await sampleSnapshot();
  await using own = served(sampleProject());
  await using other = served(emptyProject(EMPTY));
  const options = restoreOptions(own, storage);
  const foreign = restoreOptions(other, storage);
  const refuse = (message: RegExp, more: object, cma = own) =>
    assertRefused(cma, () => framed({ ...restoreOptions(cma, storage), ...more }), message);
  await assertRefused(other, () => framed(foreign), /of another one, "New project" \(77001\)/);
  await refuse(/the snapshot's own project/, { otherProject: true });
  await refuse(/no environment "springs" to restore into: it has main, spring-issue/, {
    into: "springs",
  });
  await refuse(/is there already, so that it isn't made a fork/, {
    into: "spring-issue",
    forkOf: "main",
  });
  await refuse(/has an environment spring-issue already/, { into: "new:spring-issue" });
  await refuse(/small letters, digits and dashes/, { into: "new:Spring Issue" });
  await refuse(/no environment "spring" to make a fork of/, { forkOf: "spring" });
  await refuse(/no restore of 48213\/\d+ that isn't over/, { resume: true });
  await assertRefused(own, () => framed({ ...options, snapshot: "1234" }), /./).catch((error) => {
    // What isn't there has an exit code of its own.
    assert.match(String(error), /There is no snapshot/);
  });
  await refuse(/No temporary directory can be made.*TMPDIR/, {
    temporaryIn: new URL("nowhere", import.meta.url).pathname,
  });
  await using full = served(sampleProject());
  const isFull = exported(emptyProject({ id: "5", models: {} }));
  const source = { ...restoreOptions(full, await isFull), otherProject: true };
  await assertRefused(full, () => framed(source), /isn't empty/);
  const some = await exported(sampleProject(), { models: ["article"] });
  await assertRefused(
    own,
    () => framed({ ...options, storage: some }),
    /isn't the whole project \(it has the records of some models only\)/,
  );
});

Deno.test("a flipped byte in any object of a snapshot: 0 writes", async () => {
  const storage = await sampleSnapshot();
  const prefix = prefixIn(storage);
  await using cma = served(sampleProject());
  const options = restoreOptions(cma, storage);
  const keys = [...storage.objects.keys()].filter((key) => {
    return key.startsWith(`${prefix}/`) || key.startsWith("assets/");
  });
  assert.ok(keys.length > 50);
  // In full, each of them; else one in some, and those that tell of others.
  const every = long(1, 20);
  const flipped = keys.filter((key, i) =>
    i % every === 0 || /\/(?:site|manifest)\.json$/.test(key)
  );
  for (const key of flipped) {
    const before = storage.objects.get(key)!;
    const bytes = before.slice();
    bytes[Math.floor(bytes.length / 2)]! ^= 1;
    storage.objects.set(key, bytes);
    await assertRefused(cma, () => framed(options), /isn't what was exported/);
    storage.objects.set(key, before);
  }
});

Deno.test("a role that lacks permissions is refused", async () => {
  const storage = await sampleSnapshot();
  const project = sampleProject();
  const [editor] = project.primary.settings.get("/roles") as unknown as { id: string }[];
  const tokens = project.primary.settings.get("/access_tokens") as unknown as {
    relationships: { role: { data: unknown } };
  }[];
  for (const token of tokens) token.relationships.role.data = { id: editor!.id, type: "role" };
  await using cma = served(project);
  await assertRefused(
    cma,
    () => framed(restoreOptions(cma, storage)),
    /it lacks can_edit_schema, can_edit_site, can_manage_environments, can_manage_workflows/,
  );
});

Deno.test("restores that begin in one second have journals of their own", async () => {
  const storage = new MemoryStorage();
  const { signal } = new AbortController();
  const content = {
    snapshot: "1/1700000000",
    manifest: null,
    project: "1",
    environment: "rescue",
    forkOf: "main",
    startedAt: "2026-01-31T12:00:00.400Z",
    digest: "0",
  };
  const given = await RestoreJournal.begin(storage, "content/project_1", content, signal);
  await given.end({ status: "aborted" });
  const another = await RestoreJournal.begin(storage, "content/project_1", content, signal);
  assert.notEqual(another.prefix, given.prefix);
  const found = await RestoreJournal.find(storage, "content/project_1", () => true, signal);
  assert.equal(found?.prefix, another.prefix);
});

Deno.test("Ctrl-C ends what is in flight and puts back what was changed for a while; resume continues", async () => {
  const storage = await sampleSnapshot();
  const project = sampleProject();
  await using cma = served(project);
  const stop = new AbortController();
  const options = { ...restoreOptions(cma, storage), into: "new:rescue", concurrency: 1 };
  {
    await using plan = await framed(options, renaming("later", 2, () => stop.abort()));
    await assert.rejects(applyRestore(plan, { stop: stop.signal }), (error) => {
      assert.ok(error instanceof SluiceError);
      assert.equal(error.exitCode, EXIT.cancelled);
      return true;
    });
  }
  const hints = () =>
    FIELDS.slice(0, 3).map((id) => {
      const fields = project.environments.get("rescue")!.fields;
      return fields.find((field) => field.id === id)!.attributes.hint;
    });
  assert.deepEqual(hints(), [null, null, null]);
  const puts = cma.writes.done.filter(({ method }) => method === "PUT");
  assert.equal(puts.length, 4, "two changes, and both back");
  await using again = await framed({ ...options, resume: true }, renaming("later"));
  assert.equal(again.target.environment, "rescue");
  assert.match(again.resumes!, /restore_\d+$/);
  const forks = () => cma.writes.done.length;
  const before = forks();
  const result = await applyRestore(again);
  assert.equal(forks() - before, 6, "three changes, and all back");
  assert.equal(result.exitCode, EXIT.complete);
  await assertOver(options);

  async function assertOver(over: typeof options): Promise<void> {
    await assert.rejects(framed({ ...over, resume: true }), /no restore of .* that isn't over/);
  }
});

Deno.test("a restore that is given up destroys the environment that it made", async () => {
  const storage = await sampleSnapshot();
  const project = sampleProject();
  await using cma = served(project);
  const options = { ...restoreOptions(cma, storage), into: "new:rescue" };
  const failing: Step = {
    phase: "records",
    writes: [],
    run: () => Promise.reject(new SluiceError("It doesn't work.")),
  };
  const chosen = { keepExtra: true, validators: "last", stages: "initial" } as const;
  await using plan = await framed({ ...options, ...chosen }, failing);
  await assert.rejects(applyRestore(plan), /It doesn't work/);
  const inputs: PlanInput[] = [];
  await using again = await planWith({ ...restoreOptions(cma, storage), resume: true }, {
    ...partsOf(failing),
    planUploads: (input) => {
      inputs.push(input);
      return Promise.resolve({ steps: [], missing: new Set() });
    },
  });
  assert.equal(again.target.environment, "rescue");
  const [{ keepExtra, validators, stages } = {}] = inputs;
  assert.deepEqual({ keepExtra, validators, stages }, chosen, "what it was begun with");
  assert.ok(project.environments.has("rescue"));
  const aborted = await abortRestore(options);
  assert.equal(aborted.destroyed, "rescue");
  assert.ok(!project.environments.has("rescue"));
  await assert.rejects(abortRestore(options), /no restore of/);
});

Deno.test("limits stop a restore with exit code 4, and another one holds the lock", async () => {
  const storage = await sampleSnapshot();
  await using cma = served(sampleProject());
  const options = { ...restoreOptions(cma, storage), into: "new:rescue", concurrency: 1 };
  const held = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<void>();
  const waiting: Step = {
    phase: "records",
    writes: [],
    run: async () => {
      begun.resolve();
      await held.promise;
    },
  };
  {
    await using first = await framed(options, waiting);
    await using second = await framed(options);
    const running = applyRestore(first);
    await begun.promise;
    await assert.rejects(applyRestore(second), (error) => {
      assert.ok(error instanceof SluiceError);
      assert.match(error.message, /Another restore writes to the environment rescue/);
      assert.equal(error.exitCode, EXIT.usage);
      return true;
    });
    held.resolve();
    await running;
  }
  await using plan = await framed({ ...options, into: "new:other" }, renaming("x"));
  await assert.rejects(applyRestore(plan, { maxWrites: 2 }), (error) => {
    assert.ok(error instanceof SluiceError);
    assert.equal(error.exitCode, EXIT.unfinished);
    assert.match(error.message, /2 requests that change something were sent/);
    return true;
  });
  const { environment } = cma.writes.done.at(-1)!;
  assert.equal(environment, "other");
});

Deno.test("what isn't as the snapshot holds it is named by record, field, locale and version", async () => {
  const storage = await sampleSnapshot();
  const project = sampleProject();
  await using cma = served(project);
  const options = { ...restoreOptions(cma, storage), into: "new:rescue" };
  const spoiling: Step = {
    phase: "current",
    writes: [{ action: "update", type: "item", count: 1, requests: 1 }],
    async run({ target, signal, wrote }) {
      const { items } = project.primary;
      const article = project.primary.itemTypes.find(({ attributes }) => {
        return attributes.api_key === "article";
      })!;
      const { current } = items.records().find(({ current }) => {
        return current.relationships.item_type.data.id === article.id;
      })!;
      const { attributes: { title }, id } = current;
      await target.update(`/items/${id}`, {
        type: "item",
        id,
        attributes: { title: { ...title as object, en: "Spoilt" } },
        relationships: { item_type: current.relationships.item_type },
      } as never, { signal });
      wrote("current", "item");
    },
  };
  await using plan = await framed(options, spoiling);
  const result = await applyRestore(plan);
  assert.equal(result.exitCode, EXIT.failed);
  const [first, ...more] = result.verification!.differences.filter(({ path }) => path === "title");
  assert.deepEqual(more, []);
  assert.equal(first!.locale, "en");
  assert.equal(first!.name, "article");
  assert.equal(first!.found, "Spoilt");
  assert.deepEqual(result.written, { "current item": 1 });
  await using sample = await framed({ ...options, into: "new:other" }, spoiling);
  const some = await applyRestore(sample, { verify: "sample:5" });
  assert.equal(some.verification!.records, 5);
  await using none = await framed({ ...options, into: "new:third" }, spoiling);
  assert.equal((await applyRestore(none, { verify: "none" })).verification, null);
});
