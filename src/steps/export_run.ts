import { Budget } from "../budget.ts";
import type { ItemType, Version } from "../content/resource.ts";
import { EXIT, SluiceError } from "../error.ts";
import type { ExportEvent } from "../events.ts";
import type { SourceOptions } from "../export_options.ts";
import type { Manifest } from "../snapshot/manifest.ts";
import { Notes } from "../snapshot/notes.ts";
import { CmaClient } from "../source/cma_client.ts";
import type { ListingOptions } from "../source/listing.ts";
import { type ExportResource, type ResourceName, RESOURCES } from "../source/resources.ts";
import { type ProjectSchema, readSchema } from "../source/schema.ts";
import { nearest } from "../nearest.ts";
import { printable } from "../printable.ts";

/** One listing of records that is read: a model in a version. */
export interface RecordListing {
  /** The model. */
  readonly model: ItemType;
  /** Which version of its records. */
  readonly version: Version;
}

/**
 * What the steps of one export share: the client, the schema, what was chosen, and what was counted.
 */
export class ExportRun {
  /** Reads from the API. */
  readonly client: CmaClient;
  /** The project and its schema. */
  readonly project: ProjectSchema;
  /** The name of the environment, if it is a sandbox. */
  readonly sandbox: string | undefined;
  /** The most requests, pages and assets at a time. */
  readonly concurrency: number;
  /** What was counted so far, as the manifest shows it. */
  readonly resources: Manifest["resources"] = {};
  /** Records counted so far, as the manifest shows them. */
  readonly records: Manifest["records"] = {};
  /** What doesn't add up. */
  readonly findings: Notes = new Notes();
  /** What the user should know. */
  readonly warnings: Notes = new Notes();
  /** What is missing from the snapshot. */
  readonly failures: Notes = new Notes();
  readonly #options: SourceOptions;
  readonly #budget: Budget;

  private constructor(
    options: SourceOptions,
    client: CmaClient,
    project: ProjectSchema,
    sandbox: string | undefined,
  ) {
    this.#options = options;
    this.client = client;
    this.project = project;
    this.sandbox = sandbox;
    this.concurrency = options.concurrency ?? 8;
    this.#budget = new Budget(this.concurrency);
  }

  /**
   * Reads the project's schema, and checks what was chosen against it.
   *
   * @param options Which project, and what of it.
   * @throws {CmaError} If the project can't be read.
   * @throws {SluiceError} If a model was chosen that isn't there.
   */
  static async begin(options: SourceOptions): Promise<ExportRun> {
    const { signal, environment } = options;
    const client = new CmaClient(options);
    const project = await readSchema(client, signal);
    const sandbox = environment !== undefined && await isSandbox(environment, options)
      ? environment
      : undefined;
    const run = new ExportRun(options, client, project, sandbox);
    const models = project.schema.models.map((model) => model.attributes.api_key);
    checkChosen("model", options.models, models);
    checkChosen("model", options.excludeModels, models);
    return run;
  }

  /** The project's name. */
  get projectName(): string | null {
    const name = this.project.site.attributes.name;
    return typeof name === "string" ? name : null;
  }

  /** Tells an event. */
  emit(event: ExportEvent): void {
    this.#options.onEvent?.(event);
  }

  /**
   * Notes something that the user should know, but that loses nothing.
   *
   * @param code A stable name.
   * @param message One sentence.
   */
  warn(code: string, message: string): void {
    this.warnings.add(code, message);
    this.emit({ type: "warning", code, message });
  }

  /**
   * Notes something that is missing from the snapshot.
   *
   * @param code A stable name.
   * @param message One sentence.
   */
  fail(code: string, message: string): void {
    this.failures.add(code, message);
  }

  /**
   * Notes a resource that can't be read: a failure if it was asked for by name, else a warning.
   *
   * @param name The resource's name.
   * @param message Why.
   */
  skip(name: ResourceName, message: string): void {
    this.resources[name] = { skipped: message };
    if (this.#options.include?.includes(name)) this.fail("resource_skipped", message);
    else this.warnings.add("resource_skipped", message);
    this.emit({ type: "skipped", resource: name, message });
  }

  /**
   * Whether a resource was chosen.
   *
   * @param name The resource's name.
   */
  wants(name: ResourceName): boolean {
    const { include, exclude } = this.#options;
    return (include?.includes(name) ?? true) && !(exclude?.includes(name) ?? false);
  }

  /** Whether asset files are to be fetched. */
  get wantsAssets(): boolean {
    return this.wants("uploads") && this.#options.assets !== false;
  }

  /** The resources to read that have no form of their own. */
  get settings(): readonly (ExportResource & { readonly name: ResourceName })[] {
    return RESOURCES.filter(({ name, layout }) => layout !== "core" && this.wants(name));
  }

  /** The listings of records to read. */
  get recordListings(): readonly RecordListing[] {
    if (!this.wants("records")) return [];
    const { models, excludeModels, published = true } = this.#options;
    const versions: Version[] = published ? ["current", "published"] : ["current"];
    return this.project.schema.models
      .filter(({ attributes: { api_key: key } }) => {
        return (models?.includes(key) ?? true) && !(excludeModels?.includes(key) ?? false);
      })
      .flatMap((model) => versions.map((version) => ({ model, version })));
  }

  /**
   * The options of a listing that belongs to this export.
   *
   * @param signal Ends the listing.
   * @param about Which listing it is, for events.
   */
  listing(
    signal: AbortSignal,
    about: { resource: string; model?: string; version?: Version },
  ): ListingOptions {
    return {
      signal,
      budget: this.#budget,
      prefetch: this.concurrency,
      onTotal: (total) => this.emit({ type: "total", ...about, total }),
      onFallback: (message) => this.warn("api_fallback", message),
    };
  }
}

/**
 * Makes sure that what was chosen by name is there.
 *
 * @param kind What it is, such as `model`.
 * @param chosen The names that were chosen, if any.
 * @param known The names that there are.
 * @throws {SluiceError} If one of them isn't there.
 */
export function checkChosen(
  kind: string,
  chosen: readonly string[] | undefined,
  known: readonly string[],
): void {
  const unknown = chosen?.find((name) => !known.includes(name));
  if (unknown === undefined) return;
  const close = nearest(unknown, known);
  throw new SluiceError(
    `The project has no ${kind} ${JSON.stringify(printable(unknown))}: ${
      close
        ? `did you mean ${JSON.stringify(close)}?`
        : `its ${kind}s are ${printable(known.join(", "))}.`
    }`,
    EXIT.usage,
  );
}

/** A request without an environment is answered from the primary one, and says its name. */
async function isSandbox(environment: string, options: SourceOptions): Promise<boolean> {
  const client = new CmaClient({ ...options, environment: undefined });
  const { headers } = await client.get("/site", {}, { signal: options.signal });
  return headers.get("x-environment") !== environment;
}
