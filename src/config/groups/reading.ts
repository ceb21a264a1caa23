import * as z from "zod";
import type { Version } from "../../content/resource.ts";
import { name, under } from "../option.ts";
import { isDestination } from "./destination.ts";

/** What a snapshot's time must be. */
const TIME = "a date or time such as 2026-01-31 or 2026-01-31T14:30";
/** The versions of records. */
export const VERSIONS = ["current", "published"] as const satisfies readonly Version[];
/** How many snapshots are shown. */
const [DEFAULT_LIMIT, MAX_LIMIT] = [30, 100];

const { option } = under("Snapshots");

/** Which snapshots are read. */
export const READING = {
  from: option({
    kind: "text",
    schema: z.string().refine(isDestination).default("./snapshots"),
    placeholder: "<where>",
    expects: "a directory, a file: URL or s3://bucket[/prefix]",
    help:
      "Where the snapshots are: a directory, a file: URL or s3://bucket[/prefix]. Where exports " +
      "go (SLUICE_TO), if it isn't given.",
    path: "directory",
    neverEmpty: true,
    orElse: "to",
  }),
  project: option({
    kind: "text",
    schema: name.optional(),
    placeholder: "<id>",
    expects: "the id of a project",
    help: "Only snapshots of this project.",
  }),
};

/** Which snapshots of all are shown. */
export const LISTING = {
  limit: option({
    kind: "number",
    schema: z.number().int().min(1).max(MAX_LIMIT).default(DEFAULT_LIMIT),
    placeholder: "<number>",
    expects: `a whole number from 1 to ${MAX_LIMIT}`,
    help: "Maximum number of snapshots.",
  }),
  before: option({
    kind: "text",
    schema: name.optional(),
    placeholder: "<time>",
    expects: TIME,
    help:
      "Only snapshots before this date or time, such as 2026-01-31 (in UTC), or those that follow the " +
      "one of this name.",
  }),
  after: option({
    kind: "text",
    schema: name.optional(),
    placeholder: "<time>",
    expects: TIME,
    help: "Only snapshots of this date or time, or later.",
  }),
};

/** Which form of records is shown. */
export const FORM = {
  version: option({
    kind: "text",
    schema: z.enum(VERSIONS).default("current"),
    // Others call theirs SLUICE_VERSION.
    env: "SLUICE_RECORD_VERSION",
    placeholder: "<which>",
    choices: VERSIONS,
    expects: VERSIONS.join(" or "),
    help: "Which versions of records.",
  }),
  locale: option({
    kind: "text",
    schema: name.optional(),
    placeholder: "<locale>",
    expects: "a locale of the project, such as en",
    help: "Show only this locale's values of localized fields.",
  }),
};

/** Where what is made of a snapshot goes. */
export const RESULT = {
  out: under("Destination").option({
    kind: "text",
    schema: z.string().refine(isDestination).optional(),
    placeholder: "<where>",
    expects: "a directory, a file: URL or s3://bucket[/prefix]",
    help: "Where the result goes: a directory, a file: URL or s3://bucket[/prefix].",
    path: "directory",
    neverEmpty: true,
  }),
};
