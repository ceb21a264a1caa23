import assert from "node:assert/strict";
import type { Config } from "../../src/config/options.ts";
import { resolveConfig } from "../../src/config/resolve_config.ts";
import { EXIT } from "../../src/error.ts";
import { scheduleServer } from "../../src/schedule/schedule_server.ts";
import { createToken, tokensText } from "../../src/serve/token.ts";
import { MemoryStorage } from "../support/memory_storage.ts";
import { putSmallSnapshot } from "../support/small_snapshot.ts";

const URL_HERE = "https://backups.example.com";
const { token, kept } = createToken({ name: "website", scope: "read" });
const SERVING = {
  SLUICE_SERVE: "true",
  SLUICE_PUBLIC_URL: URL_HERE,
  SLUICE_TOKENS: tokensText([kept]),
};

async function serverOf(variables: Record<string, string>) {
  const env = (name: string) => variables[name];
  const config: Config = resolveConfig({ env });
  const storage = new MemoryStorage();
  await putSmallSnapshot(storage, "1", 1_700_000_000);
  const schedule = { status: () => Promise.resolve({ state: "waiting" }) };
  return await scheduleServer(config, {
    schedule: schedule as unknown as Parameters<typeof scheduleServer>[1]["schedule"],
    storage,
  }, { env });
}

Deno.test("a schedule serves its snapshots beside its state, to who has a token", async () => {
  const ask = await serverOf(SERVING);
  const status = await ask(new Request(`${URL_HERE}/status`));
  assert.deepEqual(await status.json(), { state: "waiting" });
  assert.equal(await (await ask(new Request(`${URL_HERE}/healthz`))).text(), "ok\n");
  const snapshots = `${URL_HERE}/api/v1/projects/1/snapshots`;
  assert.equal((await ask(new Request(snapshots))).status, 401);
  const headers = { Authorization: `Bearer ${token}` };
  const answer = await (await ask(new Request(snapshots, { headers }))).json();
  assert.deepEqual(answer.snapshots.map(({ id }: { id: string }) => id), ["1700000000"]);

  const closed = await serverOf({});
  assert.equal((await closed(new Request(snapshots, { headers }))).status, 404);
  assert.equal((await closed(new Request(`${URL_HERE}/status`))).status, 200);
});

Deno.test("a schedule that can't serve safely says what it lacks", async () => {
  const without = (name: keyof typeof SERVING) => {
    return Object.fromEntries(Object.entries(SERVING).filter(([key]) => key !== name));
  };
  const refusals: [Record<string, string>, RegExp][] = [
    [without("SLUICE_PUBLIC_URL"), /needs SLUICE_PUBLIC_URL: /],
    [without("SLUICE_TOKENS"), /needs SLUICE_TOKENS: /],
    [{ ...SERVING, DENO_DEPLOYMENT_ID: "abc" }, /needs SLUICE_SERVE_SECRET: /],
    [{ ...SERVING, SLUICE_AUTH: "false" }, /SLUICE_AUTH is off/],
  ];
  for (const [variables, message] of refusals) {
    await assert.rejects(serverOf(variables), { message, exitCode: EXIT.usage });
  }
  await serverOf({
    ...SERVING,
    DENO_DEPLOYMENT_ID: "abc",
    SLUICE_SERVE_SECRET: "0123456789abcdef",
  });
});
