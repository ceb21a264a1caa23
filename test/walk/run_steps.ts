import assert from "node:assert/strict";
import { lint } from "./lint.ts";
import type { Block } from "./pages.ts";
import type { Shell } from "./shell.ts";
import type { World } from "./world.ts";

/** What a page's files are tried out with. */
interface Place {
  readonly shell: Shell;
  readonly world: World;
}

/**
 * Tries out a file that others run: a workflow, a unit, a line of a crontab, a job of Kubernetes. It is checked
 * by its own linter, and each command in it is run as its engine would.
 *
 * @param t The page's test.
 * @param place The page's shell, and the machine.
 * @param block The file.
 */
export async function runSteps(t: Deno.TestContext, place: Place, block: Block): Promise<void> {
  const { page, line, text, file = "" } = block;
  const step = (name: string, run: () => Promise<void>) => t.step(`${page}:${line} ${name}`, run);
  if (file.startsWith(".github/workflows/")) {
    await step(`${file} is a workflow`, () => lint("workflow", text));
    await step(`${file}'s steps run`, () => runWorkflow(place, text));
  } else if (file.endsWith(".service")) {
    await step(`${file} starts`, () => runUnit(place, text));
  } else if (file.endsWith(".timer")) {
    await step(`${file} is a unit`, () => verifyUnits(place.world));
  } else if (text.startsWith("# crontab")) {
    await step("the crontab's line runs", () => runCrontab(place, text));
  } else if (/^apiVersion: batch\/v1$/m.test(text)) {
    await step("it is a job of Kubernetes", () => lint("kubernetes", text));
    await step("the job's container runs", () => runJob(place, text));
  } else {
    // What has none of these forms must be a file that a command of the page takes.
    assert.ok(
      block.file !== undefined || text.startsWith("{"),
      `${page}:${line}: nothing tries this`,
    );
  }
}

async function succeed({ shell, world }: Place, command: string): Promise<void> {
  const { code, stdout, stderr } = await shell.run(world.real(command));
  assert.equal(code, 0, `${command}\n${stdout}\n${stderr}`);
}

/** A workflow's `run` steps, with the variables of the job: secrets are in the environment already. */
async function runWorkflow(place: Place, text: string): Promise<void> {
  const runs = [...text.matchAll(/^ *- run: (.*)$/gm)].map(([, command]) => command!);
  assert.ok(runs.length > 0);
  const env = [...text.matchAll(/^ +([A-Z_]+): (?!\$\{\{)(\S.*)$/gm)]
    .map(([, name, value]) => `${name}='${value}'`);
  for (const command of runs) await succeed(place, `env ${env.join(" ")} ${command}`);
}

/** What systemd would start, with the unit's own variables and no others. */
async function runUnit(place: Place, text: string): Promise<void> {
  const start = /^ExecStart=(.*)$/m.exec(text)?.[1];
  const file = /^EnvironmentFile=(.*)$/m.exec(text)?.[1];
  assert.ok(start !== undefined && file !== undefined);
  const { env } = place.world;
  const live = ["DATOCMS_BASE_URL", "SLUICE_ASSET_HOST"].map((name) => `${name}=${env[name]}`);
  await succeed(
    place,
    // systemd sets no HOME for the system's services.
    `env -i PATH=/usr/bin:/bin:${env.PATH} DENO_DIR=${env.DENO_DIR} ${live.join(" ")} \\
      $(grep -v '^#' ${file}) ${start}`,
  );
}

async function verifyUnits(world: World): Promise<void> {
  const units = world.real("/etc/systemd/system");
  const names = [...Deno.readDirSync(units)].map(({ name }) => `${units}/${name}`);
  const { success, stderr } = await new Deno.Command("systemd-analyze", {
    args: ["verify", "--man=no", ...names],
  }).output();
  // What it doesn't understand in a unit, it only warns of.
  const found = new TextDecoder().decode(stderr).split("\n").filter((line) => line.includes(units));
  assert.ok(success && found.length === 0, found.join("\n"));
}

/** A line of a crontab, in cron's own environment: mail would be sent if it wrote anything. */
async function runCrontab({ shell, world }: Place, text: string): Promise<void> {
  const line = /^(?:\S+ ){5}(.*)$/m.exec(text)?.[1];
  assert.ok(line !== undefined);
  const { HOME, DENO_DIR, DATOCMS_BASE_URL, SLUICE_ASSET_HOST, PATH } = world.env;
  const env = Object.entries({ HOME, DENO_DIR, DATOCMS_BASE_URL, SLUICE_ASSET_HOST, PATH })
    .map(([name, value]) => `${name}='${value}'`);
  const command = world.real(line).replaceAll("'", `'\\''`);
  const { code, stdout, stderr } = await shell.run(
    `env -i ${env.join(" ")} /bin/sh -c '${command}'`,
  );
  assert.equal(code, 0, stderr);
  assert.equal(stdout + stderr, "");
}

/** What the container's entry point is given. */
async function runJob(place: Place, text: string): Promise<void> {
  const args = /^ *args: \[(.*)\]$/m.exec(text)?.[1];
  assert.ok(args !== undefined);
  await succeed(place, `sluice ${args.replaceAll(",", " ")}`);
}
