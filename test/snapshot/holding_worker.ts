import { LocalStorage } from "../../src/sink/local_storage.ts";
import { ExportLock } from "../../src/snapshot/export_lock.ts";

/** An export that takes the lock, says so, and holds it until it is killed. */
addEventListener("message", async ({ data }: MessageEvent<{ root: string; projectId: string }>) => {
  await ExportLock.acquire(new LocalStorage(data.root), { projectId: data.projectId });
  postMessage("held");
});
