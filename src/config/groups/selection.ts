import * as z from "zod";
import { EXPORT_DEFAULTS } from "../../export/export_settings.ts";
import { type ResourceName, RESOURCES } from "../../source/datocms/resources.ts";
import { names, under } from "../option.ts";

/** The names of the resources that can be chosen, in the order of an export. */
export const RESOURCE_NAMES: readonly ResourceName[] = RESOURCES.map(({ name }) => name);

const { option, onOff } = under("Selection");
const models = {
  kind: "list",
  schema: names.optional(),
  placeholder: "<a,b>",
  expects: "API keys of models, separated by commas",
  neverEmpty: true,
} as const;
const resources = {
  kind: "list",
  schema: z.array(z.enum(RESOURCE_NAMES)).min(1).optional(),
  placeholder: "<x,y>",
  choices: RESOURCE_NAMES,
  expects: "names of resources, separated by commas",
  neverEmpty: true,
} as const;

/** Which kinds of things are read. */
export const RESOURCE_SELECTION = {
  include: option({
    ...resources,
    help: "Export these resources only, besides the project and its models.",
    toExport: (include) => ({ include }),
  }),
  exclude: option({
    ...resources,
    help: "Leave out these resources.",
    toExport: (exclude) => ({ exclude }),
  }),
};

/** Which records are read. */
export const RECORD_SELECTION = {
  models: option({
    ...models,
    help: "Export records of these models only.",
    toExport: (models) => ({ models }),
  }),
  excludeModels: option({
    ...models,
    help: "Leave out records of these models.",
    toExport: (excludeModels) => ({ excludeModels }),
  }),
  published: onOff(EXPORT_DEFAULTS.published, {
    help: "Leave out the published versions of records.",
    toExport: (published) => ({ published }),
  }),
  verifyPublished: onOff(EXPORT_DEFAULTS.verifyPublished, {
    help: "Read every published version by itself, also of records that weren't changed since.",
    toExport: (verifyPublished) => ({ verifyPublished }),
  }),
};
