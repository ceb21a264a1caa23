import { Schedule } from "../../src/schedule/schedule.ts";
import { exportProject } from "../../src/export/export.ts";
import type { ExportOptions } from "../../src/export/options.ts";
import { failureOf } from "../../src/report/failure.ts";
import { retryFailedAssets } from "../../src/export/retry_failed.ts";
import { LocalStorage } from "../../src/storage/local/local_storage.ts";
import type { S3StorageOptions } from "../../src/storage/s3/options.ts";
import { S3Storage } from "../../src/storage/s3/s3_storage.ts";
import { type PauseAt, PausingStorage } from "./pausing_storage.ts";

/** What an exporter that is to be paused does. */
export interface PausedExporter {
  /** Where its snapshots go. */
  readonly to: { readonly root: string; readonly isElsewhere?: boolean } | {
    readonly s3: S3StorageOptions;
  };
  /** What it does. */
  readonly what: "export" | "tick" | "retry";
  /** How. */
  readonly options: Omit<ExportOptions, "storage">;
  /** Where it stops. */
  readonly at: PauseAt;
  /** What it waits at: it goes on when the first number isn't 0 any more. */
  readonly gate: SharedArrayBuffer;
}

/** What an exporter tells. */
export type PausedMessage =
  | { readonly paused: string }
  | { readonly ended: string; readonly exitCode: number; readonly error?: string };

/** A worker that exports, stops dead in the middle (its timers, too), and goes on when it is told to. */
const worker = globalThis as unknown as Worker;
worker.onmessage = async ({ data }: MessageEvent<PausedExporter>) => {
  const tell = (message: PausedMessage) => worker.postMessage(message);
  const { to, what, options, at, gate } = data;
  const bare = "s3" in to ? new S3Storage(to.s3) : new LocalStorage(to.root);
  const pause = (key: string) => {
    tell({ paused: key });
    Atomics.wait(new Int32Array(gate), 0, 0);
  };
  const isElsewhere = "root" in to && to.isElsewhere === true;
  const storage = new PausingStorage(bare, at, pause, isElsewhere);
  try {
    if (what === "tick") {
      const exported = { ...options, storage, resume: true };
      const schedule = new Schedule({ exported, every: "24h", ticks: "*/2 * * * *" });
      const { state, message } = await schedule.tick();
      tell({ ended: message, exitCode: state === "complete" ? 0 : 1 });
    } else if (what === "retry") {
      await retryFailedAssets({ ...options, storage });
      tell({ ended: "", exitCode: 0 });
    } else {
      const { deletion } = await exportProject({ ...options, storage });
      tell({ ended: deletion?.problem ?? "", exitCode: deletion?.problem ? 3 : 0 });
    }
  } catch (error) {
    const { message, exitCode } = failureOf(error, new AbortController().signal);
    tell({ ended: message, exitCode, error: error instanceof Error ? error.name : "" });
  } finally {
    bare[Symbol.dispose]();
  }
};
