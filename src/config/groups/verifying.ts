import * as z from "zod";
import { oneOf, under } from "../option.ts";

const { option, onOff } = under("Snapshots");

/** How much of a snapshot is read: the levels of `verifySnapshot`. */
const LEVELS = ["manifest", "data", "references"] as const;

/** How snapshots are verified. */
export const VERIFYING = {
  all: onOff(false, { help: "All complete snapshots, the newest first." }),
  level: option({
    kind: "text",
    schema: z.enum(LEVELS).default("data"),
    placeholder: "<level>",
    choices: LEVELS,
    expects: oneOf(LEVELS),
    help:
      "What is checked. manifest: that every object is there in its size. data: also every byte, every line " +
      "and all counts. references: also that every link, upload and block leads to something, that records " +
      "have the fields of their models, and the bytes of asset files.",
  }),
  sample: option({
    kind: "text",
    schema: z.string().regex(/^(?:\d{1,3}(?:\.\d{1,2})?%|\d{1,5}\/\d{1,5})$/).optional(),
    placeholder: "<part>",
    expects: "a percentage such as 5%, or a part such as 3/20",
    help:
      "Read only a part of the objects: 5% is another part each day, until all had their turn; 3/20 is the " +
      "third of twenty parts. Default: all.",
  }),
};
