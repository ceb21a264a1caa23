/**
 * What a maintainer releases with, as far as it can be tried here: the workflows and the Dockerfile are checked
 * by linters, and the Dockerfile's steps are run in a directory that stands for the image.
 *
 * @module
 */
import assert from "node:assert/strict";
import config from "../../deno.json" with { type: "json" };
import { permissionsOf } from "../bundle/program.ts";
import { ROOT } from "../support/terminal.ts";
import { type Instruction, stagesOf } from "./dockerfile.ts";
import { lint } from "./lint.ts";
import { Shell } from "./shell.ts";

const WORKFLOWS = [...Deno.readDirSync(`${ROOT}.github/workflows`)].map(({ name }) => name);

for (const name of WORKFLOWS) {
  Deno.test(`.github/workflows/${name} is a workflow that GitHub takes`, async () => {
    await lint("workflow", await Deno.readTextFile(`${ROOT}.github/workflows/${name}`));
  });

  Deno.test(`.github/workflows/${name} runs tasks and files that there are`, async () => {
    const text = await Deno.readTextFile(`${ROOT}.github/workflows/${name}`);
    for (const [, task] of text.matchAll(/\bdeno task ([\w:]+)/g)) {
      assert.ok(Object.hasOwn(config.tasks, task!), task);
    }
    for (const [path] of text.matchAll(/(?<![\w/])(?:\.ci|\.github|src|tasks|test)\/[\w./-]+/g)) {
      assert.ok((await Deno.stat(`${ROOT}${path}`)).isFile, path);
    }
  });
}

Deno.test("release.yml builds with the Deno of the Dockerfile", async () => {
  const [, image] = /^ARG DENO=denoland\/deno:(.*)$/m.exec(await dockerfile())!;
  const text = await Deno.readTextFile(`${ROOT}.github/workflows/release.yml`);
  const versions = Array.from(text.matchAll(/deno-version: v(.*)/g), ([, version]) => version);
  assert.deepEqual([...new Set(versions)], [image]);
});

Deno.test("the Dockerfile is one that Docker takes", async () => {
  await lint("dockerfile", await dockerfile());
});

Deno.test("the image has the command with the task's permissions, and exports the demo", async () => {
  const root = await Deno.makeTempDir({ prefix: "sluice-image-" });
  try {
    const [build, image] = stagesOf(await dockerfile());
    assert.ok(build !== undefined && image !== undefined);
    assert.equal(image.find(({ name }) => name === "USER")?.text, "deno");

    await runStage(build, `${root}/image`, () => ROOT);
    // The second stage begins with nothing but Deno, at the same paths.
    await Deno.rename(`${root}/image`, `${root}/build`);
    await runStage(image, `${root}/image`, () => `${root}/build`);

    const script = await Deno.readTextFile(`${root}/image/opt/sluice/bin/sluice`);
    const [command = ""] = /^exec .*$/m.exec(script) ?? [];
    const granted = [...command.replaceAll("'", "").matchAll(/ (--(?:allow|ignore|no-prompt)\S*)/g)]
      .map(([, one]) => one);
    assert.deepEqual(granted.toSorted(), permissionsOf("install").toSorted());

    const [entry] = image.find(({ name }) => name === "ENTRYPOINT")!.words;
    const desk = `${root}/desk`;
    await Deno.mkdir(desk);
    await using shell = new Shell(desk, environment(`${root}/image/opt/sluice/bin`), root);
    const { code, stdout, stderr } = await shell.run(`${entry} demo --to ./snapshots`);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^Exported Slackwater .*: complete\.$/m);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});

function dockerfile(): Promise<string> {
  return Deno.readTextFile(`${ROOT}Dockerfile`);
}

/** Does what a stage's instructions say, below a directory. */
async function runStage(
  stage: readonly Instruction[],
  root: string,
  sourceOf: (from: string | undefined) => string,
): Promise<void> {
  await Deno.mkdir(root, { recursive: true });
  let cwd = root;
  for (const { name, options, words, text } of stage) {
    if (name === "WORKDIR") await Deno.mkdir(cwd = root + text, { recursive: true });
    if (name === "COPY") {
      const from = options.get("from");
      for (const path of words.slice(0, -1)) {
        if (from === undefined) await assertInContext(path);
        await copy(`${sourceOf(from)}/${path}`, targetOf(path, words.at(-1)!, cwd, root));
      }
    }
    if (name === "RUN") {
      const files = await Deno.makeTempDir();
      await using shell = new Shell(cwd, environment(), files);
      const { code, stderr } = await shell.run(text.replaceAll("=/", `=${root}/`));
      await Deno.remove(files, { recursive: true });
      assert.equal(code, 0, stderr);
    }
  }
}

/** Where a file or directory is copied to. */
function targetOf(path: string, to: string, cwd: string, root: string): string {
  const target = to.startsWith("/") ? `${root}${to}` : `${cwd}/${to}`;
  return to.endsWith("/") ? `${target}${path}` : target;
}

/** What .dockerignore leaves out isn't there for Docker. */
async function assertInContext(path: string): Promise<void> {
  const lines = (await Deno.readTextFile(`${ROOT}.dockerignore`)).trim().split("\n");
  assert.equal(lines[0], "*");
  assert.ok(lines.includes(`!${path}`), `.dockerignore leaves out ${path}`);
}

async function copy(from: string, to: string): Promise<void> {
  if ((await Deno.stat(from)).isFile) {
    await Deno.mkdir(to.replace(/\/[^/]*$/, ""), { recursive: true });
    await Deno.copyFile(from, to);
    await Deno.chmod(to, (await Deno.stat(from)).mode! & 0o777);
    return;
  }
  for await (const { name } of Deno.readDir(from)) await copy(`${from}/${name}`, `${to}/${name}`);
}

/** Deno's own directory, and this one, as the image's PATH. */
function environment(bin?: string): Record<string, string> {
  const own = Deno.execPath().replace(/\/[^/]*$/, "");
  const names = ["HOME", "DENO_DIR", "NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE", "DENO_TLS_CA_STORE"];
  const kept = names.flatMap((name) => Deno.env.get(name) ? [[name, Deno.env.get(name)!]] : []);
  const path = [...(bin ? [bin] : []), own, "/usr/bin", "/bin"].join(":");
  return { PATH: path, NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1", ...Object.fromEntries(kept) };
}
