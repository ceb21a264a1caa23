import assert from "node:assert/strict";
import { proxyVariable } from "../../src/http/proxy.ts";

const PROXY = "http://user:password@proxy:3128";

Deno.test("proxyVariable() names the variable that applies to an address", () => {
  const cases: [url: string, variables: Record<string, string>, expected: string | undefined][] = [
    ["https://a.com", {}, undefined],
    ["https://a.com", { HTTPS_PROXY: PROXY }, "HTTPS_PROXY"],
    ["https://a.com", { https_proxy: PROXY }, "https_proxy"],
    ["https://a.com", { HTTP_PROXY: PROXY }, undefined],
    ["http://a.com", { HTTP_PROXY: PROXY, HTTPS_PROXY: PROXY }, "HTTP_PROXY"],
    ["https://a.com", { ALL_PROXY: PROXY }, "ALL_PROXY"],
    ["https://a.com", { ALL_PROXY: PROXY, HTTPS_PROXY: PROXY }, "HTTPS_PROXY"],
    ["https://a.com", { HTTPS_PROXY: "" }, undefined],
  ];
  for (const [url, variables, expected] of cases) {
    assert.equal(proxyVariable(new URL(url), (name) => variables[name]), expected, url);
  }
});

Deno.test("proxyVariable() names none for an address that NO_PROXY excepts", () => {
  const variableFor = (url: string, except: string) => {
    const variables: Record<string, string> = { HTTPS_PROXY: PROXY, no_proxy: except };
    return proxyVariable(new URL(url), (name) => variables[name]);
  };
  for (const except of ["*", "a.com", ".a.com", "b.org, A.com", "x.a.com"]) {
    assert.equal(variableFor("https://x.a.com", except), undefined, except);
  }
  for (const except of ["", ",", "b.org", "y.x.a.com", "x.a.co", "om"]) {
    assert.equal(variableFor("https://x.a.com", except), "HTTPS_PROXY", except);
  }
});

Deno.test("proxyVariable() asks for no permission", { permissions: { env: false } }, () => {
  assert.equal(proxyVariable(new URL("https://a.com")), undefined);
});
