import * as z from "zod";
import { oneOf, under } from "../option.ts";
import { VERSIONS } from "./reading.ts";

const { option, onOff } = under("Snapshots");

/** The forms of others that a snapshot can be downloaded in. */
const FORMS = ["datocms-dump"] as const;

/** What a snapshot is downloaded as. */
export const DOWNLOADING = {
  as: option({
    kind: "text",
    schema: z.enum(FORMS).optional(),
    placeholder: "<form>",
    choices: FORMS,
    expects: oneOf(FORMS),
    help:
      "Write the form of another program. datocms-dump: the zip that DatoCMS's own content tools read.",
  }),
  single: onOff(false, {
    help: "Write a single JSON document of the project, its models, uploads and records.",
  }),
  view: option({
    kind: "text",
    schema: z.enum(VERSIONS).default("published"),
    placeholder: "<which>",
    choices: VERSIONS,
    expects: VERSIONS.join(" or "),
    help: "Which versions of records are in a single document.",
  }),
};
