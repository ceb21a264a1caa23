import assert from "node:assert/strict";
import config from "../deno.json" with { type: "json" };
import { LEAST_DENO, whyTooOld } from "../tasks/require_deno.ts";
import { HEAP, PERMISSIONS } from "./support/permissions.ts";

Deno.test("no task asks for a permission", () => {
  assert.ok(PERMISSIONS.includes("--no-prompt"));
  for (const [name, { command }] of Object.entries(config.tasks)) {
    for (const part of command.split(/&&?/)) {
      if (!/\bdeno (?:run|test|install)\b/.test(part)) continue;
      assert.match(part, /--no-prompt|\$\(cat tasks\/permissions\)/, name);
    }
  }
});

Deno.test("what runs the program gives it a heap of one size, in tasks, the command and the documentation", async () => {
  assert.match(HEAP, /^--v8-flags=--max-old-space-size=\d+,--max-semi-space-size=\d+$/);
  // Tests are checked and run by Deno with more; the programs that they run have what the tasks give them.
  const running = /\bdeno (?:run|install)\b.*\b(?:tasks\/(?:cli|cron)\.ts|cli\.js)\b/;
  const capped = [];
  for (const [name, { command }] of Object.entries(config.tasks)) {
    for (const part of command.split(/&&?/)) {
      assert.equal(/v8-flags|tasks\/heap\)/.test(part), running.test(part), name);
      if (!running.test(part)) continue;
      assert.ok(part.includes(" $(cat tasks/heap) "), name);
      capped.push(name);
    }
  }
  assert.deepEqual(capped, ["sluice", "export", "cron", "demo", "install"]);
  for (const page of ["README.md", "Dockerfile", ...filesOf("docs", ".md")]) {
    const text = (await Deno.readTextFile(page)).replaceAll("\\\n", " ");
    for (
      const [line] of text.matchAll(
        /^.*\bdeno (?:run|install|compile) .*(?:cli|cron)\.[jt]s\b.*$/gm,
      )
    ) {
      assert.ok(line.includes(`deno run ${HEAP} `), `${page}: ${line}`);
    }
    for (const [flags] of text.matchAll(/\S*max-old-space-size\S*/g)) {
      assert.equal(flags, HEAP, page);
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

Deno.test("every module of tests that no suite has is run by a task", () => {
  const commands = Object.values(config.tasks).map(({ command }) => command).join(" ");
  const modules = filesOf("test", ".ts").filter((path) => {
    return !path.endsWith("_test.ts") && /^Deno\.test\b/m.test(Deno.readTextFileSync(path));
  });
  assert.ok(modules.length > 20);
  const forgotten = modules.filter((path) => {
    return !commands.includes(path) && !commands.includes(path.replace(/[^/]+$/, "*.ts"));
  });
  assert.deepEqual(forgotten, []);
});

Deno.test("every test is in exactly one suite, and suites hold nothing else", async () => {
  const suites = new Map<string, string>();
  for (const { name } of Deno.readDirSync("test/suites")) {
    suites.set(name, await Deno.readTextFile(`test/suites/${name}`));
  }
  // They are begun in this order: the long ones first, so that no core is idle at the end.
  const [rest, ...first] = config.test.include.toReversed();
  assert.equal(rest, "test/suites/*.ts");
  for (const path of first) assert.ok(suites.has(path.replace("test/suites/", "")), path);
  assert.deepEqual(misplaced(filesOf("test", "_test.ts"), suites), []);
});

Deno.test("misplaced() finds tests in no suite or in two, and what is no test", () => {
  const one = '// What it holds.\nimport "../a_test.ts";\nimport "../b/c_test.ts";\n';
  const of = (...suites: readonly string[]) =>
    misplaced(
      ["test/a_test.ts", "test/b/c_test.ts"],
      new Map(suites.map((text, index) => [`${index}.ts`, text])),
    );
  assert.deepEqual(of(one), []);
  assert.deepEqual(of('import "../a_test.ts";'), ["test/b/c_test.ts is in 0 suites"]);
  assert.deepEqual(of(one, 'import "../a_test.ts";'), ["test/a_test.ts is in 2 suites"]);
  assert.deepEqual(of(one, 'import "../gone_test.ts";'), ["1.ts: test/gone_test.ts is no test"]);
  assert.deepEqual(of(`${one}// import "../a_test.ts";`), []);
  assert.deepEqual(of(`${one}let a = 1;`), ["0.ts: let a = 1;"]);
});

/** The files below a folder whose names end so. */
function filesOf(folder: string, end: string): string[] {
  return [...Deno.readDirSync(folder)].flatMap(({ name, isDirectory }) => {
    const path = `${folder}/${name}`;
    return isDirectory ? filesOf(path, end) : name.endsWith(end) ? [path] : [];
  });
}

/**
 * What is wrong with suites, each of which imports files of tests and nothing else.
 *
 * @param tests The paths of all tests.
 * @param suites The text of each suite, by the name of its file in test/suites/.
 */
function misplaced(tests: readonly string[], suites: ReadonlyMap<string, string>): string[] {
  const wrong: string[] = [];
  const times = new Map(tests.map((path) => [path, 0]));
  for (const [name, text] of suites) {
    for (const line of text.split("\n")) {
      if (line === "" || line.startsWith("//")) continue;
      const path = line.match(/^import "\.\.\/(.+)";$/)?.[1];
      const count = path === undefined ? undefined : times.get(`test/${path}`);
      if (path === undefined) wrong.push(`${name}: ${line}`);
      else if (count === undefined) wrong.push(`${name}: test/${path} is no test`);
      else times.set(`test/${path}`, count + 1);
    }
  }
  for (const [path, count] of times) {
    if (count !== 1) wrong.push(`${path} is in ${count} suites`);
  }
  return wrong;
}

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
