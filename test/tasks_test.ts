import assert from "node:assert/strict";
import config from "../deno.json" with { type: "json" };
import { LEAST_DENO, whyTooOld } from "../tasks/require_deno.ts";
import { PERMISSIONS } from "./support/permissions.ts";

Deno.test("no task asks for a permission", () => {
  assert.ok(PERMISSIONS.includes("--no-prompt"));
  for (const [name, { command }] of Object.entries(config.tasks)) {
    for (const part of command.split(/&&?/)) {
      if (!/\bdeno (?:run|test|install)\b/.test(part)) continue;
      assert.match(part, /--no-prompt|\$\(cat tasks\/permissions\)/, name);
    }
  }
});

Deno.test("test tasks grant nothing that users don't have, but for the programs that they run", () => {
  for (const [name, { command }] of Object.entries(config.tasks)) {
    // It does nothing but run programs, as the documentation says.
    if (name === "test:walk") continue;
    for (const part of command.split(/&&?/)) {
      if (!/\bdeno test\b/.test(part)) continue;
      const flags = (part.match(/--(?:allow|ignore)-[a-z]+\S*|--no-prompt/g) ?? [])
        .filter((flag) => !/^--allow-(?:net|run)=./.test(flag))
        // It names the address that Deno's own cron listens on; no flag may be given twice.
        .map((flag) => name === "test:cron" ? flag.replace(/,DENO_SERVE_ADDRESS$/, "") : flag);
      assert.deepEqual(flags, part.includes("$(cat tasks/permissions)") ? [] : PERMISSIONS, name);
    }
  }
});

Deno.test("whyTooOld() refuses what is older than the README says", async () => {
  const readme = await Deno.readTextFile(new URL("../README.md", import.meta.url));
  assert.ok(readme.includes(`Deno ${LEAST_DENO.replace(/\.0$/, "")} or later`));
  for (const version of [LEAST_DENO, "2.9.6", "2.10.0", "3.0.0", "2.9.0-rc.1"]) {
    assert.equal(whyTooOld(version), undefined, version);
  }
  for (const version of ["1.46.3", "2.0.9", "2.8.10"]) {
    assert.equal(
      whyTooOld(version),
      `Sluice needs Deno ${LEAST_DENO} or later, but this is ${version}: run deno upgrade, or write ` +
        "npx --yes deno@2 in place of deno.",
    );
  }
});
