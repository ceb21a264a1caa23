import * as z from "zod";
import { oneOf, under } from "../option.ts";
import type { SingleFormat } from "../../tools/download/single.ts";
import { VERSIONS } from "./reading.ts";

const { option, onOff } = under("Snapshots");

/** The forms of others that a snapshot can be downloaded in. */
const FORMS = ["datocms-dump"] as const;

/** The forms of a single document. */
const SINGLE_FORMATS = ["sluice", "content-island"] as const satisfies readonly SingleFormat[];

/** A single document. */
export const SINGLE = {
  single: onOff(false, {
    help: "Write a single JSON document of the project, its models, uploads and records.",
  }),
  singleFormat: option({
    kind: "text",
    schema: z.enum(SINGLE_FORMATS).default("sluice"),
    placeholder: "<form>",
    choices: SINGLE_FORMATS,
    expects: oneOf(SINGLE_FORMATS),
    help:
      "Whose form a single document has. content-island: that of Content Island's exports, for its clients.",
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
  ...SINGLE,
};
