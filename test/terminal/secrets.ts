import assert from "node:assert/strict";
import { startDemoCma } from "../../src/simulator/server.ts";
import { FakeS3 } from "../s3/fake_s3.ts";
import { FakeS3Error } from "../s3/fake_s3_objects.ts";
import { isContent, type Telling, telling } from "../text/secrets/telling.ts";
import { serveHttp } from "../support/http_server.ts";
import { long } from "../support/long.ts";
import { secretsIn, spellingsOf } from "../support/secret_scan.ts";
import { denoDir, ROOT } from "../support/terminal.ts";
import { denoArgs } from "../support/permissions.ts";

const TOKEN = "5d0f1c9b7e3a48264f0b9c1d2e3f4a";
const KEYS = {
  AWS_ACCESS_KEY_ID: "AKIAQ3EGR7ZKX2N5PLWD",
  AWS_SECRET_ACCESS_KEY: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
  AWS_SESSION_TOKEN:
    "IQoJb3JpZ2luX2VjEJr//////////wEaCXVzLWVhc3QtMSJHMEUCIQDp7kXQ/Yq+7h0zT3cWv9Lw==",
} as const;
const PROXY_PASSWORD = "pr0xy:p@ss/word";
const HOOK_TOKEN = "T0AB12CD/B34EF56GH/x9y8z7w6v5u4";
const NOTIFY_SECRET = "n0tify-s1gning";
const SECRETS = [TOKEN, ...Object.values(KEYS), PROXY_PASSWORD, HOOK_TOKEN, NOTIFY_SECRET];

/** What differs from an environment in which all is well, but for what the servers say. */
const ENVIRONMENTS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "a session token with a line break in it": {
    AWS_SESSION_TOKEN: `${KEYS.AWS_SESSION_TOKEN.slice(0, 40)}\n${
      KEYS.AWS_SESSION_TOKEN.slice(40)
    }`,
  },
  "nothing wrong": {},
  "an API token with a line break": { DATOCMS_API_TOKEN: `${TOKEN}\n` },
  "a session token with a line break": { AWS_SESSION_TOKEN: `${KEYS.AWS_SESSION_TOKEN}\n` },
  "keys in quotes": {
    AWS_ACCESS_KEY_ID: `"${KEYS.AWS_ACCESS_KEY_ID}"`,
    AWS_SECRET_ACCESS_KEY: `"${KEYS.AWS_SECRET_ACCESS_KEY}"`,
    AWS_SESSION_TOKEN: `"${KEYS.AWS_SESSION_TOKEN}"`,
  },
  "keys with blanks": {
    AWS_ACCESS_KEY_ID: ` ${KEYS.AWS_ACCESS_KEY_ID} `,
    AWS_SECRET_ACCESS_KEY: ` ${KEYS.AWS_SECRET_ACCESS_KEY}`,
  },
  "keys in each other's places": {
    AWS_ACCESS_KEY_ID: KEYS.AWS_SECRET_ACCESS_KEY,
    AWS_SECRET_ACCESS_KEY: KEYS.AWS_ACCESS_KEY_ID,
  },
  "a secret key as the region": { AWS_REGION: KEYS.AWS_SECRET_ACCESS_KEY },
  "a secret key as the profile": {
    AWS_PROFILE: KEYS.AWS_SECRET_ACCESS_KEY,
    AWS_ACCESS_KEY_ID: "",
    AWS_SECRET_ACCESS_KEY: "",
  },
  "an API token as a key's id": { AWS_ACCESS_KEY_ID: TOKEN },
};

/** What is run, and whether it runs until it is told to stop. */
const PROGRAMS: Readonly<Record<string, { readonly words: string[]; readonly endless?: boolean }>> =
  {
    export: { words: ["export", "--verbose"] },
    schedule: { words: ["schedule", "--json", "--log-format", "json"], endless: true },
    "export for programs": { words: ["export", "--verbose", "--json", "--log-format", "json"] },
    doctor: { words: ["doctor"] },
    "doctor for programs": { words: ["doctor", "--json"] },
  };

/** What the servers do: one of them says something of each secret, in all forms. */
const SERVERS: readonly { readonly api: Telling; readonly isS3Refusing: boolean }[] = [
  { api: "partial", isS3Refusing: false },
  { api: "failed", isS3Refusing: false },
  { api: "partial", isS3Refusing: true },
];

async function assertUntold(
  variables: Readonly<Record<string, string>>,
  { words, endless = false }: typeof PROGRAMS[string],
  { api, isS3Refusing }: typeof SERVERS[number],
): Promise<void> {
  const told: string[] = [];
  const notified = Promise.withResolvers<void>();
  await using hook = serveHttp(async (request) => {
    told.push(await request.text(), JSON.stringify([...request.headers]));
    notified.resolve();
    return new Response("ok");
  });
  await using cma = startDemoCma({
    ...telling(SECRETS, api),
    apiToken: TOKEN,
    rateLimit: false,
  });
  await using s3 = await FakeS3.start({ accessKeyId: KEYS.AWS_ACCESS_KEY_ID });
  if (isS3Refusing) {
    const all = SECRETS.flatMap((secret) => Object.values(spellingsOf(secret)));
    for (const [i, spelling] of all.entries()) {
      const text = spelling.replace(/[<&]/g, (sign) => `&#${sign.charCodeAt(0)};`);
      const code = i % 2 === 0 ? "KMS.Broken" : "Strange";
      s3.fail({ effect: new FakeS3Error(400, code, {}, "", `It is ${text}`), after: 2 });
    }
  }
  const child = new Deno.Command(Deno.execPath(), {
    args: [...denoArgs("sluice"), ...words],
    cwd: ROOT,
    clearEnv: true,
    env: {
      PATH: Deno.env.get("PATH") ?? "/usr/bin:/bin",
      DENO_DIR: denoDir(),
      HOME: "/nonexistent",
      NO_COLOR: "1",
      DATOCMS_API_TOKEN: TOKEN,
      DATOCMS_BASE_URL: cma.url,
      SLUICE_ASSET_HOST: cma.assetHost,
      SLUICE_TO: "s3://bucket/backups",
      SLUICE_NOTIFY_URL: `${hook.url}/services/${HOOK_TOKEN}`,
      SLUICE_NOTIFY_SECRET: NOTIFY_SECRET,
      AWS_ENDPOINT_URL_S3: s3.endpoint,
      AWS_REGION: "us-east-1",
      AWS_MAX_ATTEMPTS: "2",
      HTTPS_PROXY: `http://proxyuser:${encodeURIComponent(PROXY_PASSWORD)}@127.0.0.1:9`,
      NO_PROXY: "127.0.0.1",
      ...KEYS,
      ...variables,
    },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const output = child.output();
  if (endless) {
    await Promise.race([notified.promise, output]);
    try {
      child.kill("SIGTERM");
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
    }
  }
  const { stdout, stderr } = await output;
  const said = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  assert.ok(cma.log.count.api > 0 || /^sluice: |"type":"error"/m.test(said), said);
  for (const bytes of [stdout, stderr, ...told]) assert.deepEqual(secretsIn(bytes, SECRETS), []);
  for (const [key, { bytes }] of s3.objects.all) {
    if (!isContent(key)) assert.deepEqual(secretsIn(bytes, SECRETS), [], key);
  }
}

for (const [at, [what, variables]] of Object.entries(ENVIRONMENTS).entries()) {
  // Each change sees the first ones, each with one program.
  if (at >= long(99, 3)) break;
  Deno.test(`sluice tells no secret to anybody: ${what}`, async (t) => {
    const programs = Object.entries(PROGRAMS);
    for (let i = 0; i < long(programs.length, 1); i++) {
      const [name, program] = programs[(at + i) % programs.length]!;
      for (const servers of SERVERS.slice(0, long(9, at === 1 ? 3 : 1))) {
        await t.step(`${name} ${JSON.stringify(servers)}`, async () => {
          await assertUntold(variables, program, servers);
        });
      }
    }
  });
}
