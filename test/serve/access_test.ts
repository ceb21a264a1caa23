import assert from "node:assert/strict";
import { ROUTES, snapshotHandler } from "../../src/serve/handler.ts";
import { parseRange } from "../../src/serve/bytes.ts";
import { ServeError } from "../../src/serve/failure.ts";
import type { ServedRequest } from "../../src/serve/options.ts";
import { clientAddress } from "../../src/serve/client_address.ts";
import { createToken, findToken, parseTokens, tokensText } from "../../src/serve/token.ts";
import { openSnapshot } from "../../src/tools/open.ts";
import { exportedToMemory, serveSnapshots } from "../support/served.ts";
import { MemoryStorage } from "../support/memory_storage.ts";
import { putSmallSnapshot } from "../support/small_snapshot.ts";
import { secretsIn } from "../support/secret_scan.ts";
import { until } from "../support/until.ts";
import * as fc from "fast-check";

const STORAGE = await exportedToMemory({ tables: false });
const SNAPSHOT = await openSnapshot(STORAGE, "latest");
const [PROJECT] = SNAPSHOT.name.split("/") as [string];
const LATEST = `/api/v1/projects/${PROJECT}/snapshots/latest`;

/** Sends a request as it is written, which `fetch` would tidy up. */
async function raw(url: string, head: string): Promise<{ status: number; text: string }> {
  const { hostname, port } = new URL(url);
  using connection = await Deno.connect({ hostname, port: Number(port) });
  await connection.write(new TextEncoder().encode(`${head}\r\nConnection: close\r\n\r\n`));
  const text = await new Response(connection.readable).text();
  return { status: Number(/^HTTP\/1.1 (\d+)/.exec(text)?.[1]), text };
}

Deno.test("each route needs a token that is known, has not expired, and has its scope", async () => {
  const now = Date.now();
  const old = createToken({ name: "old", scope: "admin", forMs: 1000, now: new Date(now - 1000) });
  const young = createToken({
    name: "young",
    scope: "admin",
    forMs: 1001,
    now: new Date(now - 1000),
  });
  const tokens = [old.kept, young.kept];
  await using served = serveSnapshots(STORAGE, { now: () => now });
  const handler = snapshotHandler(STORAGE, { publicUrl: served.url, tokens, now: () => now });
  const status = async (path: string, authorization?: string, method = "GET") => {
    const headers = authorization === undefined ? {} : { Authorization: authorization };
    const response = await handler(new Request(new URL(path, served.url), { headers, method }));
    await response.body?.cancel();
    if (response.status === 401) {
      assert.equal(response.headers.get("www-authenticate"), 'Bearer realm="sluice"');
    }
    return response.status;
  };
  const wrong = [
    undefined,
    "",
    "Bearer",
    "Basic YTpi",
    `Bearer ${old.token}`,
    `Bearer ${old.token.slice(0, -1)}`,
    `Bearer ${createToken({ name: "other", scope: "admin" }).token}`,
    `Bearer ${young.token.replace("slu_", "")}`,
    young.token,
  ];
  for (const { method = "GET", path, scope } of ROUTES) {
    const filled = `/api/v1${path}`.replace(/:(\w+)(?:\{.*?\})?/g, (_, name) => {
      return { project: PROJECT, snapshot: "latest", other: "latest" }[name as string] ?? "x";
    });
    for (const authorization of wrong) {
      assert.equal(await status(filled, authorization, method), 401, path);
    }
    assert.notEqual(await status(filled, `Bearer ${young.token}`, method), 401, path);
    for (
      const [less, scopes] of [["read", ["preview", "admin"]], ["preview", ["admin"]]] as const
    ) {
      const isRefused = (scopes as readonly string[]).includes(scope);
      const told = await served.status(filled, { scope: less, method });
      assert.equal(told === 403, isRefused, `${path} with ${less}: ${told}`);
    }
  }
  assert.equal(await status("/nothing/here"), 401);
  assert.equal(await status("/healthz"), 200);
});

Deno.test("a token is known by its hash alone, and a mistyped one by its checksum", () => {
  const made = createToken({ name: "a", scope: "preview" });
  assert.match(made.token, /^PREVIEW_slu_[0-9A-Za-z]{46}$/);
  assert.match(createToken({ name: "a", scope: "read" }).token, /^slu_[0-9A-Za-z]{46}$/);
  assert.equal(findToken(made.token, [made.kept]), made.kept);
  assert.match(made.kept.id, /^t[0-9a-f]{11}$/);
  const text = tokensText([made.kept]);
  assert.deepEqual(secretsIn(text, [made.token]), []);
  assert.deepEqual(parseTokens(text, "x"), [made.kept]);
  assert.throws(
    () => parseTokens(`{"tokens":[{"token":"${made.token}"}]}`, "The file x"),
    (error) => {
      return error instanceof Error && !error.message.includes(made.token);
    },
  );
  fc.assert(fc.property(fc.nat(made.token.length - 1), fc.constantFrom(..."aZ9"), (at, letter) => {
    const other = made.token.slice(0, at) + letter + made.token.slice(at + 1);
    return other === made.token || findToken(other, [made.kept]) === undefined;
  }));
});

Deno.test("a token of the scope read sees published versions alone, in whatever is asked for", async () => {
  await using served = serveSnapshots(STORAGE);
  const published = new Set<string>();
  for (const { model } of await SNAPSHOT.models()) {
    if (model.attributes.modular_block) continue;
    const pages = SNAPSHOT.records(model.attributes.api_key, { version: "published" });
    for await (const page of pages) for (const { id } of page) published.add(id);
  }
  const current = await (await served.ask(`${LATEST}/records?limit=500`)).json();
  const draft = current.records.find(({ id }: { id: string }) => !published.has(id));
  assert.ok(draft !== undefined);
  const scope = "read";
  assert.equal(await served.status(`${LATEST}/records/${draft.id}`), 200);
  assert.equal(await served.status(`${LATEST}/records/${draft.id}`, { scope }), 404);
  for (
    const path of [
      `/records/${draft.id}?version=current`,
      "/records?version=current",
      "/export?view=current",
    ]
  ) {
    assert.equal(await served.status(`${LATEST}${path}`, { scope }), 403);
  }
  const { records, total } = await (await served.ask(`${LATEST}/records?limit=500`, { scope }))
    .json();
  assert.equal(total, published.size);
  for (const { id } of records) assert.ok(published.has(id));
  const found = async (scope: "read" | "preview") => {
    const search = `/api/v1/projects/${PROJECT}/find?q=${draft.id}`;
    return (await (await served.ask(search, { scope })).json()).found;
  };
  assert.ok((await found("preview")).length > 0);
  for (const one of await found("read")) assert.notEqual(one.version, "current");
  const names = async (scope: "read" | "preview" | "admin") => {
    const { files } = await (await served.ask(`${LATEST}/files?limit=500&type=document`, { scope }))
      .json();
    return files.map(({ name }: { name: string }) => name) as string[];
  };
  assert.ok(
    (await names("read")).every((name) =>
      /^(?:models|uploads|site|records\/\w+\/published)/.test(name)
    ),
  );
  const preview = await names("preview");
  assert.ok(preview.some((name) => name.includes("/current/")));
  assert.ok(!preview.some((name) => /roles|users|tokens|webhooks|sso|triggers/.test(name)));
  assert.ok((await names("admin")).includes("settings/access_tokens.json"));
});

Deno.test("what is of another project isn't there for a token of one", async () => {
  const storage = new MemoryStorage();
  await putSmallSnapshot(storage, "1", 1_700_000_000);
  await putSmallSnapshot(storage, "2", 1_700_000_000);
  const { token, kept } = createToken({ name: "one", scope: "admin", projects: ["1"] });
  await using served = serveSnapshots(storage, { tokens: [kept] });
  const ask = async (path: string) => {
    const headers = { Authorization: `Bearer ${token}` };
    const response = await served.ask(path, { headers });
    return { status: response.status, body: await response.json() };
  };
  const { body: { projects } } = await ask("/api/v1/projects");
  assert.deepEqual(projects.map(({ id }: { id: string }) => id), ["1"]);
  assert.equal((await ask("/api/v1/projects/1/snapshots")).status, 200);
  const theirs = await ask("/api/v1/projects/2/snapshots");
  const nobodys = await ask("/api/v1/projects/3/snapshots");
  assert.equal(theirs.status, 404);
  assert.equal(theirs.body.error.message, nobodys.body.error.message.replace("3", "2"));
});

Deno.test("no spelling of a path leads out of the snapshots", async () => {
  const storage = new MemoryStorage();
  for (const [key, bytes] of STORAGE.objects) storage.objects.set(key, bytes);
  await storage.put("secret.txt", new TextEncoder().encode("the secret outside"));
  await storage.put("content/secret.txt", new TextEncoder().encode("the secret outside"));
  await using served = serveSnapshots(storage, { rate: { limit: 1e6, seconds: 60 } });
  const [project, id] = (await openSnapshot(storage, "latest")).name.split("/") as [string, string];
  const ups = [
    "../",
    "..%2f",
    "%2e%2e/",
    "%2e%2e%2f",
    "..%5c",
    "..\\",
    "%252e%252e%252f",
    "..;/",
    "%c0%ae%c0%ae/",
    "....//",
  ];
  const places = [
    (up: string) => `/api/v1/projects/${up}/snapshots/latest`,
    (up: string) => `/api/v1/projects/${project}/snapshots/${up}`,
    (up: string) => `/api/v1/projects/${project}/snapshots/${id}/${up}`,
    (up: string) => `/api/v1/projects/${project}/snapshots/${id}/assets/${up}`,
    (up: string) => `/api/v1/projects/${project}/snapshots/${id}/records/${up}`,
    (up: string) => `/api/v1/projects/${project}/snapshots/latest?environment=${up}`,
    (up: string) => `/api/v1/projects/${project}/snapshots?environment=${up}`,
    (up: string) => `/files/${up}`,
    (up: string) => `/${up}`,
    (up: string) => `/api/v1/${up}`,
  ];
  let spellings = 0;
  for (const place of places) {
    for (const up of ups) {
      for (
        const target of ["secret.txt", "content/secret.txt", "/secret.txt%00", "manifest.json", ""]
      ) {
        const path = place(up.repeat(1 + spellings % 6) + target);
        const { status, text } = await raw(
          served.url,
          `GET ${path} HTTP/1.1\r\nHost: ${new URL(served.url).host}\r\n` +
            `Authorization: Bearer ${served.tokens.admin}`,
        );
        assert.ok(status >= 200 && status < 500, `${path}: ${status}`);
        assert.ok(!text.includes("the secret outside"), path);
        spellings++;
      }
    }
  }
  assert.ok(spellings >= 500);
  assert.deepEqual(served.errors, []);
});

Deno.test("requests that name another host are refused, and absolute ones are taken by their host", async () => {
  await using served = serveSnapshots(STORAGE);
  const { port, host } = new URL(served.url);
  const ask = async (target: string, name: string) => {
    const { status } = await raw(
      served.url,
      `GET ${target} HTTP/1.1\r\nHost: ${name}\r\nAuthorization: Bearer ${served.tokens.read}`,
    );
    return status;
  };
  for (const name of [host, `localhost:${port}`, `[::1]:${port}`, `p1.localhost:${port}`]) {
    assert.equal(await ask("/api/v1/projects", name), 200, name);
  }
  for (
    const name of [
      "evil.example",
      `evil.example:${port}`,
      `127.0.0.1.evil.example:${port}`,
      `notlocalhost:${port}`,
    ]
  ) {
    assert.equal(await ask("/api/v1/projects", name), 403, name);
  }
});

Deno.test("signed addresses are good for one file until they end, and for nothing else", async () => {
  let now = Date.UTC(2026, 0, 1);
  await using served = serveSnapshots(STORAGE, { now: () => now, urlTtlMs: 60_000 });
  const { files } = await (await served.ask(`${LATEST}/files?limit=5`)).json();
  const statusOf = async (address: string) => {
    const response = await fetch(address);
    const text = await response.text();
    return response.status === 200 ? 200 : JSON.parse(text).error.code;
  };
  const [{ url, expiresAt }, { url: other }] = files;
  assert.equal(expiresAt, new Date(now + 60_000).toISOString());
  const signed = new URL(url);
  const signature = signed.searchParams.get("s")!;
  for (let at = 0; at < signature.length; at++) {
    for (const letter of "Aa0_") {
      if (signature[at] === letter) continue;
      signed.searchParams.set("s", signature.slice(0, at) + letter + signature.slice(at + 1));
      assert.equal(await statusOf(signed.href), "INVALID_SIGNATURE");
    }
  }
  const moved = new URL(url);
  moved.pathname = new URL(other).pathname;
  assert.equal(await statusOf(moved.href), "INVALID_SIGNATURE");
  const later = new URL(url);
  later.searchParams.set("e", String(Number(later.searchParams.get("e")) + 1));
  assert.equal(await statusOf(later.href), "INVALID_SIGNATURE");
  now += 59_999;
  assert.equal(await statusOf(url), 200);
  now += 1;
  assert.equal(await statusOf(url), "EXPIRED");
});

Deno.test("secrets can be changed without a break", async () => {
  const old = ["an old secret of some length"];
  const both = ["a new secret of some length", ...old];
  await using before = serveSnapshots(STORAGE, { secrets: old });
  await using between = serveSnapshots(STORAGE, { secrets: both });
  await using after = serveSnapshots(STORAGE, { secrets: both.slice(0, 1) });
  const { files: [{ url }] } = await (await before.ask(`${LATEST}/files?limit=1`)).json();
  const { pathname, search } = new URL(url);
  assert.equal(await between.status(pathname + search), 200);
  assert.equal(await after.status(pathname + search), 403);
});

Deno.test("files are sent whole or in part, with headers that let nothing in them run", async () => {
  await using served = serveSnapshots(STORAGE);
  const { uploads } = await (await served.ask(`${LATEST}/uploads`)).json();
  let [shown, sent] = [0, 0];
  for (const { id, attributes: { filename, mime_type } } of uploads) {
    const path = `${LATEST}/assets/${id}/${encodeURIComponent(filename)}`;
    const response = await served.ask(path);
    const bytes = await response.bytes();
    // Some couldn't be had when they were exported.
    if (response.status === 404) continue;
    assert.equal(response.status, 200);
    sent++;
    const isShown = /^image\/(?:png|gif)$/.test(mime_type);
    const disposition = response.headers.get("content-disposition")!;
    assert.equal(disposition.startsWith("inline"), isShown, mime_type);
    const policy = response.headers.get("content-security-policy")!;
    assert.match(policy, isShown ? /default-src 'none'/ : /sandbox/);
    assert.equal(response.headers.get("x-content-type-options"), "nosniff");
    if (isShown) shown++;
    const { length } = bytes;
    for (
      const [range, from, to] of [["0-0", 0, 1], ["1-", 1, length], [
        "-3",
        length - 3,
        length,
      ]] as const
    ) {
      const part = await served.ask(path, { headers: { Range: `bytes=${range}` } });
      assert.equal(part.status, 206);
      assert.equal(part.headers.get("content-range"), `bytes ${from}-${to - 1}/${length}`);
      assert.deepEqual(await part.bytes(), bytes.slice(from, to));
    }
    const tag = response.headers.get("etag")!;
    assert.equal(await served.status(path, { headers: { Range: `bytes=${length}-` } }), 416);
    assert.equal(await served.status(path, { headers: { Range: "bytes=0-1,3-4" } }), 200);
    assert.equal(
      await served.status(path, { headers: { "Range": "bytes=0-1", "If-Range": '"x"' } }),
      200,
    );
    assert.equal(
      await served.status(path, { headers: { "Range": "bytes=0-1", "If-Range": tag } }),
      206,
    );
    assert.equal(await served.status(path, { headers: { "If-None-Match": tag } }), 304);
  }
  assert.ok(shown > 0 && shown < sent);
  assert.equal(sent, SNAPSHOT.manifest!.assets!.downloaded.count);
});

Deno.test("a range is some bytes of the file, whatever is asked for", () => {
  fc.assert(fc.property(
    fc.nat(1000),
    fc.option(fc.nat(1200)),
    fc.option(fc.nat(1200)),
    (size, first, last) => {
      let range;
      try {
        range = parseRange(`bytes=${first ?? ""}-${last ?? ""}`, size);
      } catch (error) {
        assert.ok(error instanceof ServeError && error.code === "RANGE_NOT_SATISFIABLE");
        return first === null ? size === 0 || last === 0 : first >= size;
      }
      if (range === undefined) return (first === null && last === null) || first! > last!;
      const [from, to] = first === null
        ? [Math.max(0, size - last!), size]
        : [first, last === null ? size : Math.min(size, last + 1)];
      return range.start === from && range.end === to && from < to;
    },
  ));
});

Deno.test("HEAD has the headers of GET, and every answer those that keep browsers safe", async () => {
  await using served = serveSnapshots(STORAGE);
  const { uploads: [{ id }] } = await (await served.ask(`${LATEST}/uploads?limit=1`)).json();
  const paths = [
    "/healthz",
    "/openapi.json",
    "/nothing",
    LATEST,
    `${LATEST}/assets/${id}/x`,
    `${LATEST}/records?limit=1`,
  ];
  for (const path of paths) {
    const [get, head] = [await served.ask(path), await served.ask(path, { method: "HEAD" })];
    await get.body?.cancel();
    assert.equal(await head.text(), "");
    assert.equal(head.status, get.status);
    const headersOf = ({ headers }: Response) => {
      return [...headers].filter(([name]) =>
        !/^(?:date|x-request-id|content-length|vary)$/.test(name)
      );
    };
    if (get.status === 200) assert.deepEqual(headersOf(head), headersOf(get), path);
    assert.match(get.headers.get("content-security-policy")!, /default-src 'none'/);
    assert.equal(get.headers.get("x-content-type-options"), "nosniff");
    assert.equal(get.headers.get("cross-origin-resource-policy"), "same-origin");
    assert.equal(get.headers.get("access-control-allow-origin"), null);
    assert.match(get.headers.get("x-request-id")!, /^req_/);
  }
  for (const method of ["POST", "PUT", "DELETE", "PATCH"]) {
    const response = await served.ask(LATEST, { method });
    await response.body?.cancel();
    assert.equal(response.status, 405);
    assert.equal(response.headers.get("allow"), "GET, HEAD");
  }
});

Deno.test("more requests or exports than are allowed are told when to come again", async () => {
  let now = 0;
  await using served = serveSnapshots(STORAGE, {
    now: () => now,
    rate: { limit: 8, seconds: 60 },
    exportRate: { limit: 2, seconds: 60 },
  });
  const exported = () => served.ask(`${LATEST}/export`);
  for (let i = 0; i < 2; i++) {
    const response = await exported();
    await response.text();
    assert.equal(response.status, 200);
  }
  now = 10_000;
  const refused = await exported();
  assert.equal(refused.status, 429);
  assert.equal(refused.headers.get("retry-after"), "50");
  const { error } = await refused.json();
  assert.equal(error.code, "RATE_LIMITED");
  assert.equal(error.message, "Too many export requests for this project. Try again later.");
  for (let i = 3; i < 8; i++) assert.equal(await served.status(LATEST), 200);
  assert.equal(await served.status(LATEST), 429);
  assert.equal(await served.status(LATEST, { scope: "read" }), 200);
  now = 60_000;
  assert.equal(await served.status(`${LATEST}/export`), 200);
});

Deno.test("what is logged of a request names no token, query or signature", async () => {
  const log: ServedRequest[] = [];
  await using served = serveSnapshots(STORAGE, { onRequest: (entry) => log.push(entry) });
  const { files: [{ url }] } = await (await served.ask(`${LATEST}/files?limit=1`)).json();
  await (await fetch(url)).body?.cancel();
  await served.status(`/api/v1/projects/${PROJECT}/find?q=a-private-search`);
  await served.status("/nothing?token=private", { scope: "read" });
  assert.deepEqual(log.map(({ route, status }) => [route, status]), [
    ["/api/v1/projects/:project/snapshots/:snapshot/files", 200],
    ["/files", 200],
    ["/api/v1/projects/:project/find", 200],
    [null, 404],
  ]);
  const signature = new URL(url).searchParams.get("s")!;
  const text = JSON.stringify(log);
  assert.deepEqual(
    secretsIn(text, [...Object.values(served.tokens), signature, "a-private-search"]),
    [],
  );
  assert.equal(log[0]!.project, PROJECT);
});

Deno.test("what is wrong with a query is one sentence that names the parameter", async () => {
  await using served = serveSnapshots(STORAGE);
  for (
    const [path, parameter] of [
      ["/records?limit=0", "limit"],
      ["/records?limit=x", "limit"],
      ["/records?version=old", "version"],
      ["/records?locale=xx", "locale"],
      ["/records?limit=1&limit=2", "limit"],
      ["/records?nothing=1", "nothing"],
      ["/files?type=x", "type"],
      ["/records?cursor=MQ", "cursor"],
      ["/diff/latest?models=nothing", "models"],
    ]
  ) {
    const response = await served.ask(`${LATEST}${path}`);
    const { error } = await response.json();
    assert.equal(response.status, 400, path);
    assert.equal(error.code, "VALIDATION_ERROR");
    assert.equal(error.details.parameter, parameter);
    assert.match(error.message, /^[A-Z].*\.$/);
  }
  assert.equal(await served.status(`${LATEST}/records?model=nothing`), 404);
});

Deno.test("what the storage or the snapshot lacks is told as that, and never looks whole", async () => {
  const storage = new MemoryStorage();
  for (const [key, bytes] of STORAGE.objects) storage.objects.set(key, bytes);
  const { uploads: [{ id }] } = await (async () => {
    await using served = serveSnapshots(storage);
    return await (await served.ask(`${LATEST}/uploads?limit=1`)).json();
  })();
  const damage = (pattern: RegExp) => {
    for (const [key, bytes] of storage.objects) {
      if (!pattern.test(key)) continue;
      const other = bytes.slice();
      other[Math.floor(other.length / 2)]! ^= 1;
      storage.objects.set(key, other);
    }
  };
  damage(/records\/article\/current|^assets\//);
  await using served = serveSnapshots(storage);
  const response = await served.ask(`${LATEST}/records?model=article`);
  assert.equal(response.status, 502);
  const { error } = await response.json();
  assert.equal(error.code, "SNAPSHOT_DAMAGED");
  assert.doesNotMatch(error.message, /memory|content\/|project_/);
  assert.equal(served.errors.length, 1);
  const lines = await served.ask(`${LATEST}/records?model=article`, {
    headers: { Accept: "application/x-ndjson" },
  });
  await assert.rejects(lines.text());
  const file = await served.ask(`${LATEST}/assets/${id}/x`);
  await assert.rejects(file.bytes());
  await until(() => served.errors.length === 3, "each failure is told once");
  damage(/manifest\.json$/);
  await using again = serveSnapshots(storage);
  assert.equal(await again.status(`${LATEST}/records`), 502);
});

Deno.test("only the projects that are served are there, whatever names another one", async () => {
  const storage = new MemoryStorage();
  for (const project of ["1", "2"]) await putSmallSnapshot(storage, project, 1_700_000_000);
  await using served = serveSnapshots(storage, { projects: ["1"] });
  const { projects } = await (await served.ask("/api/v1/projects")).json();
  assert.deepEqual(projects.map(({ id }: { id: string }) => id), ["1"]);
  for (const path of ["snapshots", "snapshots/latest", "find?q=a", "records/1/history"]) {
    assert.equal(await served.status(`/api/v1/projects/2/${path}`), 404, path);
  }
  assert.equal(await served.status("/api/v1/projects/1/snapshots/latest"), 200);
  // The only one: a token needn't say which.
  assert.equal(await served.status("/api/1.0/project/nothing"), 404);
});

Deno.test("scripts of the websites that are named may ask, and no others", async () => {
  const cors = ["https://www.example.com"];
  await using served = serveSnapshots(STORAGE, { cors });
  const headersOf = async (Origin: string, init: RequestInit = {}) => {
    const response = await served.ask("/api/v1/projects", {
      ...init,
      headers: { Origin, ...init.headers as Record<string, string> },
    });
    await response.body?.cancel();
    return response;
  };
  const asks = {
    method: "OPTIONS",
    headers: { "Access-Control-Request-Method": "GET", "Authorization": "" },
  };
  const own = await headersOf(cors[0]!);
  assert.equal(own.headers.get("access-control-allow-origin"), cors[0]);
  assert.equal(own.headers.get("access-control-allow-credentials"), null);
  assert.match(own.headers.get("vary")!, /\bOrigin\b/);
  const before = await headersOf(cors[0]!, asks);
  assert.equal(before.status, 204);
  assert.match(before.headers.get("access-control-allow-headers")!, /Authorization/);
  for (const other of ["https://example.com", "https://www.example.com.evil.com", "null"]) {
    assert.equal((await headersOf(other)).headers.get("access-control-allow-origin"), null);
    assert.equal((await headersOf(other, asks)).status, 405);
  }
});

Deno.test("the client's address is what the proxies that are trusted tell of it", () => {
  const remoteAddr = { transport: "tcp", hostname: "10.0.0.9", port: 1 } as const;
  const of = (told: string | null, trusted: number) => {
    const headers = told === null ? {} : { "X-Forwarded-For": told };
    return clientAddress(new Request("http://127.0.0.1", { headers }), { remoteAddr }, trusted);
  };
  assert.equal(of("1.2.3.4", 0), "10.0.0.9");
  assert.equal(of("1.2.3.4", 1), "1.2.3.4");
  // Whoever asks may have written the first ones.
  assert.equal(of("6.6.6.6, 1.2.3.4", 1), "1.2.3.4");
  assert.equal(of("6.6.6.6, 1.2.3.4, 10.0.0.1", 2), "1.2.3.4");
  for (const told of [null, "", "a secret", "1.2.3.4"]) assert.equal(of(told, 2), "10.0.0.9");
  assert.equal(clientAddress(new Request("http://127.0.0.1"), undefined, 0), null);
});
