import * as z from "zod";
import { type ScheduleSwitch, scheduleSwitch } from "../../snapshot/schedule_switch.ts";
import { plainJson } from "../answer.ts";
import { bodyText, type Call, queryOf } from "../call.ts";
import { notThere, ServeError } from "../failure.ts";
import { schedule, scheduleChange } from "../schemas.ts";
import { shown } from "../shelf.ts";
import type { Route } from "./route.ts";

const NONE = z.strictObject({});
const PATH = "/projects/:project/environments/:environment/schedule";

/** Whether an environment is exported automatically. */
export const SCHEDULE_ROUTES: readonly Route[] = [
  {
    path: PATH,
    summary: "Whether automatic exports of an environment are on, wherever they run",
    scope: "admin",
    query: NONE,
    answers: { "application/json": schedule },
    async answer(call) {
      queryOf(call, NONE);
      const { params: { project = "" }, service: { shelf }, signal } = call;
      const note = scheduleSwitch(shelf.storage, {
        projectId: project,
        sandbox: await sandboxOf(call),
      });
      const found = await note.read(signal);
      if (found === null) {
        throw new ServeError(
          "CONFLICT",
          "What says whether they are on can't be understood: turn them on or off, which rewrites it.",
        );
      }
      return answered(found ?? { enabled: true, changedAt: null });
    },
  },
  {
    method: "PUT",
    path: PATH,
    summary: "Turns automatic exports of an environment on or off, wherever they run",
    scope: "admin",
    query: NONE,
    body: scheduleChange,
    answers: { "application/json": schedule },
    async answer(call) {
      queryOf(call, NONE);
      return answered(await switchSchedule(call, await sandboxOf(call)));
    },
  },
];

function answered(body: z.input<typeof schedule>): Response {
  return plainJson(body, { headers: { "Cache-Control": "no-store" } });
}

async function sandboxOf(call: Call): Promise<string | undefined> {
  return await sandboxNamed(call, call.params.environment ?? "", "environment");
}

/**
 * Turns automatic exports of an environment on or off, as the body of a request says.
 *
 * @param call The request.
 * @param sandbox The environment; `undefined` for the primary one.
 * @param otherwise What is done if there is no body. @default {It is refused}
 * @return What they are now.
 * @throws {ServeError} If nothing may be changed here, or the body says neither.
 */
export async function switchSchedule(
  call: Call,
  sandbox: string | undefined,
  otherwise?: boolean,
): Promise<ScheduleSwitch> {
  const { params: { project = "" }, service: { shelf, now, isReadOnly }, signal } = call;
  if (isReadOnly) {
    throw new ServeError("FORBIDDEN", "Nothing can be changed here: it is read-only.");
  }
  const enabled = await enabledIn(call) ?? otherwise;
  if (enabled === undefined) throw unclear();
  const note = scheduleSwitch(shelf.storage, { projectId: project, sandbox });
  const changed = { enabled, changedAt: new Date(now()).toISOString() };
  await note.write(changed, signal);
  return changed;
}

/** What the body says; `undefined` if there is none. */
async function enabledIn({ request }: Call): Promise<boolean | undefined> {
  const text = (await bodyText(request)).trim();
  if (text === "") return undefined;
  try {
    return scheduleChange.parse(JSON.parse(text)).enabled;
  } catch {
    throw unclear();
  }
}

function unclear(): ServeError {
  return new ServeError(
    "VALIDATION_ERROR",
    'The body must be {"enabled":true} or {"enabled":false}.',
  );
}

/**
 * The sandbox that an environment's name means.
 *
 * @param call The request, of a project.
 * @param name The name.
 * @param what What it is, for the sentence that says that it isn't there.
 * @return `undefined` for the primary environment.
 * @throws {ServeError} If the project has no snapshots of such an environment.
 */
export async function sandboxNamed(
  call: Call,
  name: string,
  what: string,
): Promise<string | undefined> {
  const folders = await call.service.shelf.foldersOf(call.params.project ?? "");
  const isPrimary = folders.some(({ environment, seconds }) => {
    return environment === undefined && seconds.length > 0;
  });
  if (isPrimary && await primaryName(call) === name) return undefined;
  if (folders.some(({ environment }) => environment === name)) return name;
  throw notThere(`${what} ${shown(name)} of project ${shown(call.params.project ?? "")}`);
}

/**
 * What the primary environment is called: as its newest snapshot says.
 *
 * @param call The request, of a project.
 */
export async function primaryName(
  { params: { project = "" }, service: { shelf }, signal }: Call,
): Promise<string> {
  const found = await shelf.find(project, "latest", undefined, signal);
  const { content: { manifest } } = await shelf.open(found, signal);
  return manifest?.environment.id ?? "main";
}
