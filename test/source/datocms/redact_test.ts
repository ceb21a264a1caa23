import assert from "node:assert/strict";
import { redactSecrets } from "../../../src/source/datocms/redact.ts";
import { RESOURCES } from "../../../src/source/datocms/resources.ts";
import { deepFreeze } from "../../support/frozen.ts";

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

Deno.test("redactSecrets() replaces what looks like a secret in attributes that it doesn't know", () => {
  const attributes = {
    name: "CI",
    url: "https://example.com/hook",
    enabled: true,
    events: [{ entity_type: "item", event_types: ["create"], filters: [] }],
    custom_payload: "{{#entity}}{{id}}{{/entity}}",
  };
  const unknown = {
    signing_secret: "abc",
    rotatedTokens: ["abc", { value: "def", since: 2026 }],
    "X-Api-Key": "abc",
    auth: { bearer_token: "abc", kind: "bearer" },
    preview: "0123456789abcdef0123456789abcd",
    history: ["eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl", "none"],
    secret_since: null,
  };
  const webhook = deepFreeze({
    id: "1",
    type: "webhook",
    attributes: { ...attributes, ...unknown },
  });
  assert.deepEqual(redactSecrets(webhook, ["headers"]).attributes, {
    ...attributes,
    signing_secret: "[redacted]",
    rotatedTokens: ["[redacted]", { value: "[redacted]", since: "[redacted]" }],
    "X-Api-Key": "[redacted]",
    auth: { bearer_token: "[redacted]", kind: "bearer" },
    preview: "[redacted]",
    history: ["[redacted]", "none"],
    secret_since: null,
  });
  // Elsewhere an attribute of such a name is content.
  const plugin = { id: "2", type: "plugin", attributes: unknown };
  assert.equal(redactSecrets(plugin, []), plugin);
  const harmless = { id: "3", type: "webhook", attributes };
  assert.equal(redactSecrets(harmless, ["headers"]), harmless);
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
