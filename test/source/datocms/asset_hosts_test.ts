import assert from "node:assert/strict";
import fc from "fast-check";
import { assetHosts, overHttps } from "../../../src/source/datocms/asset_hosts.ts";
import { anyCharacter } from "../../support/text.ts";

const SHARED = "www.datocms-assets.com";

Deno.test("assetHosts() are DatoCMS's, the project's own, and those that the user names", () => {
  assert.deepEqual([...assetHosts({})], [SHARED]);
  assert.deepEqual([...assetHosts({ imgixHost: SHARED })], [SHARED]);
  assert.deepEqual(
    [...assetHosts({
      imgixHost: "Images.Example.com",
      assetHost: "http://127.0.0.1:8080",
      baseUrl: "http://[::1]:3000/api",
    })],
    [SHARED, "images.example.com", "127.0.0.1:8080", "[::1]:3000"],
  );
});

Deno.test("assetHosts() doesn't take a project's word for addresses and names of private networks", () => {
  const hostile = [
    ...["127.0.0.1", "10.1.2.3", "192.168.0.1", "169.254.169.254", "8.8.8.8", "0", "127.1"],
    ...["0x7f.1", "2130706433", "0177.0.0.1", "127.0.0.1.", "１２７.0.0.1", "%31%32%37.1"],
    ...["[::1]", "[::ffff:127.0.0.1]", "[fe80::1]", "[fc00::1]", "[64:ff9b::7f00:1]", "::1"],
    ...["localhost", "localhost.", "LOCALHOST", "a.localhost", "printer.local", "router"],
    ...["localhost.localdomain", "localhost.localdomain."],
    ...["metadata.google.internal", "metadata.google.internal.", "nas.home.arpa", "kubernetes"],
    ...[
      "user:pass@cdn.example",
      "cdn.example/path",
      "cdn.example?x",
      "cdn.example#x",
      ".example",
    ],
    ...["https://cdn.example", "cdn.example\\x", "a b.example", "", " ", "127.0.0.1:8080"],
    ...["cdn.example:8443", "cdn.example:80", "cdn.example:443", "cdn.example:", "cdn.example:x"],
    ...[null, undefined, 7, true, {}, ["cdn.example"], { toString: () => "cdn.example" }],
  ];
  for (const imgixHost of hostile) {
    assert.deepEqual([...assetHosts({ imgixHost })], [SHARED], String(imgixHost));
  }
});

Deno.test("assetHosts() hold no address, however it is written", () => {
  const number = fc.nat(255).chain((n) =>
    fc.constantFrom(String(n), `0x${n.toString(16)}`, `0${n.toString(8)}`)
  );
  const v4 = fc.oneof(
    fc.tuple(number, number, number, number).map((parts) => parts.join(".")),
    fc.nat(0xffffffff).map(String),
    fc.tuple(number, fc.nat(0xffffff)).map((parts) => parts.join(".")),
    fc.ipV4Extended(),
  );
  const address = fc.oneof(v4, fc.ipV6().map((v6) => `[${v6}]`), v4.map((v4) => `[::ffff:${v4}]`));
  fc.assert(fc.property(address, fc.constantFrom("", ".", ":80", ":8080"), (address, end) => {
    assert.deepEqual([...assetHosts({ imgixHost: address + end })], [SHARED]);
  }));
});

Deno.test("assetHosts() hold no other host than the one whose name a project gives", () => {
  const text = fc.oneof(
    fc.string({ unit: anyCharacter }),
    fc.array(
      fc.constantFrom(
        ..."/\\@:?#.[]%",
        "cdn",
        "example",
        "127",
        "0x7f",
        "local",
        "://",
        "\t",
        "１",
      ),
    ).map((parts) => parts.join("")),
  );
  fc.assert(
    fc.property(text, (imgixHost) => {
      const [, own, ...more] = assetHosts({ imgixHost });
      assert.equal(more.length, 0);
      if (own === undefined) return;
      // What is left is a plain name with a dot, and `fetch` would connect to nothing else.
      assert.match(own, /^[^/@?#\\[\]\s:]+\.[^/@?#\\[\]\s:]+$/);
      assert.equal(new URL(`https://${own}/x`).host, own);
      assert.doesNotMatch(own, /^[\d.]+(:|$)|\.(local|localhost|internal|home\.arpa)\.?(:|$)/);
    }),
    { numRuns: 1000 },
  );
});

Deno.test("assetHosts() take real asset domains", () => {
  fc.assert(fc.property(fc.domain(), (domain) => {
    fc.pre(!/\.(local|localhost|internal|home\.arpa)$/i.test(domain));
    assert.ok(assetHosts({ imgixHost: domain }).has(new URL(`https://${domain}`).host));
  }));
});

Deno.test("assetHosts() don't hold a domain that leads to a private network", () => {
  const options = { imgixHost: "cdn.example", privateAddress: "10.0.0.1" };
  assert.deepEqual([...assetHosts(options)], [SHARED]);
  // Who gives it on the command line knows what it is.
  const own = { ...options, assetHost: "https://cdn.example" };
  assert.deepEqual([...assetHosts(own)], [SHARED, "cdn.example"]);
});

Deno.test("overHttps() keeps http only where the user says so, or for an API of this machine", () => {
  const ask = (url: string, options = {}) => overHttps(new URL(url), options).href;
  const path = "/1/a%20b.jpg?x=%2f";
  assert.equal(ask(`http://${SHARED}${path}`), `https://${SHARED}${path}`);
  assert.equal(ask(`https://${SHARED}${path}`), `https://${SHARED}${path}`);
  assert.equal(ask("http://cdn.example:8080/1"), "https://cdn.example:8080/1");
  for (const origin of ["http://127.0.0.1:8787", "http://localhost:1", "http://[::1]:2"]) {
    assert.equal(ask(origin + path, { baseUrl: `${origin}/api` }), origin + path);
    assert.equal(ask(origin + path, { assetHost: origin }), origin + path);
    assert.match(ask(origin + path, { baseUrl: origin.replace("http", "https") }), /^https:/);
    assert.match(ask(origin + path, { baseUrl: "http://127.0.0.1:9" }), /^https:/);
  }
  const api = "http://api.example";
  assert.equal(ask(`${api}/1`, { baseUrl: api }), "https://api.example/1");
  assert.equal(ask(`${api}/1`, { baseUrl: api, assetHost: api }), `${api}/1`);
});
