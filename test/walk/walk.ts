/**
 * A newcomer's walk through the documentation: a clean clone, and in it each command of README.md and docs/,
 * as the pages say, one after the other. Each has to succeed and to print what the page shows.
 *
 * @module
 */
import assert from "node:assert/strict";
import { EXCEPTIONS } from "./exceptions.ts";
import { missingLine } from "./expected.ts";
import { type Block, blocksOf, commandsOf, readPages, statementsOf } from "./pages.ts";
import { runSteps } from "./run_steps.ts";
import { SERVICES } from "./services.ts";
import { type Ran, Shell } from "./shell.ts";
import { checkTree } from "./tree.ts";
import { openWorld, type World } from "./world.ts";

/** What a page's commands are run with. */
interface Visit {
  readonly world: World;
  readonly shell: Shell;
  /** The configuration of a project that uses the library, as a page shows it. */
  readonly project: string;
  /** The exceptions that were met. */
  readonly met: Set<string>;
  /** What the last command of a section wrote. */
  last: { readonly section: string; readonly ran: Ran } | undefined;
}

/** What is expected of a command that doesn't end with 0. */
const EXIT_CODE = /# exit code (\d+)$/m;

/** Whether it is an exception: then it is noted. */
function isException({ met }: Visit, { page }: Block, text: string): boolean {
  const exception = EXCEPTIONS.find((one) => one.page === page && text.startsWith(one.begins));
  if (exception === undefined) return false;
  met.add(exception.begins);
  return true;
}

/** Runs one command in the page's shell. */
async function runCommand(visit: Visit, block: Block, command: string): Promise<void> {
  const { world, shell } = visit;
  const service = SERVICES.find(({ begins }) => command.includes(begins));
  if (service !== undefined) {
    await shell.start(world.real(command), (output) => service.isReady(output, world));
    return;
  }
  const ran = await shell.run(world.real(command));
  visit.last = { section: block.section, ran };
  const expected = Number(EXIT_CODE.exec(command)?.[1] ?? 0);
  assert.equal(ran.code, expected, `${ran.stdout}\n${ran.stderr}`);
  if (command.includes("OTEL_DENO=true")) assert.match(world.collector.received, /sluice\.export/);
}

/** Loads, queries: the page's statements, in the newest snapshot's directory. */
async function runSql(visit: Visit, block: Block): Promise<void> {
  for (const statement of statementsOf(block.text)) {
    if (isException(visit, block, statement)) continue;
    const quoted = statement.replaceAll("'", `'\\''`);
    const cd =
      'cd "${S:-$(dirname "$(ls -d snapshots/content/project_*/snapshot_*/canary.txt | tail -n 1)")}"';
    // What a page has loaded into a file of its own is there, too.
    const file =
      `"$([ -f content.db ] && realpath content.db || echo '${visit.world.files}/walk.duckdb')"`;
    const ran = await visit.shell.run(`(file=${file} && ${cd} && duckdb "$file" -c '${quoted}')`);
    assert.equal(ran.code, 0, `${statement}\n${ran.stderr}`);
    visit.last = { section: block.section, ran };
  }
}

/** Runs a program for Deno in a project of its own, beside the clone. */
async function runTs(visit: Visit, block: Block): Promise<void> {
  const { shell, world } = visit;
  const project = `${world.desk}/project`;
  await Deno.writeTextFile(`${project}/deno.json`, visit.project);
  const name = `${block.page.replace(/\W/g, "_")}_${block.line}.ts`;
  await Deno.writeTextFile(`${project}/${name}`, world.real(block.text));
  const ran = await shell.run(
    `(cd '${project}' && deno run --allow-net --allow-env --allow-read --allow-write ${name})`,
  );
  visit.last = { section: block.section, ran };
  assert.equal(ran.code, 0, ran.stderr);
}

/** Compares what a page shows with what its last command wrote. */
function compare(visit: Visit, block: Block): void {
  const { last, world } = visit;
  assert.ok(last?.section === block.section, "Nothing in this section prints that");
  const { stdout, stderr } = last.ran;
  const outputs = [stdout, stderr].map((output) => world.shown(output));
  const missing = outputs.map((output) => missingLine(block.text, output));
  assert.ok(
    missing.includes(undefined),
    `This isn't printed (there, or like that):\n${missing[0]}\n\nbut:\n${outputs.join("\n")}`,
  );
}

/** Saves a file that a page shows, as the reader would. */
async function save(visit: Visit, block: Block, path: string): Promise<void> {
  const { world, shell } = visit;
  const real = world.real(path).replace(/^~/, world.env.HOME!);
  const here = (await shell.run("pwd")).stdout.trim();
  const target = real.startsWith("/") ? real : `${here}/${real}`;
  assert.ok(target.startsWith(`${world.root}/`), `${target} is outside`);
  await Deno.mkdir(target.replace(/\/[^/]*$/, ""), { recursive: true });
  await Deno.writeTextFile(target, world.real(block.text));
}

/** Follows one block. */
async function follow(t: Deno.TestContext, visit: Visit, block: Block): Promise<void> {
  const { language, line, text } = block;
  const step = (name: string, run: () => Promise<void> | void) =>
    t.step(`${block.page}:${line} ${name.slice(0, 100)}`, async () => await run());
  if (language !== "sh" && isException(visit, block, text)) return;
  const { file } = block;
  if (file !== undefined) await step(`save as ${file}`, () => save(visit, block, file));
  if (language === "sh") {
    for (const { command, line } of await commandsOf(text)) {
      if (isException(visit, block, command)) continue;
      await t.step(
        `${block.page}:${block.line + line} ${command.split("\n")[0]}`,
        () => runCommand(visit, block, command),
      );
    }
  } else if (language === "sql") await step("sql", () => runSql(visit, block));
  else if (language === "ts") await step("ts", () => runTs(visit, block));
  else if (language === "json") await step("json", () => void JSON.parse(text));
  else if (language === "text" && /^[^\s{]+\/\n/.test(text)) {
    await step("tree", () => checkTree(visit.shell, visit.world, text));
  } else if (language === "text" && file === undefined && !/^[{#]/.test(text)) {
    await step("text", () => compare(visit, block));
  } else await runSteps(t, visit, block);
}

Deno.test("a newcomer's walk through README and docs", async (t) => {
  await using world = await openWorld();
  const met = new Set<string>();
  const pages = await readPages();
  const blocks = [...pages].flatMap(([page, text]) => blocksOf(page, text));
  const project = blocks.find(({ file }) => file === "../project/deno.json")?.text;
  assert.ok(project !== undefined);
  for (const page of pages.keys()) {
    await t.step(page, async (t) => {
      const isFirst = page === "README.md";
      const cwd = isFirst ? world.desk : `${world.desk}/sluice`;
      const token = world.real("DATOCMS_API_TOKEN=…").split("=")[1]!;
      // Whoever reads on has done what README says.
      const done = { DATOCMS_API_TOKEN: token, AWS_REGION: "eu-west-1" };
      const env = isFirst ? world.env : { ...world.env, ...done };
      await using shell = new Shell(cwd, env, world.files);
      const visit: Visit = { world, shell, project, met, last: undefined };
      for (const block of blocks) if (block.page === page) await follow(t, visit, block);
      assert.deepEqual(await shell.stopServices(), []);
    });
  }
  await t.step("the exceptions are few, and each is in the documentation", () => {
    assert.ok(EXCEPTIONS.length <= 20);
    assert.deepEqual(EXCEPTIONS.map(({ begins }) => begins).filter((one) => !met.has(one)), []);
  });
});
