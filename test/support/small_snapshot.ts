import { createHash } from "node:crypto";
import type { Manifest } from "../../src/snapshot/manifest.ts";
import type { Storage } from "../../src/storage/storage.ts";
import { manifestText } from "./manifest_text.ts";

const ENCODER = new TextEncoder();
const FILES: Readonly<Record<string, string>> = {
  "export.json": "{}",
  "records/article/current/batch_000.ndjson": '{"id":"1"}\n',
  "site.json": "{}",
};

/** What a small snapshot lacks, or is. */
export interface SmallSnapshotOptions {
  /** What else its manifest says. */
  readonly manifest?: Partial<Manifest> | undefined;
  /** Whether it has no seal, but a checkpoint. @default {false} */
  readonly incomplete?: boolean | undefined;
}

/**
 * Puts a small snapshot that is whole.
 *
 * @param storage Where to.
 * @param folder The project, or the project and the environment: `1/staging`.
 * @param seconds Its time, in seconds since 1970.
 * @param options What it lacks.
 * @return Where it lies, without a trailing slash.
 */
export async function putSmallSnapshot(
  storage: Storage,
  folder: string,
  seconds: number,
  { manifest, incomplete = false }: SmallSnapshotOptions = {},
): Promise<string> {
  const prefix = `content/project_${folder}/snapshot_${seconds}`;
  const objects = Object.entries(FILES).map(([path, text]) => ({
    path,
    size: text.length,
    sha256: createHash("sha256").update(text).digest("hex"),
  }));
  const files = incomplete ? { ...FILES, "resume/checkpoint.json": "{}" } : {
    ...FILES,
    "manifest.json": manifestText(seconds, { objects, ...manifest }),
    "canary.txt": "",
  };
  for (const [path, text] of Object.entries(files)) {
    await storage.put(`${prefix}/${path}`, ENCODER.encode(text));
  }
  return prefix;
}
