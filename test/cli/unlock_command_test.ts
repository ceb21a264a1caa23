import assert from "node:assert/strict";
import { EXIT } from "../../src/error.ts";
import { PROGRAM } from "../../src/cli/command_hint.ts";
import { runCli } from "../../src/cli/run_cli.ts";
import { ExportLock } from "../../src/snapshot/lock/export_lock.ts";
import { LocalStorage } from "../../src/storage/local/local_storage.ts";
import { temporaryPath } from "../support/temporary.ts";
import { fakeIo } from "./fake_io.ts";

Deno.test("sluice unlock says who holds the lock, and what removes it", async () => {
  const path = await temporaryPath();
  try {
    const run = async (args: string[], env: Record<string, string> = {}) => {
      const io = fakeIo({ env });
      return { io, exitCode: await runCli(args, io) };
    };
    const none = await run(["unlock", path]);
    assert.equal(none.exitCode, EXIT.complete, none.io.err());
    assert.match(none.io.out(), /^There is no lock in /);
    await using lock = await ExportLock.acquire(new LocalStorage(path), { projectId: "1" });
    const held = await run(["unlock"], { SLUICE_FROM: path, SLUICE_FORCE: "true" });
    assert.equal(held.exitCode, EXIT.partial);
    assert.match(
      held.io.out(),
      new RegExp(
        `^1: kept: held on \\S.* by process ${Deno.pid} since 2\\S+Z, last heartbeat .* ago\\.\n`,
      ),
    );
    const [, hint] = /nothing runs: (.*)\n$/.exec(held.io.out())!;
    const json = await run(["unlock", path, "--json"]);
    assert.deepEqual(JSON.parse(json.io.out()).locks.map(({ state }: { state: string }) => state), [
      "held",
    ]);
    const forced = await run(hint!.slice(PROGRAM.length + 1).split(" "));
    assert.equal(forced.exitCode, EXIT.complete, forced.io.err());
    assert.match(forced.io.out(), /^1: removed, by force: /);
    await lock.confirm();
  } finally {
    await Deno.remove(path, { recursive: true });
  }
});
