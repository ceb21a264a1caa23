import { type Answer, ApiError } from "../../cma_server/answer.ts";
import { isObject, parseJson } from "../../text/json.ts";
import type { Call } from "../cma/call.ts";
import { MemoryEnvironment } from "../memory_environment.ts";
import { MemoryProject } from "../memory_project.ts";
import type { DemoProject } from "../project.ts";
import { environmentsWriter } from "./environments_writer.ts";
import { fieldsWriter } from "./fields_writer.ts";
import { itemTypesWriter } from "./item_types_writer.ts";
import { itemsWriter } from "./items_writer.ts";
import { maintenanceWriter, settingsWriter } from "./settings_writer.ts";
import { siteWriter } from "./site_writer.ts";
import { uploadRequestsWriter, uploadsWriter } from "./uploads_writer.ts";
import type { BlockIds, WriteCall, Writer } from "./write_call.ts";
import type { WriteLog } from "./write_log.ts";

/** Who answers what, by the path's first segment. */
const WRITERS: Readonly<Record<string, Writer>> = {
  "environments": environmentsWriter,
  "items": itemsWriter,
  "item-types": itemTypesWriter,
  "fields": fieldsWriter,
  "fieldsets": fieldsWriter,
  "maintenance-mode": maintenanceWriter,
  "site": siteWriter,
  "upload-requests": uploadRequestsWriter,
  "uploads": uploadsWriter,
};

/** How {@linkcode Writes} behaves. */
export interface WritesOptions {
  /** The project that is served. */
  readonly project: DemoProject;
  /** What becomes of the ids that clients choose for new blocks. */
  readonly blockIds: BlockIds;
  /** How long jobs take, in milliseconds. */
  readonly jobMs: number;
  /** Remembers what was written. */
  readonly writes: WriteLog;
}

/** What changes a project that is held in memory, from request to answer. */
export class Writes {
  readonly #options: WritesOptions;

  /**
   * Prepares for a project.
   *
   * @param options How it behaves.
   */
  constructor(options: WritesOptions) {
    this.#options = options;
    const { project, writes } = options;
    if (project instanceof MemoryProject) project.watch((change) => writes.change(change));
  }

  /**
   * Answers a request that nothing else answers.
   *
   * @param call The request, understood.
   * @param request The request.
   * @param url Its URL.
   * @return `undefined` if there is no such endpoint.
   * @throws {ApiError} If it can't be done.
   */
  async answer(call: Call, request: Request, url: URL): Promise<Answer | undefined> {
    const { project, environment } = call;
    const writer = WRITERS[call.path[0] ?? ""] ?? settingsWriter;
    if (!(project instanceof MemoryProject)) return undefined;
    if (!(environment instanceof MemoryEnvironment)) return undefined;
    const { blockIds, jobMs } = this.#options;
    const content = await readContent(request);
    // From here on nothing waits, so that requests are carried out one after another.
    const { origin } = url;
    const write = { ...call, project, environment, blockIds, jobMs, origin, content };
    if (request.method === "GET") return writer(write);
    return this.#logged(write, request, url, () => {
      checkWritable(write, request);
      return writer(write);
    });
  }

  #logged(
    { environment, project }: WriteCall,
    { method }: Request,
    url: URL,
    answer: () => Answer | undefined,
  ): Answer | undefined {
    const { writes } = this.#options;
    writes.begin();
    const entry = {
      at: project.now().toISOString(),
      method,
      path: url.pathname + url.search,
      environment: environment.resource.id,
    };
    try {
      const result = answer();
      writes.end({ ...entry, status: result?.status ?? 404, errors: [] });
      return result;
    } catch (error) {
      if (error instanceof ApiError) {
        writes.end({ ...entry, status: error.status, errors: codesOf(error) });
      }
      throw error;
    }
  }
}

/** What only sandbox environments may change where the project says so. */
const OF_SCHEMA: ReadonlySet<string | undefined> = new Set([
  ...["item-types", "fields", "fieldsets", "plugins", "workflows", "menu-items"],
  ...["schema-menu-items"],
]);

/** What keeps an environment from being changed. */
function checkWritable({ environment, project, path }: WriteCall, { headers }: Request): void {
  if (headers.has("x-abort-if-destructive-request")) {
    throw new ApiError(422, "DESTRUCTIVE_REQUEST_BLOCKED");
  }
  if (environment.resource.meta?.read_only_mode === true && path[0] !== "environments") {
    throw new ApiError(422, "ENVIRONMENT_IN_READ_ONLY_MODE", { transient: true });
  }
  const isAboutMode = path[0] === "maintenance-mode" || path[0] === "environments";
  const maintenance = environment.settings.get("/maintenance-mode");
  if (environment.resource.id !== project.primaryEnvironment || isAboutMode) return;
  if (maintenance && "attributes" in maintenance && maintenance.attributes?.active === true) {
    throw new ApiError(422, "MAINTENANCE_MODE");
  }
  const isForced = environment.site.attributes.force_use_of_sandbox_environments === true;
  if (isForced && OF_SCHEMA.has(path[0])) {
    throw new ApiError(422, "PRIMARY_ENVIRONMENT_SETTINGS_READ_ONLY");
  }
}

/** The request's body; `undefined` if it has none. Numbers keep their digits. */
async function readContent(request: Request): Promise<unknown> {
  const text = await request.text();
  if (text === "") return undefined;
  try {
    return parseJson(text);
  } catch {
    throw new ApiError(400, "INVALID_JSON_BODY");
  }
}

function codesOf(error: ApiError): string[] {
  return [error, ...error.options.others ?? []].flatMap(({ code, options: { details } }) => {
    return isObject(details) && typeof details.code === "string" ? [code, details.code] : [code];
  });
}
