import * as z from "zod";
import { under } from "../option.ts";

const { option, onOff } = under("Snapshots");

/** How the differences of two snapshots are shown. */
export const DIFFING = {
  stat: onOff(false, { help: "Only how many of each model were added, removed and changed." }),
  meta: onOff(false, {
    help:
      "Also what changes by itself: times, version numbers, whether a record is valid, when builds ran.",
  }),
  html: option({
    kind: "text",
    schema: z.string().min(1).optional(),
    placeholder: "<file>",
    expects: "the path of a file to write",
    help: "Write the differences into this file, a page of HTML that needs nothing else.",
    path: "file",
  }),
  jsonLines: onOff(false, { help: "Write each difference as an object of JSON on its own line." }),
};
