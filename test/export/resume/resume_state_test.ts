import assert from "node:assert/strict";
import { Journal } from "../../../src/export/journal.ts";
import { ResumeState } from "../../../src/export/resume/resume_state.ts";
import { Tallies } from "../../../src/export/tallies.ts";
import { SnapshotWriter } from "../../../src/snapshot/snapshot_writer.ts";
import { Secrets } from "../../../src/text/secrets/secrets.ts";
import { MemoryStorage } from "../../support/memory_storage.ts";

const BEGUN = new Date("2026-01-02T03:04:05.678Z");
const { signal } = new AbortController();

async function begin(labels?: Record<string, string>) {
  const storage = new MemoryStorage();
  const tallies = new Tallies();
  const journal = new Journal({ redaction: new Secrets(), emit: () => {} });
  const snapshot = await SnapshotWriter.create(storage, {
    projectId: "1",
    startedAt: BEGUN,
    claim: {},
    signal,
  });
  const state = new ResumeState({
    fingerprint: { schema: "same" },
    startedAt: BEGUN,
    labels,
    changedSince: BEGUN,
    snapshot,
    tallies,
    journal,
    derived: undefined,
    signal,
  });
  return { state, tallies, journal, snapshot };
}

Deno.test("ResumeState.restore() brings back all that capture() describes", async () => {
  const { state, tallies, journal, snapshot } = await begin({ reason: "upgrade" });
  await snapshot.putJson("site.json", {});
  tallies.setResource("site", { count: 1, bytes: 3 });
  tallies.skipResource("webhooks", "403");
  tallies.setRecords("constructor", "current", { count: 2, bytes: 20 });
  journal.addFinding("count_differs", "The API announced 2 roles, and sent 1.");
  journal.addWarning("asset_withdrawn", "Its file is gone through again.");
  state.listing("uploads").read = 7;
  state.finish("schema");
  state.assetLists = 3;
  state.changedSince = new Date(BEGUN.getTime() + 1000);
  state.outdated.set("records 8", { what: "records", id: "8", of: "1", time: null });
  state.amended.set("uploads current 9", "digest");
  const checkpoint = JSON.parse(JSON.stringify(state.capture()));

  const next = await begin();
  await next.state.restore(checkpoint);
  const { objects: _, notes, ...same } = checkpoint;
  const { objects: __, notes: restored, ...again } = JSON.parse(
    JSON.stringify(next.state.capture()),
  );
  assert.deepEqual(again, same);
  assert.deepEqual(restored, { ...notes, warnings: [] });
  assert.ok(next.state.isDone("schema") && !next.state.isDone("restrictions"));
  assert.equal(next.state.progressed, false);
  next.state.listing("uploads").read = 8;
  assert.equal(next.state.progressed, true);
  assert.equal(checkpoint.listings.uploads.read, 7, "a checkpoint stays as it is");
});

Deno.test("ResumeState.capture() doesn't count what a step that is open has written", async () => {
  const { state, snapshot } = await begin();
  state.open("settings/roles.json");
  await snapshot.putJson("settings/roles.json", {});
  const paths = () => state.capture().objects.map(({ path }) => path);
  assert.deepEqual(paths(), ["export.json"]);
  state.finish("settings/roles.json");
  assert.deepEqual(paths(), ["export.json", "settings/roles.json"]);
});
