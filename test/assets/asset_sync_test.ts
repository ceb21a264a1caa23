import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib";
import fc from "fast-check";
import type { Upload } from "../../src/content/resource.ts";
import { delay } from "../../src/async/delay.ts";
import type { AssetOutcome } from "../../src/assets/asset_download.ts";
import { syncAssets, type SyncAssetsOptions } from "../../src/assets/asset_sync.ts";
import { LocalStorage } from "../../src/storage/local/local_storage.ts";
import { type Storage, StorageError } from "../../src/storage/storage.ts";
import { AssetError, fetchAsset } from "../../src/source/datocms/asset_fetch.ts";
import { HeldTimers } from "../support/held_timers.ts";
import { serveHttp } from "../support/http_server.ts";
import { MemoryStorage } from "../support/memory_storage.ts";
import { turn, until } from "../support/until.ts";
import { temporaryPath } from "../support/temporary.ts";

const RETRY = { maxAttempts: 3, baseDelayMs: 1, maxDelayMs: 2 };

const md5Of = (bytes: Uint8Array) => createHash("md5").update(bytes).digest("hex");
const bytesOf = (text: string) => new TextEncoder().encode(text);

/** An upload whose bytes are its id, repeated. */
function upload(id: string, attributes: object = {}, meta: object = {}): Upload {
  const bytes = contentOf(id);
  return {
    id,
    type: "upload",
    attributes: {
      url: `https://assets.example/${id}`,
      path: `/1/${id}`,
      size: bytes.length,
      md5: md5Of(bytes),
      ...attributes,
    },
    meta: { ...meta },
  };
}

function contentOf(id: string): Uint8Array<ArrayBuffer> {
  return bytesOf(`${id};`.repeat(20));
}

function streamOf(
  bytes: Uint8Array<ArrayBuffer>,
  chunk = 16,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at >= bytes.length) return controller.close();
      controller.enqueue(bytes.subarray(at, at += chunk));
    },
  }, { highWaterMark: 0 });
}

type Fetch = SyncAssetsOptions["fetch"];

const good: Fetch = (upload) => Promise.resolve(streamOf(contentOf(upload.id)));

async function* pagesOf(uploads: readonly Upload[], size = 3): AsyncGenerator<readonly Upload[]> {
  for (let i = 0; i < uploads.length; i += size) {
    yield await Promise.resolve(uploads.slice(i, i + size));
  }
}

async function sync(
  uploads: readonly Upload[],
  storage: Storage,
  options: Partial<SyncAssetsOptions> = {},
): Promise<AssetOutcome[]> {
  const outcomes = syncAssets(pagesOf(uploads), storage, {
    fetch: good,
    key: ({ id }) => `assets/${id}`,
    retry: RETRY,
    ...options,
  });
  return (await Array.fromAsync(outcomes)).flat();
}

Deno.test("syncAssets() downloads what isn't there, and keeps what is", async () => {
  const storage = new MemoryStorage();
  const uploads = ["a", "b", "c"].map((id) => upload(id));
  await storage.put("assets/b", contentOf("b"));
  const fetched: string[] = [];
  const fetch: Fetch = (upload, options) => {
    fetched.push(upload.id);
    return good(upload, options);
  };
  const outcomes = await sync(uploads, storage, { fetch });
  assert.deepEqual(
    outcomes.toSorted((a, b) => a.upload_id < b.upload_id ? -1 : 1),
    ["a", "b", "c"].map((id) => ({
      upload_id: id,
      key: `assets/${id}`,
      size: 40,
      md5: md5Of(contentOf(id)),
      outcome: id === "b" ? "kept" : "downloaded",
      attempts: id === "b" ? 0 : 1,
    })),
  );
  assert.deepEqual(fetched.toSorted(), ["a", "c"]);
  assert.deepEqual((await sync(uploads, storage)).map(({ outcome }) => outcome), [
    "kept",
    "kept",
    "kept",
  ]);
});

Deno.test("syncAssets() replaces a file that has the right size and the wrong bytes, or another size", async () => {
  for (const wrong of [bytesOf("x".repeat(40)), bytesOf("x"), new Uint8Array()]) {
    const storage = new MemoryStorage();
    await storage.put("assets/a", wrong);
    const [outcome] = await sync([upload("a")], storage);
    assert.equal(outcome?.outcome, "downloaded");
    assert.deepEqual(storage.objects.get("assets/a"), contentOf("a"));
  }
});

Deno.test("syncAssets() downloads again what nothing tells the MD5 of", async () => {
  for (
    const attributes of [{ md5: null }, { md5: "" }, { md5: "nonsense" }, {
      md5: undefined,
      size: null,
    }]
  ) {
    const storage = new MemoryStorage();
    await storage.put("assets/a", contentOf("a"));
    const [outcome] = await sync([upload("a", attributes)], storage);
    assert.equal(outcome?.outcome, "downloaded");
    assert.equal(outcome?.md5, md5Of(contentOf("a")));
  }
  const [bySize] = await sync([upload("a", { size: null })], new MemoryStorage());
  assert.equal(bySize?.outcome, "downloaded");
});

Deno.test("syncAssets() asks for an infected asset, and doesn't count it as failed if it isn't served", async () => {
  const infected = { antivirus: { status: "infected", threat_name: "Eicar" } };
  const clean = { antivirus: { status: "clean", threat_name: null } };
  const unnamed = { antivirus: { status: "infected" } };
  const uploads = [upload("a", {}, infected), upload("b", {}, clean), upload("c", {}, unnamed)];
  const withdrawn = (attempts: number) => ({
    upload_id: "a",
    key: "assets/a",
    size: null,
    md5: null,
    outcome: "withdrawn",
    reason: "infected with Eicar: DatoCMS doesn't serve it any more",
    attempts,
  });
  const refusals: [AssetError, attempts: number][] = [
    [new AssetError("answered with status 403", { retryable: false }), 1],
    [new AssetError("answered with status 404", { retryable: false, isMissing: true }), 1],
    [new AssetError("answered with status 503", { retryable: true }), 3],
  ];
  for (const [refusal, attempts] of refusals) {
    const outcomes = await sync(uploads, new MemoryStorage(), {
      fetch: (upload, options) =>
        upload.id === "b" ? good(upload, options) : Promise.reject(refusal),
      whyGone: () => assert.fail("it is known why"),
    });
    const about = (id: string) => outcomes.find(({ upload_id }) => upload_id === id);
    assert.deepEqual(about("a"), withdrawn(attempts));
    assert.equal(about("b")?.outcome, "downloaded");
    assert.equal(about("c")?.reason, "infected: DatoCMS doesn't serve it any more");
  }
  const page = bytesOf("<html>This file was removed</html>");
  const [replaced] = await sync(uploads, new MemoryStorage(), {
    fetch: () => Promise.resolve(streamOf(page)),
  });
  assert.deepEqual(replaced, withdrawn(3));
  const storage = new MemoryStorage();
  const [served] = await sync(uploads, storage);
  assert.deepEqual([served?.outcome, served?.attempts], ["downloaded", 1]);
  const [kept] = await sync(uploads, storage);
  assert.equal(kept?.outcome, "kept");
});

/** How an answer may be coded that nobody asked to be. */
const CODINGS: Record<string, (bytes: Uint8Array) => Uint8Array> = {
  gzip: gzipSync,
  "x-gzip": gzipSync,
  deflate: deflateSync,
  br: brotliCompressSync,
};

Deno.test("syncAssets() takes off a coding that nobody asked for, unless the file is stored like that", async () => {
  for (const [coding, encode] of Object.entries(CODINGS)) {
    const coded = new Uint8Array(encode(contentOf("a")));
    for (const hasLength of [true, false]) {
      await using server = serveHttp(() => {
        const body = hasLength ? coded : streamOf(coded);
        return new Response(body, { headers: { "content-encoding": coding } });
      });
      const fetch: Fetch = (upload, request) => {
        return fetchAsset(upload, { assetHost: server.url, ...request });
      };
      const plain = contentOf("a");
      const stored = { size: coded.length, md5: md5Of(coded) };
      const cases: [attributes: object, bytes: Uint8Array][] = [
        [{}, plain],
        [{ size: null }, plain],
        [{ md5: null }, plain],
        [{ size: null, md5: null }, plain],
        [stored, coded],
        [{ ...stored, size: null }, coded],
      ];
      for (const [attributes, bytes] of cases) {
        const storage = new MemoryStorage();
        const retry = { ...RETRY, maxAttempts: 5 };
        const [outcome] = await sync([upload("a", attributes)], storage, { fetch, retry });
        const what = JSON.stringify([coding, hasLength, attributes, outcome]);
        assert.equal(outcome?.outcome, "downloaded", what);
        assert.deepEqual(await new Response(await storage.get("assets/a")).bytes(), bytes, what);
      }
    }
  }
});

Deno.test("syncAssets() asks the plain address when the one with parameters is refused", async () => {
  for (const status of [400, 403, 404, 410, 422, 500, 503]) {
    for (const attributes of [{}, { size: null, md5: null }]) {
      const asked: string[] = [];
      await using server = serveHttp((_request, url) => {
        asked.push(url.search);
        return url.search === ""
          ? new Response(contentOf("a"))
          : new Response("no such parameter", { status });
      });
      const [outcome] = await sync([upload("a", attributes)], new MemoryStorage(), {
        fetch: (upload, request) => fetchAsset(upload, { assetHost: server.url, ...request }),
        onRetry: () => assert.ok(status >= 500, "a refusal needs no wait"),
      });
      assert.equal(outcome?.outcome, "downloaded", String(status));
      // Nothing tells whether a server in trouble means the parameters, nor whether the file is the same.
      const isUnsure = status >= 500 && "md5" in attributes;
      const ours = "?skip-default-optimizations=true";
      assert.deepEqual(asked, isUnsure ? [ours, ours, ""] : [ours, ""]);
    }
  }
});

Deno.test("syncAssets() says which videos aren't served as they are, which is no failure", async () => {
  await using server = serveHttp(() => new Response("no raw videos", { status: 422 }));
  const uploads = ["video/mp4", "image/png"].map((mime_type, i) => upload(`a${i}`, { mime_type }));
  const outcomes = await sync(uploads, new MemoryStorage(), {
    fetch: (upload, request) => fetchAsset(upload, { assetHost: server.url, ...request }),
  });
  const byId = new Map(outcomes.map((one) => [one.upload_id, one]));
  assert.equal(byId.get("a0")?.outcome, "not_served");
  assert.match(byId.get("a0")?.reason ?? "", /doesn't serve the raw videos .* \(422\)/);
  assert.equal(byId.get("a1")?.outcome, "failed");
});

Deno.test("syncAssets() asks no other address for one that has parameters itself, nor when it is asked to slow down", async () => {
  const cases: [url: string, status: number, asked: number][] = [
    ["https://assets.example/a?s=signed", 403, 1],
    ["https://assets.example/a", 429, 3],
    ["https://assets.example/a", 408, 3],
  ];
  for (const [url, status, count] of cases) {
    const asked: string[] = [];
    await using server = serveHttp((_request, { search }) => {
      asked.push(search);
      return new Response(null, { status });
    });
    const [outcome] = await sync([upload("a", { url })], new MemoryStorage(), {
      fetch: (upload, request) => fetchAsset(upload, { assetHost: server.url, ...request }),
    });
    assert.equal(outcome?.outcome, "failed");
    assert.equal(asked.length, count);
    assert.ok(asked.every((search) => search !== ""));
  }
});

Deno.test("syncAssets() has places for others while assets wait for another attempt", async () => {
  using timers = new HeldTimers(7000);
  let busy = true;
  const fetch: Fetch = (upload, request) => {
    if (!busy || Number(upload.id) % 2 === 1) return good(upload, request);
    const slow = new AssetError("answered with status 503", { retryable: true, askedMs: 7000 });
    return Promise.reject(slow);
  };
  const done: string[] = [];
  const uploads = Array.from({ length: 40 }, (_, id) => upload(String(id)));
  const outcomes = sync(uploads, new MemoryStorage(), {
    fetch,
    concurrency: 2,
    onOutcome: ({ upload_id }) => done.push(upload_id),
  });
  await until(() => timers.waiting === 20, "half of them wait");
  await until(() => done.length === 20, "the others are there");
  busy = false;
  timers.fire();
  const all = await outcomes;
  assert.deepEqual(all.filter(({ outcome }) => outcome === "downloaded").length, 40);
  assert.deepEqual(all.slice(20).map(({ attempts }) => attempts), Array(20).fill(2));
});

Deno.test("syncAssets() begins no further assets when very many wait", async () => {
  using timers = new HeldTimers(7000);
  let taken = 0;
  async function* uploads() {
    for (; taken < 3000; taken++) yield await Promise.resolve([upload(String(taken))]);
  }
  const end = new AbortController();
  const outcomes = Array.fromAsync(syncAssets(uploads(), new MemoryStorage(), {
    fetch: () => Promise.reject(new AssetError("busy", { retryable: true, askedMs: 7000 })),
    concurrency: 2,
    key: ({ id }) => id,
    signal: end.signal,
  }));
  await until(() => timers.waiting === 1002, "as many wait as may");
  for (let i = 0; i < 5; i++) await turn();
  assert.equal(timers.waiting, 1002);
  assert.ok(taken <= 1003, `${taken}`);
  end.abort(new Error("enough"));
  await assert.rejects(outcomes, /enough/);
});

Deno.test("syncAssets() that is to stop ends without the assets that wait for another attempt", async () => {
  using timers = new HeldTimers(7000);
  const stop = new AbortController();
  const open = Promise.withResolvers<void>();
  const fetch: Fetch = async (upload, request) => {
    if (upload.id === "1") await open.promise;
    else if (upload.id !== "2") {
      throw new AssetError("busy", { retryable: true, askedMs: 7000 });
    }
    return await good(upload, request);
  };
  const uploads = Array.from({ length: 10 }, (_, id) => upload(String(id)));
  const outcomes = sync(uploads, new MemoryStorage(), {
    fetch,
    concurrency: 2,
    stop: stop.signal,
  });
  await until(() => timers.waiting === 8, "all others wait");
  stop.abort(new Error("The time is over."));
  await turn();
  assert.equal(timers.waiting, 0);
  // What is under way is brought to its end.
  open.resolve();
  assert.deepEqual((await outcomes).map(({ upload_id: id }) => id).toSorted(), ["1", "2"]);
});

/** Bodies that aren't the asset's, and what is said about them. */
const WRONG: Record<string, [Fetch, RegExp]> = {
  "other bytes": [
    () => Promise.resolve(streamOf(bytesOf("x".repeat(40)))),
    /^expected MD5 [0-9a-f]{32}, but it is [0-9a-f]{32}$/,
  ],
  "too few bytes": [
    () => Promise.resolve(streamOf(contentOf("a").slice(0, 39))),
    /^expected 40 bytes, but only 39 came$/,
  ],
  "no bytes": [
    () => Promise.resolve(streamOf(new Uint8Array())),
    /^expected 40 bytes, but only 0 came$/,
  ],
  "too many bytes": [
    () => Promise.resolve(streamOf(bytesOf("a;".repeat(1000)))),
    /^expected 40 bytes, but more came$/,
  ],
  "a body that breaks off": [
    () =>
      Promise.resolve(
        new ReadableStream({
          start: (controller) => controller.enqueue(contentOf("a").slice(0, 16)),
          pull: () => Promise.reject(new AssetError("the connection broke", { retryable: true })),
        }, { highWaterMark: 0 }),
      ),
    /^the connection broke$/,
  ],
  "no answer": [
    () => Promise.reject(new AssetError("waited 30 s for an answer", { retryable: true })),
    /^waited 30 s/,
  ],
};

for (const [name, [fetch, reason]] of Object.entries(WRONG)) {
  Deno.test(`syncAssets() tries ${name} again, and never lets them have the file's name`, async () => {
    const root = await temporaryPath();
    try {
      for (const storage of [new MemoryStorage(), new LocalStorage(root)]) {
        const retries: [string, number][] = [];
        const failed = await sync([upload("a")], storage, {
          fetch,
          onRetry: (upload, reason, attempt, waitMs) => {
            assert.equal(upload.id, "a");
            assert.ok(waitMs > 0 && waitMs <= 2);
            retries.push([reason, attempt]);
          },
        });
        assert.equal(failed.length, 1);
        const { reason: said, ...rest } = failed[0]!;
        assert.match(said!, reason);
        assert.deepEqual(rest, {
          upload_id: "a",
          key: "assets/a",
          size: null,
          md5: null,
          outcome: "failed",
          attempts: 3,
        });
        assert.deepEqual(retries, [[said, 1], [said, 2]]);
        assert.equal(await storage.stat("assets/a"), undefined);

        let attempts = 0;
        const [second] = await sync([upload("a")], storage, {
          fetch: (...args) => (++attempts < 3 ? fetch : good)(...args),
        });
        assert.equal(second?.outcome, "downloaded");
        assert.equal(second?.attempts, 3);
        assert.deepEqual(await new Response(await storage.get("assets/a")).bytes(), contentOf("a"));
        await storage.delete(["assets/a"]);
      }
      assert.deepEqual(await Array.fromAsync(Deno.readDir(root)), []);
    } finally {
      await Deno.remove(root, { recursive: true });
    }
  });
}

Deno.test("syncAssets() keeps an older file when a new one can't be had", async () => {
  const storage = new MemoryStorage();
  await storage.put("assets/a", bytesOf("old"));
  const [outcome] = await sync([upload("a")], storage, { fetch: WRONG["other bytes"]![0] });
  assert.equal(outcome?.outcome, "failed");
  assert.equal(storage.text("assets/a"), "old");
});

Deno.test("syncAssets() tries once what isn't worth another attempt", async () => {
  const [outcome] = await sync([upload("a")], new MemoryStorage(), {
    fetch: () =>
      Promise.reject(
        new AssetError("assets.example answered with status 404", { retryable: false }),
      ),
    onRetry: () => assert.fail("it is tried again"),
  });
  assert.equal(outcome?.outcome, "failed");
  assert.equal(outcome?.attempts, 1);
  assert.equal(outcome?.reason, "assets.example answered with status 404");
});

Deno.test("syncAssets() reads no more of an asset than it may have, and doesn't try again", async () => {
  let read = 0;
  const endless: Fetch = () =>
    Promise.resolve(
      new ReadableStream({
        pull(controller) {
          read += 100;
          controller.enqueue(new Uint8Array(100));
        },
      }, { highWaterMark: 0 }),
    );
  const storage = new MemoryStorage();
  for (const size of [null, undefined, NaN, -1, 0.5, 1e300, "7", { rawJSON: "7" }]) {
    read = 0;
    const attributes = { size, md5: null };
    const [outcome] = await sync([upload("a", attributes)], storage, {
      fetch: endless,
      maxBytes: 1000,
      onRetry: () => assert.fail("it is tried again"),
    });
    assert.equal(outcome?.outcome, "failed");
    assert.equal(outcome?.reason, "more than 1000 bytes came, which is more than is accepted");
    assert.ok(read <= 1300, `${read} bytes`);
  }
  assert.deepEqual(storage.appeared, []);
});

Deno.test("syncAssets() doesn't fetch an asset whose size is beyond belief", async () => {
  const sync1 = async (size: number, options: Partial<SyncAssetsOptions> = {}) => {
    const [outcome] = await sync([upload("a", { size })], new MemoryStorage(), {
      fetch: () => assert.fail("it is fetched"),
      ...options,
    });
    return outcome;
  };
  const outcome = await sync1(2 ** 40);
  assert.equal(outcome?.outcome, "failed");
  assert.equal(outcome?.attempts, 0);
  assert.equal(
    outcome?.reason,
    "its size is 1099511627776 bytes, and no more than 17179869184 are accepted",
  );
  assert.match((await sync1(11, { maxBytes: 10 }))!.reason!, /^its size is 11 bytes, .* 10 are/);
});

Deno.test("syncAssets() puts no header that isn't one, and tells of no text that isn't printable", async () => {
  const types: unknown[] = [];
  class Spy extends MemoryStorage {
    override put(...[key, body, options]: Parameters<Storage["put"]>) {
      types.push(options?.contentType);
      assert.ok((options?.contentDisposition?.length ?? 0) < 3000);
      return super.put(key, body, options);
    }
  }
  const hostile = [
    "a/b\r\nx: y",
    "a/b\u001b",
    `a/${"b".repeat(1e6)}`,
    `a/b;${" ".repeat(1e6)}`,
    "é/é",
  ];
  for (const mime_type of ["image/png", ...hostile]) {
    const filename = mime_type;
    const [outcome] = await sync([upload("a", { mime_type, filename })], new Spy(), {
      fetch: good,
    });
    assert.equal(outcome?.outcome, "downloaded");
  }
  assert.deepEqual(types, ["image/png", ...hostile.map(() => undefined)]);
  const antivirus = { status: "infected", threat_name: "\u001b[2J\n\u202e".repeat(1e5) };
  const [outcome] = await sync([upload("a", {}, { antivirus })], new MemoryStorage(), {
    fetch: () => Promise.reject(new AssetError("refused", { retryable: false })),
  });
  assert.match(outcome!.reason!, /^[\x20-\x7e…]{1,200}$/);
});

Deno.test("syncAssets() waits as long as the server asks, and no longer in all than the policy allows", async () => {
  const waits: number[] = [];
  const asking = (askedMs: number): Fetch => () =>
    Promise.reject(new AssetError("status 429", { retryable: true, askedMs }));
  const onRetry: SyncAssetsOptions["onRetry"] = (_upload, _reason, _attempt, waitMs) =>
    waits.push(waitMs);
  const retry = { ...RETRY, maxTotalWaitMs: 50 };
  await sync([upload("a")], new MemoryStorage(), { fetch: asking(15), retry, onRetry });
  assert.deepEqual(waits, [15, 15]);
  waits.length = 0;
  const [outcome] = await sync([upload("a")], new MemoryStorage(), {
    fetch: asking(86_400_000),
    retry,
    onRetry,
  });
  assert.deepEqual(waits, []);
  assert.equal(outcome?.outcome, "failed");
  assert.equal(outcome?.attempts, 1);
});

Deno.test("syncAssets() continues when an asset fails, with no more assets at a time than it may", async () => {
  for (const concurrency of [1, 4]) {
    let open = 0;
    let most = 0;
    const fetch: Fetch = async (upload, options) => {
      most = Math.max(most, ++open);
      await turn();
      open--;
      if (Number(upload.id) % 5 === 0) throw new AssetError("gone", { retryable: false });
      return await good(upload, options);
    };
    const uploads = Array.from({ length: 150 }, (_, n) => upload(String(n)));
    const told: string[] = [];
    const outcomes = await sync(uploads, new MemoryStorage(), {
      fetch,
      concurrency,
      onOutcome: ({ upload_id }, { id }) => {
        assert.equal(upload_id, id);
        told.push(id);
      },
    });
    assert.equal(most, concurrency);
    assert.equal(outcomes.filter(({ outcome }) => outcome === "failed").length, 30);
    assert.equal(outcomes.length, 150);
    assert.deepEqual(outcomes.map(({ upload_id }) => upload_id), told);
  }
});

Deno.test("syncAssets() fetches 32 assets at a time, and fewer if they are large", async () => {
  for (const [size, expected] of [[1000, 32], [20 * 1024 * 1024, 8], [4 * 1024 * 1024, 16]]) {
    let [open, most] = [0, 0];
    const fetch: Fetch = async () => {
      most = Math.max(most, ++open);
      await turn();
      open--;
      throw new AssetError("gone", { retryable: false });
    };
    const uploads = Array.from({ length: 80 }, (_, n) => upload(String(n), { size }));
    await sync(uploads, new MemoryStorage(), { fetch, concurrency: 40 });
    assert.equal(most, expected, `assets of ${size} bytes`);
  }
});

Deno.test("syncAssets() gives each upload exactly one outcome, and each file the right bytes, whatever goes wrong", async () => {
  const fault = fc.constantFrom("good", "wrong", "short", "long", "broken", "refused", "no answer");
  const scripts = fc.array(
    fc.record({
      faults: fc.array(fault, { maxLength: 4 }),
      there: fc.constantFrom("nothing", "right", "wrong"),
      md5: fc.boolean(),
      size: fc.boolean(),
      infected: fc.boolean(),
    }),
    { maxLength: 30 },
  );
  await fc.assert(
    fc.asyncProperty(scripts, fc.integer({ min: 1, max: 6 }), async (scripts, concurrency) => {
      const storage = new MemoryStorage();
      const uploads = scripts.map(({ md5, size, infected }, n) =>
        upload(
          String(n),
          { ...(!md5 && { md5: null }), ...(!size && { size: null }) },
          infected ? { antivirus: { status: "infected" } } : {},
        )
      );
      for (const [n, { there }] of scripts.entries()) {
        if (there === "right") await storage.put(`assets/${n}`, contentOf(String(n)));
        if (there === "wrong") await storage.put(`assets/${n}`, bytesOf("wrong"));
      }
      const attempts = scripts.map(() => 0);
      const fetch: Fetch = async ({ id }) => {
        const n = Number(id);
        const fault = scripts[n]!.faults[attempts[n]!++] ?? "good";
        const whole = contentOf(id);
        await Promise.resolve();
        switch (fault) {
          case "wrong":
            return streamOf(whole.map((byte) => byte ^ 1));
          case "short":
            return streamOf(whole.slice(0, -1));
          case "long":
            return streamOf(new Uint8Array([...whole, 0]));
          case "broken":
            return new ReadableStream({
              pull: (controller) => controller.error(new AssetError("broke", { retryable: true })),
            }, { highWaterMark: 0 });
          case "refused":
            throw new AssetError("refused", { retryable: false });
          case "no answer":
            throw new AssetError("no answer", { retryable: true });
          default:
            return streamOf(whole);
        }
      };
      const outcomes = await sync(uploads, storage, { fetch, concurrency });
      assert.deepEqual(
        outcomes.map(({ upload_id }) => upload_id).toSorted(),
        uploads.map(({ id }) => id).toSorted(),
      );
      assert.equal(storage.open, 0);
      for (const { upload_id: id, key, outcome, size, md5, attempts: tried, reason } of outcomes) {
        const script = scripts[Number(id)]!;
        const file = storage.objects.get(key);
        assert.equal(tried, attempts[Number(id)]);
        if (outcome === "downloaded" || outcome === "kept") {
          assert.ok(file);
          assert.deepEqual([size, md5, reason], [file.length, md5Of(file), undefined]);
          // With an MD5 only the right bytes do; with a size alone, only as many.
          if (script.md5) assert.deepEqual(file, contentOf(id));
          else if (script.size) assert.equal(file.length, contentOf(id).length);
        } else {
          assert.deepEqual([size, md5], [null, null]);
          assert.ok(reason);
        }
        if (outcome === "withdrawn") assert.ok(script.infected);
        if (outcome === "failed") assert.ok(!script.infected);
      }
    }),
    { numRuns: 40 },
  );
});

Deno.test("syncAssets() ends with the storage's own error, and leaves nothing running", async () => {
  const failure = new StorageError("The disk is full.");
  const storages: Record<string, Storage> = {
    "put": new MemoryStorage({
      beforePut: (key) => key === "assets/7" ? Promise.reject(failure) : undefined,
    }),
    "stat": Object.assign(new MemoryStorage(), { stat: () => Promise.reject(failure) }),
    "get": Object.assign(new MemoryStorage(), {
      stat: (key: string) => Promise.resolve({ key, size: 40 }),
      get: () => Promise.reject(failure),
    }),
  };
  for (const [step, storage] of Object.entries(storages)) {
    const open = new Set<string>();
    const fetch: Fetch = (upload, { signal }) => {
      if (upload.id === "7" || step !== "put") {
        return good(upload, { signal, plain: false, asSent: false });
      }
      // The others are under way for as long as they aren't aborted.
      open.add(upload.id);
      return Promise.resolve(
        new ReadableStream({
          pull: () => delay(60_000, signal).finally(() => open.delete(upload.id)),
          cancel: () => void open.delete(upload.id),
        }, { highWaterMark: 0 }),
      );
    };
    const uploads = ["7", "8", "9"].map((id) => upload(id));
    const syncing = sync(step === "put" ? uploads.toReversed() : uploads, storage, { fetch });
    await assert.rejects(syncing, failure, step);
    assert.equal((storage as MemoryStorage).open, 0);
    assert.deepEqual((storage as MemoryStorage).appeared, []);
    assert.equal(open.size, 0);
  }
});

Deno.test("syncAssets() passes the source's failure on", async () => {
  const failure = new Error("source");
  async function* failing() {
    yield [upload("a"), upload("b")];
    await turn();
    throw failure;
  }
  const outcomes = syncAssets(failing(), new MemoryStorage(), { fetch: good, key: ({ id }) => id });
  await assert.rejects(Array.fromAsync(outcomes), failure);
});

/** Assets that never come, unless they are aborted. */
function stalling() {
  const state = { open: 0, aborted: 0 };
  const fetch: Fetch = async (_upload, { signal }) => {
    state.open++;
    try {
      await delay(60_000, signal);
      return assert.fail();
    } catch (error) {
      state.aborted++;
      await turn();
      throw error;
    } finally {
      state.open--;
    }
  };
  return { state, fetch };
}

Deno.test("syncAssets() ends with the signal's reason, and cleans up", async () => {
  const reason = new Error("cancelled");
  const controller = new AbortController();
  const { state, fetch } = stalling();
  const storage = new MemoryStorage();
  const uploads = Array.from({ length: 20 }, (_, n) => upload(String(n)));
  const syncing = sync(uploads, storage, { fetch, concurrency: 3, signal: controller.signal });
  await until(() => state.open === 3, "assets are under way");
  controller.abort(reason);
  await assert.rejects(syncing, reason);
  assert.deepEqual(state, { open: 0, aborted: 3 });
  await assert.rejects(sync(uploads, storage, { signal: controller.signal }), reason);
  assert.deepEqual(storage.appeared, []);
});

Deno.test("syncAssets() ends what is under way when it is cancelled, also while a read is pending", async () => {
  const { state, fetch } = stalling();
  const uploads = Array.from({ length: 20 }, (_, n) => upload(String(n)));
  const options = { fetch, concurrency: 3, key: ({ id }: Upload) => id };
  const reader = syncAssets(pagesOf(uploads), new MemoryStorage(), options).getReader();
  const pending = reader.read();
  await until(() => state.open === 3, "assets are under way");
  await reader.cancel(new Error("no more"));
  assert.equal((await pending).done, true);
  assert.deepEqual(state, { open: 0, aborted: 3 });
});

Deno.test("syncAssets() begins nothing before it is read, and takes no uploads that it has no place for", async () => {
  let taken = 0;
  const { state, fetch } = stalling();
  async function* uploads() {
    for (;;) {
      taken++;
      yield [upload(String(taken))];
      await turn();
    }
  }
  const outcomes = syncAssets(uploads(), new MemoryStorage(), {
    fetch,
    concurrency: 2,
    key: ({ id }) => id,
  });
  await turn();
  assert.equal(taken, 0);
  const reader = outcomes.getReader();
  const pending = reader.read();
  await until(() => state.open === 2, "assets are under way");
  for (let i = 0; i < 5; i++) await turn();
  assert.equal(taken, 3);
  await reader.cancel();
  await pending;
});

Deno.test("syncAssets() fetches over HTTP: retries, refusals, truncation, and what comes after", async () => {
  const seen = new Map<string, number>();
  await using server = serveHttp((_request, url) => {
    const id = url.pathname.slice(1);
    const count = (seen.get(id) ?? 0) + 1;
    seen.set(id, count);
    if (id === "gone") return new Response("<html>", { status: 404 });
    if (id === "flaky" && count < 3) return new Response(null, { status: 503 });
    if (id === "liar") return new Response("<html>We are sorry</html>");
    if (id === "short" && count < 2) return new Response(contentOf(id).slice(0, 5));
    return new Response(contentOf(id));
  });
  const root = await temporaryPath();
  try {
    const storage = new LocalStorage(root);
    const uploads = ["good", "gone", "flaky", "liar", "short"].map((id) => upload(id));
    const outcomes = await sync(uploads, storage, {
      fetch: (upload, { signal }) => fetchAsset(upload, { assetHost: server.url, signal }),
    });
    assert.deepEqual(
      Object.fromEntries(
        outcomes.map(({ upload_id, outcome, attempts }) => [upload_id, [outcome, attempts]]),
      ),
      {
        good: ["downloaded", 1],
        gone: ["failed", 2],
        flaky: ["downloaded", 3],
        liar: ["failed", 3],
        short: ["downloaded", 2],
      },
    );
    const files = (await Array.fromAsync(Deno.readDir(`${root}/assets`))).map(({ name }) => name);
    assert.deepEqual(files.toSorted(), ["flaky", "good", "short"]);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});
