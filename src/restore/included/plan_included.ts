import type { Resource } from "../../content/resource.ts";
import { EXIT, SluiceError } from "../../error.ts";
import { CmaError } from "../../source/datocms/cma_error.ts";
import { printable } from "../../text/printable.ts";
import type { Snapshot } from "../../tools/open.ts";
import type { Loss } from "../phases.ts";
import type { Step } from "../plan.ts";
import type { RestoreRun } from "../run.ts";
import type { Target } from "../target.ts";
import { type Body, bodyOf } from "./body.ts";
import { INCLUDED, INCLUDED_KINDS, type IncludedName } from "./kinds.ts";
import { knownIds, nameOf, ProjectIds, type ProjectPlace } from "./project_ids.ts";

/** Something that belongs to a project and was asked for. */
export interface Included {
  /** The API's name of its type, such as `webhook`. */
  readonly type: string;
  /** Its name. */
  readonly name: string;
  /** Its id in the target; `null` as long as it isn't there. */
  readonly id: string | null;
  /** Whether it was there before, and stays as it is; is made; or wasn't taken by the API. */
  readonly status: "left" | "made" | "refused";
  /** What of it has to be filled in by hand, as a snapshot doesn't hold secrets: `headers.Authorization`. */
  readonly byHand: readonly string[];
}

/** What is decided on. */
export interface IncludedInput extends ProjectPlace {
  /** What is asked for. */
  readonly names: readonly IncludedName[];
  /** The snapshot, with ids as they are to be. */
  readonly snapshot: Pick<Snapshot, "settings">;
  /** The same with its own ids. */
  readonly raw: Pick<Snapshot, "settings">;
  /** What the environment has in the end. */
  readonly there: readonly Snapshot[];
  /** Reads the project. */
  readonly target: Target;
  /** Aborts the requests. */
  readonly signal: AbortSignal;
}

/** What is planned of that. */
export interface PlannedInclusion {
  /** Makes it. */
  readonly steps: readonly Step[];
  /** What can't be as it was. */
  readonly losses: readonly Loss[];
  /** All that was asked for, kept up to date while it is made. */
  readonly included: Included[];
}

/** How often something is made anew whose answer got lost, and that isn't there then. */
const ATTEMPTS = 5;
/** How long it is waited before it is looked whether it is there, in milliseconds. */
const SETTLE_MS = 2000;

/**
 * Refuses what a snapshot doesn't hold.
 *
 * @param snapshot The snapshot.
 * @param names What is asked for.
 * @param signal Aborts the reading.
 * @throws {SluiceError} If it doesn't hold that.
 */
export async function assertIncludable(
  snapshot: Pick<Snapshot, "settings">,
  names: readonly IncludedName[],
  signal: AbortSignal,
): Promise<void> {
  for (const name of names) {
    const isKnown = INCLUDED.includes(name);
    if (isKnown && await snapshot.settings(name, { signal }) !== undefined) continue;
    throw new SluiceError(
      isKnown
        ? `The snapshot holds no ${
          name.replaceAll("_", " ")
        }: leave them out, or restore another one.`
        : `Expected names of what can be included (${INCLUDED.join(", ")}), but got ${
          printable(String(name), 60)
        }.`,
      EXIT.usage,
      { code: "include" },
    );
  }
}

/**
 * Plans what belongs to a project: what it doesn't have under its name is made, all else stays as it is. The API
 * chooses the ids, so that nothing is sent again before it was looked whether it is there.
 *
 * @param input What is decided on.
 * @throws {CmaError} If the project can't be read.
 */
export async function planIncluded(input: IncludedInput): Promise<PlannedInclusion> {
  const { names, target, signal } = input;
  const project = new ProjectIds(input, await knownIds(input.there, signal));
  for (const name of INCLUDED) {
    const { type, path } = INCLUDED_KINDS[name];
    const wanted = await input.snapshot.settings(name, { signal }) ?? [];
    const isMade = names.includes(name);
    project.match(type, wanted, await listed(target, path, isMade, signal), isMade);
  }
  const losses: Loss[] = [];
  const included: Included[] = [];
  const steps: Step[] = [];
  for (const name of INCLUDED) {
    if (!names.includes(name)) continue;
    const kind = INCLUDED_KINDS[name];
    const raws = await input.raw.settings(name, { signal }) ?? [];
    const wanted = parentsFirst(await input.snapshot.settings(name, { signal }) ?? []);
    const making: { readonly at: number; readonly resource: Resource; readonly raw: Resource }[] =
      [];
    for (const resource of wanted) {
      const { type, id } = resource;
      const own = { type, name: nameOf(resource), id: project.idOf(type, id) ?? null };
      if (own.id !== null) {
        included.push({ ...own, status: "left", byHand: [] });
        continue;
      }
      const raw = raws.find((one) => one.id === id) ?? resource;
      const { data, byHand, dropped } = bodyOf(kind, resource, raw, project);
      const { attributes } = data as { readonly attributes: Readonly<Record<string, unknown>> };
      const missing = kind.needs.filter((need) => !attributes[need]);
      if (missing.length > 0) {
        const why = `the snapshot doesn't have its ${missing.join(" and ")}`;
        losses.push(notMade(resource, why));
        included.push({ ...own, status: "refused", byHand: [] });
        project.forget(type, id);
        continue;
      }
      if (dropped.length > 0) {
        losses.push({
          code: "included_reference",
          type,
          id,
          message: `The ${said(type)} ${printable(own.name, 100)} is made without what it says of ${
            dropped.join(", ")
          }, which the project doesn't have.`,
        });
      }
      making.push({ at: included.length, resource, raw });
      included.push({ ...own, status: "made", byHand });
    }
    if (making.length === 0) continue;
    const writes = { action: "create", type: kind.type, count: making.length } as const;
    steps.push({
      phase: "project",
      writes: [{ ...writes, requests: making.length }],
      run: async (run) => {
        for (const { at, resource, raw } of making) {
          await run.forEach([resource], async () => {
            // What it refers to has its id by now.
            const body = bodyOf(kind, resource, raw, project);
            const told = included[at]!;
            const made = await make(run, kind, body, project);
            const { id, status } = made;
            included[at] = { ...told, id, status, byHand: status === "made" ? told.byHand : [] };
            if (made.id !== null) return project.made(resource.type, resource.id, made.id);
            project.forget(resource.type, resource.id);
            run.lost(notMade(resource, made.why));
          });
        }
      },
    });
  }
  return { steps, losses, included };
}

/** What came of making something: why not, if the API doesn't take it. */
type Made =
  | { readonly id: string; readonly status: "left" | "made" }
  | { readonly id: null; readonly status: "refused"; readonly why: string };

/** Makes one, unless it is there. */
async function make(
  { target: { ofProject, clock }, signal, wrote }: RestoreRun,
  { type, path }: { readonly type: string; readonly path: string },
  { data }: Body,
  project: ProjectIds,
): Promise<Made> {
  const name = nameOf(data as unknown as Resource);
  for (let attempt = 1;; attempt++) {
    const there = (await ofProject.list(path, { signal }) as unknown as Resource[])
      .find((one) => nameOf(one) === name && !project.isTaken(type, one.id));
    if (there !== undefined) {
      if (attempt > 1) wrote("project", type);
      return { id: there.id, status: attempt > 1 ? "made" : "left" };
    }
    try {
      const made = await ofProject.send("POST", path, { data, signal, repeatable: false });
      wrote("project", type);
      return { id: (made as Resource).id, status: "made" };
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof CmaError)) throw error;
      if (error.isRefusedQuery || error.isForbidden) {
        const why = `DatoCMS doesn't take it: ${error.message.replace(/\.$/, "")}`;
        return { id: null, status: "refused", why };
      }
      // Whether it was made isn't known: what is under its name then is it.
      if (error.status === 401 || attempt === ATTEMPTS) throw error;
      await clock.delay(SETTLE_MS, { signal });
    }
  }
}

/** What a project has of a kind; nothing if the role may not see what is only referred to. */
async function listed(
  target: Target,
  path: string,
  isMade: boolean,
  signal: AbortSignal,
): Promise<Resource[]> {
  try {
    return await target.list(path, { signal }) as unknown as Resource[];
  } catch (error) {
    if (!isMade && error instanceof CmaError && (error.isForbidden || error.isAbsent)) return [];
    throw error;
  }
}

/** Roles after those that they inherit from. */
function parentsFirst(resources: readonly Resource[]): Resource[] {
  const done = new Set<string>();
  const sorted: Resource[] = [];
  const visit = (resource: Resource) => {
    if (done.has(resource.id)) return;
    done.add(resource.id);
    const data = resource.relationships?.inherits_permissions_from?.data;
    const parents = Array.isArray(data) ? data.map(({ id }: { readonly id: string }) => id) : [];
    for (const one of resources) if (parents.includes(one.id)) visit(one);
    sorted.push(resource);
  };
  for (const one of resources) visit(one);
  return sorted;
}

function said(type: string): string {
  return type.replaceAll("_", " ");
}

function notMade(resource: Resource, why: string): Loss {
  const { type, id } = resource;
  return {
    code: "included_not_made",
    type,
    id,
    message: `The ${said(type)} ${printable(nameOf(resource), 100)} isn't made: ${why}.`,
  };
}
