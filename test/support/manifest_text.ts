import type { Manifest } from "../../src/snapshot/manifest.ts";

/**
 * The manifest of a snapshot that nobody exported.
 *
 * @param seconds When it began, in seconds since 1970; it took a minute.
 * @param parts What is different in it.
 */
export function manifestText(seconds: number, parts: Partial<Manifest> = {}): string {
  const manifest: Manifest = {
    formatVersion: 1,
    tool: { name: "sluice", version: "0.1.0" },
    project: { id: "1", name: "Slackwater" },
    environment: { id: "main", primary: true },
    locales: ["en"],
    status: "complete",
    startedAt: new Date(seconds * 1000).toISOString(),
    endedAt: new Date(seconds * 1000 + 60_000).toISOString(),
    options: {},
    resources: {},
    records: {
      article: { current: { count: 3, bytes: 300 }, published: { count: 2, bytes: 200 } },
      page: { current: { count: 1, bytes: 100 } },
    },
    objects: [
      { path: "records/article/current/batch_000.ndjson", size: 300, sha256: "0".repeat(64) },
      { path: "site.json", size: 50, sha256: "0".repeat(64) },
    ],
    findings: [],
    warnings: [],
    failures: [],
    ...parts,
  };
  return JSON.stringify(manifest);
}
