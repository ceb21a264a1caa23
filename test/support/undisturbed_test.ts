import assert from "node:assert/strict";
import { undisturbed } from "./undisturbed.ts";

/** Keeps the process from anything else for so many milliseconds. */
function block(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

Deno.test("undisturbed() lets what fails on a machine that has time fail", async () => {
  let runs = 0;
  const test = undisturbed(() => {
    runs++;
    return Promise.reject(new Error("wrong"));
  });
  await assert.rejects(test, /^Error: wrong$/);
  assert.ok(runs >= 1);
});

Deno.test("undisturbed() runs a test again that the machine let wait, three times more at most, and says so", async () => {
  let runs = 0;
  const lines: string[] = [];
  const failing = (times: number) =>
    undisturbed(async () => {
      await Promise.resolve();
      block(80);
      if (++runs <= times) throw new Error("late");
    }, (line) => lines.push(line));
  await failing(2)();
  assert.equal(runs, 3);
  assert.equal(lines.length, 2);
  assert.match(
    lines[1]!,
    /^Run again \(2 of 3\), as the machine was away for \d+ ms: .*: Error: late$/,
  );
  runs = 0;
  await assert.rejects(failing(Infinity), /^Error: late$/);
  assert.equal(runs, 4);
});
