import { type Answer, ApiError, invalidParameter, notFound } from "../../cma_server/answer.ts";
import { bodyData, invalidField, type WriteCall } from "./write_call.ts";

/**
 * `PUT /environments/:id/promote` and `/rename`.
 *
 * @param call The request.
 * @see {@link https://www.datocms.com/docs/content-management-api/resources/environment/promote}
 */
export function environmentsWriter(call: WriteCall): Answer | undefined {
  const { method, path: [, id, action], phases, project } = call;
  if (method !== "PUT" || id === undefined || call.path.length !== 3) return undefined;
  const environment = project.environments.get(id);
  if (!environment) throw notFound();
  if (phases.has(id)) throw new ApiError(422, "ENVIRONMENT_NOT_READY", { transient: true });
  if (action === "promote") {
    if (id === project.primaryEnvironment) throw new ApiError(422, "ALREADY_PRIMARY_ENVIRONMENT");
    project.primary.setResource(project.primaryEnvironment, { primary: false });
    environment.setResource(id, { primary: true });
    project.primaryEnvironment = id;
    return { status: 200, body: { data: environment.resource } };
  }
  if (action !== "rename") return undefined;
  const to = bodyData(call, "environment").id;
  if (to === undefined || !/^[a-z0-9-]+$/.test(to)) {
    throw invalidParameter("id", "can only contain lowercase letters, numbers and dashes");
  }
  if (to !== id && project.environments.has(to)) {
    throw invalidField("id", "VALIDATION_UNIQUENESS", { record_type: "Environment" });
  }
  // The environment keeps its place in the list.
  const all = [...project.environments];
  project.environments.clear();
  for (const [name, each] of all) project.environments.set(name === id ? to : name, each);
  environment.setResource(to, {});
  if (project.primaryEnvironment === id) project.primaryEnvironment = to;
  return { status: 200, body: { data: environment.resource } };
}
