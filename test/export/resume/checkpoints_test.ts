import assert from "node:assert/strict";
import type { Page, Resource } from "../../../src/content/resource.ts";
import { Secrets } from "../../../src/text/secrets/secrets.ts";
import type { Checkpoint } from "../../../src/export/resume/checkpoint.ts";
import { readCheckpoint } from "../../../src/export/resume/checkpoint.ts";
import { CHECKPOINT } from "../../../src/snapshot/layout.ts";
import { NDJSON } from "../../../src/sink/encodings.ts";
import { SnapshotWriter } from "../../../src/snapshot/snapshot_writer.ts";
import { Checkpoints } from "../../../src/export/resume/checkpoints.ts";
import { Journal } from "../../../src/export/journal.ts";
import { Tallies } from "../../../src/export/tallies.ts";
import { ResumeState } from "../../../src/export/resume/resume_state.ts";
import { ListingWriter } from "../../../src/export/resume/listing_writer.ts";
import { MemoryStorage } from "../../support/memory_storage.ts";
import { turn, until } from "../../support/until.ts";

/** An export that has just begun. */
async function begin(everyMs: number, options: { stop?: AbortSignal; from?: Checkpoint } = {}) {
  let puts = 0;
  const storage = new MemoryStorage({
    beforePut: (key) => void (key.endsWith(CHECKPOINT) && puts++),
  });
  const { signal } = new AbortController();
  const startedAt = new Date();
  const snapshot = await SnapshotWriter.create(storage, {
    projectId: "1",
    startedAt,
    claim: {},
    signal,
  });
  const emit = () => {};
  const state = new ResumeState({
    fingerprint: {},
    startedAt,
    changedSince: startedAt,
    snapshot,
    tallies: new Tallies(),
    journal: new Journal({ redaction: new Secrets(), emit }),
    derived: undefined,
    signal,
  });
  if (options.from) await state.restore(options.from);
  const checkpoints = new Checkpoints({
    state,
    snapshot,
    emit,
    stop: options.stop,
    everyMs,
    signal,
  });
  const read = async () => (await readCheckpoint(storage, snapshot.prefix, signal))!.checkpoint;
  return { state, checkpoints, snapshot, read, puts: () => puts };
}

Deno.test("Checkpoints.page() writes one checkpoint for all pages that wait for it", async () => {
  const { checkpoints, puts } = await begin(1);
  const pages = Array.from({ length: 5 }, () => checkpoints.page(() => turn().then(turn)));
  await Promise.all(pages);
  assert.ok(puts() >= 1 && puts() < 5, `${puts()}`);
  const rare = await begin(3_600_000);
  await rare.checkpoints.page(() => Promise.resolve());
  assert.equal(rare.puts(), 0);
});

Deno.test("Checkpoints.once() counts what a step wrote once it is done, and does that only once", async () => {
  const first = await begin(0);
  let ran = 0;
  const step = async () => {
    ran++;
    await first.snapshot.putJson("settings/roles.json", {});
    await first.checkpoints.save();
    const { objects, done } = await first.read();
    assert.ok(!objects.some(({ path }) => path.startsWith("settings/")));
    assert.deepEqual(done, []);
  };
  await first.checkpoints.once("settings/roles.json", step);
  await first.checkpoints.once("settings/roles.json", step);
  await first.checkpoints.save();
  const from = await first.read();
  assert.ok(from.objects.some(({ path }) => path === "settings/roles.json"));
  const second = await begin(0, { from });
  await second.checkpoints.once("settings/roles.json", step);
  assert.equal(ran, 1);
});

Deno.test("Checkpoints.always() runs a step whose objects are never counted", async () => {
  const { checkpoints, snapshot, read } = await begin(0);
  await checkpoints.always("assets", () => snapshot.putJson("assets.ndjson", {}));
  await checkpoints.save();
  assert.deepEqual((await read()).objects.map(({ path }) => path), ["export.json"]);
});

Deno.test("Checkpoints.page() that fails ends all checkpoints: what it counted may be lost", async () => {
  const { checkpoints, puts } = await begin(0);
  const failure = new Error("The disk is full.");
  await assert.rejects(checkpoints.page(() => Promise.reject(failure)), failure);
  await assert.rejects(checkpoints.page(() => Promise.resolve()), failure);
  await assert.rejects(checkpoints.save(), failure);
  assert.equal(puts(), 0);
});

Deno.test("Checkpoints.save() waits for all writers, and fails for good if one does", async () => {
  const { checkpoints, puts } = await begin(0);
  let ended = 0;
  let failure: Error | undefined = new Error("The disk was full.");
  const fails = checkpoints.attach({
    endSegment: () => failure ? Promise.reject(failure) : Promise.resolve(),
  });
  using _works = checkpoints.attach({ endSegment: () => turn().then(() => void ended++) });
  const told = failure;
  await assert.rejects(checkpoints.save(), told);
  assert.equal(ended, 1);
  failure = undefined;
  await assert.rejects(checkpoints.save(), told);
  fails[Symbol.dispose]();
  await assert.rejects(checkpoints.save(), told);
  assert.equal(puts(), 0);
});

Deno.test("Checkpoints.saving() writes one at once when the export is to stop, however rare they are", async () => {
  const stop = new AbortController();
  const { checkpoints, puts } = await begin(3_600_000, { stop: stop.signal });
  {
    await using _saving = checkpoints.saving();
    stop.abort();
  }
  assert.equal(puts(), 1);
  // What comes after that is kept, too.
  await checkpoints.page(() => Promise.resolve());
  assert.equal(puts(), 2);
});

Deno.test("Checkpoints.saving() writes what comes after a checkpoint as soon as the next is due, also if nothing follows", async () => {
  const { checkpoints, puts } = await begin(40);
  await checkpoints.page(() => Promise.resolve());
  await turn();
  assert.equal(puts(), 0, "nothing is to be written in the background yet");
  await using _saving = checkpoints.saving();
  for (let written = 1; written <= 3; written++) {
    await checkpoints.once(`step ${written}`, () => Promise.resolve());
    await until(() => puts() === written, `checkpoint ${written}`);
  }
});

/** A listing whose pages go to a sink. */
function listingOf(
  { state, checkpoints }: { state: ResumeState; checkpoints: Checkpoints },
  sink: UnderlyingSink<Page<Resource>>,
): ListingWriter<Resource> {
  return new ListingWriter<Resource>({
    key: "uploads",
    state,
    checkpoints,
    batches: () => new WritableStream(sink),
    onPage: () => {},
  });
}

Deno.test("ListingWriter that is aborted in the midst of a page ends all checkpoints", async () => {
  const { state, checkpoints, puts } = await begin(3_600_000);
  const isWriting = Promise.withResolvers<void>();
  const listing = listingOf({ state, checkpoints }, {
    write: (_page, { signal }) => {
      isWriting.resolve();
      return new Promise((_, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason));
      });
    },
  });
  const sink = listing.sink().getWriter();
  const reason = new Error("Cancelled");
  const written = sink.write([{ id: "1", type: "upload" } as Resource]);
  written.catch(() => {});
  sink.closed.catch(() => {});
  await isWriting.promise;
  await sink.abort(reason);
  await assert.rejects(written, reason);
  await assert.rejects(checkpoints.save(), reason);
  assert.equal(puts(), 0);
});

Deno.test("ListingWriter that is aborted after a checkpoint has lost nothing", async () => {
  const { state, checkpoints, read } = await begin(3_600_000);
  const aborted: unknown[] = [];
  const listing = listingOf({ state, checkpoints }, {
    abort: (reason) => void aborted.push(reason),
  });
  const sink = listing.sink().getWriter();
  await sink.write([{ id: "1", type: "upload" } as Resource]);
  await checkpoints.save();
  sink.closed.catch(() => {});
  const reason = new Error("Cancelled");
  await sink.abort(reason);
  assert.deepEqual(aborted, [reason]);
  await checkpoints.save();
  assert.equal((await read()).listings.uploads?.read, 1);
  assert.deepEqual(listing.after?.last.map(({ id }) => id), ["1"]);
});

Deno.test("ListingWriter that is aborted between pages has lost nothing of its batches", async () => {
  const { state, checkpoints, snapshot, read } = await begin(3_600_000);
  const listing = () => {
    return new ListingWriter<Resource>({
      key: "uploads",
      state,
      checkpoints,
      batches: (batches) => {
        return snapshot.sink({ path: (n) => `uploads/${n}`, encoding: NDJSON, ...batches });
      },
      onPage: () => {},
    });
  };
  const sink = listing().sink().getWriter();
  await sink.write([{ id: "1", type: "upload" } as Resource]);
  sink.closed.catch(() => {});
  await sink.abort(new Error("Cancelled"));
  await checkpoints.save();
  const { listings, objects, journal } = await read();
  assert.equal(listings.uploads?.read, 1);
  assert.deepEqual(listings.uploads?.unfinished, { count: 1 });
  assert.ok(!objects.some(({ path }) => path.startsWith("uploads/")));
  assert.equal(journal.length, 1);
  const again = listing().sink().getWriter();
  await again.write([{ id: "2", type: "upload" } as Resource]);
  await again.close();
  await checkpoints.save();
  const after = await read();
  assert.equal(after.objects.find(({ path }) => path === "uploads/0")?.count, 2);
  assert.deepEqual([after.listings.uploads?.unfinished, after.journal], [undefined, []]);
});
