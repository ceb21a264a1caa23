import type { JsonObject, Resource } from "../../src/content/resource.ts";
import type { MemoryProject } from "../../src/simulator/memory_project.ts";
import { sampleProject } from "../../src/demo/sample/sample_project.ts";

/** The sample project, whose API token's role has other permissions. */
export function projectWhoseRole(changed: JsonObject): MemoryProject {
  const project = sampleProject();
  const roles = project.primary.settings.get("/roles") as Resource[];
  const changedRoles = roles.map((role) => ({
    ...role,
    meta: { final_permissions: { ...role.meta!.final_permissions as JsonObject, ...changed } },
  }));
  for (const { settings } of project.environments.values()) settings.set("/roles", changedRoles);
  return project;
}
