/** What the documentation says to do and the walk doesn't. */
export interface Exception {
  /** The page that has it. */
  readonly page: string;
  /** What it begins with, first comment included. */
  readonly begins: string;
  /** Why: what it needs. */
  readonly reason: string;
}

/** At most twenty, each of which is in the documentation. */
export const EXCEPTIONS: readonly Exception[] = [
  {
    page: "README.md",
    begins: "npx --yes deno@2 task test",
    reason: "takes minutes: .ci/run runs it, word for word",
  },
  {
    page: "docs/schedule.md",
    begins: "systemctl enable",
    reason: "needs a machine that systemd runs",
  },
  { page: "docs/schedule.md", begins: "kubectl create", reason: "needs a cluster of Kubernetes" },
  {
    page: "docs/install.md",
    begins: "deno task compile",
    reason: "fetches Deno's runtime from dl.deno.land; test:bundle runs it where that is there",
  },
  {
    page: "docs/restore.md",
    begins: "sluice restore undo_",
    reason: "needs a restore into an environment where editors work, before it",
  },
  { page: "docs/install.md", begins: "docker build", reason: "needs a Docker engine" },
  { page: "docs/install.md", begins: "docker run", reason: "needs a Docker engine" },
  { page: "docs/tables.md", begins: "bq load", reason: "needs Google's BigQuery" },
  { page: "docs/tables.md", begins: "-- Athena", reason: "needs AWS's Athena" },
  { page: "docs/tables.md", begins: "-- ClickHouse", reason: "needs a ClickHouse server" },
];
