import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import type { Upload } from "../../../src/content/resource.ts";
import {
  assetClient,
  AssetError,
  assetUrl,
  fetchAsset,
  type FetchAssetOptions,
} from "../../../src/source/datocms/asset_fetch.ts";
import { close, serveHttp, serveTcp } from "../../support/http_server.ts";
import { msOf, until } from "../../support/until.ts";
import { ManualClock } from "../../support/manual_clock.ts";

function upload(url: unknown): Upload {
  return { id: "1", type: "upload", attributes: { url: url as string, path: "/1/a.jpg" } };
}

async function failureOf(run: () => Promise<unknown>): Promise<AssetError> {
  const error = await run().then(() => assert.fail("it didn't fail"), (error) => error);
  assert.ok(error instanceof AssetError, String(error));
  assert.doesNotMatch(error.message, /\p{Cc}/u);
  return error;
}

/** Opens an asset of a server on this machine. */
function open(
  url: string,
  options?: FetchAssetOptions,
): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
  return fetchAsset(upload(url), { baseUrl: new URL(url).origin, ...options });
}

async function textOf(url: string, options?: FetchAssetOptions): Promise<string> {
  return await new Response(await open(url, options)).text();
}

Deno.test("assetUrl() replaces scheme, host and port by the asset host's, and nothing else", () => {
  const url = upload("https://www.datocms-assets.com/205/16-a%20b%2F..%2Fc.jpg?w=1&x=%2f");
  assert.equal(assetUrl(url).href, url.attributes.url);
  assert.equal(
    assetUrl(url, { assetHost: "http://127.0.0.1:8080" }).href,
    "http://127.0.0.1:8080/205/16-a%20b%2F..%2Fc.jpg?w=1&x=%2f",
  );
  assert.equal(
    assetUrl(upload("http://user:pass@a.example:99/1/x?y"), { assetHost: "https://b.example" })
      .href,
    "https://b.example/1/x?y",
  );
});

Deno.test("assetUrl() asks for the file as it was uploaded, unless the address has parameters", () => {
  const path = "https://www.datocms-assets.com/205/1";
  const asked = "skip-default-optimizations=true";
  for (const name of [".jpg", ".pdf", "", ".svg.png"]) {
    assert.equal(assetUrl(upload(path + name)).href, `${path + name}?${asked}`);
    assert.equal(
      assetUrl(upload(path + name), { assetHost: "http://127.0.0.1:8080" }).href,
      `http://127.0.0.1:8080/205/1${name}?${asked}`,
    );
  }
  for (const name of [".svg", ".SVG"]) {
    assert.equal(assetUrl(upload(path + name)).search, `?${asked}&svg-sanitize=false`);
  }
  const named = upload(path);
  named.attributes.mime_type = "image/svg+xml";
  assert.equal(assetUrl(named).search, `?${asked}&svg-sanitize=false`);
  assert.equal(assetUrl(named, { plain: true }).search, "");
  // Somebody may have signed them.
  assert.equal(assetUrl(upload(`${path}.svg?s=1`)).href, `${path}.svg?s=1`);
});

Deno.test("assetUrl() never leaves the asset host, whatever the path", () => {
  for (
    const path of [
      "//evil.example/x",
      "/\\evil.example/x",
      "///evil.example",
      "/https://evil.example/",
    ]
  ) {
    const { origin, pathname } = assetUrl(
      upload(`https://www.datocms-assets.com${path}`),
      { assetHost: "http://127.0.0.1:8080" },
    );
    assert.equal(origin, "http://127.0.0.1:8080", path);
    assert.equal(pathname, new URL(`https://www.datocms-assets.com${path}`).pathname);
  }
});

Deno.test("assetUrl() refuses what isn't an HTTP address", () => {
  const urls = [
    "file:///etc/passwd",
    "data:text/plain,x",
    "javascript:1",
    "/1/a.jpg",
    "",
    null,
    undefined,
    7,
    {},
    "http://",
  ];
  for (const url of urls) {
    assert.throws(() => assetUrl(upload(url), { assetHost: "http://127.0.0.1" }), (error) => {
      assert.ok(error instanceof AssetError);
      assert.equal(error.retryable, false);
      assert.match(error.message, /^expected an http\(s\) address, but the upload's url is .+$/);
      return true;
    });
  }
  assert.throws(() => assetUrl(upload("x\u001b[2J")), /url is "x\\u001b\[2J"$/);
});

Deno.test("fetchAsset() gives the asset's bytes", async () => {
  await using server = serveHttp((_request, url) => new Response(url.pathname));
  assert.equal(await textOf(`${server.url}/1/a.jpg`), "/1/a.jpg");
  assert.equal(
    await textOf("https://www.datocms-assets.com/2/b.jpg", { assetHost: server.url }),
    "/2/b.jpg",
  );
});

Deno.test("fetchAsset() gives an empty asset's bytes, and leaves nothing behind", async () => {
  for (
    const response of [
      () => new Response(""),
      () => new Response(null),
    ]
  ) {
    await using server = serveHttp(response);
    assert.equal(await textOf(server.url), "");
  }
});

Deno.test("fetchAsset() gives the bytes as they are stored, also of a compressed file", async () => {
  const stored = new Uint8Array(gzipSync("<svg/>"));
  await using server = serveHttp((request) => {
    assert.equal(request.headers.get("accept-encoding"), "identity");
    return new Response(stored, { headers: { "content-encoding": "gzip" } });
  });
  const bytesOf = async (attributes: object, options: FetchAssetOptions = {}) => {
    const { attributes: own, ...rest } = upload(server.url);
    const asset = { ...rest, attributes: { ...own, ...attributes } };
    const { origin: baseUrl } = new URL(server.url);
    return await new Response(await fetchAsset(asset, { baseUrl, ...options })).bytes();
  };
  const text = new TextEncoder().encode("<svg/>");
  assert.deepEqual(await bytesOf({ size: stored.length }), stored);
  assert.deepEqual(await bytesOf({}, { asSent: true }), stored);
  // A server on the way may have coded it, although it wasn't asked to.
  assert.deepEqual(await bytesOf({ size: text.length }), text);
  assert.deepEqual(await bytesOf({}), text);
});

Deno.test("fetchAsset() can be tried again when what was coded unasked breaks off or isn't what it says", async () => {
  const coded = new Uint8Array(gzipSync("<svg/>".repeat(1000)));
  for (const body of [coded.slice(0, -9), new TextEncoder().encode("<svg/>")]) {
    await using server = serveHttp(() => {
      return new Response(body, { headers: { "content-encoding": "gzip" } });
    });
    const error = await failureOf(() => textOf(server.url));
    assert.ok(error.retryable, error.message);
  }
});

Deno.test("fetchAsset() says which statuses are worth another attempt, and when", async () => {
  const cases: [status: number, retryable: boolean][] = [
    [202, true],
    [204, true],
    [206, true],
    [400, false],
    [401, false],
    [403, false],
    [404, false],
    [410, false],
    [422, false],
    [408, true],
    [429, true],
    [500, true],
    [502, true],
    [503, true],
    [504, true],
  ];
  for (const [status, retryable] of cases) {
    await using server = serveHttp(() =>
      new Response(status === 204 ? null : "<html>\u001b[2J", {
        status,
        headers: { "retry-after": "7" },
      })
    );
    const error = await failureOf(() => open(server.url));
    assert.equal(error.retryable, retryable, String(status));
    assert.equal(error.message, `${new URL(server.url).host} answered with status ${status}`);
    assert.equal(error.askedMs, 7000);
  }
});

Deno.test("fetchAsset() can be tried again when the connection breaks, before or in the body", async () => {
  await using server = serveTcp((request, connection) =>
    request.startsWith("GET /reset")
      ? close(connection)
      : "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nonly this"
  );
  const reset = await failureOf(() => open(`${server.url}/reset`));
  const truncated = await failureOf(() => textOf(`${server.url}/truncated`));
  for (const error of [reset, truncated]) {
    assert.equal(error.retryable, true);
    assert.ok(!error.message.includes(server.url), error.message);
  }
});

Deno.test("fetchAsset() gives up on a server that doesn't answer", async () => {
  const asked = Promise.withResolvers<void>();
  await using server = serveTcp(() => void asked.resolve() as undefined);
  const clock = new ManualClock();
  const failing = failureOf(() => open(server.url, { clock, headersTimeoutMs: 40 }));
  await asked.promise;
  await clock.advance(40);
  const error = await failing;
  assert.equal(error.message, "waited 0.04 s for an answer");
  assert.equal(error.retryable, true);
});

Deno.test("fetchAsset() gives up on a body that stalls", async () => {
  await using server = serveTcp(async (_request, connection) => {
    await connection.write(
      new TextEncoder().encode("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nfirst"),
    );
    return undefined;
  });
  const clock = new ManualClock();
  const reader = (await open(server.url, { clock, stallTimeoutMs: 40 })).getReader();
  assert.equal(new TextDecoder().decode((await reader.read()).value), "first");
  const failing = failureOf(() => reader.read());
  await until(() => clock.next === 40, "more bytes are waited for");
  await clock.advance(40);
  const error = await failing;
  assert.equal(error.message, "waited 0.04 s for the next bytes");
  assert.equal(error.retryable, true);
});

Deno.test("fetchAsset() doesn't take a slow reader for a stall", async () => {
  const size = 3 * 1024 * 1024;
  await using server = serveHttp(() => new Response(new Uint8Array(size)));
  const clock = new ManualClock();
  const body = await open(server.url, { clock, stallTimeoutMs: 300 });
  await clock.advance(500);
  let read = 0;
  for await (const chunk of body) {
    // As often as that, so that all the time in which nobody reads would be too much also for a whole body.
    await clock.advance(500);
    read += chunk.length;
  }
  assert.equal(read, size);
});

Deno.test("fetchAsset() ends with the signal's reason, wherever it is", async () => {
  await using server = serveTcp(async (request, connection) => {
    if (request.startsWith("GET /silent")) return undefined;
    await connection.write(
      new TextEncoder().encode("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nfirst"),
    );
    return undefined;
  });
  for (const reason of [new Error("cancelled"), undefined]) {
    const controller = new AbortController();
    const { signal } = controller;
    const silent = open(`${server.url}/silent`, { signal })
      .then(() => assert.fail(), (error) => error);
    const reader = (await open(`${server.url}/slow`, { signal })).getReader();
    await reader.read();
    const pending = reader.read().then(() => assert.fail(), (error) => error);
    const idle = (await open(`${server.url}/slow`, { signal })).getReader();
    controller.abort(reason);
    const ms = await msOf(async () => {
      for (const error of [await silent, await pending]) assert.equal(error, signal.reason);
    });
    assert.ok(ms < 5000, `${ms} ms`);
    await assert.rejects(idle.read(), (error) => error === signal.reason);
    await assert.rejects(
      open(server.url, { signal }),
      (error) => error === signal.reason,
    );
  }
});

Deno.test("fetchAsset() ends the request when its body is cancelled, also while a read is pending", async () => {
  let ended = 0;
  await using server = serveHttp(() =>
    new Response(
      new ReadableStream({
        start(controller) {
          controller.enqueue(new Uint8Array(10));
        },
        cancel() {
          ended++;
        },
      }),
    )
  );
  const idle = await open(server.url);
  await idle.cancel();
  const reader = (await open(server.url)).getReader();
  await reader.read();
  const pending = reader.read();
  await reader.cancel();
  assert.equal((await pending).done, true);
  await until(() => ended === 2, "the server noticed");
});

Deno.test("fetchAsset() asks no other host, and says which one and what would allow it", async () => {
  let asked = 0;
  await using server = serveHttp(() => new Response(String(++asked)));
  const { host, port } = new URL(server.url);
  for (const options of [{}, { imgixHost: host }, { imgixHost: "images.example.com" }]) {
    const own = options.imgixHost === "images.example.com" ? ", images.example.com" : "";
    const error = await failureOf(() => fetchAsset(upload(`${server.url}/x`), options));
    assert.equal(
      error.message,
      `the address is at ${host}, which is none of the project's asset hosts ` +
        `(www.datocms-assets.com${own}): if the project's assets are there, make ` +
        `${server.url} the asset host`,
    );
    assert.equal(error.retryable, false);
  }
  const others = [`http://localhost:${port}`, `http://[::ffff:127.0.0.1]:${port}`];
  for (
    const other of [...others, "http://127.0.0.1:9", "https://www.datocms-assets.com.evil.example"]
  ) {
    await failureOf(() => fetchAsset(upload(`${other}/x`), { baseUrl: server.url }));
  }
  assert.equal(asked, 0);
  assert.equal(
    await textOf(server.url.replace("127.0.0.1", "0x7f.1"), { baseUrl: server.url }),
    "1",
  );
});

Deno.test("fetchAsset() doesn't ask a domain that leads to a private network, and says so", async () => {
  const url = upload("https://cdn.example/1/a.jpg");
  const options = { imgixHost: "cdn.example", privateAddress: "10.0.0.7" };
  const error = await failureOf(() => fetchAsset(url, options));
  assert.equal(
    error.message,
    "the address is at cdn.example, which leads to the private address 10.0.0.7: if the project's " +
      "assets are there, make https://cdn.example the asset host",
  );
  assert.deepEqual([error.code, error.facts], [
    "asset_host_unknown",
    { assetHost: "https://cdn.example" },
  ]);
  assert.equal(error.retryable, false);
});

Deno.test("fetchAsset() asks by https for what is at an http address", async () => {
  const first: number[] = [];
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const serving = (async () => {
    for await (const connection of listener) {
      const bytes = new Uint8Array(4096);
      await connection.read(bytes);
      first.push(bytes[0]!);
      connection.close();
    }
  })();
  const { port } = listener.addr;
  const given = upload(`http://127.0.0.1:${port}/1/a.jpg`);
  const error = await failureOf(() => {
    return fetchAsset(given, { baseUrl: `https://127.0.0.1:${port}` });
  });
  assert.match(
    error.message,
    new RegExp(
      ` \\(asked by https; only as the asset host may http://127\\.0\\.0\\.1:${port} be asked by http\\)$`,
    ),
  );
  assert.equal(error.retryable, true);
  await failureOf(() => fetchAsset(given, { assetHost: `http://127.0.0.1:${port}` }));
  listener.close();
  await serving;
  // A handshake of TLS, then the method GET.
  assert.deepEqual(first, [22, "G".charCodeAt(0)]);
});

Deno.test("fetchAsset() follows redirects between allowed hosts", async () => {
  await using other = serveHttp((_request, url) => new Response(url.pathname + url.search));
  await using server = serveHttp((_request, url) => {
    const hop = Number(url.searchParams.get("hop"));
    const location = hop < 4 ? `?hop=${hop + 1}` : `${other.url}/b.jpg?x=%2f`;
    return new Response("moved", {
      status: [301, 302, 303, 307, 308][hop]!,
      headers: { location },
    });
  });
  const hosts = { assetHost: server.url, baseUrl: other.url };
  assert.equal(await textOf("https://www.datocms-assets.com/1/a.jpg", hosts), "/b.jpg?x=%2f");
});

Deno.test("fetchAsset() follows no redirect to another host, nor one after the other for ever", async () => {
  const asked: string[] = [];
  await using other = serveHttp((_request, url) => new Response(String(asked.push(url.href))));
  const cases: [location: string, reason: RegExp][] = [
    [
      other.url,
      /^127\.0\.0\.1:\d+ redirects to 127\.0\.0\.1:\d+, which is none of .*the asset host/,
    ],
    ["//evil.example/x", /redirects to evil\.example, which is none of/],
    ["http://169.254.169.254/latest/meta-data", /redirects to 169\.254\.169\.254, which is none/],
    ["http://[::ffff:a9fe:a9fe]/", /redirects to \[::ffff:a9fe:a9fe\], which is none/],
    ["file:///etc/passwd", /redirects to "file:\/\/\/etc\/passwd", which isn't an address of/],
    ["data:text/plain,x", /which isn't an address of the same protocol or https$/],
    ["http://", /which isn't an address/],
    [`https://${"a".repeat(5000)}.example/`, /redirects to a+…, which is none of/],
    ["/again", /^expected the file after 5 redirects, but more came$/],
  ];
  for (const [location, reason] of cases) {
    let count = 0;
    await using server = serveHttp(() => {
      count++;
      return new Response(null, { status: 302, headers: { location } });
    });
    const error = await failureOf(() => open(server.url));
    assert.match(error.message, reason);
    assert.equal(error.retryable, false);
    assert.equal(count, location === "/again" ? 6 : 1);
  }
  await using nowhere = serveHttp(() => new Response(null, { status: 302 }));
  const error = await failureOf(() => open(nowhere.url));
  assert.match(error.message, /answered with status 302$/);
  assert.deepEqual(asked, []);
});

Deno.test("fetchAsset() sends no credentials, whatever addresses hold", async () => {
  await using server = serveHttp((request, url) =>
    url.pathname === "/1"
      ? new Response(null, {
        status: 302,
        headers: { location: `http://user:pass@${url.host}/2` },
      })
      : new Response(String(request.headers.get("authorization")))
  );
  const { host } = new URL(server.url);
  assert.equal(await textOf(`http://user:pass@${host}/1`), "null");
  assert.equal(await textOf(`http://user:pass@${host}/2`), "null");
});

/** Which protocols a client offers in the first bytes of a connection by TLS. */
async function offered(client: Deno.HttpClient | undefined): Promise<string[]> {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const url = `https://127.0.0.1:${listener.addr.port}/a`;
  const opened = open(url, { client });
  opened.catch(() => {});
  using connection = await listener.accept();
  const hello = new Uint8Array(4096);
  const length = await connection.read(hello);
  close(connection);
  await assert.rejects(opened, AssetError);
  const text = new TextDecoder("latin1").decode(hello.subarray(0, length ?? 0));
  // Each name has its length before it.
  return ["\x02h2", "\x08http/1.1"].filter((name) => text.includes(name)).map((name) =>
    name.slice(1)
  );
}

Deno.test("fetchAsset() opens connections for HTTP/1.1 alone with the client for assets", async () => {
  using client = assetClient();
  assert.deepEqual(await offered(client), ["http/1.1"]);
  assert.ok((await offered(undefined)).includes("h2"), "the platform's client offers more");
});

Deno.test("assetClient() is none where the platform has none", () => {
  const { createHttpClient } = Deno;
  try {
    Object.assign(Deno, { createHttpClient: undefined });
    assert.equal(assetClient(), undefined);
  } finally {
    Object.assign(Deno, { createHttpClient });
  }
});
