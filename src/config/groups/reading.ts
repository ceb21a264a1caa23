import * as z from "zod";
import { name, under } from "../option.ts";
import { isDestination } from "./destination.ts";

const { option } = under("Destination");

/** Which snapshots are read. */
export const READING = {
  from: option({
    kind: "text",
    schema: z.string().refine(isDestination).optional(),
    placeholder: "<where>",
    expects: "a directory, a file: URL or s3://bucket[/prefix]",
    help: "Where the snapshots are. Default: what SLUICE_TO says, or ./snapshots.",
    path: "directory",
    neverEmpty: true,
  }),
  project: option({
    kind: "text",
    schema: name.optional(),
    placeholder: "<id>",
    expects: "the id of a project",
    help: "Only snapshots of this project.",
  }),
};

/** Where what is made of a snapshot goes. */
export const RESULT = {
  out: option({
    kind: "text",
    schema: z.string().refine(isDestination).optional(),
    placeholder: "<where>",
    expects: "a directory, a file: URL or s3://bucket[/prefix]",
    help: "Where the result goes: a directory, a file: URL or s3://bucket[/prefix].",
    path: "directory",
    neverEmpty: true,
  }),
};
