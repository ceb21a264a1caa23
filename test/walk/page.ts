/**
 * The web page of snapshots, in Chromium: used as people use it, with and without its script, on a phone by night and
 * on a desk by day; with texts that try to be markup.
 *
 * @module
 */
import assert from "node:assert/strict";
import { snapshotHandler } from "../../src/serve/handler.ts";
import { createToken } from "../../src/serve/token.ts";
import { openSnapshot } from "../../src/tools/open.ts";
import { serveHttp } from "../support/http_server.ts";
import { CHANGING_RECORD, exportedHistory, HOSTILE_RECORD } from "../support/served_history.ts";
import { ROOT } from "../support/terminal.ts";

/** What Chromium saw. */
interface Seen {
  /** What must not have happened: errors, reports of policies, requests of other hosts, dialogs. */
  readonly events: readonly string[];
  /** Where each step of somebody who looks for a text has led to. */
  readonly steps: readonly {
    readonly javaScriptEnabled: boolean;
    readonly name: string;
    readonly heading: string;
    readonly address: string;
  }[];
  readonly pages: readonly {
    readonly width: number;
    readonly rows: readonly {
      readonly name: string;
      readonly overflow: number;
      readonly scripts: number;
      readonly ran: unknown;
      readonly violations: readonly string[];
    }[];
  }[];
}

const HEADINGS = {
  snapshots: "Slackwater",
  compare: "What has changed",
  snapshot: "Snapshot of 2 May 2026, 03:15",
  records: "Article",
  record: "The lock keeper who sold time",
  locale: "Diciannove anni alla Chiusa della Candela",
  history: "History of The lock keeper who sold time",
  revision: "Changes of The lock keeper who sold time",
  before: "Changes of The lock keeper who sold time",
  out: "Log in",
};

Deno.test({
  name:
    "the web page is good to use in Chromium, with and without a script, and nothing in it runs",
  // Who runs the tests may have no browser; where all has to pass, there is one.
  ignore: Deno.env.get("SLUICE_TEST_TOOLS") === undefined &&
    Deno.env.get("SLUICE_TEST_CI") !== "true",
  async fn() {
    const storage = await exportedHistory();
    const snapshot = await openSnapshot(storage, "latest");
    const [project] = snapshot.name.split("/");
    const [upload] = (await Array.fromAsync(snapshot.uploads())).flat();
    const { token, kept } = createToken({ name: "browser", scope: "admin" });
    const errors: unknown[] = [];
    const ready = Promise.withResolvers<(request: Request) => Promise<Response>>();
    await using server = serveHttp(async (request) => await (await ready.promise)(request));
    const { url } = server;
    const now = () => Date.UTC(2026, 4, 3, 9);
    const onError = (error: unknown) => errors.push(error);
    ready.resolve(snapshotHandler(storage, { publicUrl: url, tokens: [kept], now, onError }));
    const shots = Deno.env.get("SLUICE_TEST_SHOTS");
    const options = {
      url,
      token,
      project,
      changing: CHANGING_RECORD,
      hostile: HOSTILE_RECORD,
      upload: upload!.id,
      shots,
    };
    const { success, stdout, stderr } = await new Deno.Command("node", {
      args: [`${ROOT}test/walk/page.cjs`, JSON.stringify(options)],
    }).output();
    const decoder = new TextDecoder();
    assert.ok(success, decoder.decode(stderr));
    const seen: Seen = JSON.parse(decoder.decode(stdout));
    assert.deepEqual(seen.events, []);
    assert.deepEqual(errors, []);
    for (const isScripted of [true, false]) {
      const steps = seen.steps.filter(({ javaScriptEnabled }) => javaScriptEnabled === isScripted);
      assert.deepEqual(
        Object.fromEntries(steps.map(({ name, heading }) => [name, heading])),
        HEADINGS,
      );
    }
    assert.deepEqual(seen.pages.map(({ width }) => width), [360, 1280]);
    for (const { width, rows } of seen.pages) {
      assert.ok(rows.length >= 18);
      for (const { name, ...row } of rows) {
        const expected = { overflow: 0, scripts: 0, ran: null, violations: [] };
        assert.deepEqual(row, expected, `${name} at ${width}`);
      }
    }
  },
});
