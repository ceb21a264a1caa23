import assert from "node:assert/strict";
import fc from "fast-check";
import { attachment } from "../../src/assets/content_disposition.ts";
import { anyCharacter } from "../support/text.ts";

Deno.test("attachment() names plain files plainly, and others in both ways", () => {
  const cases = {
    "photo.jpg": 'attachment; filename="photo.jpg"',
    "my photo (1).jpg": 'attachment; filename="my photo (1).jpg"',
    "naïve café.png":
      `attachment; filename="na_ve caf_.png"; filename*=UTF-8''na%C3%AFve%20caf%C3%A9.png`,
    "😀.gif": `attachment; filename="_.gif"; filename*=UTF-8''%F0%9F%98%80.gif`,
    'say "hi".txt': `attachment; filename="say _hi_.txt"; filename*=UTF-8''say%20%22hi%22.txt`,
    "50%25.txt": `attachment; filename="50_25.txt"; filename*=UTF-8''50%2525.txt`,
    "it's (è)*.txt":
      `attachment; filename="it's (_)*.txt"; filename*=UTF-8''it%27s%20%28%C3%A8%29%2A.txt`,
  };
  for (const [name, expected] of Object.entries(cases)) assert.equal(attachment(name), expected);
});

Deno.test("attachment() lets no name lead elsewhere, break the header, or fake an extension", () => {
  assert.equal(attachment("../../etc/passwd"), 'attachment; filename=".._.._etc_passwd"');
  assert.equal(attachment("a\r\nX-Evil: 1.txt"), 'attachment; filename="a__X-Evil: 1.txt"');
  assert.equal(attachment("photo\u202Egpj.exe"), 'attachment; filename="photo_gpj.exe"');
  assert.equal(attachment("a\\b.txt"), 'attachment; filename="a_b.txt"');
});

Deno.test("attachment() is ASCII that gives the name back, whatever the name is", () => {
  const name = fc.array(anyCharacter, { minLength: 1, maxLength: 300 }).map((all) => all.join(""));
  fc.assert(fc.property(name, (name) => {
    const value = attachment(name);
    const [, plain, encoded] =
      /^attachment; filename="([\x20-\x7e]*)"(?:; filename\*=UTF-8''([\w.~!#$&+^`|%-]*))?$/
        .exec(value) ?? assert.fail(value);
    assert.ok(!/["%\\/]/.test(plain!));
    const read = encoded === undefined ? plain! : decodeURIComponent(encoded);
    assert.ok([...read].length <= 200);
    assert.ok(!/[\p{Cc}/\\]/u.test(read));
    if ([...name].length <= 200 && /^[\p{L}\p{N} .-]*$/u.test(name)) assert.equal(read, name);
  }));
});

Deno.test("attachment() keeps the extension of a long name", () => {
  const value = attachment(`${"x".repeat(500)}.jpeg`);
  assert.equal(value, `attachment; filename="${"x".repeat(195)}.jpeg"`);
});
