import assert from "node:assert/strict";
import { JsonView } from "../../../src/cli/progress/json_view.ts";
import { LineView } from "../../../src/cli/progress/line_view.ts";
import { LiveView } from "../../../src/cli/progress/live_view.ts";
import { Progress } from "../../../src/cli/progress/progress.ts";
import type { ProgressView } from "../../../src/cli/progress/progress_view.ts";
import { DEFAULTS } from "../../../src/config/options.ts";
import type { ExportEvent } from "../../../src/export/events.ts";
import { initialProgress, progressOf } from "../../../src/report/progress_state.ts";
import { FakeClock, fakeIo } from "../fake_io.ts";
import { asset, done, page, request, RETRY, START, total } from "./events.ts";

/** A terminal of endless size that understands what {@linkcode LiveView} writes. */
class FakeTerminal {
  #lines = [""];
  #row = 0;
  #column = 0;
  writes = 0;

  write(text: string): void {
    this.writes++;
    for (
      // deno-lint-ignore no-control-regex -- the terminal's commands
      const [token, count, command] of text.matchAll(/\x1b\[(\d*)([A-Za-z])|[\r\n]|[^\x1b\r\n]+/g)
    ) {
      const line = this.#lines[this.#row]!;
      if (token === "\n") {
        this.#lines[++this.#row] ??= "";
        this.#column = 0;
      } else if (token === "\r") {
        this.#column = 0;
      } else if (command === "A") {
        this.#row -= Number(count);
        assert.ok(this.#row >= 0, "The cursor left the terminal.");
      } else if (command === "J" || command === "K") {
        this.#lines[this.#row] = line.slice(0, this.#column);
        if (command === "J") this.#lines.length = this.#row + 1;
      } else if (command === undefined) {
        this.#lines[this.#row] = line.slice(0, this.#column) + token +
          line.slice(this.#column + token.length);
        this.#column += token.length;
      } else assert.equal(command, "m");
    }
  }

  get text(): string {
    return this.#lines.join("\n");
  }
}

/** Shows events in a view, with the state that belongs to them. */
function show(view: ProgressView, events: readonly ExportEvent[], now = 1_000_000): void {
  let state = initialProgress(now);
  for (const event of events) {
    state = progressOf(state, event, now);
    view.show(event, state);
  }
}

function liveView(output: FakeTerminal, clock: FakeClock, color = false): LiveView {
  const options = { output, clock, columns: () => 80, color, verbose: false };
  return new LiveView(initialProgress(clock.now()), options);
}

Deno.test("LiveView redraws its lines in place, ten times a second at most", () => {
  const clock = new FakeClock();
  const output = new FakeTerminal();
  using view = liveView(output, clock);
  assert.match(output.text, /^Reading the project's schema\nRequests {2}0, 0 B\nTime {6}0\.0 s\n$/);
  show(view, [START, total(10), ...Array.from({ length: 1000 }, () => request(7))]);
  assert.equal(output.writes, 1);
  clock.advance(99);
  assert.equal(output.writes, 1);
  clock.advance(1);
  assert.equal(output.writes, 2);
  assert.match(
    output.text,
    /^Exporting Slackwater.*\n {10}\/backups.*\nRecords.*\nAssets.*\nListings.*\nRequests {2}1,000, 20 MB, 7 left in this window\nTime {6}0\.1 s\n$/,
  );
  clock.advance(900);
  assert.equal(output.writes, 2);
  clock.advance(100);
  assert.equal(output.writes, 3);
  assert.match(output.text, /\nTime {6}1\.1 s\n$/);
});

Deno.test("LiveView keeps messages above its lines, and leaves only them", () => {
  const clock = new FakeClock();
  const output = new FakeTerminal();
  {
    using view = liveView(output, clock, true);
    show(view, [START, { type: "warning", code: "x", message: "One." }]);
    view.say("Two.");
    clock.advance(100);
    assert.match(output.text, /^Warning: One\.\nTwo\.\n.*Slackwater/);
    show(view, [asset("failed", null)]);
    clock.advance(100);
  }
  assert.match(output.text, /^Warning: One\.\nTwo\.\nFailed: asset .*\nwith status 500\n$/);
  assert.equal(clock.timers, 0);
});

Deno.test("LiveView overwrites what a terminal echoes when a key is pressed", () => {
  for (const isEnded of [true, false]) {
    const clock = new FakeClock();
    const output = new FakeTerminal();
    using view = liveView(output, clock);
    output.write("^C");
    if (isEnded) view.say("Cancelling");
    else clock.advance(1000);
    assert.match(output.text, isEnded ? /^Cancelling\n$/ : /^Reading the.*\nRequests.*\nTime.*\n$/);
  }
});

Deno.test("LineView writes plain lines, and every few seconds how far it is", () => {
  const clock = new FakeClock();
  const io = fakeIo();
  {
    using view = new LineView(initialProgress(clock.now()), {
      output: io.stderr,
      clock,
      verbose: false,
    });
    show(view, [START, total(10), request(), RETRY, page(4), done(4), asset("downloaded")]);
    clock.advance(4999);
    clock.advance(1);
    clock.advance(5000);
  }
  clock.advance(60_000);
  assert.equal(clock.timers, 0);
  const progress = "4 records, 1 assets (1.0 MB), 1 of 3 listings, 1 object written (1.0 MB), " +
    "1 request, 1 retry";
  assert.equal(
    io.err(),
    "Exporting Slackwater (project 123, environment main) to " +
      "/backups/content/project_123/snapshot_1700000000\n" +
      "Retry 2 of GET /items in 1.5 s: status 503\n" +
      `5.0 s: ${progress.replace("4 records", "4 records (1/s)")}\n` +
      `10 s: ${progress}\n`,
  );
});

Deno.test("JsonView writes one object to a line, with stable names", () => {
  const clock = new FakeClock(Date.UTC(2026, 0, 1));
  const io = fakeIo();
  {
    using view = new JsonView(initialProgress(clock.now()), {
      output: io.stderr,
      clock,
      verbose: false,
    });
    show(view, [
      START,
      request(),
      total(10),
      page(4),
      RETRY,
      asset("kept"),
      asset("failed", null),
      done(4),
      { type: "written", objects: 7, bytes: 2000 },
      { type: "tables", rows: 9, entries: 2, of: 4 },
    ], clock.now());
    view.say("Odd\u2028text\nhere");
    clock.advance(5000);
  }
  clock.advance(60_000);
  assert.equal(clock.timers, 0);
  assert.doesNotMatch(io.err(), /[\u2028\u2029]/);
  const entries = io.err().trimEnd().split("\n").map((line) => JSON.parse(line));
  assert.deepEqual(entries.map(({ type }) => type), [
    "start",
    "retry",
    "asset",
    "done",
    "message",
    "progress",
  ]);
  assert.deepEqual(entries[0], { time: "2026-01-01T00:00:00.000Z", ...START });
  assert.equal(entries[4].message, "Odd\u2028text\nhere");
  assert.deepEqual(entries[5], {
    time: "2026-01-01T00:00:05.000Z",
    type: "progress",
    ms: 5000,
    records: { read: 4, total: 4 },
    uploads: { read: 0, total: 0 },
    assets: {
      downloaded: 0,
      kept: 1,
      withdrawn: 0,
      not_served: 0,
      failed: 1,
      bytes: 0,
      retries: 0,
    },
    tables: { rows: 9, entries: 2, of: 4 },
    written: { objects: 7, bytes: 2000 },
    requests: { count: 1, retries: 1, bytes: 20_480, available: 59 },
    listings: { done: 1, total: 3 },
    totalsKnown: false,
    msLeft: 5000,
  });
});

Deno.test("JsonView tells of requests, pages and all assets if it is verbose", () => {
  const io = fakeIo();
  using view = new JsonView(initialProgress(0), {
    output: io.stderr,
    clock: new FakeClock(),
    verbose: true,
  });
  show(view, [START, request(), total(10), page(4), asset("kept")]);
  const types = io.err().trimEnd().split("\n").map((line) => JSON.parse(line).type);
  assert.deepEqual(types, ["start", "request", "total", "page", "asset"]);
});

/** What {@linkcode Progress} shows of an export. */
function shownBy(
  config: Partial<typeof DEFAULTS>,
  options: Parameters<typeof fakeIo>[0] = {},
): string {
  const clock = new FakeClock();
  const io = fakeIo({ clock, ...options });
  {
    using progress = new Progress({ ...DEFAULTS, ...config }, io);
    for (const event of [START, request(), page(30)]) progress.onEvent(event);
    clock.advance(5000);
    assert.equal(progress.state.records.read, 30);
    assert.equal(progress.ms, 5000);
  }
  assert.equal(clock.timers, 0);
  assert.equal(io.out(), "");
  return io.err();
}

Deno.test("Progress chooses how it shows, by the configuration and the terminal", () => {
  const cursor = "\x1b[7A";
  const colour = "\x1b[36m";
  const live = shownBy({}, { isTerminal: true });
  assert.ok(live.includes(cursor) && live.includes(colour));
  const grey = shownBy({}, { isTerminal: true, env: { NO_COLOR: "1" } });
  assert.ok(grey.includes(cursor) && !grey.includes(colour));
  assert.equal(shownBy({}, { isTerminal: true, env: { NO_COLOR: "" } }), live);
  for (const options of [{}, { isTerminal: true, env: { TERM: "dumb" } }]) {
    assert.match(shownBy({}, options), /^Exporting Slackwater.+\n5\.0 s: 30 records/);
  }
  assert.match(shownBy({ logFormat: "json" }, { isTerminal: true }), /^\{"time":.*\}\n\{.*\}\n$/);
  assert.match(shownBy({ verbose: true }), /\nGET \/items.*: 200 in 123 ms/);
  assert.equal(shownBy({ quiet: true }, { isTerminal: true }), "");
  assert.equal(shownBy({ quiet: true, logFormat: "json" }), "");
});

Deno.test("Progress shows assets only if they are fetched", () => {
  assert.match(shownBy({}, { isTerminal: true }), /Assets/);
  assert.doesNotMatch(shownBy({ assets: false }, { isTerminal: true }), /Assets/);
  assert.doesNotMatch(shownBy({ exclude: ["uploads"] }, { isTerminal: true }), /Assets/);
  assert.doesNotMatch(shownBy({ include: ["records"] }, { isTerminal: true }), /Assets/);
});
