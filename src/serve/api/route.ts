import * as z from "zod";
import type { Call } from "../call.ts";
import { ENVIRONMENT } from "../shelf.ts";
import type { Scope } from "../token.ts";

/** An endpoint of the own API. */
export interface Route {
  /** The HTTP method. @default {"GET"} */
  readonly method?: "PUT" | undefined;
  /** Its path below `/api/v1`, with `:name` where a part of it is chosen; `:name{.+}` is several of them. */
  readonly path: string;
  /** What it answers with, in a few words. */
  readonly summary: string;
  /** The scope that it needs; what needs more in it is left out. */
  readonly scope: Scope;
  /** What the query may hold. */
  readonly query: z.ZodObject;
  /** What the body holds. @default {Nothing} */
  readonly body?: z.ZodType | undefined;
  /** What it answers with, by MIME type: a schema of JSON or of a line of it, or bytes. */
  readonly answers: Readonly<Record<string, z.ZodType | "bytes">>;
  /**
   * Answers a request.
   *
   * @throws {ServeError} If it can't be answered as it asked for.
   */
  readonly answer: (call: Call) => Promise<Response>;
}

/** An endpoint of another service's API, for the clients of that. */
export interface FrontRoute {
  /** The HTTP method. */
  readonly method: "GET" | "PUT" | "POST" | "PATCH" | "DELETE";
  /** Its path. */
  readonly path: string;
  /** The scope that it needs. */
  readonly scope: Scope;
  /**
   * Answers a request.
   *
   * @throws {ServeError} If it can't be answered as it asked for.
   */
  readonly answer: (call: Call) => Promise<Response>;
}

/** How many entries a page of content has. */
export const pageLimit = z.coerce.number().int().min(1).max(500).default(100)
  .describe("Entries in a page");
/** Where a listing continues. */
export const cursor = z.string().max(1000).optional()
  .describe("Where the listing continues: nextCursor of the page before");
/** The environment of a snapshot. */
export const environment = z.string().max(64).optional()
  .describe("The environment, if the snapshot's name doesn't say which of several");
/** The environment whose snapshots are looked at. */
export const ofEnvironment = z.string().regex(ENVIRONMENT).optional();
/** Which versions of records. */
export const version = z.enum(["current", "published"]).optional()
  .describe("Which versions of records: current, if the token may see them, unless asked for");
