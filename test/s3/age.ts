import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import type { FakeS3 } from "./fake_s3.ts";

/**
 * Lets time pass for a fake: makes all objects, and what locks say, older.
 *
 * @param fake The fake.
 * @param milliseconds By how much.
 */
export function age({ objects: { all } }: FakeS3, milliseconds: number): void {
  for (const [key, object] of all) {
    const modifiedAt = new Date(object.modifiedAt.getTime() - milliseconds);
    all.set(key, { ...object, modifiedAt });
    if (!key.includes("/lock.json")) continue;
    const lock: Record<string, unknown> = JSON.parse(object.bytes.toString());
    for (const name of ["startedAt", "renewedAt", "expiresAt"]) {
      lock[name] = new Date(Date.parse(String(lock[name])) - milliseconds).toISOString();
    }
    const bytes = Buffer.from(JSON.stringify(lock));
    const etag = `"${createHash("md5").update(bytes).digest("hex")}"`;
    all.set(key, { ...object, modifiedAt, bytes, etag });
  }
}
