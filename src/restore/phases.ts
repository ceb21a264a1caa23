/**
 * The phases of a restore, in order. What is written in one is there before the next one begins, and each may be
 * run again: it looks at what is there first.
 */
export const PHASES = [
  // The project's own settings, workflows, plugins, upload collections.
  "settings",
  // Models, fieldsets and fields; validators that would refuse what the snapshot holds step aside.
  "models",
  // Uploads with their bytes.
  "uploads",
  // Records with the content that is published, or else the current one.
  "records",
  // What records link to that wasn't there when they were made.
  "links",
  // Published and unpublished: after it, nothing is published any more.
  "publication",
  // Current content on top of the published one.
  "current",
  // The stages of workflows, and the order of records.
  "stages",
  // What the target has and the snapshot hasn't.
  "removal",
  // Full validators.
  "validators",
  // Filters, menus, favicon, images of SEO: what needs records, models or uploads.
  "presentation",
  // Roles, webhooks and the like, which are the whole project's: only on request.
  "project",
] as const;

/** A phase of a restore. */
export type Phase = typeof PHASES[number];

/** Something that the target won't have as the snapshot has it. */
export interface Loss {
  /** A stable name of the kind of loss, such as `asset_file_missing`. */
  readonly code: string;
  /** One sentence for people: what is lost, of what, and why. */
  readonly message: string;
  /** The type of what loses something, such as `item`. */
  readonly type?: string | undefined;
  /** Its id. */
  readonly id?: string | undefined;
}
