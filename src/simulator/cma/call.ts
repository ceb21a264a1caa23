import type { Json, JsonObject } from "../../content/resource.ts";
import type { DemoEnvironment, DemoProject } from "../project.ts";
import type { Answer } from "../../cma_server/answer.ts";
import type { Jobs } from "./jobs.ts";
import type { ReadCall } from "../../cma_server/read_call.ts";

/** A request to the API, understood. */
export interface Call extends ReadCall {
  /** The project that is served. */
  readonly project: DemoProject;
  /** The environment that the request is about. */
  readonly environment: DemoEnvironment;
  /** The jobs that run. */
  readonly jobs: Jobs;
  /** What is happening to environments that aren't ready: parts of their `meta`, by id. */
  readonly phases: Map<string, JsonObject>;
  /** Reads the request's JSON body. */
  readonly body: () => Promise<Json>;
}

/**
 * Answers the calls for one kind of resource.
 *
 * @return The answer, or `undefined` if there is no such endpoint.
 */
export type Handler = (call: Call) => Answer | undefined | Promise<Answer | undefined>;
