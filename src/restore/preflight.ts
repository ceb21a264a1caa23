import * as z from "zod";
import { EXIT, SluiceError } from "../error.ts";
import type { Manifest } from "../snapshot/manifest.ts";
import type { CmaClient } from "../source/datocms/cma_client.ts";
import { CmaError } from "../source/datocms/cma_error.ts";
import { type Environment, listEnvironments } from "../source/datocms/environments.ts";
import { isObject, type JsonObject } from "../text/json.ts";
import type { Snapshot } from "../tools/open.ts";
import type { RestoreKind } from "./chosen/choice.ts";
import { enabledHooks, type Hook, HOOK_PATHS, HOOK_RIGHTS, type RestoreHooks } from "./hooks.ts";
import { INCLUDED_RIGHTS } from "./included/kinds.ts";
import { fewNames, printable } from "../text/printable.ts";

/** What the API says of a project before anything is written to it. */
export interface FoundProject {
  /** Its id. */
  readonly id: string;
  /** Its name. */
  readonly name: string;
  /** The name of its primary environment. */
  readonly primary: string;
  /** All of its environments. */
  readonly environments: readonly Environment[];
  /** What the API token's role lacks of {@linkcode RIGHTS}; `undefined` if the API doesn't tell. */
  readonly lacking: readonly string[] | undefined;
  /** How much of what the plan limits is left, by code. */
  readonly left: ReadonlyMap<string, number>;
  /** Whether schemas are changed in sandbox environments only. */
  readonly forcesSandboxes: boolean;
  /** Whether it is in maintenance mode. */
  readonly isInMaintenance: boolean;
  /** The webhooks and build triggers that are enabled. */
  readonly hooks: readonly Hook[];
}

/** What an API token's role has to be permitted. */
export const RIGHTS = [
  "can_edit_schema",
  "can_edit_site",
  "can_manage_environments",
  "can_manage_workflows",
  "can_manage_menu",
  "can_manage_upload_collections",
  "can_manage_shared_filters",
] as const;

/** What it has to be permitted besides where an environment is promoted. */
const PROMOTES = "can_promote_environments";
const ALL_RIGHTS = [...new Set([...RIGHTS, PROMOTES, ...HOOK_RIGHTS, ...INCLUDED_RIGHTS])];

const resource = z.object({ id: z.string(), attributes: z.record(z.string(), z.unknown()) });
const listed = z.object({ data: z.array(resource) });
const site = z.object({ data: resource });

/**
 * Asks the API about the project that is restored into: nothing but questions.
 *
 * @param client Reads the API.
 * @param signal Aborts the requests.
 * @throws {CmaError} If the project can't be read.
 */
export async function readProject(client: CmaClient, signal: AbortSignal): Promise<FoundProject> {
  const { body } = await client.get("/site", {}, { signal });
  const { data: found } = site.safeParse(body);
  if (found === undefined) {
    throw new CmaError(
      `Expected a DatoCMS project from ${client.transport.baseUrl}/site, but the answer holds none: ` +
        "check the API's address.",
      { code: "api_address" },
    );
  }
  const { id, attributes: { name, force_use_of_sandbox_environments: forced } } = found.data;
  const { environments } = await listEnvironments(client, signal);
  const primary = environments.find(({ meta }) => meta.primary)?.id;
  if (primary === undefined) {
    throw new SluiceError("The API names no primary environment to restore from or into.");
  }
  const maintenance = resourceOf(await ask(client, "/maintenance-mode", {}, signal));
  return {
    id,
    name: typeof name === "string" ? name : id,
    primary,
    environments,
    lacking: await lackingRights(client, signal),
    left: await limitsLeft(client, signal),
    forcesSandboxes: forced === true,
    isInMaintenance: maintenance?.attributes.active === true,
    hooks: [
      ...await hooksAt(client, "webhook", signal),
      ...await hooksAt(client, "build_trigger", signal),
    ],
  };
}

/** What the token's role isn't permitted, of what a restore needs. */
async function lackingRights(
  client: CmaClient,
  signal: AbortSignal,
): Promise<readonly string[] | undefined> {
  const body = await ask(client, "/users/me", { include: "role" }, signal);
  if (!isObject(body) || !isObject(body.data)) return undefined;
  const { type, attributes, relationships } = body.data;
  if (type === "account" || type === "organization") return [];
  if (isObject(attributes) && attributes.hardcoded_type === "admin") return [];
  const ref = isObject(relationships) && isObject(relationships.role)
    ? relationships.role.data
    : undefined;
  const id = isObject(ref) ? ref.id : undefined;
  const included = Array.isArray(body.included) ? body.included : [];
  const role = included.find((one) => isObject(one) && one.type === "role" && one.id === id);
  if (!isObject(role) || !isObject(role.attributes)) {
    return isObject(attributes) && attributes.hardcoded_type === "read_only"
      ? ALL_RIGHTS
      : undefined;
  }
  if (role.attributes.hardcoded_type === "admin") return [];
  const final: JsonObject = isObject(role.meta) && isObject(role.meta.final_permissions)
    ? role.meta.final_permissions
    : {};
  const own = role.attributes;
  return ALL_RIGHTS.filter((right) => (final[right] ?? own[right]) === false);
}

/** How much is left of what the project's plan limits. */
async function limitsLeft(
  client: CmaClient,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, number>> {
  const { data: found } = listed.safeParse(await ask(client, "/subscription-limits", {}, signal));
  return new Map(
    found?.data.flatMap(({ attributes: { code, usage, limit } }) => {
      const isLimited = typeof code === "string" && typeof usage === "number" &&
        typeof limit === "number";
      return isLimited ? [[code, limit - usage] as const] : [];
    }),
  );
}

async function hooksAt(client: CmaClient, type: Hook["type"], signal: AbortSignal) {
  const body = await ask(client, HOOK_PATHS[type], {}, signal);
  return enabledHooks(type, isObject(body) ? body.data : undefined);
}

function resourceOf(body: unknown) {
  return site.safeParse(body).data?.data;
}

/** An answer that a restore can do without: `undefined` if the API doesn't give it. */
async function ask(
  client: CmaClient,
  path: string,
  query: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<unknown> {
  try {
    return (await client.get(path, query, { signal })).body;
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof CmaError && (error.isForbidden || error.isAbsent)) return undefined;
    throw error;
  }
}

/**
 * Refuses a project that isn't the one that is meant, or that the token may not write to.
 *
 * @param project The project that the token is of.
 * @param of The snapshot's project, and whether another one is meant.
 * @throws {SluiceError} If so.
 */
export function assertMeant(
  { id, name, lacking: all }: FoundProject,
  { snapshotProject, otherProject, promotes, pauses = false }: {
    readonly snapshotProject: string;
    readonly otherProject: boolean;
    readonly promotes: boolean;
    readonly pauses?: boolean;
  },
): void {
  const shown = `${JSON.stringify(printable(name, 100))} (${printable(id, 40)})`;
  if (id !== snapshotProject && !otherProject) {
    throw new SluiceError(
      `The snapshot is of the project ${snapshotProject}, but the API token is of another one, ${shown}: ` +
        "take a token of that project, or say that another one is meant.",
      EXIT.usage,
      { code: "other_project" },
    );
  }
  if (id === snapshotProject && otherProject) {
    throw new SluiceError(
      `The API token is of ${shown}, the snapshot's own project, and not of another one: restore into a new ` +
        "sandbox environment.",
      EXIT.usage,
      { code: "own_project" },
    );
  }
  assertPermitted({ id, name, lacking: all }, [
    ...RIGHTS,
    ...promotes ? [PROMOTES] : [],
    ...pauses ? HOOK_RIGHTS : [],
  ]);
}

/**
 * Refuses a token that isn't permitted something.
 *
 * @param project The project that the token is of.
 * @param needed What it has to be permitted.
 * @throws {SluiceError} If it isn't, as far as the API tells.
 */
export function assertPermitted(
  { id, name, lacking: all }: Pick<FoundProject, "id" | "name" | "lacking">,
  needed: readonly string[],
): void {
  const shown = `${JSON.stringify(printable(name, 100))} (${printable(id, 40)})`;
  const lacking = all?.filter((right) => needed.includes(right)) ?? [];
  if (lacking.length === 0) return;
  throw new SluiceError(
    `The API token's role may not do all that a restore does in ${shown} (it lacks ${
      fewNames(lacking)
    }): give it these permissions in Project settings → Roles.`,
    EXIT.usage,
    { code: "rights_missing" },
  );
}

/**
 * Refuses the primary environment of a project that doesn't let it be written to.
 *
 * @param project The project.
 * @param schemaWrites Whether more than content is written.
 * @throws {SluiceError} If so.
 */
export function assertWritable(
  { id, name, isInMaintenance, forcesSandboxes }: FoundProject,
  schemaWrites: boolean,
): void {
  const shown = `${JSON.stringify(printable(name, 100))} (${printable(id, 40)})`;
  if (isInMaintenance) {
    throw new SluiceError(
      `${shown} is in maintenance mode, in which nobody can write to its primary environment: end it, then ` +
        "restore.",
      EXIT.usage,
    );
  }
  if (forcesSandboxes && schemaWrites) {
    throw new SluiceError(
      `${shown} lets nobody change models and settings in its primary environment, and the snapshot's are others: ` +
        "restore into a new sandbox environment, and promote it.",
      EXIT.usage,
      { code: "restore_into" },
    );
  }
}

/** The codes of what a snapshot may lack and be restored whole all the same: files are named by the report. */
const ABOUT_FILES = /^asset_failed/;
/** What a snapshot has to hold for the rest to be known as gone. */
const CORE = ["site", "models", "uploads", "workflows", "plugins"] as const;
/** What of that a part of it needs. */
const NEEDED: Readonly<Record<RestoreKind, readonly typeof CORE[number][]>> = {
  schema: ["models", "workflows", "plugins"],
  assets: ["uploads"],
  records: ["models"],
  settings: ["site"],
};

/**
 * What keeps a snapshot from being the whole project, each in a clause: what it lacks can't be told from what was
 * deleted. Of a part of it, what keeps it from holding that part.
 *
 * @param manifest Its manifest.
 * @param kinds What is restored of it. @default All
 */
export function lackOf(
  { options, resources, findings, failures }: Manifest,
  kinds?: readonly RestoreKind[] | undefined,
): string[] {
  const skipped = CORE.filter((name) => {
    const resource = resources[name];
    return resource === undefined || "skipped" in resource;
  });
  const lost = failures.filter(({ code }) => !ABOUT_FILES.test(code));
  const hidden = findings.filter(({ code }) => code === "role_restricted");
  const isSelection = options.models !== undefined || options.excludeModels !== undefined;
  const { include, exclude } = options;
  const hasNoRecords = (Array.isArray(include) && !include.includes("records")) ||
    (Array.isArray(exclude) && exclude.includes("records"));
  if (kinds !== undefined) {
    const hasRecords = kinds.includes("records");
    const needed = kinds.flatMap((kind) => NEEDED[kind]);
    const missing = skipped.filter((name) => needed.includes(name));
    return [
      ...hasRecords && hasNoRecords ? ["it has no records"] : [],
      ...hasRecords && options.published === false ? ["it has no published versions"] : [],
      ...options.tables === "only" ? ["it has its records as tables only"] : [],
      ...missing.length > 0 ? [`it lacks ${fewNames(missing)}`] : [],
    ];
  }
  return [
    ...hasNoRecords ? ["it has no records"] : [],
    ...isSelection ? ["it has the records of some models only"] : [],
    ...options.published === false ? ["it has no published versions"] : [],
    ...options.tables === "only" ? ["it has its records as tables only"] : [],
    ...skipped.length > 0 ? [`it lacks ${fewNames(skipped)}`] : [],
    ...lost.length > 0 ? [`it lacks what its export couldn't read (${lost[0]!.code})`] : [],
    ...hidden.length > 0 ? ["the role that exported it may not read everything"] : [],
  ];
}

/**
 * What somebody who restores should know, in sentences.
 *
 * @param project The project.
 * @param snapshot The snapshot.
 * @param hooks What writing calls.
 * @param isPaused Whether that is disabled meanwhile.
 */
export function notesOf(
  { lacking }: FoundProject,
  { manifest }: Pick<Snapshot, "manifest">,
  { webhooks, buildTriggers }: RestoreHooks,
  isPaused: boolean,
): string[] {
  const hooked = [
    ...webhooks.length > 0 ? [`webhooks (${fewNames(webhooks, 5)})`] : [],
    ...buildTriggers.length > 0 ? [`build triggers (${fewNames(buildTriggers, 5)})`] : [],
  ];
  return [
    ...manifest === undefined
      ? [
        "The snapshot has no manifest, so that nobody can tell whether it is whole: what it lacks is kept.",
      ]
      : [],
    ...lacking === undefined
      ? [
        "The API doesn't tell what the API token's role may do: the first refusal ends the restore.",
      ]
      : [],
    ...hooked.length > 0
      ? [
        `${webhooks.length + buildTriggers.length} ${
          webhooks.length + buildTriggers.length === 1 ? "hook is" : "hooks are"
        } enabled ${isPaused ? "and disabled until the restore ends" : "and may be called"}: ${
          hooked.join(", ")
        }.`,
      ]
      : [],
  ];
}
