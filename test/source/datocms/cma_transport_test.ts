import assert from "node:assert/strict";
import net from "node:net";
import { gzipSync } from "node:zlib";
import { delay } from "../../../src/async/delay.ts";
import { SluiceError } from "../../../src/error.ts";
import { BodyTooLargeError } from "../../../src/http/body.ts";
import { CmaError } from "../../../src/source/datocms/cma_error.ts";
import { RateLimiter } from "../../../src/http/rate_limiter.ts";
import { allText, apiError, json, testClient, TOKEN } from "../../support/cma.ts";
import { close, serveHttp, serveTcp } from "../../support/http_server.ts";
import { msOf, turn, until } from "../../support/until.ts";
import { ManualClock } from "../../support/manual_clock.ts";
import { undisturbed } from "../../support/undisturbed.ts";

const GOOD = { data: { id: "1", type: "site" } };
const GOOD_TEXT = JSON.stringify(GOOD);
const GOOD_HTTP = http(200, GOOD_TEXT);

function http(status: number, body: string, headers: Record<string, string> = {}): string {
  const all = {
    "content-type": "application/json",
    "content-length": String(new TextEncoder().encode(body).length),
    ...headers,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${status} X\r\n${lines.join("")}connection: close\r\n\r\n${body}`;
}

const html = (status: number) =>
  http(status, "<html><h1>Oops</h1></html>", { "content-type": "text/html" });
const errorJson = (status: number, code: string, more: object = {}) =>
  http(
    status,
    JSON.stringify({
      data: [{ id: "1", type: "api_error", attributes: { code, details: {}, ...more } }],
    }),
  );

/** What may go wrong on the way, and what is said about it. */
const FAULTS: Record<
  string,
  [fault: string | typeof close, reason: RegExp]
> = {
  "a connection that is closed before the answer": [close, /connection closed/],
  "an answer that isn't HTTP": ["What?\r\n\r\n", /invalid HTTP/],
  "headers that break off": ["HTTP/1.1 200 OK\r\ncontent-ty", /connection closed/],
  "a body that breaks off": [http(200, GOOD_TEXT.slice(0, 9), { "content-length": "32" }), /body/],
  "chunks that break off": [
    'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{"dat\r\n',
    /body/,
  ],
  "a Content-Length that is too small": [
    http(200, GOOD_TEXT, { "content-length": "9" }),
    /expected JSON/,
  ],
  "a page of HTML with status 200": [
    html(200),
    /expected JSON, but the answer \(status 200, text\/html\) isn't/,
  ],
  "a page of HTML with status 502": [html(502), /^status 502$/],
  "JSON that isn't": [http(200, '{"data": '), /expected JSON/],
  "an empty answer": [http(200, ""), /expected JSON/],
  "compressed bytes that aren't": [
    http(200, GOOD_TEXT, { "content-encoding": "gzip" }),
    /./,
  ],
  "status 500": [errorJson(500, "INTERNAL_SERVER_ERROR"), /^status 500 INTERNAL_SERVER_ERROR$/],
  "status 503 that is transient": [
    errorJson(503, "TEMPORARILY_UNAVAILABLE", { transient: true }),
    /^status 503/,
  ],
  "status 422 that is transient": [
    errorJson(422, "BATCH_LOCKED", { transient: true }),
    /^status 422 BATCH_LOCKED$/,
  ],
  "status 408": [errorJson(408, "REQUEST_TIMEOUT"), /^status 408/],
  "status 429": [errorJson(429, "RATE_LIMIT_EXCEEDED"), /^status 429/],
  "status 429 without JSON": [html(429), /^status 429/],
};

for (const [name, [fault, reason]] of Object.entries(FAULTS)) {
  Deno.test(`CmaTransport.send() tries again after ${name}`, async () => {
    await using server = serveTcp((_request, connection, count) => {
      if (count > 2) return GOOD_HTTP;
      return typeof fault === "string" ? fault : fault(connection);
    });
    const client = testClient(server.url);
    const { body } = await client.get("/site");
    assert.deepEqual(body, GOOD);
    const retries = client.events.filter((event) => event.type === "retry");
    assert.deepEqual(retries.map(({ attempt, what }) => [attempt, what]), [[1, "GET /site"], [
      2,
      "GET /site",
    ]]);
    for (const retry of retries) {
      assert.match(retry.reason, reason);
      assert.ok(!retry.reason.includes(server.url), retry.reason);
    }
    assert.ok(!JSON.stringify(client.events).includes(TOKEN));
  });

  Deno.test(`CmaTransport.send() gives up on ${name} after some attempts`, async () => {
    let requests = 0;
    await using server = serveTcp((request, connection) => {
      assert.ok(request.includes(TOKEN));
      requests++;
      return typeof fault === "string" ? fault : fault(connection);
    });
    const client = testClient(server.url);
    const error = await client.get("/site").then(() => undefined, (error) => error);
    assert.ok(error instanceof CmaError, String(error));
    assert.match(
      error.message,
      /^127\.0\.0\.1:\d+ gave no usable answer to GET \/site in 4 attempts over \d+\.\d s \(last: .+\): .+\.$/,
    );
    assert.equal(requests, 4);
    assert.ok(!allText(error).includes(TOKEN));
    assert.ok(!JSON.stringify(client.events).includes(TOKEN));
  });
}

Deno.test("CmaTransport.send() tries again when bytes aren't UTF-8", async () => {
  await using server = serveHttp((_request, _url, count) =>
    new Response(count === 1 ? new Uint8Array([0x22, 0xff, 0x22]) : GOOD_TEXT)
  );
  assert.deepEqual((await testClient(server.url).get("/site")).body, GOOD);
});

Deno.test("CmaTransport.send() tries again when nobody listens", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const url = `http://127.0.0.1:${listener.addr.port}`;
  listener.close();
  const client = testClient(url);
  await assert.rejects(client.get("/site"), (error: CmaError) => {
    assert.match(error.message, /in 4 attempts .*check the network and the API's address\.$/);
    assert.ok(!allText(error).includes(TOKEN));
    return true;
  });
});

Deno.test("CmaTransport.send() drops an answer that doesn't begin, and tries again", async () => {
  const asked = Promise.withResolvers<void>();
  await using server = serveTcp((_request, _connection, count) => {
    if (count > 1) return GOOD_HTTP;
    asked.resolve();
    return undefined;
  });
  const clock = new ManualClock();
  const client = testClient(server.url, { clock, headersTimeoutMs: 400 });
  const answer = client.get("/site");
  await asked.promise;
  await clock.advance(399);
  assert.equal(client.events.length, 0);
  await clock.advance(1);
  assert.deepEqual((await clock.passWhile(answer, 20)).body, GOOD);
  assert.deepEqual(
    client.events.flatMap((event) => event.type === "retry" ? [event.reason] : []),
    ["waited 0.4 s for an answer"],
  );
});

Deno.test("CmaTransport.send() drops a body that stalls, and tries again", async () => {
  await using server = serveTcp(async (_request, connection, count) => {
    if (count > 1) return GOOD_HTTP;
    await connection.write(new TextEncoder().encode(GOOD_HTTP.slice(0, -5)));
    return undefined;
  });
  const clock = new ManualClock();
  const client = testClient(server.url, { clock, stallTimeoutMs: 400 });
  const answer = client.get("/site");
  await until(() => clock.next === 400, "it waits for bytes");
  await clock.advance(400);
  assert.deepEqual((await clock.passWhile(answer, 20)).body, GOOD);
  assert.deepEqual(
    client.events.flatMap((event) => event.type === "retry" ? [event.reason] : []),
    ["waited 0.4 s for the next bytes of the answer"],
  );
});

Deno.test(
  "CmaTransport.send() waits for a body that is slow but comes",
  undisturbed(async () => {
    await using server = serveHttp(() => {
      let i = 0;
      return new Response(
        new ReadableStream({
          async pull(controller) {
            if (i === GOOD_TEXT.length) return controller.close();
            await new Promise((resolve) => setTimeout(resolve, 10));
            controller.enqueue(new TextEncoder().encode(GOOD_TEXT[i++]));
          },
        }),
      );
    });
    const client = testClient(server.url, { stallTimeoutMs: 200, headersTimeoutMs: 200 });
    const ms = await msOf(async () => assert.deepEqual((await client.get("/site")).body, GOOD));
    assert.ok(ms > 200, "it took longer than any single wait");
    assert.deepEqual(client.events.map(({ type }) => type), ["request"]);
  }),
);

Deno.test("CmaTransport.send() drops a body that drips for ever, and tries again", async () => {
  const clock = new ManualClock();
  await using server = serveTcp(async (_request, connection, count) => {
    if (count > 1) return GOOD_HTTP;
    await connection.write(
      new TextEncoder().encode("HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n"),
    );
    for (;;) {
      await connection.write(new Uint8Array([0x20]));
      // Another byte comes in the time in which the next one is waited for.
      await clock.advance(10);
    }
  });
  const client = testClient(server.url, { clock, stallTimeoutMs: 200 });
  const answer = client.get("/site");
  await until(() => client.events.length > 0, "it is dropped");
  assert.ok(clock.elapsed() >= 800, `${clock.elapsed()} ms`);
  assert.deepEqual((await clock.passWhile(answer, 20)).body, GOOD);
  const reasons = client.events.flatMap((event) => event.type === "retry" ? [event.reason] : []);
  assert.equal(reasons.length, 1);
  assert.match(reasons[0]!, /^only \d+ bytes came in \d+\.\d s$/);
});

Deno.test(
  "CmaTransport.send() waits for a large body longer than for a small one",
  undisturbed(async () => {
    const text = JSON.stringify({ data: "x".repeat(64 * 1024) });
    await using server = serveHttp(() => {
      let sent = 0;
      return new Response(
        new ReadableStream({
          async pull(controller) {
            await delay(10);
            controller.enqueue(new TextEncoder().encode(text.slice(sent, sent += 4096)));
            if (sent >= text.length) controller.close();
          },
        }, { highWaterMark: 0 }),
      );
    });
    // It takes longer than four waits for bytes, but each second brings far more than 4 KiB.
    const client = testClient(server.url, { stallTimeoutMs: 35 });
    assert.equal(JSON.stringify((await client.get("/site")).body), text);
  }),
);

Deno.test("CmaTransport.send() tries again when the connection is reset, before the answer or within", async () => {
  let count = 0;
  const server = net.createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", () => {
      count++;
      if (count > 3) return void socket.end(GOOD_HTTP);
      if (count === 2) {
        return void socket.write(GOOD_HTTP.slice(0, -5), () => socket.resetAndDestroy());
      }
      socket.resetAndDestroy();
    });
  });
  const listening = Promise.withResolvers<void>();
  server.listen({ host: "127.0.0.1", port: 0 }, listening.resolve);
  await listening.promise;
  const client = testClient(`http://127.0.0.1:${(server.address() as net.AddressInfo).port}`);
  assert.deepEqual((await client.get("/site")).body, GOOD);
  assert.equal(client.events.filter(({ type }) => type === "retry").length, 3);
  const closed = Promise.withResolvers<void>();
  server.close(() => closed.resolve());
  await closed.promise;
});

for (
  const [name, headers] of [
    ["X-RateLimit-Reset", { "x-ratelimit-reset": "86400" }],
    ["Retry-After in seconds", { "retry-after": "86400" }],
    ["Retry-After as a date", { "retry-after": new Date(Date.now() + 86_400_500).toUTCString() }],
  ] as const
) {
  Deno.test(`CmaTransport.send() doesn't wait for a day because ${name} says so`, async () => {
    await using server = serveHttp(() => apiError(429, "RATE_LIMIT_EXCEEDED", { headers }));
    const client = testClient(server.url, { retry: { maxTotalWaitMs: 60_000 } });
    const ms = await msOf(() =>
      assert.rejects(
        client.get("/items"),
        /^CmaError: 127\.0\.0\.1:\d+ gave no usable answer to GET \/items in 1 attempt over \d+\.\d s \(last: status 429 RATE_LIMIT_EXCEEDED\): it asks to wait 86[34]\d\d s, but Sluice waits for an answer no longer than 60 s in all; try again later\.$/,
      )
    );
    assert.ok(ms < 20_000, `${ms} ms`);
    // Nobody else is held up for a day, either.
    await assert.rejects(client.get("/items"), /in 1 attempt/);
  });
}

Deno.test("CmaTransport.send() ends refusals for the rate limit that don't end with what to do", async () => {
  for (const headers of [{}, { "x-ratelimit-reset": "0" }, { "x-ratelimit-reset": "0.01" }]) {
    await using server = serveHttp(() => apiError(429, "RATE_LIMIT_EXCEEDED", { headers }));
    const client = testClient(server.url);
    const failed = await Promise.allSettled(
      Array.from({ length: 10 }, () => client.get("/items")),
    );
    for (const outcome of failed) {
      assert.ok(outcome.status === "rejected");
      assert.match(
        String(outcome.reason),
        /^CmaError: 127\.0\.0\.1:\d+ gave no usable answer to GET \/items in 4 attempts over \d+\.\d s \(last: status 429 RATE_LIMIT_EXCEEDED\): something else uses up the project's requests; try again when it is done\.$/,
      );
    }
  }
});

Deno.test("CmaTransport.send() doesn't count the wait for its turn", async () => {
  await using server = serveHttp((_request, _url, count) =>
    count === 1 ? apiError(503, "OVERLOADED") : json(GOOD)
  );
  const client = testClient(server.url, { retry: { maxTotalWaitMs: 100 } });
  client.transport.limiter.pause(200);
  assert.deepEqual((await client.get("/site")).body, GOOD);
});

Deno.test("CmaTransport.send() makes as many attempts as the policy allows once the API has answered", async () => {
  let failing = false;
  let failed = 0;
  await using server = serveHttp(() => {
    if (!failing) return json(GOOD);
    failed++;
    return apiError(500, "INTERNAL_SERVER_ERROR");
  });
  const client = testClient(server.url, { retry: { maxAttempts: 7, baseDelayMs: 1 } });
  await client.get("/site");
  failing = true;
  await assert.rejects(
    client.get("/site"),
    /in 7 attempts .* \(last: status 500 INTERNAL_SERVER_ERROR\): try again later, or see https:\/\/status\.datocms\.com\.$/,
  );
  assert.equal(failed, 7);
});

Deno.test("CmaTransport.send() waits no longer in all than the policy allows", async () => {
  await using server = serveHttp(() => apiError(503, "OVERLOADED"));
  const retry = { maxAttempts: 1000, baseDelayMs: 20, maxDelayMs: 20, maxTotalWaitMs: 30 };
  const client = testClient(server.url, { retry });
  const ms = await msOf(() => assert.rejects(client.get("/site"), /gave no usable answer/));
  assert.ok(ms < 10_000, `${ms} ms`);
  assert.ok(client.events.filter(({ type }) => type === "retry").length <= 2);
});

Deno.test("CmaTransport.send() waits as long as X-RateLimit-Reset says after a 429, and so does everybody else", async () => {
  const moments: number[] = [];
  await using server = serveHttp((_request, _url, count) => {
    moments.push(performance.now());
    return count === 1
      ? apiError(429, "RATE_LIMIT_EXCEEDED", { headers: { "x-ratelimit-reset": "0.1" } })
      : json(GOOD);
  });
  const client = testClient(server.url);
  const first = client.get("/site");
  await until(() => client.events.length === 2, "the refusal");
  await Promise.all([first, client.get("/items"), client.get("/uploads")]);
  assert.equal(moments.length, 4);
  for (const moment of moments.slice(1)) assert.ok(moment - moments[0]! >= 95, moments.join());
});

Deno.test("CmaTransport.send() doesn't spin when X-RateLimit-Reset is 0", async () => {
  await using server = serveHttp(() =>
    apiError(429, "RATE_LIMIT_EXCEEDED", { headers: { "x-ratelimit-reset": "0" } })
  );
  const retry = { maxAttempts: 4, baseDelayMs: 20, maxDelayMs: 1000 };
  const client = testClient(server.url, { retry });
  const ms = await msOf(() => assert.rejects(client.get("/site"), /in 4 attempts .*status 429/));
  // At least half of 20 + 40 + 80.
  assert.ok(ms >= 70, `${ms} ms`);
});

Deno.test("CmaTransport.send() takes a date in Retry-After", async () => {
  await using server = serveHttp(() =>
    apiError(503, "OVERLOADED", {
      headers: { "retry-after": new Date(Date.now() + 9000).toUTCString() },
    })
  );
  const controller = new AbortController();
  const waits: number[] = [];
  const client = testClient(server.url, {
    retry: { maxTotalWaitMs: 60_000 },
    onEvent: (event) => {
      if (event.type !== "retry") return;
      waits.push(event.waitMs);
      controller.abort();
    },
  });
  await assert.rejects(client.get("/site", {}, { signal: controller.signal }), {
    name: "AbortError",
  });
  assert.ok(waits.length === 1 && waits[0]! > 7000 && waits[0]! <= 10_000, waits.join());
});

Deno.test("CmaTransport.send() gives up at once on a wait that is too long, and holds nobody else up", async () => {
  await using server = serveHttp((_request, url) =>
    url.pathname === "/limited"
      ? apiError(429, "RATE_LIMIT_EXCEEDED", { headers: { "x-ratelimit-reset": "4000000000" } })
      : json(GOOD)
  );
  const client = testClient(server.url);
  await assert.rejects(client.get("/limited"), /in 1 attempt .*status 429/);
  assert.ok(await msOf(() => client.get("/site")) < 1000);
});

for (
  const [status, code] of [
    [401, "INVALID_AUTHORIZATION_HEADER"],
    [403, "INSUFFICIENT_PERMISSIONS"],
    [404, "NOT_FOUND"],
    [422, "INVALID_PARAMS"],
  ] as const
) {
  Deno.test(`CmaTransport.send() makes one attempt when it is refused with ${status} ${code}`, async () => {
    let requests = 0;
    await using server = serveHttp((request) => {
      requests++;
      // A server that repeats what it was sent.
      const echo = Object.fromEntries(request.headers);
      return apiError(status, code, { details: { echo } });
    });
    const client = testClient(server.url);
    const error = await client.get("/items").then(() => undefined, (error) => error);
    assert.ok(error instanceof CmaError);
    assert.equal(error.status, status);
    assert.deepEqual(error.codes, [code]);
    assert.match(error.message, new RegExp(`^[^\\n]*\\(${status} ${code}.*\\).*\\.$`));
    assert.ok(!allText(error).includes(TOKEN), error.message);
    assert.ok(!JSON.stringify(client.events).includes(TOKEN));
    assert.equal(requests, 1);
  });
}

Deno.test("CmaTransport.send() makes one attempt when it is refused with something that isn't JSON", async () => {
  await using server = serveTcp((request) => {
    assert.ok(request.startsWith("GET /site"));
    return html(404);
  });
  const error = await testClient(server.url).get("/site").then(() => undefined, (error) => error);
  assert.ok(error instanceof CmaError);
  assert.match(
    error.message,
    /^Expected JSON from the DatoCMS API, but 127\.0\.0\.1:\d+ answered GET \/site with status 404 and something else: check the API's address\.$/,
  );
});

Deno.test("CmaTransport.send() never says the token, even if the server does", async () => {
  const echoes: ((token: string) => Response)[] = [
    (token) => apiError(422, token, { details: { token } }),
    (token) => apiError(500, `CODE_${token}`),
    (token) =>
      new Response(`<h1>${token}</h1>`, { headers: { "content-type": `text/html; x=${token}` } }),
    (token) => apiError(403, `${token}_INSUFFICIENT_PERMISSIONS`, { details: `Bearer ${token}` }),
  ];
  for (const echo of echoes) {
    await using server = serveHttp((request) =>
      echo(request.headers.get("authorization")!.split(" ")[1]!)
    );
    const client = testClient(server.url);
    const error = await client.get("/site").then(() => assert.fail(), (error) => error);
    assert.ok(error instanceof CmaError);
    assert.ok(!allText(error).includes(TOKEN), error.message);
    assert.ok(!JSON.stringify(client.events).includes(TOKEN), JSON.stringify(client.events));
  }
});

Deno.test("CmaTransport.send() follows a read's redirects within the API's origin, with its headers", async () => {
  const asked: string[] = [];
  await using server = serveHttp((request, url) => {
    asked.push(`${request.method} ${url.pathname}`);
    assert.equal(request.headers.get("authorization"), `Bearer ${TOKEN}`);
    const hop = Number(url.searchParams.get("hop"));
    if (hop === 5) return json(GOOD);
    const location = [`?hop=${hop + 1}`, `http://user:pass@${url.host}/moved?hop=${hop + 1}`];
    return new Response("moved", {
      status: [301, 302, 303, 307, 308][hop]!,
      headers: { location: location[hop % 2]! },
    });
  });
  const { body } = await testClient(server.url).get("/site");
  assert.deepEqual(body, GOOD);
  assert.deepEqual(asked, ["GET /site", "GET /site", ...Array(4).fill("GET /moved")]);
});

Deno.test("CmaTransport.send() redirects nothing that changes something, not even within the origin", async () => {
  const asked: string[] = [];
  await using server = serveHttp((request, url) => {
    asked.push(`${request.method} ${url.pathname}`);
    return new Response(null, { status: 308, headers: { location: "/moved" } });
  });
  const { host } = new URL(server.url);
  for (const method of ["POST", "PUT", "DELETE"] as const) {
    const error = await testClient(server.url).request(method, "/environments/x", {}, undefined)
      .then(() => assert.fail(), (error) => error);
    assert.match(
      error.message.replace(/over \d\.\d s/, "over 0 s"),
      new RegExp(
        `^${host} gave no usable answer to ${method} /environments/x in 1 attempt over 0 s \\(last: ` +
          "a redirect to another address of its own, which isn't followed\\): Sluice asks nobody " +
          "else; give the API's own address\\.$",
      ),
    );
  }
  assert.deepEqual(asked, ["POST", "PUT", "DELETE"].map((method) => `${method} /environments/x`));
});

Deno.test("CmaTransport.send() follows no redirect that isn't of the API's origin, and names where it leads", async () => {
  let tls = 0;
  let location = "";
  const serve = async (connection: Deno.TcpConn) => {
    const bytes = new Uint8Array(4096);
    await connection.read(bytes);
    // A handshake of TLS begins with this byte.
    if (bytes[0] === 22) tls++;
    const head = `HTTP/1.1 302 Found\r\nlocation: ${location}\r\ncontent-length: 0\r\n`;
    await connection.write(new TextEncoder().encode(`${head}connection: close\r\n\r\n`));
    connection.close();
  };
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const serving = (async () => {
    for await (const connection of listener) await serve(connection);
  })();
  const { port } = listener.addr;
  const cases = [
    [`https://127.0.0.1:${port}/site`, `https://127.0.0.1:${port}`],
    ["//evil.example/site?token=x", "http://evil.example"],
    ["https://0x7f.1:1/", "https://127.0.0.1:1"],
    ["file:///etc/passwd", "a file: address"],
    ["data:application/json,{}", "a data: address"],
    ["http://", "what is no address"],
  ] as const;
  try {
    for (const [to, goal] of cases) {
      location = to;
      const error = await testClient(`http://127.0.0.1:${port}`).get("/site")
        .then(() => assert.fail(), (error) => error);
      assert.match(error.message, /^127\.0\.0\.1:\d+ gave .* to GET \/site in 4 attempts over/);
      assert.ok(error.message.includes(`(last: a redirect to ${goal}, which isn't`), error.message);
    }
    assert.equal(tls, 0);
    await assert.rejects(fetch(`https://127.0.0.1:${port}/control`));
    assert.equal(tls, 1);
  } finally {
    listener.close();
    await serving;
  }
});

Deno.test("CmaTransport.send() polls a job until it has a result", async () => {
  const paths: string[] = [];
  await using server = serveHttp((request, url, count) => {
    assert.equal(request.headers.get("authorization"), `Bearer ${TOKEN}`);
    paths.push(`${request.method} ${url.pathname}`);
    if (count === 1) return json({ data: { type: "job", id: "a/b" } }, { status: 202 });
    if (count === 2) return apiError(404, "NOT_FOUND");
    if (count === 3) return apiError(500, "INTERNAL_SERVER_ERROR");
    return json({
      data: { type: "job_result", id: "a/b", attributes: { status: 200, payload: GOOD } },
    });
  });
  const { body } = await testClient(server.url).request("POST", "/environments/main/fork", {}, {
    data: {},
  });
  assert.deepEqual(body, GOOD);
  assert.deepEqual(paths, [
    "POST /environments/main/fork",
    ...Array(3).fill("GET /job-results/a%2Fb"),
  ]);
});

Deno.test("CmaTransport.send() fails when a job fails", async () => {
  await using server = serveHttp((_request, _url, count) => {
    if (count === 1) return json({ data: { type: "job", id: "1" } }, { status: 202 });
    const payload = {
      data: [{ id: "1", type: "api_error", attributes: { code: "INVALID_FORMAT", details: {} } }],
    };
    return json({ data: { type: "job_result", id: "1", attributes: { status: 422, payload } } });
  });
  await assert.rejects(testClient(server.url).get("/site"), {
    name: "CmaError",
    status: 422,
    codes: ["INVALID_FORMAT"],
    message: /refused GET \/site \(422 INVALID_FORMAT\)\.$/,
  });
});

Deno.test("CmaTransport.send() doesn't wait for ever for a job", async () => {
  await using server = serveHttp((_request, _url, count) =>
    count === 1
      ? json({ data: { type: "job", id: "1" } }, { status: 202 })
      : apiError(404, "NOT_FOUND")
  );
  const clock = new ManualClock();
  const client = testClient(server.url, { clock, headersTimeoutMs: 6000, stallTimeoutMs: 6000 });
  const refused = assert.rejects(
    client.get("/site"),
    /^CmaError: The job that DatoCMS started for GET \/site didn't end within 600 s: try again later/,
  );
  await clock.passWhile(refused, 5000);
  assert.equal(clock.elapsed(), 600_000);
});

/** A job's result that another job is, in whatever form. */
const JOB = { data: { type: "job", id: "1" } };
const ANOTHER_JOB = json({
  data: { type: "job_result", id: "1", attributes: { status: 202, payload: JOB } },
});

Deno.test("CmaTransport.send() polls a job whose result is a job, or accepted only", async () => {
  const paths: string[] = [];
  await using server = serveHttp((_request, url, count) => {
    paths.push(url.pathname);
    if (count === 1) return json(JOB, { status: 202 });
    if (count === 2) return json({ data: { type: "job", id: "1" } }, { status: 202 });
    if (count === 3) {
      const payload = { data: { type: "job", id: "2" } };
      return json({ data: { type: "job_result", id: "1", attributes: { status: 202, payload } } });
    }
    return json({
      data: { type: "job_result", id: "2", attributes: { status: 200, payload: GOOD } },
    });
  });
  assert.deepEqual((await testClient(server.url).get("/site")).body, GOOD);
  assert.deepEqual(paths, ["/site", "/job-results/1", "/job-results/1", "/job-results/2"]);
});

Deno.test("CmaTransport.send() doesn't follow jobs that start jobs for ever", async () => {
  for (const again of [() => json(JOB, { status: 202 }), () => ANOTHER_JOB.clone()]) {
    await using server = serveHttp((_request, _url, count) =>
      count === 1 ? json(JOB, { status: 202 }) : again()
    );
    const clock = new ManualClock();
    const client = testClient(server.url, {
      clock,
      headersTimeoutMs: 6000,
      stallTimeoutMs: 6000,
      jobTimeoutMs: 20_000,
    });
    const refused = assert.rejects(
      client.get("/site"),
      /^CmaError: The job that DatoCMS started for GET \/site didn't end within 20 s: try again later/,
    );
    await clock.passWhile(refused, 5000);
  }
});

Deno.test("CmaTransport.send() fails when a job's result isn't one", async () => {
  for (const body of [{}, null, { data: {} }, { data: { attributes: { status: "?" } } }]) {
    await using server = serveHttp((_request, _url, count) =>
      count === 1 ? json(JOB, { status: 202 }) : json(body)
    );
    await assert.rejects(
      testClient(server.url).get("/site"),
      /^CmaError: Expected a job's result for GET \/site, but what came has no status\.$/,
    );
  }
});

Deno.test("CmaTransport.send() asks for a job's result no later than its time is up", async () => {
  await using server = serveHttp((_request, { pathname }) =>
    pathname === "/site" ? json(JOB, { status: 202 }) : apiError(404, "NOT_FOUND")
  );
  const clock = new ManualClock();
  const client = testClient(server.url, { clock, jobTimeoutMs: 10 });
  await clock.passWhile(assert.rejects(client.get("/site"), /didn't end within 0\.01 s/), 200);
  assert.equal(clock.elapsed(), 10);
});

Deno.test("CmaTransport.send() fails when a job has no id", async () => {
  for (const body of [{}, null, { data: { id: 5 } }, []]) {
    await using server = serveHttp(() => json(body, { status: 202 }));
    await assert.rejects(
      testClient(server.url).get("/site"),
      /Expected a job in the answer to GET \/site, but it holds none\./,
    );
  }
});

Deno.test("CmaTransport() takes a base URL with a path, and drops credentials and query", async () => {
  const seen: string[] = [];
  await using server = serveHttp((request, url, count) => {
    seen.push(url.pathname + url.search);
    assert.equal(request.headers.get("authorization"), `Bearer ${TOKEN}`);
    if (count === 1) return json({ data: { type: "job", id: "7" } }, { status: 202 });
    return url.pathname.endsWith("/site")
      ? json(GOOD)
      : json({ data: { attributes: { status: 200, payload: GOOD } } });
  });
  const { port } = new URL(server.url);
  for (const path of ["/api/dato", "/api/dato/", "/api/dato//"]) {
    const client = testClient(`http://user:pass@127.0.0.1:${port}${path}?x=1#y`);
    assert.equal(client.transport.baseUrl, `${server.url}/api/dato`);
    assert.deepEqual((await client.get("/site")).body, GOOD);
  }
  assert.deepEqual(new Set(seen), new Set(["/api/dato/site", "/api/dato/job-results/7"]));
});

/** Ways to abort, and what the caller must get. */
const REASONS: (() => unknown)[] = [
  () => undefined,
  () => new Error("cancelled"),
  () => Object.assign(new Error("late"), { code: "ETIMEDOUT" }),
  () => "a string",
];

/** Stages in which a request can be aborted; `reached` tells when it is there. */
const STAGES: Record<
  string,
  (reached: () => void) => {
    handler: Parameters<typeof serveTcp>[0];
    options?: Parameters<typeof testClient>[1];
  }
> = {
  "before it is sent": () => ({ handler: () => GOOD_HTTP }),
  "while it waits for the limiter": (reached) => {
    const limiter = new RateLimiter({ limit: 1, windowMs: 60_000 });
    return {
      handler: () => GOOD_HTTP,
      options: {
        limiter: Object.assign(limiter, {
          acquire: (signal?: AbortSignal) => {
            limiter.pause(60_000);
            queueMicrotask(reached);
            return RateLimiter.prototype.acquire.call(limiter, signal);
          },
        }),
      },
    };
  },
  "while it waits for an answer": (reached) => ({
    handler: () => {
      reached();
      return undefined;
    },
  }),
  "while the body comes": (reached) => ({
    handler: async (_request, connection) => {
      await connection.write(new TextEncoder().encode(GOOD_HTTP.slice(0, -5)));
      setTimeout(reached, 20);
      return undefined;
    },
  }),
  "while it waits for the next attempt": (reached) => ({
    handler: () => html(502),
    options: {
      retry: { baseDelayMs: 60_000, maxDelayMs: 60_000, maxTotalWaitMs: 600_000 },
      onEvent: ({ type }) => type === "retry" && queueMicrotask(reached),
    },
  }),
  "while a job runs": (reached) => ({
    handler: (_request, _connection, count) => {
      if (count === 1) return http(202, '{"data":{"type":"job","id":"1"}}');
      if (count === 2) reached();
      return errorJson(404, "NOT_FOUND");
    },
  }),
};

for (const [stage, make] of Object.entries(STAGES)) {
  Deno.test(`CmaTransport.send() ends with the signal's reason when it is aborted ${stage}`, async () => {
    for (const reasonOf of REASONS) {
      const controller = new AbortController();
      const reached = Promise.withResolvers<void>();
      const { handler, options } = make(reached.resolve);
      await using server = serveTcp(handler);
      const client = testClient(server.url, options);
      if (stage.startsWith("before")) {
        controller.abort(reasonOf());
        reached.resolve();
      }
      const ended = client.get("/site", {}, { signal: controller.signal })
        .then(() => assert.fail("it wasn't aborted"), (error) => error);
      await reached.promise;
      controller.abort(reasonOf());
      let error: unknown;
      const ms = await msOf(async () => error = await ended);
      assert.equal(error, controller.signal.reason);
      assert.ok(ms < 5000, `${ms} ms`);
    }
  });
}

/** Ways for a POST to end without anybody knowing whether it was carried out. */
const UNKNOWN_ENDS: Record<
  string,
  (connection: Deno.TcpConn) => string | undefined | Promise<undefined>
> = {
  "a connection that is closed": close,
  "a body that breaks off": () => http(200, "{", { "content-length": "32" }),
  "status 500": () => errorJson(500, "INTERNAL_SERVER_ERROR"),
  "status 503 that is transient": () => errorJson(503, "X", { transient: true }),
  "a page of HTML": () => html(200),
  "silence": () => undefined,
};

for (const [name, end] of Object.entries(UNKNOWN_ENDS)) {
  Deno.test(`CmaTransport.send() doesn't repeat a POST after ${name}`, async () => {
    let requests = 0;
    await using server = serveTcp((_request, connection) => {
      requests++;
      return end(connection);
    });
    const clock = new ManualClock();
    const client = testClient(server.url, { clock, headersTimeoutMs: 300 });
    const refused = assert.rejects(
      client.request("POST", "/items", {}, { data: { type: "item" } }),
      /gave no usable answer to POST \/items in 1 attempt over/,
    );
    await until(() => requests === 1, "it is sent");
    if (name === "silence") await clock.advance(300);
    await refused;
    assert.equal(requests, 1);
  });
}

Deno.test("CmaTransport.send() repeats a POST that the API refused for its rate limit, with its body", async () => {
  const bodies: string[] = [];
  await using server = serveHttp(async (request, _url, count) => {
    bodies.push(JSON.stringify(await request.json()));
    return count === 1 ? apiError(429, "RATE_LIMIT_EXCEEDED") : json(GOOD);
  });
  const { body } = await testClient(server.url).request("POST", "/items", {}, {
    data: { type: "item" },
  });
  assert.deepEqual(body, GOOD);
  assert.deepEqual(bodies, Array(2).fill('{"data":{"type":"item"}}'));
});

Deno.test("CmaTransport.send() reads no further once a body is larger than allowed", async () => {
  let sent = 0;
  let requests = 0;
  let cancelled = false;
  await using server = serveHttp(() => {
    requests++;
    return new Response(
      new ReadableStream({
        async pull(controller) {
          await turn();
          sent += 16 * 1024;
          controller.enqueue(new Uint8Array(16 * 1024).fill(0x20));
        },
        cancel() {
          cancelled = true;
        },
      }, { highWaterMark: 0 }),
    );
  });
  const client = testClient(server.url);
  await assert.rejects(client.get("/items", {}, { maxBytes: 100_000 }), (error) => {
    assert.ok(error instanceof BodyTooLargeError);
    assert.equal(error.limit, 100_000);
    return true;
  });
  await until(() => cancelled, "the server noticed");
  assert.ok(sent < 20 * 1024 * 1024, `${sent} bytes were sent`);
  assert.equal(requests, 1);
});

Deno.test("CmaTransport.send() reads no further once a compressed body is larger than allowed", async () => {
  const bomb = new Uint8Array(gzipSync(new Uint8Array(200 * 1024 * 1024), { level: 1 }));
  let requests = 0;
  await using server = serveHttp(() => {
    requests++;
    return new Response(bomb, { headers: { "content-encoding": "gzip" } });
  });
  const client = testClient(server.url);
  const before = Deno.memoryUsage().rss;
  await assert.rejects(client.get("/items", {}, { maxBytes: 1_000_000 }), BodyTooLargeError);
  assert.equal(requests, 1);
  const grown = Deno.memoryUsage().rss - before;
  assert.ok(grown < 50 * 1024 * 1024, `${grown} bytes more`);
});

Deno.test("CmaTransport.send() doesn't look through a refusal of any size for its reason", async () => {
  const refusal = { data: [{ type: "api_error", attributes: { code: "NOT_NOW", details: {} } }] };
  await using server = serveHttp((_request, { pathname }) => {
    const text = JSON.stringify(refusal).padEnd(1024 * 1024 + (pathname === "/site" ? 0 : 1));
    return new Response(text, { status: 422 });
  });
  const client = testClient(server.url);
  await assert.rejects(client.get("/site"), /refused GET \/site \(422 NOT_NOW\)/);
  await assert.rejects(client.get("/items"), /answered GET \/items with status 422 and something/);
});

Deno.test("CmaTransport.send() says what to do about an answer that is too large", async () => {
  await using server = serveHttp(() => json(GOOD));
  await assert.rejects(
    testClient(server.url).get("/items", {}, { maxBytes: 3 }),
    (error: Error) => {
      assert.ok(error instanceof SluiceError);
      assert.match(
        error.message,
        /^127\.0\.0\.1:\d+ answered GET \/items with more than 3 bytes, which is more than Sluice reads at once: check the API's address, or leave it out\.$/,
      );
      return true;
    },
  );
});

Deno.test("CmaTransport.send() ends redirects that don't end", async () => {
  let requests = 0;
  await using server = serveHttp((_request, url) => {
    requests++;
    return Response.redirect(url, 302);
  });
  await assert.rejects(
    testClient(server.url).get("/site"),
    /gave no usable answer to GET \/site in 4 attempts .* \(last: more than 5 redirects\): check the API's address\.$/,
  );
  assert.equal(requests, 4 * 6);
});

Deno.test("CmaTransport.send() accepts a body that is just as large as allowed", async () => {
  await using server = serveHttp(() => json(GOOD));
  const client = testClient(server.url);
  assert.deepEqual((await client.get("/site", {}, { maxBytes: GOOD_TEXT.length })).body, GOOD);
  await assert.rejects(
    client.get("/site", {}, { maxBytes: GOOD_TEXT.length - 1 }),
    BodyTooLargeError,
  );
});

Deno.test("CmaTransport.send() tells of each request and retry", async () => {
  await using server = serveHttp((_request, _url, count) =>
    count === 1
      ? apiError(503, "OVERLOADED")
      : json(GOOD, { headers: { "x-ratelimit-remaining": "7" } })
  );
  const client = testClient(server.url);
  await client.get("/items", { page: { limit: 1 } });
  const [failed, retry, request] = client.events;
  assert.deepEqual(client.events.map(({ type }) => type), ["request", "retry", "request"]);
  assert.ok(failed?.type === "request" && failed.status === 503);
  assert.ok(
    retry?.type === "retry" && retry.what === "GET /items?page[limit]=1" && retry.waitMs > 0,
  );
  assert.ok(request?.type === "request");
  assert.equal(request.what, "GET /items?page[limit]=1");
  assert.deepEqual([request.method, request.path, request.query, request.attempt], [
    "GET",
    "/items",
    { "page[limit]": "1" },
    2,
  ]);
  assert.equal(request.status, 200);
  assert.equal(request.bytes, GOOD_TEXT.length);
  assert.equal(request.available, 7);
});

Deno.test("CmaTransport.send() has no more requests in flight than it may", async () => {
  for (const [concurrency, most] of [[2, 2], [undefined, 4]] as const) {
    let [open, peak] = [0, 0];
    const opened = Promise.withResolvers<void>();
    await using server = serveHttp(async () => {
      peak = Math.max(peak, ++open);
      // All that may come are here before the first is answered: until then nothing is known of answers.
      if (open === most) opened.resolve();
      await opened.promise;
      await turn();
      open--;
      return json(GOOD);
    });
    const limiter = new RateLimiter({ limit: 60, windowMs: 3000 });
    const client = testClient(server.url, { concurrency, limiter });
    await Promise.all(Array.from({ length: 24 }, (_, n) => client.get(`/site${n}`)));
    assert.equal(peak, most);
  }
});
