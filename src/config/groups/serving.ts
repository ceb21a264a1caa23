import * as z from "zod";
import { SCOPES } from "../../serve/token.ts";
import { durationMs } from "../../text/duration.ts";
import { DURATION, duration, isHttpUrl, name, names, oneOf, under } from "../option.ts";

const { option, onOff } = under("Serve");

/** Longer ones would outlive whom they were given to. */
const LONGEST_URL = durationMs("7d");
/** Shorter ones can be guessed. */
const SHORTEST_SECRET = 16;
const RATE = /^[1-9]\d{0,6}\/[1-9]\d{0,4}$/;
const rate = z.string().regex(RATE);
const A_RATE = "two whole numbers such as 600/60: how often, and in how many seconds";

/** How snapshots are served. */
export const SERVING = {
  listen: option({
    kind: "text",
    schema: z.string().refine((text) => parseListen(text) !== undefined).default("127.0.0.1:8080"),
    placeholder: "<host:port>",
    expects: "a host and a port such as 127.0.0.1:8080, [::1]:8080 or 0.0.0.0:8080",
    help:
      "Where to listen; port 0 is any free one. Anything but this machine itself needs tokens and " +
      "--public-url.",
  }),
  publicUrl: option({
    kind: "text",
    schema: z.string().refine((text) => isHttpUrl(text) && new URL(text).pathname === "/")
      .optional(),
    placeholder: "<url>",
    expects: "an http or https URL without a path, such as https://backups.example.com",
    help: "The address that clients reach it at: the base of all links. Default: where it listens.",
  }),
  tokenFile: option({
    kind: "text",
    schema: z.string().min(1).optional(),
    placeholder: "<file>",
    expects: "the path of a file that sluice serve token create writes",
    help:
      "File of the tokens that are let in, as hashes. Default: a token that ends with the process.",
    path: "file",
  }),
  serveTokens: option({
    kind: "text",
    schema: z.string().min(1).optional(),
    env: "SLUICE_TOKENS",
    placeholder: "<json>",
    expects: "the content of a token file",
    help: "What a token file holds, where there are no files. Prefer the environment variable.",
    secret: true,
  }),
  serveSecret: option({
    kind: "text",
    schema: z.string().refine((text) => {
      return text.split(",").every(({ length }) => length >= SHORTEST_SECRET);
    }).optional(),
    placeholder: "<secret>",
    expects: `a text of at least ${SHORTEST_SECRET} characters, or two with a comma between them`,
    help:
      "Signs addresses of files and cursors; while it is changed, the old one follows after a comma. " +
      "Default: a random one that ends with the process. Prefer the environment variable.",
    secret: true,
  }),
  auth: onOff(true, {
    help: "Let everybody in who reaches it: only on this machine itself.",
  }),
  ui: onOff(true, {
    help: "Leave out the web page: answer programs alone.",
  }),
  urlTtl: option({
    kind: "text",
    schema: duration.refine((text) => durationMs(text) <= LONGEST_URL).default("1h"),
    placeholder: "<time>",
    expects: `${DURATION}, of 7 days at most`,
    help: "How long signed addresses of files are good.",
  }),
  directUrls: onOff(true, {
    help:
      "Let files be fetched from S3 itself, by addresses that it signs; else they are sent on from there.",
  }),
  rate: option({
    kind: "text",
    schema: rate.default("600/60"),
    placeholder: "<n/seconds>",
    expects: A_RATE,
    help: "How many requests a token may send.",
  }),
  exportRate: option({
    kind: "text",
    schema: rate.default("5/60"),
    placeholder: "<n/seconds>",
    expects: A_RATE,
    help: "How many single documents and archives are made of a project.",
  }),
  projects: option({
    kind: "list",
    schema: names.optional(),
    placeholder: "<a,b>",
    expects: "ids of projects, separated by commas",
    help: "Serve only these projects. Default: all.",
    neverEmpty: true,
  }),
  snapshot: option({
    kind: "text",
    schema: name.default("latest"),
    env: "SLUICE_SERVE_SNAPSHOT",
    placeholder: "<id>",
    expects: "what names a snapshot, such as latest, its seconds or a date",
    help: "The snapshot that clients see as the only one who know of no snapshots.",
  }),
  cors: option({
    kind: "list",
    schema: z.array(z.string().refine(isOrigin)).min(1).optional(),
    placeholder: "<a,b>",
    expects: "origins such as https://www.example.com, separated by commas",
    help: "Websites whose scripts may ask, too, with a token. Default: none.",
  }),
  trustProxy: option({
    kind: "number",
    schema: z.number().int().min(0).max(10).default(0),
    placeholder: "<n>",
    expects: "a whole number from 0 to 10",
    help:
      "How many proxies stand in front of it: a client's address is the one that the outermost of them tells.",
  }),
  readOnly: onOff(false, {
    help: "Refuse the few requests that change something: the schedule's switch.",
  }),
  auditLog: option({
    kind: "text",
    schema: z.string().min(1).optional(),
    placeholder: "<file>",
    expects: "the path of a file",
    help: "File to which a line of JSON is added for each request, without tokens and queries.",
    path: "file",
  }),
};

/** Whether snapshots are served by what makes them. */
export const SERVE_TOO = {
  serve: onOff(false, {
    help: "Serve the snapshots over HTTP, too, as sluice serve does, until Ctrl-C.",
  }),
};

/** What a new token is. */
export const TOKEN = {
  name: option({
    kind: "text",
    schema: z.string().trim().min(1).max(100).optional(),
    env: "SLUICE_TOKEN_NAME",
    placeholder: "<name>",
    expects: "a name of at most 100 characters",
    help: "What the new token is called.",
  }),
  scope: option({
    kind: "text",
    schema: z.enum(SCOPES).default("read"),
    env: "SLUICE_TOKEN_SCOPE",
    placeholder: "<scope>",
    choices: SCOPES,
    expects: oneOf(SCOPES),
    help:
      "What the new token may see. read: published versions, models, uploads, asset files; preview: also " +
      "current versions and manifests; admin: also users, roles and whole archives.",
  }),
  expires: option({
    kind: "text",
    schema: duration.optional(),
    env: "SLUICE_TOKEN_EXPIRES",
    placeholder: "<time>",
    expects: DURATION,
    help: "How long the new token is good, such as 90d. Default: until it is revoked.",
  }),
};

/** Whether a text is the origin of a website, as browsers send it. */
function isOrigin(text: string): boolean {
  return isHttpUrl(text) && new URL(text).origin === text;
}

/**
 * Where to listen.
 *
 * @param text The host and the port, as `127.0.0.1:8080`.
 * @return `undefined` if it isn't that.
 */
export function parseListen(
  text: string,
): { readonly hostname: string; readonly port: number } | undefined {
  const [, inner, plain, digits] = /^(?:\[([0-9a-f:.]+)\]|([\w.-]+)):(\d{1,5})$/i.exec(text) ?? [];
  const hostname = inner ?? plain;
  const port = Number(digits);
  return hostname !== undefined && port <= 65_535 ? { hostname, port } : undefined;
}
