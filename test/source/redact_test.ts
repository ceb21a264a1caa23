import assert from "node:assert/strict";
import { redactSecrets } from "../../src/source/redact.ts";
import { RESOURCES } from "../../src/source/resources.ts";
import { deepFreeze } from "../support/frozen.ts";

Deno.test("redactSecrets() replaces what is secret at every depth, and keeps its shape", () => {
  const webhook = deepFreeze({
    id: "1",
    type: "webhook",
    attributes: {
      name: "CI",
      headers: { "X-Token": "secret", nested: { list: ["secret", 42, null, true] } },
      http_basic_user: "secret",
      http_basic_password: null,
    },
    meta: { a: 1 },
  });
  const redacted = redactSecrets(webhook, ["headers", "http_basic_user", "http_basic_password"]);
  assert.deepEqual(redacted, {
    ...webhook,
    attributes: {
      name: "CI",
      headers: {
        "X-Token": "[redacted]",
        nested: { list: ["[redacted]", "[redacted]", null, true] },
      },
      http_basic_user: "[redacted]",
      http_basic_password: null,
    },
  });
  assert.deepEqual(Object.keys(redacted.attributes), Object.keys(webhook.attributes));
});

Deno.test("redactSecrets() returns what holds no secret as it is", () => {
  const role = { id: "1", type: "role", attributes: { name: "Editor" } };
  assert.equal(redactSecrets(role, ["token"]), role);
  const bare = { id: "1", type: "role" };
  assert.equal(redactSecrets(bare, ["token"]), bare);
});

Deno.test("redactSecrets() keeps keys that a careless copy would lose", () => {
  const resource = JSON.parse(
    '{"id":"1","type":"x","attributes":{"__proto__":{"a":1},"token":{"__proto__":"t"}}}',
  );
  assert.equal(
    JSON.stringify(redactSecrets(resource, ["token"])),
    '{"id":"1","type":"x","attributes":{"__proto__":{"a":1},"token":{"__proto__":"[redacted]"}}}',
  );
});

Deno.test("RESOURCES names every resource, path and file once", () => {
  for (const key of ["name", "path", "title"] as const) {
    const values = RESOURCES.map((resource) => resource[key]);
    assert.equal(new Set(values).size, values.length, key);
  }
});
