import assert from "node:assert/strict";
import { delay } from "../../src/async/delay.ts";
import { generateProject } from "../../src/simulator/generated/generated_project.ts";
import { startDemoCma } from "../../src/simulator/server.ts";
import { exportProject } from "../../src/export/export.ts";
import type { Storage } from "../../src/storage/storage.ts";
import { sourceOf } from "./exported.ts";
import { long } from "./long.ts";
import { assertSealedAreWhole } from "./sealed_snapshots.ts";

/** A server that can be killed, and started again. */
export interface Killable {
  /** A place in it. */
  readonly storage: Storage;
  /** Kills it. */
  readonly kill: () => Promise<void>;
  /** Starts it again; what it kept is still there. */
  readonly start: () => Promise<void>;
}

/**
 * Exports while the server of the destination is away for a time, and makes sure that nothing is missing.
 *
 * @param server The server.
 * @param seconds How long it is away.
 * @param at When it is killed: a number that stands for a moment.
 */
export async function exportWithOutage(
  { storage, kill, start }: Killable,
  seconds: number,
  at: number,
): Promise<void> {
  const uploads = long(40, 10);
  const project = generateProject({ records: long(400, 60), uploads, assetBytes: 200_000 });
  await using cma = startDemoCma({ project, rateLimit: false });
  let count = 0;
  let outage: Promise<void> | undefined;
  const away = async () => {
    await kill();
    await delay(seconds * 1000);
    await start();
  };
  try {
    const { status, manifest } = await exportProject({
      ...sourceOf(cma),
      storage,
      onEvent: ({ type }) => {
        if ((type === "page" || type === "asset") && count++ === at % uploads) outage = away();
      },
    });
    assert.equal(status, "complete");
    assert.equal(manifest.assets?.downloaded.count, uploads);
  } finally {
    await outage;
  }
  assert.ok(outage !== undefined, `Nothing was away: there were ${count} pages and assets.`);
  await assertSealedAreWhole(storage);
}
