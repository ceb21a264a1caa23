import type { ItemType, Json } from "../../content/resource.ts";
import { isObject } from "../../text/json.ts";
import type { MemoryEnvironment } from "../memory_environment.ts";
import { invalidField } from "./write_call.ts";

/**
 * The stage that new records of a model are in; `null` without a workflow.
 *
 * @param environment The environment.
 * @param model The model.
 */
export function initialStage(environment: MemoryEnvironment, model: ItemType): string | null {
  const stages = stagesOf(environment, model);
  const initial = stages.find((stage) => isObject(stage) && stage.initial === true) ?? stages[0];
  return isObject(initial) ? String(initial.id) : null;
}

/**
 * Checks that a model's workflow has a stage.
 *
 * @param environment The environment.
 * @param model The model.
 * @param stage The stage's id.
 * @throws {ApiError} If it hasn't.
 */
export function checkStage(environment: MemoryEnvironment, model: ItemType, stage: Json): void {
  const stages = stagesOf(environment, model);
  if (stage === null && stages.length === 0) return;
  if (stages.some((one) => isObject(one) && one.id === stage)) return;
  throw invalidField("stage", "VALIDATION_INVALID", { stage });
}

function stagesOf({ settings }: MemoryEnvironment, model: ItemType): Json[] {
  const workflow = model.relationships?.workflow?.data;
  const workflows = settings.get("/workflows");
  if (!workflow || !("id" in workflow) || !Array.isArray(workflows)) return [];
  const stages = workflows.find(({ id }) => id === workflow.id)?.attributes?.stages;
  return Array.isArray(stages) ? stages : [];
}
