import assert from "node:assert/strict";
import fc from "fast-check";
import { Secrets } from "../../../src/text/secrets/secrets.ts";
import { anyCharacter } from "../../support/text.ts";
import { secretsIn, spellingsOf } from "../../support/secret_scan.ts";

const LONG = 'wJalrXU+nFEMI/K7MDENG/bPxRfi"CYEXAMPLEKEY';

Deno.test("Secrets.redact() replaces a secret, however it is spelled", () => {
  const secrets = new Secrets();
  secrets.add('pass"word/1');
  secrets.add(undefined);
  const text = 'pass"word/1 pass\\"word/1 pass%22word%2F1';
  assert.equal(secrets.redact(text), "[redacted] [redacted] [redacted]");
});

for (
  const [name, secret] of Object.entries({
    "a long secret": LONG,
    "one of twelve characters": "abcdefgh1234",
    "one of eight characters": "p4ss/w0r",
    "one with a line break in it": "first line 1\nsecond line 2",
    "one of other characters": "pässwörter-für-alle",
  })
) {
  Deno.test(`Secrets.redact() finds ${name} in every form, and leaves what is around it`, () => {
    const secrets = new Secrets([secret]);
    for (const [form, spelling] of Object.entries(spellingsOf(secret))) {
      if (secret.length < 13 && /^an? (beginning|end)$/.test(form)) continue;
      const text = `it said <${spelling}>.`;
      // The scan finds it where it is.
      assert.notDeepEqual(secretsIn(text, [secret]), [], form);
      const redacted = secrets.redact(text);
      assert.deepEqual(secretsIn(redacted, [secret]), [], `${form}: ${redacted}`);
      assert.match(redacted, /^it said <.*\[redacted\].*>\.$/s, form);
    }
  });
}

Deno.test("Secrets.redact() finds a secret as it was pasted, and without what came with it", () => {
  for (const pasted of [`${LONG}\n`, ` ${LONG} `, `'${LONG}'`, `"${LONG}"\r\n`, `\t${LONG}`]) {
    const secrets = new Secrets([pasted]);
    for (const text of [pasted, pasted.trim(), LONG, JSON.stringify(pasted)]) {
      assert.deepEqual(secretsIn(secrets.redact(`<${text}>`), [LONG]), [], text);
    }
  }
});

Deno.test("Secrets.redact() finds pieces from twelve characters on", () => {
  const secrets = new Secrets([LONG]);
  assert.equal(secrets.redact(`<${LONG.slice(5, 17)}>`), "<[redacted]>");
  assert.equal(secrets.redact(`<${LONG.slice(5, 16)}>`), `<${LONG.slice(5, 16)}>`);
});

Deno.test("Secrets.redact() finds a short secret only as a word of its own", () => {
  const secrets = new Secrets(["demo", "hunter2\n"]);
  const text = "./snapshots/demo demonstrates user:hunter2@proxy, 'demo' and demo-2.";
  assert.equal(
    secrets.redact(text),
    "./snapshots/demo demonstrates user:[redacted]@proxy, '[redacted]' and demo-2.",
  );
});

Deno.test("Secrets.redact() finds an address that is a secret as a whole, and not how it begins", () => {
  const secrets = new Secrets(["https://hooks.example.com/services/T0/B0/x"]);
  assert.equal(
    secrets.redact("https://hooks.example.com/other"),
    "https://hooks.example.com/other",
  );
  assert.equal(secrets.redact("to https://hooks.example.com/services/T0/B0/x"), "to [redacted]");
});

Deno.test("Secrets.redact() knows secrets that came later", () => {
  const secrets = new Secrets();
  const later: string[] = [];
  secrets.follow(() => later);
  assert.equal(secrets.redact(`<${LONG}>`), `<${LONG}>`);
  later.push(LONG);
  assert.equal(secrets.redact(`<${LONG}>`), "<[redacted]>");
  assert.deepEqual(secrets.known, [LONG]);
});

Deno.test("Secrets.redact() leaves alone what holds no secret, and never fails", () => {
  const text = fc.oneof(
    fc.string({ unit: anyCharacter }),
    fc.array(fc.constantFrom("%", "\\", "u", "{", "}", "&", "#x", ";", "0", "9", "f")).map((
      parts,
    ) => parts.join("")),
  );
  fc.assert(fc.property(text, (text) => {
    fc.pre(secretsIn(text, [LONG]).length === 0);
    assert.equal(new Secrets([LONG]).redact(text), text);
  }));
});

Deno.test("Secrets.redact() finds any secret of any length in any text", () => {
  const secret = fc.string({ unit: "grapheme-ascii", minLength: 8, maxLength: 60 })
    .filter((secret) => secret.trim().length >= 8);
  const around = fc.string({ unit: "grapheme-ascii", maxLength: 20 });
  const form = fc.constantFrom(
    ...Object.keys(spellingsOf(LONG)).filter((name) => !/ (beginning|end)$/.test(name)),
  );
  fc.assert(
    fc.property(secret, around, around, form, (secret, before, after, form) => {
      fc.pre(!"[redacted]".includes(secret.trim()));
      const redacted = new Secrets([secret]).redact(
        `${before} ${spellingsOf(secret)[form]} ${after}`,
      );
      assert.deepEqual(secretsIn(redacted, [secret.trim()]), [], JSON.stringify([form, redacted]));
    }),
    {
      numRuns: 500,
      examples: [['!  \\B   "', "", "", "xml"], ["a\\nb<c>%41&d", "", "", "xml"]],
    },
  );
});

Deno.test("Secrets.redactValue() replaces texts, and no keys, numbers and words of Sluice's own", () => {
  const secrets = new Secrets([LONG, "retry", "1234567890"]);
  const same = { type: "retry", count: 1234567890, list: ["a", null, true] };
  assert.equal(secrets.redactValue(same), same);
  assert.deepEqual(
    secrets.redactValue({
      ...same,
      [LONG]: [`x ${LONG}`, { message: "I retry 1234567890 times" }],
    }),
    { ...same, [LONG]: ["x [redacted]", { message: "I [redacted] [redacted] times" }] },
  );
});

Deno.test("Secrets.redactError() replaces what is in an error, in its causes and beside its message", () => {
  const secrets = new Secrets([LONG]);
  class OwnError extends Error {
    readonly codes = [`CODE ${LONG}`];
  }
  const cause = new TypeError(`invalid header: ${LONG}`);
  const error = new OwnError(`failed: ${LONG}`, { cause: new AggregateError([cause], LONG) });
  assert.equal(secrets.redactError(error), error);
  assert.ok(error instanceof OwnError);
  assert.equal(error.message, "failed: [redacted]");
  assert.equal(cause.message, "invalid header: [redacted]");
  assert.deepEqual(secretsIn(Deno.inspect(error, { depth: 9 }), [LONG]), []);
  const abort = secrets.redactError(new DOMException(LONG, "AbortError"));
  assert.ok(abort instanceof DOMException && abort.name === "AbortError");
  assert.equal(abort.message, "[redacted]");
  const endless = new Error(LONG);
  endless.cause = endless;
  assert.equal(secrets.redactError(endless), endless);
  assert.equal(secrets.redactError(undefined), undefined);
});

Deno.test("Secrets.guard() lets no secret through, and what is JSON stays JSON", () => {
  const secrets = new Secrets([LONG, "1234567890", "bytes"]);
  let written = "";
  const output = secrets.guard({ write: (text) => void (written += text) });
  const value = { bytes: 1234567890, message: `${LONG} of 1234567890 bytes`, own: "\u2028" };
  for (const indent of [0, 2]) {
    written = "";
    output.write(`${JSON.stringify(value, null, indent)}\n`);
    assert.deepEqual(JSON.parse(written), {
      bytes: 1234567890,
      message: "[redacted] of [redacted] [redacted]",
      own: "\u2028",
    });
    assert.equal(written.split("\n").length, indent === 0 ? 2 : 6);
  }
  written = "";
  output.write(`{${LONG}} isn't JSON\n`);
  assert.equal(written, "{[redacted]} isn't JSON\n");
});

Deno.test("Secrets.redact() takes no longer than it takes to read", () => {
  const secrets = new Secrets([LONG.repeat(20)]);
  const text = "GET /items?page[offset]=30: 200 in 12 ms, %2F \\u0041 ".repeat(20_000);
  const begun = performance.now();
  assert.equal(secrets.redact(text), text);
  // Looking for each secret at each place would take minutes; a busy machine takes seconds.
  assert.ok(performance.now() - begun < 20_000);
});
