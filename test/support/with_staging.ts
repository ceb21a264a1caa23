import type { DemoProject } from "../../src/simulator/project.ts";

/** A project whose primary environment can be changed while it is served. */
export type PromotableProject = Omit<DemoProject, "primaryEnvironment"> & {
  /** The primary environment's name. */
  primaryEnvironment: string;
};

/** The project, with a copy of its environment `main` named `staging`, which may become the primary one. */
export function withStaging(project: DemoProject): PromotableProject {
  const main = project.environments.get("main")!;
  project.environments.set("staging", main.fork({ ...main.resource, id: "staging" }));
  return { ...project, asset: (path) => project.asset(path), primaryEnvironment: "main" };
}
