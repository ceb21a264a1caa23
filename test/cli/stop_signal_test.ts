import assert from "node:assert/strict";
import { stopSignal } from "../../src/cli/stop_signal.ts";
import { EXIT } from "../../src/error.ts";

/** A process whose signals and time are given by hand. */
function world(hasTerminal = true) {
  const listeners = new Map<Deno.Signal, () => void>();
  const exits: number[] = [];
  const ticks = new Set<() => void>();
  const stop = stopSignal("Told to stop.", {
    hasTerminal,
    listen: (signal, listener) => listeners.set(signal, listener),
    every: (ms, tick) => {
      assert.equal(ms, 100);
      ticks.add(tick);
      return () => ticks.delete(tick);
    },
    exit: (code) => exits.push(code),
  });
  return {
    stop,
    exits,
    ticks,
    send: (signal: Deno.Signal) => listeners.get(signal)!(),
    wait: (beats: number) => {
      for (let i = 0; i < beats; i++) ticks.forEach((tick) => tick());
    },
  };
}

Deno.test("stopSignal() takes what comes within a second for one signal, and ends the process at a later one", () => {
  for (const first of ["SIGINT", "SIGTERM", "SIGQUIT", "SIGBREAK", "SIGHUP"] as const) {
    for (const second of ["SIGINT", "SIGTERM", "SIGQUIT", "SIGBREAK"] as const) {
      const { stop, exits, ticks, send, wait } = world();
      assert.ok(!stop.aborted);
      send(first);
      assert.ok(stop.aborted);
      assert.equal(stop.reason.message, "Told to stop.");
      send(second);
      wait(9);
      send(second);
      assert.deepEqual(exits, []);
      wait(1);
      assert.equal(ticks.size, 0);
      send(second);
      assert.deepEqual(exits, [EXIT.cancelled]);
    }
  }
});

Deno.test("stopSignal() stops at the end of a terminal, without haste, and lives on where there is none", () => {
  const { stop, exits, send, wait } = world();
  send("SIGINT");
  wait(20);
  send("SIGHUP");
  assert.deepEqual(exits, []);
  const away = world(false);
  away.send("SIGHUP");
  assert.ok(!away.stop.aborted);
  away.send("SIGTERM");
  assert.ok(away.stop.aborted && stop.aborted);
});
