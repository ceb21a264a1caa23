import * as z from "zod";
import { LINKED, RESTORE_KINDS } from "../../restore/chosen/choice.ts";
import { name, names, oneOf, under } from "../option.ts";

const { option, onOff } = under("Restore");

/** Which part of a snapshot is restored. */
export const RESTORE_PART = {
  only: option({
    kind: "list",
    schema: z.array(z.enum(RESTORE_KINDS)).min(1).optional(),
    placeholder: "<x,y>",
    choices: RESTORE_KINDS,
    expects: `${oneOf(RESTORE_KINDS)}, separated by commas`,
    help:
      "Restore only this, and change nothing else: the schema, assets, records with the assets they need, or settings.",
  }),
  records: option({
    kind: "list",
    schema: names.optional(),
    placeholder: "<id,id>",
    expects: "ids of records, separated by commas, or @ and a file that has them",
    help:
      "Restore only these records, with what they link to; @<file> names a file that has their ids.",
  }),
  withLinks: option({
    kind: "text",
    schema: z.enum(LINKED).optional(),
    placeholder: "<what>",
    choices: LINKED,
    expects: oneOf(LINKED),
    help:
      "What chosen records link to, and is restored along. missing: what isn't there, which is the default. all: also " +
      "what was changed. none: links to what isn't there are dropped.",
  }),
  withReferrers: onOff(false, {
    help: "Give records that linked to those that come back these links back, if they lost them.",
  }),
  copy: onOff(false, {
    help:
      "Make copies of the chosen records, as drafts with new ids, beside what is there; links among them lead to the " +
      "copies.",
  }),
  field: option({
    kind: "text",
    schema: name.optional(),
    placeholder: "<api_key>",
    expects: "the API key of a field",
    help:
      "Restore only this field of the chosen records, in their current versions; all else of them stays.",
  }),
};
