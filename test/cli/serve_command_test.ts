import assert from "node:assert/strict";
import { runCli } from "../../src/cli/run_cli.ts";
import { EXIT } from "../../src/error.ts";
import { type FakeIo, fakeIo } from "./fake_io.ts";
import { PlainDirectory } from "../support/plain_directory.ts";
import { putSmallSnapshot } from "../support/small_snapshot.ts";
import { secretsIn } from "../support/secret_scan.ts";
import { temporaryPath } from "../support/temporary.ts";
import { until } from "../support/until.ts";

/** A place with a snapshot, and room for a file of tokens. */
async function open(): Promise<AsyncDisposable & { readonly from: string; readonly root: string }> {
  const root = await temporaryPath();
  const from = `${root}/snapshots`;
  await Deno.mkdir(from, { recursive: true });
  await putSmallSnapshot(new PlainDirectory(from), "1", 1_700_000_000);
  return { root, from, [Symbol.asyncDispose]: () => Deno.remove(root, { recursive: true }) };
}

/** Runs the command until it serves, asks it something, and stops it as Ctrl-C does. */
async function served(
  words: readonly string[],
  ask: (url: string, io: FakeIo) => Promise<void>,
  env: Record<string, string> = {},
): Promise<FakeIo> {
  const io = fakeIo({ env });
  const end = runCli(["serve", "--listen=127.0.0.1:0", ...words], io);
  try {
    await until(() => io.out().includes("http://") || io.err() !== "", "the command serves");
    assert.equal(io.err(), "");
    await ask(/http:\/\/[\d.:]+/.exec(io.out())![0], io);
  } finally {
    io.cancel();
    assert.equal(await end, EXIT.complete, io.err());
  }
  return io;
}

async function status(url: string, token?: string): Promise<number> {
  const headers = token === undefined ? {} : { Authorization: `Bearer ${token}` };
  const response = await fetch(`${url}/api/v1/projects`, { headers });
  await response.body?.cancel();
  return response.status;
}

async function refusal(...words: string[]): Promise<string> {
  const io = fakeIo();
  assert.equal(await runCli(["serve", ...words], io), EXIT.usage);
  assert.equal(io.out(), "");
  return io.err();
}

Deno.test("serve lets in whoever has the token that it prints once, and ends with Ctrl-C", async () => {
  await using place = await open();
  const audit = `${place.root}/audit.ndjson`;
  const io = await served([`--from=${place.from}`, `--audit-log=${audit}`], async (url, io) => {
    const token = /slu_\w+/.exec(io.out())![0];
    assert.equal(await status(url), 401);
    assert.equal(await status(url, token), 200);
    assert.equal(io.out().split(token).length, 2);
  });
  const token = /slu_\w+/.exec(io.out())![0];
  assert.match(
    io.out(),
    /^Serving the snapshots in .*snapshots at http:.*\nToken, which ends with this process: slu_\w+\n$/,
  );
  const log = await Deno.readTextFile(audit);
  assert.deepEqual(secretsIn(log, [token]), []);
  assert.deepEqual(log.trimEnd().split("\n").map((line) => JSON.parse(line).status), [401, 200]);
  assert.equal(io.err(), "");
  const json = await served([`--from=${place.from}`, "--json"], async (url, io) => {
    const told = JSON.parse(io.out());
    assert.equal(told.url, url);
    assert.equal(await status(url, told.token), 200);
  });
  assert.deepEqual(Object.keys(JSON.parse(json.out())), ["url", "token"]);
});

Deno.test("serve token create, list and revoke keep hashes in a file, and serve lets those tokens in", async () => {
  await using place = await open();
  const file = `${place.root}/tokens.json`;
  const run = async (...words: string[]) => {
    const io = fakeIo();
    const code = await runCli(["serve", "token", ...words, `--token-file=${file}`], io);
    return { code, out: io.out(), err: io.err() };
  };
  const made = await run("create", "--name=website");
  assert.match(made.out, /^slu_\w{46}\n$/);
  const { out } = await run(
    "create",
    "--name=editors",
    "--scope=preview",
    "--project=1",
    "--expires=90d",
    "--json",
  );
  const { token, ...kept } = JSON.parse(out);
  assert.match(token, /^PREVIEW_slu_/);
  assert.deepEqual(kept.projects, ["1"]);
  assert.equal(Date.parse(kept.expiresAt) - Date.parse(kept.createdAt), 90 * 86_400_000);
  assert.deepEqual(secretsIn(await Deno.readTextFile(file), [made.out.trim(), token]), []);
  if (Deno.build.os !== "windows") assert.equal((await Deno.stat(file)).mode! & 0o777, 0o600);
  const list = await run("list");
  assert.match(
    list.out,
    /^Id +Name +Scope +Projects +Expires\n\w+ +website +read +all +never\n\w+ +editors +preview +1 +2/,
  );
  const io = await served([`--from=${place.from}`, `--token-file=${file}`], async (url) => {
    assert.equal(await status(url, made.out.trim()), 200);
    assert.equal(await status(url, token), 200);
  });
  assert.doesNotMatch(io.out(), /slu_/);
  const env = { SLUICE_TOKENS: await Deno.readTextFile(file) };
  await served([`--from=${place.from}`], async (url) => {
    assert.equal(await status(url, token), 200);
  }, env);
  const revoked = await run("revoke", kept.id);
  assert.match(revoked.out, /^Revoked /);
  assert.equal((await run("revoke", kept.id)).code, EXIT.failed);
  await served([`--from=${place.from}`, `--token-file=${file}`], async (url) => {
    assert.equal(await status(url, token), 401);
    assert.equal(await status(url, made.out.trim()), 200);
  });
  assert.match((await run("create")).err, /needs a name/);
  assert.match((await run("revoke")).err, /needs the id of a token/);
});

Deno.test("serve is for this machine alone, unless tokens and an address are given", async () => {
  await using place = await open();
  const file = `${place.root}/tokens.json`;
  const token = fakeIo();
  await runCli(["serve", "token", "create", "--name=a", `--token-file=${file}`], token);
  assert.match(
    await refusal("--listen=0.0.0.0:0", "--no-auth"),
    /--no-auth is only for this machine/,
  );
  assert.match(await refusal("--listen=0.0.0.0:0"), /make a token with sluice serve token create/);
  assert.match(await refusal("--listen=0.0.0.0:0", `--token-file=${file}`), /--public-url/);
  assert.match(await refusal("--listen=8080"), /^sluice: --listen must be a host and a port/);
  assert.match(await refusal("--url-ttl=8d"), /of 7 days at most/);
  assert.match(
    await refusal(`--token-file=${place.root}/none.json`),
    /can't be read .* it isn't there/,
  );
  assert.match(await refusal(`--token-file=${place.from}/../snapshots`), /can't be read/);
  assert.match(await refusal("token", "list"), /name it with --token-file/);
  assert.match(await refusal("token"), /create, list or revoke/);
  await served([`--from=${place.from}`, "--no-auth"], async (url) => {
    assert.equal(await status(url), 200);
    const { port } = new URL(url);
    assert.match(await refusal(`--listen=127.0.0.1:${port}`), /something else listens there/);
  });
});
