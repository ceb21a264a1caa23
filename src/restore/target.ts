import { CmaClient, type CmaClientOptions } from "../source/datocms/cma_client.ts";
import { CmaError } from "../source/datocms/cma_error.ts";
import type { JsonObject } from "../content/resource.ts";

/** What a request to a target is sent with. */
export interface TargetRequest {
  /** Aborts it. */
  readonly signal: AbortSignal;
}

/**
 * The environment that a restore writes to. Each write may be repeated after its answer was lost: creates carry our
 * own ids, updates say all that they set.
 */
export class Target {
  /** Sends the requests. */
  readonly client: CmaClient;

  /**
   * Makes a target; nothing is sent yet.
   *
   * @param options The token, the environment, and how requests are paced and repeated.
   */
  constructor(options: CmaClientOptions) {
    this.client = new CmaClient(options);
  }

  /**
   * Creates something under an id of ours.
   *
   * @param path Where, such as `/items`.
   * @param data The resource with its id.
   * @param request What aborts it.
   * @return What the API answers with; what is there already under this id, if an earlier attempt made it.
   * @throws {CmaError} If the API refuses.
   */
  async create(
    path: string,
    data: JsonObject & { readonly id: string },
    { signal }: TargetRequest,
  ): Promise<JsonObject> {
    try {
      const { body } = await this.client.request<{ data: JsonObject }>(
        "POST",
        path,
        {},
        { data },
        { signal, repeatable: true },
      );
      return body.data;
    } catch (error) {
      // Deno's fetch sends a POST again by itself when a pooled connection breaks.
      if (!(error instanceof CmaError) || !error.isRefusedQuery) throw error;
      const found = await this.find(`${path}/${encodeURIComponent(data.id)}`, { signal });
      if (found === undefined) throw error;
      return found;
    }
  }

  /**
   * Changes something.
   *
   * @param path Which, such as `/items/<id>`.
   * @param data What it becomes: attributes that aren't named stay.
   * @param request What aborts it.
   */
  async update(path: string, data: JsonObject, { signal }: TargetRequest): Promise<JsonObject> {
    const { body } = await this.client.request<{ data: JsonObject }>(
      "PUT",
      path,
      {},
      { data },
      { signal, repeatable: true },
    );
    return body.data;
  }

  /**
   * Reads something.
   *
   * @param path Which, such as `/items/<id>`.
   * @param request What aborts it.
   * @return `undefined` if it isn't there.
   */
  async find(path: string, { signal }: TargetRequest): Promise<JsonObject | undefined> {
    try {
      return (await this.client.get<{ data: JsonObject }>(path, {}, { signal })).body.data;
    } catch (error) {
      if (error instanceof CmaError && error.isAbsent) return undefined;
      throw error;
    }
  }
}
