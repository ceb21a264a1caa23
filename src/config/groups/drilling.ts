import * as z from "zod";
import { DRILL_DEFAULTS, DRILL_KEEPS } from "../../restore/drill/options.ts";
import { oneOf, under } from "../option.ts";

const { option } = under("Restore");

/** How a restore is practised. */
export const DRILLING = {
  drillSample: option({
    kind: "number",
    schema: z.number().int().min(1).default(DRILL_DEFAULTS.sample),
    // Elsewhere these are other options.
    ownFlag: { command: "drill", name: "--sample" },
    placeholder: "<number>",
    expects: "a whole number of at least 1",
    help:
      "In a drill: restore this many records, chosen at random, with what they link to, and all models and settings.",
  }),
  drillAssets: option({
    kind: "number",
    schema: z.number().int().min(0).default(DRILL_DEFAULTS.assets),
    ownFlag: { command: "drill", name: "--assets" },
    placeholder: "<number>",
    expects: "a whole number of at least 0",
    help:
      "In a drill: send this many files, chosen at random, as new uploads, compare them, and delete them again.",
  }),
  seed: option({
    kind: "text",
    schema: z.string().regex(/^\S{1,100}$/).optional(),
    placeholder: "<text>",
    expects: "a text without spaces",
    help:
      "What chooses records and files of a drill: the same chooses the same ones. Default: a new one, which the report " +
      "tells.",
  }),
  keep: option({
    kind: "text",
    schema: z.enum(DRILL_KEEPS).default(DRILL_DEFAULTS.keep),
    placeholder: "<when>",
    choices: DRILL_KEEPS,
    expects: oneOf(DRILL_KEEPS),
    help:
      "When the environment of a drill stays, to be looked at, until the next drill destroys it. One that is cancelled " +
      "never stays.",
  }),
  maxRequests: option({
    kind: "number",
    schema: z.number().int().min(1).optional(),
    placeholder: "<number>",
    expects: "a whole number of at least 1",
    help:
      "Refuse a drill (exit code 2) that takes more requests to write, and to look while it writes. What is read before, " +
      "and to compare, comes on top. Default: no limit.",
  }),
};
