import assert from "node:assert/strict";
import { sampleProject } from "../../src/demo/sample/sample_project.ts";
import { type DemoCma, startDemoCma } from "../../src/simulator/server.ts";
import { EXIT } from "../../src/error.ts";
import { LocalStorage } from "../../src/storage/local/local_storage.ts";
import { openRgw, RGW } from "../s3/open_rgw.ts";
import { assertSealedAreWhole } from "../support/sealed_snapshots.ts";
import { denoDir, runInTerminal } from "../support/terminal.ts";

const SECURITY = await Deno.readTextFile(new URL("../../docs/security.md", import.meta.url));

/** The words of a command line that the documentation shows, as they reach the servers of this machine. */
function commandFrom(section: string, places: Readonly<Record<string, string>>): string[] {
  const [, block = ""] = SECURITY.split(`<!-- narrow: ${section} -->`);
  const [, line] = /```sh\n(.*?)```/s.exec(block) ?? [];
  assert.ok(line !== undefined, section);
  const text = Object.entries(places).reduce((text, [from, to]) => text.replaceAll(from, to), line);
  const words = text.replaceAll("\\\n", " ").trim().split(/\s+/);
  assert.equal(words.shift(), "deno");
  const env = "DATOCMS_BASE_URL,SLUICE_ASSET_HOST,AWS_ENDPOINT_URL_S3";
  return [
    Deno.execPath(),
    ...words.map((word) => {
      if (word.startsWith("--allow-net=")) return "--allow-net=127.0.0.1";
      return word.startsWith("--allow-env=") ? `${word},${env}` : word;
    }),
  ];
}

function envOf(cma: DemoCma): Record<string, string> {
  return {
    DENO_DIR: denoDir(),
    DATOCMS_API_TOKEN: cma.apiToken,
    DATOCMS_BASE_URL: cma.url,
    SLUICE_ASSET_HOST: cma.assetHost,
  };
}

Deno.test("the narrow command line of the documentation exports to a directory, and needs all it grants", async () => {
  await using cma = startDemoCma({ project: sampleProject(), rateLimit: false });
  const folder = await Deno.makeTempDir();
  try {
    const to = `${folder}/datocms`;
    const command = commandFrom("disk", { "/backups/datocms": to });
    const env = envOf(cma);
    const { code, output } = await runInTerminal(command, { env });
    assert.equal(code, EXIT.complete, output);
    assert.equal(await assertSealedAreWhole(new LocalStorage(to)), 1);
    for (const flag of command.filter((word) => /^--allow-(?!sys)/.test(word))) {
      const less = command.filter((word) => word !== flag);
      assert.notEqual((await runInTerminal(less, { env })).code, EXIT.complete, flag);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test({
  name: "the narrow command line of the documentation exports to S3",
  ignore: RGW === undefined,
  async fn() {
    await using cma = startDemoCma({ project: sampleProject(), rateLimit: false });
    await using opened = await openRgw(RGW!);
    const command = commandFrom("s3", { "s3://my-backups/datocms": opened.storage.url });
    const { code, output } = await runInTerminal(command, {
      env: {
        ...envOf(cma),
        AWS_ENDPOINT_URL_S3: RGW!,
        AWS_REGION: "us-east-1",
        AWS_ACCESS_KEY_ID: Deno.env.get("AWS_ACCESS_KEY_ID")!,
        AWS_SECRET_ACCESS_KEY: Deno.env.get("AWS_SECRET_ACCESS_KEY")!,
      },
    });
    assert.equal(code, EXIT.complete, output);
    assert.equal(await assertSealedAreWhole(opened.storage), 1);
  },
});
