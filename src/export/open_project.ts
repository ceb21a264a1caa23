import { SYSTEM_CLOCK } from "../async/clock.ts";
import type { SnapshotPlace } from "../snapshot/layout.ts";
import { CmaClient } from "../source/datocms/cma_client.ts";
import { CmaError } from "../source/datocms/cma_error.ts";
import { type ProjectSchema, readSchema } from "../source/datocms/schema.ts";
import type { SourceSettings } from "./export_settings.ts";
import type { Guarded } from "./guarded.ts";
import type { SourceOptions } from "./options.ts";
import { Selection } from "./selection.ts";

/** A project whose schema was read. */
export interface OpenProject {
  /** Reads from the API. */
  readonly client: CmaClient;
  /** The project and its schema. */
  readonly project: ProjectSchema;
  /** The project's name, without secrets. */
  readonly name: string | null;
  /** What of it is exported. */
  readonly selection: Selection;
  /** Which project and environment its snapshots are of. */
  readonly place: SnapshotPlace;
  /** The name of the environment that is read, if that is a temporary copy. */
  readonly copy: string | undefined;
  /** The time by the API's clock, as far as its first answer told. */
  readonly serverTime: () => Date;
}

/**
 * Reads a project's schema, and finds out which environment is read.
 *
 * @param settings Which project and environment, what of it, and how it is read.
 * @param original The environment that this one is a temporary copy of: the copy's snapshot has its name.
 * @throws {CmaError} If the project can't be read.
 * @throws {SluiceError} If a model was chosen that isn't there.
 */
export async function openProject(
  settings: Guarded<SourceSettings>,
  original?: OpenProject,
): Promise<OpenProject> {
  const { signal, environment, clock = SYSTEM_CLOCK } = settings;
  const client = new CmaClient(settings);
  const read = await readSchema(client, signal);
  const opened = clock.elapsed();
  const serverTime = () => new Date(read.readAt.getTime() + clock.elapsed() - opened);
  const place = original?.place ??
    (environment === undefined ? { projectId: read.site.id } : await findPlace(settings, signal));
  const { name } = read.site.attributes;
  return {
    client,
    name: typeof name === "string" ? settings.redaction.redact(name) : null,
    project: original ? { ...read, environment: original.project.environment } : read,
    selection: new Selection(read.schema, settings),
    place,
    copy: original && environment,
    serverTime,
  };
}

/**
 * Asks the API which project and environment an export is of.
 *
 * @param options How the API is reached.
 * @param signal Ends it.
 * @return Whose snapshots an export with these options writes.
 * @throws {CmaError} If the API refuses, or can't be reached.
 * @see {@link https://www.datocms.com/docs/content-management-api/resources/site/self}
 */
export async function findPlace(
  options: SourceOptions,
  signal?: AbortSignal,
): Promise<SnapshotPlace> {
  const { environment } = options;
  // Without a name it is answered from the primary environment, and says that one's name.
  const client = new CmaClient({ ...options, environment: undefined });
  const { body, headers } = await client.get<{ data?: { id?: unknown } }>("/site", {}, { signal });
  const projectId = body?.data?.id;
  if (typeof projectId !== "string") {
    throw new CmaError(
      `Expected a DatoCMS project from ${client.transport.baseUrl}/site, but the answer holds none: ` +
        "check the API's address.",
      { code: "api_address" },
    );
  }
  const isSandbox = environment !== undefined && headers.get("x-environment") !== environment;
  return { projectId, sandbox: isSandbox ? environment : undefined };
}
