import assert from "node:assert/strict";
import { stagesOf } from "./dockerfile.ts";
import { missingLine } from "./expected.ts";
import { blocksOf, statementsOf } from "./pages.ts";

const OUTPUT = `Exported Slackwater in 2.2 s: complete.

  Snapshot  /tmp/snapshot_1796029314
  Records   38 current and 33 published
  Requests  41
`;

Deno.test("missingLine() finds each line where it stands, whatever the time", () => {
  assert.equal(missingLine(OUTPUT, `before\n${OUTPUT}after\n`), undefined);
  assert.equal(
    missingLine("Exported Slackwater in 0.5 s: complete.\n…\n  Requests  41\n", OUTPUT),
    undefined,
  );
  assert.equal(missingLine("Exported … in 0.5 s: complete.\n", OUTPUT), undefined);
});

Deno.test("missingLine() tells a line that isn't there, or isn't there like that", () => {
  assert.equal(missingLine("Exported … complete.\n…\n  Requests  42\n", OUTPUT), "  Requests  42");
  // Without a gap, lines follow each other.
  assert.equal(
    missingLine("  Snapshot  …\n  Requests  41\n", OUTPUT),
    "  Requests  41",
  );
  assert.equal(missingLine("  Requests  41\n…\n  Records   …\n", OUTPUT), "  Records   …");
  assert.equal(missingLine("anything\n", ""), "anything");
});

Deno.test("blocksOf() gives blocks with their section, line and file", () => {
  const page =
    "# A\n\n```sh\necho 1\n```\n\n## B\n\n<!-- save as c/d.json -->\n\n```json\n{}\n```\n\n" +
    "```ini\n# /etc/e.conf\nf=1\n```\n";
  assert.deepEqual(
    blocksOf("p.md", page).map((
      { section, line, language, file },
    ) => [section, line, language, file]),
    [["A", 4, "sh", undefined], ["B", 12, "json", "c/d.json"], ["B", 16, "ini", "/etc/e.conf"]],
  );
  assert.throws(() => blocksOf("p.md", "```sh\necho 1\n"), /p\.md:1: the block isn't closed/);
});

Deno.test("statementsOf() takes SQL apart at the ends of lines", () => {
  assert.deepEqual(statementsOf("-- One\nSELECT ';x';\n\nSELECT 2;\n"), [
    "-- One\nSELECT ';x'",
    "SELECT 2",
  ]);
});

Deno.test("stagesOf() reads a Dockerfile", () => {
  const text =
    'ARG A=b\nFROM --platform=$P ${A} AS build\nCOPY a b \\\n  ./c/\n\nFROM x\nENTRYPOINT ["y", "z"]\n';
  const stages = stagesOf(text).map((stage) => stage.map(({ name, words }) => [name, ...words]));
  assert.deepEqual(stages, [
    [["FROM", "${A}", "AS", "build"], ["COPY", "a", "b", "./c/"]],
    [["FROM", "x"], ["ENTRYPOINT", "y", "z"]],
  ]);
});
