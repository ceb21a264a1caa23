import assert from "node:assert/strict";
import fc from "fast-check";
import { Secrets } from "../../src/secrets/secrets.ts";

Deno.test("Secrets replaces a secret, however it is spelled", () => {
  const secrets = new Secrets();
  secrets.add('pass"word/1');
  secrets.add(undefined);
  const text = 'pass"word/1 pass\\"word/1 pass%22word%2F1';
  assert.equal(secrets.redact(text), "[redacted] [redacted] [redacted]");
});

Deno.test("Secrets leaves what is too short for a secret", () => {
  const secrets = new Secrets();
  secrets.add("demo");
  assert.equal(secrets.redact("./snapshots/demo"), "./snapshots/demo");
});

Deno.test("Secrets.guard() lets no secret through, wherever it stands", () => {
  const token = fc.string({ unit: "grapheme-ascii", minLength: 8, maxLength: 40 });
  fc.assert(fc.property(token, fc.string(), fc.string(), (token, before, after) => {
    fc.pre(!"[redacted]".includes(token));
    const secrets = new Secrets();
    secrets.add(token);
    let written = "";
    const output = secrets.guard({ write: (text) => void (written += text) });
    output.write(`${before} ${token} ${JSON.stringify({ token })} ${after}\n`);
    assert.ok(!written.replaceAll("[redacted]", "\n\n").includes(token), written);
  }));
});
