import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { notify, SIGNATURE_HEADER } from "../../src/schedule/notify.ts";
import { serveHttp } from "../support/http_server.ts";
import { serveUnanswering } from "../support/unanswering_server.ts";

const BODY = JSON.stringify({ status: "complete", name: "Ærø" });
const SECRET = "n0tify-s3cret";

Deno.test("notify() sends the body once, signed so that its receiver can check it", async () => {
  const got: { body: Uint8Array; headers: Headers; method: string }[] = [];
  await using server = serveHttp(async (request) => {
    got.push({ body: await request.bytes(), headers: request.headers, method: request.method });
    return new Response(null, { status: 204 });
  });
  const result = await notify(BODY, { url: server.url, secret: SECRET });
  assert.deepEqual(result, { sent: true, attempts: 1 });
  const [{ body, headers, method }] = got as [typeof got[number]];
  assert.equal(got.length, 1);
  assert.equal(method, "POST");
  assert.equal(headers.get("content-type"), "application/json");
  assert.equal(new TextDecoder().decode(body), BODY);
  const hmac = createHmac("sha256", SECRET).update(body).digest("hex");
  assert.equal(headers.get(SIGNATURE_HEADER), `sha256=${hmac}`);
});

Deno.test("docs/schedule.md shows how a signature is checked", async () => {
  const page = await Deno.readTextFile(new URL("../../docs/schedule.md", import.meta.url));
  const [, program] = /^```ts\n(export async function isGenuine.*?)^```/ms.exec(page)!;
  const path = await Deno.makeTempFile({ suffix: ".ts" });
  await Deno.writeTextFile(path, program!);
  const { isGenuine } = await import(`file://${path}`);
  await Deno.remove(path);
  const answers: boolean[] = [];
  await using server = serveHttp(async (request) => {
    const body = await request.bytes();
    const other = new Uint8Array([...body, 32]);
    answers.push(
      await isGenuine(request, body, SECRET),
      await isGenuine(request, other, SECRET),
      await isGenuine(request, body, "another"),
      await isGenuine(new Request(request.url), body, SECRET),
    );
    return new Response(null, { status: 204 });
  });
  await notify(BODY, { url: server.url, secret: SECRET });
  assert.deepEqual(answers, [true, false, false, false]);
});

Deno.test("notify() without a secret doesn't sign", async () => {
  let signature: string | null = "";
  await using server = serveHttp((request) => {
    signature = request.headers.get(SIGNATURE_HEADER);
    return new Response("ok");
  });
  assert.deepEqual(await notify(BODY, { url: server.url }), { sent: true, attempts: 1 });
  assert.equal(signature, null);
});

Deno.test("notify() tries again later and later, and gives up", async () => {
  const waits: number[] = [];
  const delay = (ms: number) => Promise.resolve(void waits.push(ms));
  await using server = serveHttp((_request, _url, count) => {
    return new Response("busy", { status: count % 4 === 3 ? 200 : 503 });
  });
  assert.deepEqual(await notify(BODY, { url: server.url, delay }), { sent: true, attempts: 3 });
  assert.equal(waits.length, 2);
  assert.ok(waits[0]! >= 250 && waits[0]! <= 500 && waits[1]! >= 500 && waits[1]! <= 1000);
  await using dead = serveHttp(() => new Response(null, { status: 500 }));
  assert.deepEqual(await notify(BODY, { url: dead.url, delay }), {
    sent: false,
    attempts: 4,
    problem: "its server answered 500",
  });
  assert.equal(waits.length, 5);
});

Deno.test("notify() doesn't repeat what is refused, nor follow anybody elsewhere", async () => {
  let elsewhere = 0;
  await using other = serveHttp(() => new Response(`${++elsewhere}`));
  const cases = [
    [401, {}, "401"],
    [307, { Location: other.url }, `307, a redirect to ${other.url}, which isn't followed`],
    [
      302,
      { Location: "/t0ken" },
      "302, a redirect to another address of its own, which isn't followed",
    ],
  ] as const;
  for (const [status, headers, answered] of cases) {
    await using server = serveHttp(() => new Response(null, { status, headers: { ...headers } }));
    const result = await notify(BODY, { url: server.url, secret: SECRET });
    assert.deepEqual(result, {
      sent: false,
      attempts: 1,
      problem: `its server answered ${answered}`,
    });
  }
  assert.equal(elsewhere, 0);
});

Deno.test("notify() never fails, and names neither the address nor the secret", async () => {
  const { url } = await (async () => {
    await using server = serveHttp(() => new Response());
    return server;
  })();
  const options = { url: `${url}/hook-t0ken`, secret: SECRET, delay: () => Promise.resolve() };
  const result = await notify(BODY, options);
  assert.deepEqual(result, { sent: false, attempts: 4, problem: "its server can't be reached" });
  const cancelled = await notify(BODY, { ...options, signal: AbortSignal.abort() });
  assert.deepEqual(cancelled, { sent: false, attempts: 1, problem: "it was cancelled" });
});

Deno.test("notify() isn't put off by a server that tells a time of day where DatoCMS tells seconds", async () => {
  const waits: number[] = [];
  const delay = (ms: number) => Promise.resolve(void waits.push(ms));
  await using server = serveHttp((_request, _url, count) => {
    const headers = { "x-ratelimit-reset": "1795258800", "retry-after": "2" };
    return new Response(null, { status: count === 1 ? 429 : 200, headers });
  });
  assert.deepEqual(await notify(BODY, { url: server.url, delay }), { sent: true, attempts: 2 });
  assert.deepEqual(waits, [2000]);
});

Deno.test("notify() sends no more than its attempts, which can be told for one message", async () => {
  await using server = serveUnanswering();
  const options = { url: server.url, delay: () => Promise.resolve() };
  // There is a connection that was kept then.
  await (await fetch(server.url)).body?.cancel();
  const { sent, attempts } = await notify(BODY, options);
  assert.deepEqual([sent, attempts, server.got.length], [false, 4, 4]);
  await notify(BODY, options);
  const keys = server.got.map(({ headers }) => headers.get("idempotency-key"));
  assert.match(keys[0] ?? "", /^"[0-9a-f-]{36}"$/);
  assert.deepEqual(keys.map((key) => key === keys[0]), [
    ...Array(4).fill(true),
    ...Array(4).fill(false),
  ]);
});
