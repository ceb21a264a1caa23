import { LocalStorage } from "../../../src/storage/local/local_storage.ts";
import { ExportLock } from "../../../src/snapshot/lock/export_lock.ts";

/** An export that takes the lock of a project, both named by its own address, until it is killed. */
const { searchParams } = new URL(import.meta.url);
const storage = new LocalStorage(searchParams.get("root")!);
await ExportLock.acquire(storage, { projectId: searchParams.get("project")! });
