import type { Clock } from "../async/clock.ts";
import type { Json, JsonObject } from "../content/resource.ts";
import { CmaClient, type CmaClientOptions, type Query } from "../source/datocms/cma_client.ts";
import { CmaError } from "../source/datocms/cma_error.ts";
import { WriteGate } from "../source/datocms/write_gate.ts";
import { isObject } from "../text/json.ts";

/** Options of {@linkcode Target}. */
export interface TargetOptions extends CmaClientOptions {
  /** How long writes may wait in all for a project that takes none for now, in milliseconds. @default {600_000} */
  readonly patienceMs?: number | undefined;
  /** Called once when writes wait: why, and how long that may take in milliseconds. */
  readonly onWait?: ((why: string, limitMs: number) => void) | undefined;
}

/** What a request to a target is sent with. */
export interface TargetRequest {
  /** Aborts it. */
  readonly signal: AbortSignal;
  /** Parameters of the query. */
  readonly query?: Query | undefined;
  /** Whether a job that it starts isn't waited for: what came of it is looked at later. */
  readonly leavesJob?: boolean | undefined;
  /**
   * Whether it may be sent again after its answer was lost. Not what has no id of ours: that would be made twice.
   *
   * @default {true}
   */
  readonly repeatable?: boolean | undefined;
}

/** How many requests were sent, those that were sent again included. */
export interface RequestCounts {
  /** Those that only read, jobs that were asked for included. */
  readonly reads: number;
  /** Those that change something. */
  readonly writes: number;
}

/** How often, and how long, something is tried again that is in the way for a while. */
interface Patience {
  readonly times: number;
  readonly firstMs: number;
  readonly mostMs: number;
}

/** What keeps a single write from being taken for now, by the error's code. */
const PATIENCE: Readonly<Record<string, Patience>> = {
  // Somebody has the record open.
  ITEM_LOCKED: { times: 3, firstMs: 2000, mostMs: 8000 },
  // The records of a model are being checked again, which may take minutes.
  CONCURRENT_ITEM_TYPE_UPDATE: { times: 120, firstMs: 500, mostMs: 5000 },
  CONCURRENT_ENVIRONMENT_UPDATE: { times: 120, firstMs: 500, mostMs: 5000 },
};

/**
 * The environment that a restore writes to. Each write may be repeated after its answer was lost: creates carry our
 * own ids, updates say all that they set. What is locked, busy or in maintenance is waited for, for a while.
 */
export class Target {
  /** Sends the requests. */
  readonly client: CmaClient;
  readonly #options: TargetOptions;
  readonly #gates = new WeakMap<AbortSignal, WriteGate>();
  #ofProject: Target | undefined;
  #reads = 0;
  #writes = 0;

  /**
   * Makes a target; nothing is sent yet.
   *
   * @param options The token, the environment, and how requests are paced and repeated.
   */
  constructor(options: TargetOptions) {
    this.#options = options;
    this.client = new CmaClient({
      ...options,
      onEvent: (event) => {
        if (event.type === "request") {
          if (event.method === "GET") this.#reads++;
          else this.#writes++;
        }
        options.onEvent?.(event);
      },
    });
  }

  /** The same project, whatever environment it is: for what all of its environments share. */
  get ofProject(): Target {
    return this.#ofProject ??= new Target({ ...this.#options, environment: undefined });
  }

  /** The clock that is waited by. */
  get clock(): Clock {
    return this.client.transport.clock;
  }

  /** How many requests were sent so far. */
  get requests(): RequestCounts {
    return { reads: this.#reads, writes: this.#writes };
  }

  /**
   * Creates something under an id of ours.
   *
   * @param path Where, such as `/items`.
   * @param data The resource with its id.
   * @param request What aborts it; and where it is found once it is there, if that isn't `<path>/<id>`.
   * @return What the API answers with; what is there already under this id, if an earlier attempt made it.
   * @throws {CmaError} If the API refuses.
   */
  async create(
    path: string,
    data: JsonObject & { readonly id: string },
    { at = `${path}/${encodeURIComponent(data.id)}`, ...request }: TargetRequest & {
      readonly at?: string | undefined;
    },
  ): Promise<JsonObject> {
    try {
      return await this.send("POST", path, { ...request, data }) as JsonObject;
    } catch (error) {
      // Deno's fetch sends a POST again by itself when a pooled connection breaks.
      if (!(error instanceof CmaError) || !error.isRefusedQuery) throw error;
      const found = await this.find(at, { signal: request.signal });
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
   * @throws {CmaError} If the API refuses.
   */
  async update(path: string, data: JsonObject, request: TargetRequest): Promise<JsonObject> {
    return await this.send("PUT", path, { ...request, data }) as JsonObject;
  }

  /**
   * Destroys something; nothing happens if it isn't there.
   *
   * @param path Which, such as `/fields/<id>`.
   * @param request What aborts it.
   * @throws {CmaError} If the API refuses.
   */
  async destroy(path: string, request: TargetRequest): Promise<void> {
    try {
      await this.send("DELETE", path, request);
    } catch (error) {
      if (!(error instanceof CmaError) || !error.isAbsent) throw error;
    }
  }

  /**
   * Sends a request that changes something, as soon as the target takes it, and again after its answer was lost.
   *
   * @param method The HTTP method.
   * @param path The path, such as `/items/bulk/publish`.
   * @param request The body's data, and what aborts it.
   * @return The answer's data; of a job, its result's. `undefined` without a body.
   * @throws {CmaError} If the API refuses.
   */
  async send(
    method: "POST" | "PUT" | "DELETE",
    path: string,
    request: TargetRequest & {
      readonly data?: JsonObject | readonly JsonObject[] | undefined;
    },
  ): Promise<unknown> {
    const body = await this.#send(method, path, request);
    return isObject(body) ? body.data : undefined;
  }

  /**
   * Does something to many resources at once.
   *
   * @param path The path, such as `/items/bulk/publish`.
   * @param data What is done to which ones.
   * @param request What aborts it.
   * @return How many it was done to, and how many not, as far as the API says it.
   * @throws {CmaError} If the API refuses the request as such.
   */
  async bulk(
    path: string,
    data: JsonObject,
    request: TargetRequest,
  ): Promise<{ readonly successful?: Json; readonly failed?: Json }> {
    const body = await this.#send("POST", path, { ...request, data });
    return isObject(body) && isObject(body.meta) ? body.meta : {};
  }

  async #send(
    method: "POST" | "PUT" | "DELETE",
    path: string,
    { signal, query = {}, leavesJob, repeatable = true, data }: TargetRequest & {
      readonly data?: JsonObject | readonly JsonObject[] | undefined;
    },
  ): Promise<unknown> {
    const body = data === undefined ? undefined : { data };
    const send = () => {
      const options = { signal, leavesJob, repeatable };
      return this.client.request<unknown>(method, path, query, body, options);
    };
    for (let tries = 1;; tries++) {
      try {
        return (await this.#gate(signal).run(send)).body;
      } catch (error) {
        const waitMs = waitOf(error, tries);
        if (waitMs === undefined) throw error;
        await this.clock.delay(waitMs, { signal });
      }
    }
  }

  /**
   * Reads something.
   *
   * @param path Which, such as `/items/<id>`.
   * @param request What aborts it.
   * @return `undefined` if it isn't there.
   * @throws {CmaError} If the API refuses.
   */
  async find(path: string, { signal, query = {} }: TargetRequest): Promise<JsonObject | undefined> {
    try {
      return (await this.client.get<{ data: JsonObject }>(path, query, { signal })).body.data;
    } catch (error) {
      if (error instanceof CmaError && error.isAbsent) return undefined;
      throw error;
    }
  }

  /**
   * Reads a list that comes in one answer.
   *
   * @param path Which, such as `/workflows`.
   * @param request What aborts it.
   * @throws {CmaError} If the API refuses, or answers with something else.
   */
  async list(path: string, { signal, query = {} }: TargetRequest): Promise<JsonObject[]> {
    const { body } = await this.client.get<{ data?: unknown }>(path, query, { signal });
    const data = isObject(body) ? body.data : undefined;
    if (Array.isArray(data) && data.every(isObject)) return data;
    throw new CmaError(`Expected a list of resources from GET ${path}, but the answer has none.`);
  }

  #gate(signal: AbortSignal): WriteGate {
    const { patienceMs: limitMs, onWait } = this.#options;
    const gate = this.#gates.get(signal) ??
      new WriteGate({ signal, limitMs, clock: this.clock, onWait });
    this.#gates.set(signal, gate);
    return gate;
  }
}

/** How long to wait after a write wasn't taken; `undefined` if it isn't tried again. */
function waitOf(error: unknown, tries: number): number | undefined {
  if (!(error instanceof CmaError)) return undefined;
  const patience = error.codes.flatMap((code) => {
    return Object.hasOwn(PATIENCE, code) ? [PATIENCE[code]!] : [];
  })[0];
  if (patience === undefined || tries > patience.times) return undefined;
  return Math.min(patience.firstMs * 2 ** (tries - 1), patience.mostMs);
}
