import { sampleProject } from "../../src/demo/sample/sample_project.ts";
import { startDemoCma } from "../../src/simulator/server.ts";
import { openRgw } from "../s3/open_rgw.ts";
import { ROOT } from "../support/terminal.ts";
import { Collector } from "./collector.ts";

/** What the walk needs, and who brings it: `.ci/run` installs all of it. */
const NEEDED = {
  SLUICE_TEST_S3_ENDPOINT: 'an S3 server: eval "$(bash test/s3/start-rgw.sh start)"',
  SLUICE_TEST_TOOLS: "the directory that test/walk/install-tools.sh made",
};

/** The newcomer's machine: a home, a desk, and services in place of those on the Internet. */
export interface World extends AsyncDisposable {
  /** The whole machine: nothing outside of it is written to. */
  readonly root: string;
  /** Where the newcomer begins. */
  readonly desk: string;
  /** The whole environment of the newcomer's shells. */
  readonly env: Readonly<Record<string, string>>;
  /** A directory for the shells. */
  readonly files: string;
  /** What was sent to the telemetry's collector. */
  readonly collector: Collector;
  /** Puts what is here in the places of a text that stand for it. */
  real(text: string): string;
  /** The reverse: what a text of the documentation would say of an output. */
  shown(text: string): string;
}

/**
 * Sets up the machine.
 *
 * @throws {Error} If something isn't there that it needs, with what to do.
 */
export async function openWorld(): Promise<World> {
  const missing = Object.entries(NEEDED).filter(([name]) => !Deno.env.get(name));
  if (missing.length > 0) {
    throw new Error(
      missing.map(([name, what]) => `The walk needs ${name}, for ${what}`).join("\n"),
    );
  }
  await using stack = new AsyncDisposableStack();
  const root = await Deno.makeTempDir({ prefix: "sluice-walk-" });
  stack.defer(() => Deno.remove(root, { recursive: true }));
  const postgres = await Deno.makeTempDir({ prefix: "sluice-pg-" });
  stack.defer(async () => {
    await run("bash", `${ROOT}test/walk/start-postgres.sh`, "stop", postgres);
  });
  const places = ["desk/project", "home", "bin", "files", "machine/etc"];
  for (const place of places) await Deno.mkdir(`${root}/${place}`, { recursive: true });

  // With the real rate limit, the walk would only wait.
  const rateLimit = { limit: 1000, windowMs: 3000 };
  const cma = stack.use(startDemoCma({ project: sampleProject(), rateLimit }));
  const collector = stack.use(new Collector());
  const rgw = stack.use(await openRgw(rgwEndpoint()));
  await Promise.all([
    copyOfThis(`${root}/origin`),
    shims(`${root}/bin`),
    run("bash", `${ROOT}test/walk/start-postgres.sh`, "start", postgres),
  ]);
  await fork(cma.url, cma.apiToken);

  const names = new Names([
    ["<this repository>", `${root}/origin`],
    ["DATOCMS_API_TOKEN=…", `DATOCMS_API_TOKEN=${cma.apiToken}`],
    ["http://localhost:4318", collector.url],
    ["new CmaClient({", `new CmaClient({ baseUrl: "${cma.url}",`],
    ["60 requests in 3 s", "1000 requests in 3 s"],
    [
      "--allow-env=DATOCMS_API_TOKEN",
      "--allow-env=DATOCMS_API_TOKEN,DATOCMS_BASE_URL,SLUICE_ASSET_HOST,AWS_ENDPOINT_URL_S3",
    ],
    ["site-api.datocms.com", new URL(cma.url).host],
    ["my-backups.s3.eu-west-1.amazonaws.com", new URL(rgwEndpoint()).host],
    ["my-backups", rgw.storage.bucket],
    ["/backups/datocms", `${root}/machine/backups/datocms`],
    ["/etc/sluice.env", `${root}/machine/etc/sluice.env`],
    ["/etc/systemd", `${root}/machine/etc/systemd`],
    ["/usr/local", `${root}/machine/usr/local`],
    ["8787", String(freePort())],
    ["8000", String(freePort())],
    ["8080", String(freePort())],
  ]);
  const env = {
    HOME: `${root}/home`,
    PATH:
      `${root}/bin:${root}/machine/usr/local/bin:${root}/home/.deno/bin:/usr/local/bin:/usr/bin:/bin`,
    TERM: "dumb",
    NO_COLOR: "1",
    LANG: "C.UTF-8",
    DENO_DIR: Deno.env.get("DENO_DIR") ?? `${Deno.env.get("HOME")}/.cache/deno`,
    DENO_NO_UPDATE_CHECK: "1",
    ...certificates(),
    // In place of the live services.
    DATOCMS_BASE_URL: cma.url,
    SLUICE_ASSET_HOST: cma.assetHost,
    AWS_ENDPOINT_URL_S3: rgwEndpoint(),
    AWS_ACCESS_KEY_ID: Deno.env.get("AWS_ACCESS_KEY_ID")!,
    AWS_SECRET_ACCESS_KEY: Deno.env.get("AWS_SECRET_ACCESS_KEY")!,
    PGHOST: postgres,
    PGUSER: "walk",
    PGDATABASE: "postgres",
  };
  const kept = stack.move();
  return {
    root,
    desk: `${root}/desk`,
    env,
    files: `${root}/files`,
    collector,
    real: (text) => names.real(text),
    shown: (text) => names.shown(text),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

/** What texts say, and what is here instead. */
class Names {
  readonly #pairs: readonly (readonly [string, string])[];

  constructor(pairs: readonly (readonly [string, string])[]) {
    this.#pairs = pairs;
  }

  real(text: string): string {
    return this.#pairs.reduce((text, [said, real]) => text.replaceAll(said, real), text);
  }

  shown(text: string): string {
    return this.#pairs.reduceRight((text, [said, real]) => text.replaceAll(real, said), text);
  }
}

function rgwEndpoint(): string {
  return Deno.env.get("SLUICE_TEST_S3_ENDPOINT")!;
}

/** A repository with one commit: what the working tree holds, but for what is ignored. */
async function copyOfThis(origin: string): Promise<void> {
  const list = await run("git", "-C", ROOT, "ls-files", "-z", "-co", "--exclude-standard");
  for (const path of list.split("\0").filter(Boolean)) {
    const from = `${ROOT}${path}`;
    if (!await exists(from)) continue;
    await Deno.mkdir(`${origin}/${path.replace(/[^/]*$/, "")}`, { recursive: true });
    await Deno.copyFile(from, `${origin}/${path}`);
  }
  await run("git", "init", "--quiet", origin);
  await run("git", "-C", origin, "add", "--all");
  const who = ["-c", "user.name=Walk", "-c", "user.email=walk@example.com"];
  await run("git", "-C", origin, ...who, "commit", "--quiet", "--message", "All of it");
}

/** Programs that the newcomer has: `npx` and `deno` are the Deno that runs this. */
async function shims(bin: string): Promise<void> {
  const deno = Deno.execPath();
  const programs = {
    deno: `exec '${deno}' "$@"`,
    // The package's own program does what the Deno in it does.
    npx: `[ "$1 $2" = "--yes deno@2" ] || { echo "npx $*: what is that?" >&2; exit 1; }
shift 2; exec '${deno}' "$@"`,
    duckdb: `SLUICE_TEST_TOOLS='${
      Deno.env.get("SLUICE_TEST_TOOLS")
    }' exec node '${ROOT}test/walk/duckdb.cjs' "$@"`,
  };
  for (const [name, script] of Object.entries(programs)) {
    await Deno.writeTextFile(`${bin}/${name}`, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  }
}

/** Makes the environment that the documentation calls `staging`. */
async function fork(url: string, token: string): Promise<void> {
  const response = await fetch(`${url}/environments/main/fork?immediate_return=false`, {
    method: "POST",
    headers: {
      "Authorization": `Bearer ${token}`,
      "Accept": "application/json",
      "Content-Type": "application/vnd.api+json",
      "X-Api-Version": "3",
    },
    body: JSON.stringify({ data: { id: "staging", type: "environment", attributes: {} } }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`The environment can't be made: ${text}`);
}

/** What this machine's programs need to reach npm, where `deno bundle` finds its bundler. */
function certificates(): Record<string, string> {
  const names = ["NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE", "DENO_CERT", "DENO_TLS_CA_STORE"];
  const set = names.map((name) => [name, Deno.env.get(name)] as const);
  return Object.fromEntries(set.flatMap(([name, value]) => value ? [[name, value]] : []));
}

/** A port that nobody listens on. */
function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

async function exists(path: string): Promise<boolean> {
  return await Deno.lstat(path).then(() => true, () => false);
}

/**
 * Runs a program that has to succeed.
 *
 * @return What it wrote to stdout.
 */
export async function run(program: string, ...args: string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(program, { args }).output();
  const decoder = new TextDecoder();
  if (!success) throw new Error(`${program} ${args.join(" ")}: ${decoder.decode(stderr)}`);
  return decoder.decode(stdout);
}
