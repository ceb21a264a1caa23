import * as z from "zod";
import { printable } from "../text/printable.ts";
import type { RestoreJournal } from "./journal.ts";
import type { Target } from "./target.ts";

/** Something of a project that others are told by. */
export interface Hook {
  /** What it is. */
  readonly type: "webhook" | "build_trigger";
  /** Its id. */
  readonly id: string;
  /** Its name. */
  readonly name: string;
  /** Whether writing to an environment calls it. */
  readonly calls: (environment: string, isPrimary: boolean) => boolean;
}

/** What others are told by while a restore writes. */
export interface RestoreHooks {
  /** The names of the webhooks that are enabled. */
  readonly webhooks: readonly string[];
  /** The names of the build triggers that are enabled. */
  readonly buildTriggers: readonly string[];
}

/** Where each kind of hook is listed, which is also where one of them is. */
export const HOOK_PATHS = { webhook: "/webhooks", build_trigger: "/build-triggers" } as const;

/** What the keys of notes about hooks begin with. */
export const HOOKS = "hooks/";

/** What a role has to be permitted where hooks are disabled for a while. */
export const HOOK_RIGHTS = ["can_manage_webhooks", "can_manage_build_triggers"] as const;

const filter = z.object({ entity_type: z.string(), entity_ids: z.array(z.string()) });
const event = z.object({ filters: z.array(filter).nullish() });
const listed = z.array(z.object({
  id: z.string(),
  attributes: z.looseObject({
    name: z.string().nullish(),
    enabled: z.boolean().nullish(),
    events: z.array(event).nullish().catch(undefined),
  }),
}));

/**
 * The hooks of a listing that are enabled.
 *
 * @param type What it lists.
 * @param data What the API lists; nothing if it doesn't tell.
 */
export function enabledHooks(type: Hook["type"], data: unknown): Hook[] {
  return (listed.safeParse(data).data ?? [])
    .filter(({ attributes }) => attributes.enabled !== false)
    .map(({ id, attributes: { name, events } }) => ({
      type,
      id,
      name: name ?? id,
      calls: (environment, isPrimary) =>
        // What doesn't say when it is called may be called always.
        !events || events.length === 0 || events.some(({ filters }) =>
          (filters ?? []).every(({ entity_type: of, entity_ids: ids }) =>
            of === "environment"
              ? ids.includes(environment)
              : of !== "environment_type" || ids.includes(isPrimary ? "primary" : "sandbox")
          )
        ),
    }));
}

/**
 * The names of the hooks that writing to an environment calls.
 *
 * @param project The project.
 * @param place The environment.
 */
export function hooksOf(
  { hooks }: { readonly hooks: readonly Hook[] },
  { environment, isPrimary }: { readonly environment: string; readonly isPrimary: boolean },
): RestoreHooks {
  const called = hooks.filter(({ calls }) => calls(environment, isPrimary));
  const names = (kind: Hook["type"]) =>
    called.filter(({ type }) => type === kind).map(({ name }) => name);
  return { webhooks: names("webhook"), buildTriggers: names("build_trigger") };
}

/**
 * Disables the hooks that writing to an environment would call, each noted before, so that they are enabled again
 * with all else that was changed for a while.
 *
 * @param journal Where they are noted.
 * @param target Where is written.
 * @param of The environment.
 * @param signal Aborts it.
 * @throws {CmaError} If the API refuses.
 */
export async function pauseHooks(
  journal: RestoreJournal,
  { ofProject }: Target,
  of: { readonly environment: string; readonly isPrimary: boolean },
  signal: AbortSignal,
): Promise<void> {
  for (const type of ["webhook", "build_trigger"] as const) {
    const path = HOOK_PATHS[type];
    const hooks = enabledHooks(type, await ofProject.list(path, { signal }));
    for (const { id, calls } of hooks) {
      if (!calls(of.environment, of.isPrimary)) continue;
      const resource = (enabled: boolean) => ({ type, id, attributes: { enabled } });
      await journal.note(`${HOOKS}${type}/${printable(id)}`, { data: resource(true) });
      await ofProject.update(`${path}/${encodeURIComponent(id)}`, resource(false), { signal });
    }
  }
}
