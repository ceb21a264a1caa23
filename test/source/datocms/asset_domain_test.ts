import assert from "node:assert/strict";
import { assetDomain } from "../../../src/source/datocms/asset_domain.ts";

/** Looks up names in a table, and says which. */
function resolver(table: Readonly<Record<string, readonly string[]>>) {
  const names: string[] = [];
  return {
    names,
    lookup: (name: string) => {
      names.push(name);
      const found = table[name];
      return found ? Promise.resolve(found) : Promise.reject(new Error("ENOTFOUND"));
    },
  };
}

Deno.test("assetDomain() says if any of a domain's addresses is private", async () => {
  const { lookup } = resolver({
    "good.example": ["151.101.2.49", "2a04:4e42::561"],
    "inner.example": ["10.0.0.7"],
    "mixed.example": ["151.101.2.49", "::ffff:169.254.169.254"],
    "loop.example": ["::1", "127.0.0.1"],
    "link.example": ["fe80::1%eth0"],
  });
  const find = async (imgixHost: unknown) => {
    return (await assetDomain(imgixHost, { lookup })).privateAddress;
  };
  assert.equal(await find("good.example"), undefined);
  assert.equal(await find("inner.example"), "10.0.0.7");
  assert.equal(await find("Mixed.Example"), "::ffff:169.254.169.254");
  assert.equal(await find("loop.example"), "::1");
  assert.equal(await find("link.example"), "fe80::1%eth0");
  // `fetch` will say that it isn't found.
  assert.equal(await find("nowhere.example"), undefined);
  assert.deepEqual(await assetDomain("good.example", { lookup }), { imgixHost: "good.example" });
});

Deno.test("assetDomain() looks up no name that the user gives, and nothing that is no public name", async () => {
  const { lookup, names } = resolver({});
  const user = { assetHost: "https://a.example", baseUrl: "https://b.example/api", lookup };
  for (
    const imgixHost of [
      ...["www.datocms-assets.com", "a.example", "b.example", "localhost", "127.0.0.1", "::1"],
      ...["c.example:8080", "user@c.example", "c.example/path", null, undefined, 7],
    ]
  ) {
    assert.deepEqual(await assetDomain(imgixHost, user), { imgixHost });
  }
  assert.deepEqual(names, []);
  await assetDomain("c.example", user);
  assert.deepEqual(names, ["c.example"]);
});

Deno.test("assetDomain() ends with the signal's reason while a name is looked up", async () => {
  const reason = new Error("cancelled");
  const controller = new AbortController();
  const never = Promise.withResolvers<string[]>();
  const lookup = () => {
    controller.abort(reason);
    return never.promise;
  };
  const { signal } = controller;
  await assert.rejects(assetDomain("c.example", { lookup, signal }), (error) => error === reason);
  await assert.rejects(assetDomain("c.example", { lookup, signal }), (error) => error === reason);
});

Deno.test("assetDomain() asks the system's resolver only for names that the program may connect to", async () => {
  const { state } = await Deno.permissions.query({ name: "net", host: "cdn.invalid" });
  assert.equal(state, "prompt");
  assert.deepEqual(await assetDomain("cdn.invalid", {}), { imgixHost: "cdn.invalid" });
});
