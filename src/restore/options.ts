import type { SourceOptions } from "../export/options.ts";
import type { FoundSnapshot } from "../snapshot/find_snapshot.ts";
import type { Storage } from "../storage/storage.ts";
import type { RestoreChoice } from "./chosen/choice.ts";
import type { CreatorChoice } from "./creators.ts";
import type { RestoreEvent } from "./events.ts";
import type { IncludedName } from "./included/kinds.ts";
import type { ConflictPolicy } from "./living.ts";

/** How much of what was restored is compared with the snapshot: a sample is of so many records. */
export type VerifyRestore = "full" | "none" | `sample:${number}`;

/** How a target's API is reached. */
export type TargetConnection = Pick<
  SourceOptions,
  | "apiToken"
  | "baseUrl"
  | "maxRps"
  | "retry"
  | "headersTimeoutMs"
  | "stallTimeoutMs"
  | "jobTimeoutMs"
  | "concurrency"
  | "secrets"
>;

/** Which restore a journal is of. */
export interface JournalOptions extends TargetConnection, Pick<SourceOptions, "clock" | "signal"> {
  /** Where the snapshots are. */
  readonly storage: Storage;
  /** What names the snapshot, or the snapshot itself. @default {"latest"} */
  readonly snapshot?: string | FoundSnapshot | undefined;
  /** Only snapshots of this project are looked at. @default {undefined} for those of all */
  readonly project?: string | undefined;
  /** Only snapshots of this environment are looked at. @default {undefined} for those of all */
  readonly fromEnvironment?: string | undefined;
  /** Where the restore keeps its journal. @default Beside the snapshot */
  readonly journal?: Storage | undefined;
  /** Called with each event. */
  readonly onEvent?: ((event: RestoreEvent) => void) | undefined;
}

/** Options of {@linkcode planRestore}. */
export interface RestoreOptions extends JournalOptions {
  /**
   * Where to: `new` is a new sandbox environment, a fork of the primary one; `new:<name>` one of this name; `primary`
   * the primary environment; anything else is the name of an environment that is there. A snapshot that undoes a
   * restore goes to where that wrote to.
   *
   * @default {"new"}
   */
  readonly into?: string | undefined;
  /** The environment that the new one is a fork of. @default The primary one */
  readonly forkOf?: string | undefined;
  /** Whether the API token is another project's, which is empty, and is restored into. @default {false} */
  readonly otherProject?: boolean | undefined;
  /**
   * The part of the snapshot that alone is restored, so that nothing else changes, and nothing is destroyed.
   *
   * @default {undefined} for all of it
   */
  readonly part?: RestoreChoice | undefined;
  /** Whether what the snapshot lacks is kept in the new environment. @default {false} */
  readonly keepExtra?: boolean | undefined;
  /**
   * What becomes of what the target has otherwise than the snapshot: it is overwritten; overwritten unless it was
   * changed there since; left, and told; or nothing is restored then. What somebody changes while the restore runs is
   * never overwritten.
   *
   * @default {"overwrite"} in a new environment, and `skip` in one that was there
   */
  readonly conflicts?: ConflictPolicy | undefined;
  /**
   * Whether records are published and unpublished as in the snapshot, or only current versions are written, as drafts
   * if they are new. A model without drafts publishes at once.
   *
   * @default {"snapshot"} in a new environment, and `none` in one that was there
   */
  readonly publish?: "snapshot" | "none" | undefined;
  /**
   * Whether what the snapshot lacks is destroyed in an environment that was there; uploads never are. Of a snapshot
   * that undoes a restore, that is what the restore made. @default {false}
   */
  readonly delete?: boolean | undefined;
  /** The most that may be destroyed: a number of things, or a share of the records such as `10%`. @default No limit */
  readonly maxDelete?: number | `${number}%` | undefined;
  /**
   * Which validators step aside until all records are there: those that would refuse what the snapshot holds, all, or
   * none. @default {"auto"}
   */
  readonly validators?: "auto" | "last" | "keep" | undefined;
  /**
   * What becomes of references to assets whose file the snapshot lacks: they are left out, lead to a small image, or
   * nothing is restored. @default {"drop"}
   */
  readonly missingAssets?: "drop" | "placeholder" | "fail" | undefined;
  /**
   * Who the creators of records and uploads are that are made: who they were, whoever restores them, or who takes the
   * place of whom, by ids. In another project, who isn't named there is whoever restores them.
   *
   * @default {"keep"}, and `drop` in another project
   */
  readonly creators?: CreatorChoice | undefined;
  /**
   * Whether texts of records that hold the address of an upload whose file is sent anew get its new address. If not,
   * they are only told. @default {false}
   */
  readonly rewriteUrls?: boolean | undefined;
  /** Whether records are in the stages of workflows that the snapshot has, or in the initial ones. @default {"keep"} */
  readonly stages?: "keep" | "initial" | undefined;
  /** Whether scheduled publications are set if they are still to come, or listed only. @default {"list"} */
  readonly schedules?: "list" | "set" | undefined;
  /**
   * What becomes of the webhooks and build triggers that writing would call: they are called, or disabled until the
   * restore ends. @default {"leave"}
   */
  readonly webhooks?: "leave" | "pause" | undefined;
  /**
   * What of the project, rather than of an environment, is made if it isn't there under its name: webhooks, build
   * triggers and search indexes disabled, all without secrets. @default Nothing
   */
  readonly include?: readonly IncludedName[] | undefined;
  /**
   * Whether the new environment becomes the primary one in the end: once nothing differs from the snapshot, and if
   * nobody changed the primary one meanwhile. @default {false}
   */
  readonly promote?: boolean | undefined;
  /** Whether the project is in maintenance mode while that is found out and done. @default {false} */
  readonly maintenance?: boolean | undefined;
  /**
   * Whether the newest restore of this snapshot that wasn't finished is resumed, with the options that it was begun
   * with where they aren't given. @default {false}
   */
  readonly resume?: boolean | undefined;
  /** The directory in which a temporary one holds what is there while it is compared. @default That of the system */
  readonly temporaryIn?: string | undefined;
}

/** Options of {@linkcode applyRestore}. */
export interface ApplyRestoreOptions {
  /** How much is compared with the snapshot at the end. @default {"full"} */
  readonly verify?: VerifyRestore | undefined;
  /** How long to work, in milliseconds: then nothing new is begun. @default No limit */
  readonly timeBudgetMs?: number | undefined;
  /** How many requests that change something may be sent: then nothing new is begun. @default No limit */
  readonly maxWrites?: number | undefined;
  /** Aborting it stops the restore as soon as the requests in flight are answered. */
  readonly stop?: AbortSignal | undefined;
  /** Aborting it aborts the requests in flight, too. The signal of the plan's options is for planning alone. */
  readonly signal?: AbortSignal | undefined;
}

/** What a restore does if its options don't say otherwise. */
export const RESTORE_DEFAULTS = {
  into: "new",
  validators: "auto",
  missingAssets: "drop",
  stages: "keep",
  schedules: "list",
  webhooks: "leave",
  keepExtra: false,
  otherProject: false,
  verify: "full",
  concurrency: 16,
} as const satisfies Partial<RestoreOptions & ApplyRestoreOptions>;
