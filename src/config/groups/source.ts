import * as z from "zod";
import { headerValue, isHttpUrl, under } from "../option.ts";

const { option } = under("Project");

/** Which project is read, and how it is reached. */
export const SOURCE = {
  apiToken: option({
    kind: "text",
    schema: headerValue.optional(),
    env: "DATOCMS_API_TOKEN",
    placeholder: "<token>",
    expects: "an API token as in Project settings → API tokens, without spaces",
    help: "API token that may use the Content Management API. Prefer the environment variable: " +
      "other programs can see command lines.",
    secret: true,
    neverEmpty: true,
    toExport: (apiToken) => ({ apiToken }),
  }),
  apiTokenFile: option({
    kind: "text",
    schema: z.string().min(1).optional(),
    placeholder: "<file>",
    expects: "the path of a file that holds an API token",
    help: "File that holds the API token, such as a Docker or Kubernetes secret.",
    path: "file",
    neverEmpty: true,
  }),
  environment: option({
    kind: "text",
    schema: headerValue.optional(),
    alias: "e",
    env: "DATOCMS_ENVIRONMENT",
    placeholder: "<name>",
    expects: "the name of an environment, as in Project settings → Environments",
    help: "Environment to export. Default: the primary one.",
    neverEmpty: true,
    toExport: (environment) => ({ environment }),
  }),
  baseUrl: option({
    kind: "text",
    schema: z.string().refine(isHttpUrl).optional(),
    env: "DATOCMS_BASE_URL",
    placeholder: "<url>",
    expects: "an http or https URL such as https://site-api.datocms.com",
    help: "URL of the API. Default: https://site-api.datocms.com.",
    neverEmpty: true,
    toExport: (baseUrl) => ({ baseUrl }),
  }),
  maxRps: option({
    kind: "number",
    schema: z.number().min(0.1).max(1000).optional(),
    placeholder: "<number>",
    expects: "a number from 0.1 to 1000",
    help:
      "Maximum number of requests to the API per second, so that editors and other programs have " +
      "something left of its rate limit. Default: all that the API allows.",
    toExport: (maxRps) => ({ maxRps }),
  }),
};
