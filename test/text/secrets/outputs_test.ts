import assert from "node:assert/strict";
import { runCli } from "../../../src/cli/run_cli.ts";
import { resolveConfig } from "../../../src/config/resolve_config.ts";
import { openSchedule } from "../../../src/schedule/open_schedule.ts";
import { statusHandler } from "../../../src/schedule/status_handler.ts";
import { type DemoCma, startDemoCma } from "../../../src/simulator/server.ts";
import { SluiceError } from "../../../src/error.ts";
import { fakeIo } from "../../cli/fake_io.ts";
import { filesOf } from "../../support/exported.ts";
import { serveHttp } from "../../support/http_server.ts";
import { long } from "../../support/long.ts";
import { secretsIn } from "../../support/secret_scan.ts";
import { isContent, type Telling, telling } from "./telling.ts";
import { temporaryPath } from "../../support/temporary.ts";
import { chance } from "../../support/seed.ts";

const TOKEN = "5d0f1c9b7e3a48264f0b9c1d2e3f4a";
const SECRETS = {
  DATOCMS_API_TOKEN: TOKEN,
  AWS_ACCESS_KEY_ID: "AKIAQ3EGR7ZKX2N5PLWD",
  AWS_SECRET_ACCESS_KEY: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
  AWS_SESSION_TOKEN:
    "IQoJb3JpZ2luX2VjEJr//////////wEaCXVzLWVhc3QtMSJHMEUCIQDp7kXQ/Yq+7h0zT3cWv9Lw==",
  SLUICE_NOTIFY_SECRET: "hunt3r",
} as const;
const PROXY_PASSWORD = "pr0xy:p@ss/word";
const HOOK_TOKEN = "T0AB12CD/B34EF56GH/x9y8z7w6v5u4";

/** How people paste a secret. */
const PASTED: Readonly<Record<string, (secret: string) => string>> = {
  "as it is": (secret) => secret,
  "with a line break": (secret) => `${secret}\n`,
  "with blanks around it": (secret) => `  ${secret}\t`,
  "in double quotes": (secret) => `"${secret}"`,
  "in single quotes, with a line break": (secret) => `'${secret}'\r\n`,
};

/** Secrets in the wrong places. */
const SWAPPED: Readonly<Record<string, (cma: DemoCma) => Record<string, string>>> = {
  "in each other's": () => ({
    DATOCMS_API_TOKEN: SECRETS.AWS_SECRET_ACCESS_KEY,
    AWS_ACCESS_KEY_ID: SECRETS.AWS_SECRET_ACCESS_KEY,
    AWS_SECRET_ACCESS_KEY: SECRETS.AWS_ACCESS_KEY_ID,
    SLUICE_NOTIFY_SECRET: TOKEN,
  }),
  "as the environment": () => ({ DATOCMS_ENVIRONMENT: TOKEN }),
  "as the environment, without a token": () => ({
    DATOCMS_ENVIRONMENT: TOKEN,
    DATOCMS_API_TOKEN: "main",
  }),
  "as the API's address": () => ({ DATOCMS_BASE_URL: TOKEN, DATOCMS_API_TOKEN: "main" }),
  "in the API's address": ({ url }) => ({
    DATOCMS_BASE_URL: `${url}/${TOKEN}`,
    DATOCMS_API_TOKEN: "main",
  }),
  "as the user of the API's address": ({ url }) => ({
    DATOCMS_BASE_URL: url.replace("//", `//${TOKEN}@`),
    DATOCMS_API_TOKEN: "main",
  }),
  "in the query of the API's address": ({ url }) => ({
    DATOCMS_BASE_URL: `${url}/?token=${TOKEN}`,
    DATOCMS_API_TOKEN: "main",
  }),
  "as the asset host": () => ({ SLUICE_ASSET_HOST: TOKEN, DATOCMS_API_TOKEN: "main" }),
  "as a model": () => ({ SLUICE_MODELS: `lock,${TOKEN}`, DATOCMS_API_TOKEN: TOKEN }),
  "as a number": () => ({ SLUICE_CONCURRENCY: TOKEN, DATOCMS_API_TOKEN: "main" }),
  "in the destination": () => ({
    SLUICE_TO: `s3://${SECRETS.AWS_ACCESS_KEY_ID}:${SECRETS.AWS_SECRET_ACCESS_KEY}@bucket`,
    AWS_ACCESS_KEY_ID: "",
    AWS_SECRET_ACCESS_KEY: "",
  }),
};

/** What is run, and what it wrote where nothing secret may be. */
interface Setting {
  readonly env: Readonly<Record<string, string>>;
  readonly cma: DemoCma;
  readonly hook: { readonly url: string; readonly got: string[] };
}

async function cli(args: string[], { env }: Setting): Promise<string[]> {
  const io = fakeIo({ env });
  await runCli(args, io);
  return [io.out(), io.err()];
}

const RUNS: Readonly<Record<string, (setting: Setting) => Promise<string[]>>> = {
  export: (setting) => cli(["export", "--verbose"], setting),
  "export for programs": (setting) => {
    return cli(["export", "--verbose", "--json", "--log-format=json"], setting);
  },
  "export, and again what failed": async (setting) => [
    ...await cli(["export", "--quiet"], setting),
    ...await cli(["export", "--retry-failed", "--json"], setting),
  ],
  plan: (setting) => cli(["plan"], setting),
  doctor: (setting) => cli(["doctor"], setting),
  "doctor for programs": (setting) => cli(["doctor", "--json"], setting),
  schedule: async ({ env, hook }) => {
    const variable = (name: string) => env[name];
    try {
      const config = resolveConfig({ env: variable });
      using opened = openSchedule(config, {
        env: variable,
        onEvent: (event) => events.push(event),
      });
      const events: unknown[] = [];
      const handle = statusHandler(opened.schedule);
      const result = await opened.schedule.tick();
      const status = await handle(new Request("http://127.0.0.1/status"));
      return [JSON.stringify(result), JSON.stringify(events), await status.text(), ...hook.got];
    } catch (error) {
      // The program that opens it takes secrets out of what it refuses.
      assert.ok(error instanceof SluiceError, String(error));
      return [];
    }
  },
  "words that it doesn't know": async (setting) => [
    ...await cli(["export", TOKEN], setting),
    ...await cli([TOKEN], setting),
    ...await cli(["export", `--token=${TOKEN}`], setting),
    ...await cli(["export", "--api-tokn", TOKEN], setting),
    ...await cli(["plan", `--environment=${TOKEN}`, `--api-token=${TOKEN}x`], setting),
  ],
};

/** Runs something with secrets in its environment, and looks for them in all that it wrote. */
async function assertUntold(
  variables: (cma: DemoCma) => Record<string, string>,
  run: (setting: Setting) => Promise<string[]>,
  { ending = "partial", apiToken = TOKEN }: {
    readonly ending?: Telling;
    readonly apiToken?: string;
  } = {},
): Promise<void> {
  const got: string[] = [];
  await using hook = serveHttp(async (request) => {
    got.push(await request.text(), JSON.stringify([...request.headers]));
    return new Response("ok");
  });
  const secrets = [...Object.values(SECRETS), PROXY_PASSWORD, HOOK_TOKEN];
  await using cma = startDemoCma({
    ...telling(secrets, ending),
    apiToken,
    rateLimit: false,
  });
  const to = await temporaryPath("sluice-untold-");
  try {
    const env = {
      DATOCMS_BASE_URL: cma.url,
      SLUICE_ASSET_HOST: cma.assetHost,
      SLUICE_TO: to,
      SLUICE_NOTIFY_URL: `${hook.url}/services/${HOOK_TOKEN}`,
      HTTPS_PROXY: `http://proxyuser:${encodeURIComponent(PROXY_PASSWORD)}@127.0.0.1:9`,
      ...variables(cma),
    };
    const told = await run({ env, cma, hook: { url: hook.url, got } });
    for (const text of told) assert.deepEqual(secretsIn(text, secrets), []);
    const files = (await filesOf(to)).filter((path) => !isContent(path));
    for (const path of files) {
      const bytes = await Deno.readFile(`${to}/${path}`);
      assert.deepEqual(secretsIn(bytes, secrets), [], path);
    }
  } finally {
    await Deno.remove(to, { recursive: true });
  }
}

for (const [form, pasted] of Object.entries(PASTED)) {
  Deno.test(`no output and no file tells a secret that was pasted ${form}`, async (t) => {
    const names = Object.keys(RUNS);
    // Each change sees every form and every run, but not each run with each form, and one ending of each.
    const first = Object.keys(PASTED).indexOf(form);
    for (let i = 0; i < long(names.length, 2); i++) {
      const name = names[(first * 2 + i) % names.length]!;
      const endings = ["partial", "failed"] as const;
      const one = [endings[Math.floor(2 * chance(i))]!];
      for (const ending of long(1, 0) === 1 ? endings : one) {
        await t.step(`${name}, ${ending}`, async () => {
          const variables = Object.entries(SECRETS).map(([key, secret]) => [key, pasted(secret)]);
          await assertUntold(() => Object.fromEntries(variables), RUNS[name]!, {
            ending,
            apiToken: pasted(TOKEN).trim(),
          });
        });
      }
    }
  });
}

Deno.test("no output and no file tells a secret that is in the wrong place", async (t) => {
  const names = Object.keys(RUNS);
  for (const [at, [place, swapped]] of Object.entries(SWAPPED).entries()) {
    for (let i = 0; i < long(names.length, 1); i++) {
      const name = names[(at + i) % names.length]!;
      await t.step(`${place}: ${name}`, async () => {
        await assertUntold((cma) => ({ ...SECRETS, ...swapped(cma) }), RUNS[name]!);
      });
    }
  }
});

Deno.test("a secret that is told would be found, in outputs and in files", async () => {
  const planted = async ({ env }: Setting) => {
    await Deno.mkdir(`${env.SLUICE_TO}/content`);
    await Deno.writeTextFile(
      `${env.SLUICE_TO}/content/lock.json`,
      JSON.stringify({ a: `x${TOKEN}` }),
    );
    return [];
  };
  await assert.rejects(assertUntold(() => SECRETS, planted), /lock\.json/);
  const told = () => Promise.resolve([`a: ${btoa(`user:${PROXY_PASSWORD}`)}`]);
  await assert.rejects(assertUntold(() => SECRETS, told), /pr0xy/);
});
