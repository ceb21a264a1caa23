import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { sampleProject } from "../../src/demo/sample/sample_project.ts";
import { startDemoCma } from "../../src/simulator/server.ts";
import { EXIT } from "../../src/error.ts";
import { openRgw, RGW } from "../s3/open_rgw.ts";
import {
  type AwsServices,
  CONTAINER_TOKEN,
  SSO_TOKEN,
  startAwsServices,
  WEB_IDENTITY_TOKEN,
} from "../support/aws_services.ts";
import { assertSealedAreWhole } from "../support/sealed_snapshots.ts";
import { denoDir, denoTask, runInTerminal } from "../support/terminal.ts";

/** The real server's keys, as the tests are given them. */
const KEYS = {
  accessKeyId: Deno.env.get("AWS_ACCESS_KEY_ID") ?? "",
  secretAccessKey: Deno.env.get("AWS_SECRET_ACCESS_KEY") ?? "",
};
const REGION = "us-east-1";
const ROLE = "arn:aws:iam::123456789012:role/backup";
/** As little as there is: each object that is written takes its time. */
const LITTLE = ["--models=lock", "--include=records", "--no-assets", "--no-tables"];

/** A way to come by keys. */
interface Way {
  /** The files below a home directory of its own; without any, there is no HOME. */
  readonly home?: Readonly<Record<string, string>>;
  /** The variables. */
  readonly env?: (services: AwsServices, home: string) => Readonly<Record<string, string>>;
  /** What the services are asked. */
  readonly asked: readonly string[];
}

const INI_KEYS =
  `aws_access_key_id = ${KEYS.accessKeyId}\naws_secret_access_key = ${KEYS.secretAccessKey}\n`;
const ENV_KEYS = {
  AWS_ACCESS_KEY_ID: KEYS.accessKeyId,
  AWS_SECRET_ACCESS_KEY: KEYS.secretAccessKey,
};
const SSO_PROFILE = `[profile sso]
sso_session = company
sso_account_id = 123456789012
sso_role_name = backup

[sso-session company]
sso_start_url = https://company.awsapps.com/start
sso_region = ${REGION}
`;

/** The path of an SSO session's cached token. */
function ssoCache(name: string): string {
  return `.aws/sso/cache/${createHash("sha1").update(name).digest("hex")}.json`;
}

/** A cached token, which ends in so many minutes. */
function ssoToken(minutes: number, accessToken: string): string {
  return JSON.stringify({
    startUrl: "https://company.awsapps.com/start",
    region: REGION,
    accessToken,
    expiresAt: new Date(Date.now() + minutes * 60_000).toISOString(),
    clientId: "client",
    clientSecret: "secret",
    refreshToken: "refresh",
  });
}

const atSts = ({ url }: AwsServices) => ({ AWS_ENDPOINT_URL_STS: url });
const atImds = ({ url }: AwsServices) => ({ AWS_EC2_METADATA_SERVICE_ENDPOINT: url });
const atSso = ({ url }: AwsServices) => ({
  AWS_PROFILE: "sso",
  AWS_ENDPOINT_URL_SSO: url,
  AWS_ENDPOINT_URL_SSO_OIDC: url,
});

const WAYS: Readonly<Record<string, Way>> = {
  "keys in the environment, without HOME": { env: () => ENV_KEYS, asked: [] },
  "keys in the environment, with an empty HOME": {
    env: () => ({ ...ENV_KEYS, HOME: "" }),
    asked: [],
  },
  "keys with blanks around them, and AWS_DEFAULT_REGION": {
    env: () => ({
      AWS_ACCESS_KEY_ID: `${KEYS.accessKeyId}\n`,
      AWS_SECRET_ACCESS_KEY: ` ${KEYS.secretAccessKey}\n`,
      AWS_REGION: "",
      AWS_DEFAULT_REGION: REGION,
    }),
    asked: [],
  },
  "a web identity, without HOME": {
    env: (services, home) => ({
      ...atSts(services),
      AWS_WEB_IDENTITY_TOKEN_FILE: `${home}/../token`,
      AWS_ROLE_ARN: ROLE,
    }),
    asked: [`sts AssumeRoleWithWebIdentity ${ROLE}`],
  },
  "a web identity, with an empty HOME": {
    env: (services, home) => ({
      ...atSts(services),
      HOME: "",
      AWS_WEB_IDENTITY_TOKEN_FILE: `${home}/../token`,
      AWS_ROLE_ARN: ROLE,
    }),
    asked: [`sts AssumeRoleWithWebIdentity ${ROLE}`],
  },
  "a profile with a role": {
    home: {
      ".aws/credentials": `[base]\n${INI_KEYS}`,
      ".aws/config": `[profile backup]\nrole_arn = ${ROLE}\nsource_profile = base\n`,
    },
    env: (services) => ({ ...atSts(services), AWS_PROFILE: "backup" }),
    asked: [`sts AssumeRole ${ROLE}`],
  },
  "a profile with a role, whose keys are the instance's": {
    home: {
      ".aws/config": `[profile backup]\nrole_arn = ${ROLE}\n` +
        "credential_source = Ec2InstanceMetadata\n",
    },
    env: (services) => ({ ...atSts(services), ...atImds(services), AWS_PROFILE: "backup" }),
    asked: ["imds backup", `sts AssumeRole ${ROLE}`],
  },
  "an SSO session": {
    home: { ".aws/config": SSO_PROFILE, [ssoCache("company")]: ssoToken(60, SSO_TOKEN) },
    env: atSso,
    asked: ["sso 123456789012 backup"],
  },
  "an SSO session that ends, and is renewed": {
    home: { ".aws/config": SSO_PROFILE, [ssoCache("company")]: ssoToken(2, "old") },
    env: atSso,
    asked: ["sso-oidc refresh", "sso 123456789012 backup"],
  },
  "a container's role, without HOME": {
    env: ({ url }) => ({
      AWS_CONTAINER_CREDENTIALS_FULL_URI: `${url}/container`,
      AWS_CONTAINER_AUTHORIZATION_TOKEN: CONTAINER_TOKEN,
    }),
    asked: ["container"],
  },
  "an instance's role, without HOME": { env: atImds, asked: ["imds backup"] },
};

for (const [name, { home: files, env = () => ({}), asked }] of Object.entries(WAYS)) {
  Deno.test({
    name: `deno task export writes to S3 with ${name}`,
    ignore: RGW === undefined,
    async fn() {
      const folder = await Deno.makeTempDir();
      await using services = startAwsServices(KEYS);
      await using cma = startDemoCma({ project: sampleProject(), rateLimit: false });
      await using opened = await openRgw(RGW!);
      try {
        const home = `${folder}/home`;
        await Deno.mkdir(home);
        await Deno.writeTextFile(`${folder}/token`, WEB_IDENTITY_TOKEN);
        for (const [path, text] of Object.entries(files ?? {})) {
          await Deno.mkdir(`${home}/${path}`.replace(/\/[^/]*$/, ""), { recursive: true });
          await Deno.writeTextFile(`${home}/${path}`, text);
        }
        const words = denoTask("export", "--to", opened.storage.url, ...LITTLE);
        const { code, output } = await runInTerminal(words, {
          env: {
            DENO_DIR: denoDir(),
            DATOCMS_API_TOKEN: cma.apiToken,
            DATOCMS_BASE_URL: cma.url,
            AWS_ENDPOINT_URL_S3: RGW!,
            AWS_REGION: REGION,
            ...(files === undefined ? {} : { HOME: home }),
            ...env(services, home),
          },
        });
        assert.equal(code, EXIT.complete, output);
        assert.deepEqual(services.asked, asked);
        assert.equal(await assertSealedAreWhole(opened.storage), 1);
      } finally {
        await Deno.remove(folder, { recursive: true });
      }
    },
  });
}
