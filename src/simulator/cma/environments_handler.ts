import { isObject } from "../../text/json.ts";
import type { Resource } from "../../content/resource.ts";
import type { DemoEnvironment } from "../project.ts";
import { type Answer, ApiError, invalidParameter, notFound, ok } from "../../cma_server/answer.ts";
import type { Call } from "./call.ts";
import { text } from "../../cma_server/parameters.ts";

/**
 * `GET /environments`, `GET` and `DELETE /environments/:id`, `POST /environments/:id/fork`.
 *
 * @param call The request.
 * @see {@link https://www.datocms.com/docs/content-management-api/resources/environment}
 */
export function environmentsHandler(call: Call): Promise<Answer> | Answer | undefined {
  const { method, path, project } = call;
  const [, id, action] = path;
  if (path.length > 3) return undefined;
  if (id === undefined) {
    if (method !== "GET") return undefined;
    return ok(Array.from(project.environments.values(), (one) => resourceOf(call, one)));
  }
  const environment = project.environments.get(id);
  if (!environment) throw notFound();
  if (method === "GET" && action === undefined) return ok(resourceOf(call, environment));
  if (method === "DELETE" && action === undefined) return remove(call, environment);
  if (method === "POST" && action === "fork") return fork(call, environment);
  return undefined;
}

async function fork(call: Call, origin: DemoEnvironment): Promise<Answer> {
  const { project, jobs, body, parameters, phases } = call;
  const id = requestedId(await body());
  if (project.environments.has(id)) {
    throw new ApiError(422, "INVALID_FIELD", {
      details: { field: "id", code: "VALIDATION_UNIQUENESS", record_type: "Environment" },
    });
  }
  const now = new Date().toISOString();
  const copy = origin.fork({
    id,
    type: "environment",
    meta: {
      created_at: now,
      status: "ready",
      read_only_mode: false,
      primary: false,
      last_data_change_at: now,
      forked_from: origin.resource.id,
    },
  });
  project.environments.set(id, copy);
  phases.set(id, { status: "creating", fork_completion_percentage: 0 });
  const job = jobs.start(
    { status: 201, body: { data: copy.resource } },
    () => phases.delete(id),
  );
  if (text(parameters, "immediate_return") !== "true") return job;
  return { status: 201, body: { data: resourceOf(call, copy) } };
}

function remove(call: Call, environment: DemoEnvironment): Answer {
  const { project, jobs, phases } = call;
  const { id } = environment.resource;
  if (id === project.primaryEnvironment) {
    throw new ApiError(422, "CANNOT_DESTROY_PRIMARY_ENVIRONMENT");
  }
  phases.set(id, { status: "destroying" });
  return jobs.start({ status: 200, body: { data: resourceOf(call, environment) } }, () => {
    project.environments.delete(id);
    phases.delete(id);
  });
}

function requestedId(body: unknown): string {
  const id = isObject(body) && isObject(body.data) ? body.data.id : undefined;
  if (typeof id === "string" && /^[a-z0-9-]+$/.test(id)) return id;
  throw invalidParameter("id", "can only contain lowercase letters, numbers and dashes");
}

/** The environment's resource, with what is happening to it. */
function resourceOf({ phases }: Call, { resource }: DemoEnvironment): Resource {
  const phase = phases.get(resource.id);
  return phase ? { ...resource, meta: { ...resource.meta, ...phase } } : resource;
}
