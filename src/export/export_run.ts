import { Budget } from "../async/budget.ts";
import type { ItemType, Version } from "../content/resource.ts";
import { EXIT, SluiceError } from "../error.ts";
import type { ExportEvent } from "./events.ts";
import type { SourceSettings } from "./export_settings.ts";
import type { Checkpoint } from "./resume/checkpoint.ts";
import type { Manifest } from "../snapshot/manifest.ts";
import { Notes } from "../snapshot/notes.ts";
import { CmaClient } from "../source/datocms/cma_client.ts";
import type { ListingOptions } from "../source/datocms/listing.ts";
import type { ListingVerdict } from "../source/datocms/listing_check.ts";
import { type ExportResource, type ResourceName, RESOURCES } from "../source/datocms/resources.ts";
import type { ListingName } from "../source/datocms/cma_event.ts";
import { type ProjectSchema, readSchema } from "../source/datocms/schema.ts";
import type { Guarded } from "./guarded.ts";
import type { Secrets } from "../text/secrets/secrets.ts";
import type { Unreadable } from "../source/datocms/unreadable.ts";
import { nearest } from "../text/nearest.ts";
import { printable } from "../text/printable.ts";

/** So many that are missing are remembered by their ids. */
const MOST_LOST = 10_000;

/** So many scheduled records are asked about unless all of them are wanted: each takes a request. */
export const MOST_SCHEDULED = 1000;

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
  /** The name of the environment that is read, if that is a temporary copy. */
  readonly copy: string | undefined;
  /** The most requests, pages and assets at a time. */
  readonly concurrency: number;
  /** What was counted so far, as the manifest shows it. */
  readonly resources: Manifest["resources"] = {};
  /** Records counted so far, as the manifest shows them; a model may be called `constructor`. */
  readonly records: Manifest["records"] = Object.create(null);
  /** What doesn't add up. */
  readonly findings: Notes = new Notes();
  /** What the user should know. */
  readonly warnings: Notes = new Notes();
  /** What is missing from the snapshot. */
  readonly failures: Notes = new Notes();
  /** Nothing new is to be begun once it is aborted. */
  readonly stop: AbortSignal | undefined;
  /** Keeps the secrets of the run out of what is said. */
  readonly redaction: Secrets;
  readonly #settings: SourceSettings;
  readonly #budget: Budget;
  /** What an earlier run has noted, and this one may come upon again. */
  readonly #restored = new Set<string>();
  /** Ids of what is noted as missing. */
  readonly #lost = new Set<string>();
  /** When the schema was there, by a clock that nobody sets. */
  readonly #begun = performance.now();

  private constructor(
    settings: Guarded<SourceSettings>,
    client: CmaClient,
    project: ProjectSchema,
    { sandbox, copy }: Pick<ExportRun, "sandbox" | "copy">,
    stop: AbortSignal | undefined,
  ) {
    this.#settings = settings;
    this.redaction = settings.redaction;
    this.client = client;
    this.project = project;
    this.sandbox = sandbox;
    this.copy = copy;
    this.stop = stop;
    this.concurrency = settings.concurrency;
    this.#budget = new Budget(this.concurrency);
  }

  /**
   * Reads the project's schema, and checks what was chosen against it.
   *
   * @param settings Which project, and what of it.
   * @param stop Nothing new is to be begun once it is aborted.
   * @param named The export of the environment that this one's is a temporary copy of: it has its name.
   * @throws {CmaError} If the project can't be read.
   * @throws {SluiceError} If a model was chosen that isn't there.
   */
  static async begin(
    settings: Guarded<SourceSettings>,
    stop?: AbortSignal,
    named?: ExportRun,
  ): Promise<ExportRun> {
    const { signal, environment } = settings;
    const client = new CmaClient(settings);
    const read = await readSchema(client, signal);
    const project = named ? { ...read, environment: named.project.environment } : read;
    const sandbox = named
      ? named.sandbox
      : environment !== undefined && await isSandbox(environment, settings)
      ? environment
      : undefined;
    const copy = named && environment;
    const run = new ExportRun(settings, client, project, { sandbox, copy }, stop);
    const models = project.schema.models.map((model) => model.attributes.api_key);
    checkChosen("model", settings.models, models);
    checkChosen("model", settings.excludeModels, models);
    return run;
  }

  /**
   * Goes on from where an earlier run was.
   *
   * @param checkpoint How far it was.
   */
  restore({ resources, records, notes }: Checkpoint): void {
    Object.assign(this.resources, resources);
    Object.assign(this.records, records);
    for (const kind of ["findings", "warnings", "failures"] as const) {
      for (const { code, message } of notes[kind]) {
        // Assets are gone through again.
        if (code.startsWith("asset_")) continue;
        this[kind].add(code, message);
        this.#restored.add(`${kind} ${code} ${message}`);
      }
    }
  }

  /** The time by the API's clock, as far as its first answer told. */
  get serverTime(): Date {
    return new Date(this.project.readAt.getTime() + performance.now() - this.#begun);
  }

  /** The project's name. */
  get projectName(): string | null {
    const name = this.project.site.attributes.name;
    return typeof name === "string" ? this.redaction.redact(name) : null;
  }

  /** Tells an event. */
  emit(event: ExportEvent): void {
    this.#settings.onEvent?.(event);
  }

  /**
   * Notes something that the user should know, but that loses nothing.
   *
   * @param code A stable name.
   * @param message One sentence.
   */
  addWarning(code: string, message: string): void {
    this.#note("warnings", code, message);
    this.emit({ type: "warning", code, message });
  }

  /**
   * Notes something that is missing from the snapshot.
   *
   * @param code A stable name.
   * @param message One sentence.
   * @param isTold Whether it is told at once, too. @default {false}
   */
  addFailure(code: string, message: string, isTold = false): void {
    this.#note("failures", code, message);
    if (isTold) this.emit({ type: "finding", code, message });
  }

  /**
   * Notes whether a listing came whole. One that didn't leaves something out of the snapshot; that one came
   * whole and has another length than announced is a finding.
   *
   * @param what What it lists.
   * @param verdict What the reader found.
   */
  judgeListing(what: string, { state, announced, sent }: ListingVerdict): void {
    const counts = `The API announced ${announced} ${what}, and sent ${sent}`;
    if (state === "short") this.addFailure("listing_short", `${counts}.`, true);
    if (state === "endless") {
      this.addFailure(
        "listing_endless",
        `${counts}, but never showed where they end: some may be missing.`,
      );
    }
    if (state === "whole" && announced !== sent) this.addFinding("count_differs", `${counts}.`);
  }

  /**
   * Notes an entry of a listing that can't be kept.
   *
   * @param what What the listing lists.
   * @param entry The entry.
   */
  addUnreadable(what: string, { id, which, reason }: Unreadable): void {
    if (this.#lost.size < MOST_LOST) this.#lost.add(id);
    this.addFailure("resource_unreadable", `Of the ${what}, ${which} is missing: ${reason}.`);
  }

  /**
   * Whether a resource is noted as missing already.
   *
   * @param id The resource's id.
   */
  isLost(id: string): boolean {
    return this.#lost.has(id);
  }

  /**
   * Notes something that doesn't add up, or changed while it was read.
   *
   * @param code A stable name.
   * @param message One sentence.
   */
  addFinding(code: string, message: string): void {
    this.#note("findings", code, message);
    this.emit({ type: "finding", code, message });
  }

  /**
   * Notes a resource that can't be read: a failure if it was asked for by name, else a warning.
   *
   * @param name The resource's name.
   * @param message Why.
   */
  skip(name: ResourceName, message: string): void {
    this.resources[name] = { skipped: this.redaction.redact(message) };
    if (this.#settings.include?.includes(name)) this.addFailure("resource_skipped", message);
    else this.#note("warnings", "resource_skipped", message);
  }

  #note(kind: "findings" | "warnings" | "failures", code: string, message: string): void {
    const told = this.redaction.redact(message);
    if (!this.#restored.has(`${kind} ${code} ${told}`)) this[kind].add(code, told);
  }

  /**
   * Whether a resource was chosen.
   *
   * @param name The resource's name.
   */
  wants(name: ResourceName): boolean {
    const { include, exclude } = this.#settings;
    return (include?.includes(name) ?? true) && !(exclude?.includes(name) ?? false);
  }

  /** Whether asset files are to be fetched. */
  get wantsAssets(): boolean {
    return this.wants("uploads") && this.#settings.assets !== false;
  }

  /** The resources to read that have no form of their own. */
  get settings(): readonly (ExportResource & { readonly name: ResourceName })[] {
    return RESOURCES.filter(({ name, layout }) => {
      return (layout === "files" || layout === "settings") && this.wants(name);
    });
  }

  /**
   * Of which models, and of how many records at most, it is asked what is scheduled; `undefined` if that isn't
   * wanted. Without the records it only is if it is chosen by name.
   */
  get schedules(): { readonly models: readonly ItemType[]; readonly most: number } | undefined {
    const isNamed = this.#settings.include?.includes("schedules") ?? false;
    if (!this.wants("schedules") || !(this.wants("records") || isNamed)) return undefined;
    return { models: this.#models, most: isNamed ? Infinity : MOST_SCHEDULED };
  }

  /** The listings of records to read. */
  get recordListings(): readonly RecordListing[] {
    if (!this.wants("records")) return [];
    const { published } = this.#settings;
    const versions: Version[] = published ? ["current", "published"] : ["current"];
    return this.#models.flatMap((model) => versions.map((version) => ({ model, version })));
  }

  /** The models that were chosen. */
  get #models(): readonly ItemType[] {
    const { models, excludeModels } = this.#settings;
    return this.project.schema.models.filter(({ attributes: { api_key: key } }) => {
      return (models?.includes(key) ?? true) && !(excludeModels?.includes(key) ?? false);
    });
  }

  /**
   * The options of a listing that belongs to this export.
   *
   * @param signal Ends the listing.
   * @param about Which listing it is, for events.
   * @param what What it lists, for people.
   */
  listing(signal: AbortSignal, about: ListingName, what: string): ListingOptions {
    return {
      signal,
      stop: this.stop,
      about,
      budget: this.#budget,
      prefetch: this.concurrency,
      onTotal: (total) => this.emit({ type: "total", ...about, total }),
      onFallback: (message) => this.addWarning("api_fallback", message),
      onEnd: (verdict) => this.judgeListing(what, verdict),
      onUnreadable: (entry) => this.addUnreadable(what, entry),
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
async function isSandbox(environment: string, settings: SourceSettings): Promise<boolean> {
  const client = new CmaClient({ ...settings, environment: undefined });
  const { headers } = await client.get("/site", {}, { signal: settings.signal });
  return headers.get("x-environment") !== environment;
}
