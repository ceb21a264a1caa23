import { EXIT, SluiceError } from "../error.ts";
import { exportProject } from "../export/export.ts";
import type { ExportOptions, SourceOptions } from "../export/options.ts";
import type { Manifest } from "../snapshot/manifest.ts";
import type { TargetConnection } from "./options.ts";
import { liveSnapshot } from "../tools/diff/live.ts";
import type { SnapshotSource } from "../tools/diff.ts";
import { openSnapshot, type Snapshot } from "../tools/open.ts";

/** An environment as it is, read into a temporary directory that goes when it is disposed. */
export interface Inventory extends AsyncDisposable {
  /** What it holds. */
  readonly snapshot: Snapshot;
  /** The same, for comparisons. */
  readonly source: SnapshotSource;
  /** What its export noted. */
  readonly manifest: Manifest;
}

/** What a restore neither compares nor changes, so that it needn't be read. */
const UNREAD = [
  "environments",
  "access_tokens",
  "users",
  "sso_users",
  "sso_groups",
  "sso_settings",
  "site_invitations",
  "white_label_settings",
  "search_indexes",
  "roles",
  "webhooks",
  "build_triggers",
] as const satisfies NonNullable<SourceOptions["exclude"]>;

/** What of an environment is read beside its schema and settings: all, uploads alone, or nothing. */
export type InventoryScope = "all" | "uploads" | "schema";

/** What isn't read then. */
const LEFT = {
  all: [],
  uploads: ["records", "schedules"],
  schema: ["records", "uploads", "schedules"],
} as const satisfies Record<InventoryScope, SourceOptions["exclude"]>;

/** How an environment is read. */
export interface InventoryOptions extends TargetConnection {
  /** Which one. */
  readonly environment: string;
  /** What of it is read: its schema and settings always are. @default {"all"} */
  readonly reads?: InventoryScope | undefined;
  /** The directory that the temporary one is made in. @default That of the system */
  readonly temporaryIn?: string | undefined;
  /** Called with how many requests were sent. */
  readonly onRequests: (requests: number) => void;
  /** Ends it. */
  readonly signal: AbortSignal;
}

/**
 * Reads an environment.
 *
 * @param options Which one, and how.
 * @throws {CmaError} If it can't be read.
 * @throws {SluiceError} If the API token's role may not read all of it.
 */
export async function takeInventory(
  { onRequests, signal, reads = "all", temporaryIn, ...options }: InventoryOptions,
): Promise<Inventory> {
  let requests = 0;
  const onEvent: ExportOptions["onEvent"] = (event) => {
    if (event.type === "request" || event.type === "retry") onRequests(++requests);
  };
  const live = await liveSnapshot(
    (storage) => {
      return exportProject({
        ...options,
        storage,
        signal,
        onEvent,
        exclude: [...UNREAD, ...LEFT[reads]],
        assets: false,
        tables: false,
        readOnly: true,
      });
    },
    signal,
    temporaryIn,
  );
  try {
    const snapshot = await openSnapshot(live.storage, live.snapshot, { signal });
    const manifest = snapshot.manifest!;
    const hidden = manifest.findings.find(({ code }) => code === "role_restricted");
    if (hidden !== undefined) {
      throw new SluiceError(
        `What is there can't be told, as the API token's role may not read all of it (${
          hidden.message.replace(/\.$/, "")
        }): take a token that may.`,
        EXIT.usage,
        { code: "rights_missing" },
      );
    }
    return {
      snapshot,
      source: live,
      manifest,
      [Symbol.asyncDispose]: () => live[Symbol.asyncDispose](),
    };
  } catch (error) {
    await live[Symbol.asyncDispose]();
    throw error;
  }
}

/**
 * Whether nothing is in an environment that a restore could overwrite.
 *
 * @param inventory The environment.
 */
export function isEmpty({ manifest: { resources, records } }: Inventory): boolean {
  const countOf = (name: string) => {
    const found = resources[name];
    return found !== undefined && "count" in found ? found.count : 0;
  };
  return countOf("models") === 0 && countOf("uploads") === 0 && Object.keys(records).length === 0;
}

/**
 * How many records an environment has.
 *
 * @param inventory The environment.
 */
export function recordsIn({ manifest: { records } }: Inventory): number {
  return Object.values(records).reduce((sum, { current }) => sum + (current?.count ?? 0), 0);
}
