import type { Field, ItemType, Resource, Site, Version } from "../content/resource.ts";
import type { SchemaIndex } from "../content/schema_index.ts";
import type { Answer } from "./answer.ts";
import type { ParameterTree } from "./parameters.ts";
import type { Awaitable, ItemStore, UploadStore } from "./stores.ts";

/** What of an environment can be read. */
export interface ReadEnvironment {
  /** The project as this environment has it. */
  readonly site: Site;
  /** What `GET /site` includes, in its order. @default {It follows from the schema} */
  readonly included?: readonly Resource[] | undefined;
  /** Models and block models, in the order that the API lists them. */
  readonly itemTypes: readonly ItemType[];
  /** All fields. */
  readonly fields: readonly Field[];
  /** All fieldsets. */
  readonly fieldsets: readonly Resource[];
  /** Everything else that is listed whole: URL path (`/menu-items`) to its resources, or to the only one. */
  readonly settings: { get(path: string): Awaitable<readonly Resource[] | Resource | undefined> };
  /** The records. */
  readonly items: ItemStore;
  /** The uploads. */
  readonly uploads: UploadStore;
}

/** A request that reads, understood. */
export interface ReadCall {
  /** The HTTP method. */
  readonly method: string;
  /** The URL's path, split at slashes and decoded: `["items", "abc"]`. */
  readonly path: readonly string[];
  /** The URL's parameters. */
  readonly parameters: ParameterTree;
  /** The environment that the request is about. */
  readonly environment: ReadEnvironment;
  /** The environment's schema. */
  readonly schema: SchemaIndex;
  /** Whether all filters are taken that the API documents, rather than those that exports use. */
  readonly takesAllFilters: boolean;
  /**
   * The version of records that is meant.
   *
   * @param asked What is asked for.
   * @throws If it may not be seen.
   */
  readonly version: (asked: Version | undefined) => Version;
}

/**
 * Answers the calls for one kind of resource.
 *
 * @return The answer, or `undefined` if there is no such endpoint.
 */
export type ReadHandler = (call: ReadCall) => Awaitable<Answer | undefined>;
