import * as z from "zod";
import { EXIT, SluiceError } from "../error.ts";
import { folders } from "../snapshot/find_snapshots.ts";
import { JsonNote } from "../snapshot/json_note.ts";
import { ObjectExistsError, type Storage, StorageError } from "../storage/storage.ts";
import { printable, shownAddress } from "../text/printable.ts";
import { type Along, along, type RestoreChoice, restoreChoice } from "./chosen/choice.ts";
import { type CreatorChoice, creatorChoice } from "./creators.ts";
import { INCLUDED, type IncludedName } from "./included/kinds.ts";
import { CONFLICTS } from "./living.ts";
import type { Phase } from "./phases.ts";
import { PHASES } from "./phases.ts";
import type { PlanInput } from "./plan.ts";
import type { Temporary } from "./run.ts";

/** What a restore does, as its journal says it: what has to be the same for it to be resumed. */
export interface JournalPlan {
  /** The snapshot's name. */
  readonly snapshot: string;
  /** SHA-256 of its manifest's text in hexadecimal; `null` without one. */
  readonly manifest: string | null;
  /** The project that is restored into. */
  readonly project: string;
  /** The environment that is restored into. */
  readonly environment: string;
  /** The environment that it is a fork of, if this restore makes it; `null` if it was there. */
  readonly forkOf: string | null;
  /** When it began, in ISO 8601. */
  readonly startedAt: string;
  /** The digest of the plan that was accepted. */
  readonly digest: string;
  /** What it was begun with, which it is resumed with. */
  readonly options?: JournalChoices | undefined;
}

/** What shapes what a restore writes. */
export interface JournalChoices extends
  Pick<
    PlanInput,
    "keepExtra" | "validators" | "missingAssets" | "stages" | "schedules" | "living"
  > {
  /** Who are the creators of what is made. @default What it was before that could be chosen */
  readonly creators?: CreatorChoice | undefined;
  /** Whether texts get new addresses of uploads. @default {false} */
  readonly rewriteUrls?: boolean | undefined;
  /** What becomes of webhooks and build triggers meanwhile. @default {"leave"} */
  readonly webhooks?: "leave" | "pause" | undefined;
  /** What of the project is made. @default Nothing */
  readonly include?: readonly IncludedName[] | undefined;
  /** The part that alone is restored. */
  readonly part?: RestoreChoice | undefined;
}

const choices: z.ZodType<JournalChoices> = z.object({
  keepExtra: z.boolean(),
  validators: z.enum(["auto", "last", "keep"]),
  missingAssets: z.enum(["drop", "placeholder", "fail"]),
  stages: z.enum(["keep", "initial"]),
  schedules: z.enum(["list", "set"]),
  living: z.object({
    conflicts: z.enum(CONFLICTS),
    publishes: z.boolean(),
    removes: z.boolean(),
  }).optional(),
  creators: creatorChoice.optional(),
  rewriteUrls: z.boolean().optional(),
  webhooks: z.enum(["leave", "pause"]).optional(),
  include: z.array(z.enum(INCLUDED)).optional(),
  part: restoreChoice.optional(),
});

const plan: z.ZodType<JournalPlan> = z.object({
  snapshot: z.string(),
  manifest: z.string().nullable(),
  project: z.string(),
  environment: z.string(),
  forkOf: z.string().nullable(),
  startedAt: z.string(),
  digest: z.string(),
  options: choices.optional(),
});
const temporary = z.object({ entries: z.array(z.object({ key: z.string(), value: z.unknown() })) });
const ended = z.looseObject({ status: z.string() });

/** The folder of a journal: `restore_<seconds>`. */
const FOLDER = /^restore_(\d+)$/;
/** What is put back when a restore stops or resumes; the environment that it made isn't among that. */
const ENVIRONMENT = "environment";

/**
 * What a restore writes down before it does it, so that another one resumes it or puts back what it changed for its
 * own time. It only saves work: the target is looked at anyway.
 */
export class RestoreJournal implements Temporary {
  /** Where it lies, without a trailing slash. */
  readonly prefix: string;
  readonly #storage: Storage;
  readonly #temporary: JsonNote<z.infer<typeof temporary>>;
  readonly #entries = new Map<string, unknown>();
  #writing: Promise<void> = Promise.resolve();

  /**
   * @param storage Where it is.
   * @param prefix Its folder.
   * @param entries What has to be put back, by an earlier run.
   */
  constructor(
    storage: Storage,
    prefix: string,
    entries: Iterable<readonly [string, unknown]> = [],
  ) {
    this.prefix = prefix;
    this.#storage = storage;
    this.#temporary = new JsonNote(storage, `${prefix}/temporary.json`, temporary);
    for (const [key, value] of entries) this.#entries.set(key, value);
  }

  /** Its address, for people. */
  get address(): string {
    return shownAddress(`${this.#storage.url}/${this.prefix}`);
  }

  /** Whether the environment that is restored into was to be made. */
  get madeEnvironment(): boolean {
    return this.#entries.has(ENVIRONMENT);
  }

  /** What has to be put back, the last first. */
  get changed(): readonly (readonly [key: string, value: unknown])[] {
    return [...this.#entries].filter(([key]) => key !== ENVIRONMENT).reverse();
  }

  /** Notes that the environment is made now. */
  async making(environment: string): Promise<void> {
    await this.note(ENVIRONMENT, { id: environment });
  }

  /** Notes what comes along with what was chosen: once it is there, nobody could tell any more. */
  async bringing(what: Along, signal: AbortSignal): Promise<void> {
    await new JsonNote(this.#storage, `${this.prefix}/along.json`, along).write(what, signal);
  }

  /** What an earlier run noted to come along; `undefined` if it noted nothing. */
  static async along(
    storage: Storage,
    prefix: string,
    signal: AbortSignal,
  ): Promise<Along | undefined> {
    return await new JsonNote(storage, `${prefix}/along.json`, along).read(signal) ?? undefined;
  }

  /** Notes that a phase begins. */
  async phase(phase: Phase, planned: unknown, at: Date, signal: AbortSignal): Promise<void> {
    const number = String(PHASES.indexOf(phase) + 1).padStart(2, "0");
    const key = `${this.prefix}/phase_${number}_${phase}.json`;
    await new JsonNote(this.#storage, key, z.unknown())
      .write({ phase, at: at.toISOString(), planned }, signal);
  }

  /** What was noted first under a key is what it was before anything was changed. */
  async note(key: string, value: unknown): Promise<void> {
    if (this.#entries.has(key)) return;
    this.#entries.set(key, value);
    await this.#save();
  }

  async done(key: string): Promise<void> {
    if (this.#entries.delete(key)) await this.#save();
  }

  /**
   * Writes what came of it: it is over then.
   *
   * @param report What came of it; its `status` says it in a word.
   */
  async end(report: { readonly status: string }): Promise<void> {
    await new JsonNote<unknown>(this.#storage, `${this.prefix}/report.json`, z.unknown())
      .write(report);
  }

  /** Writes one after the other. */
  async #save(): Promise<void> {
    const before = this.#writing;
    this.#writing = before.catch(() => {}).then(() => {
      const entries = Array.from(this.#entries, ([key, value]) => ({ key, value }));
      return this.#temporary.write({ entries });
    });
    await this.#writing;
  }

  /**
   * Begins a journal: writes what is going to be done, under a name that no other one has.
   *
   * @param storage Where it is.
   * @param place Where the snapshots lie that it lies beside.
   * @param content What is going to be done.
   * @param signal Aborts it.
   * @throws {SluiceError} If it can't be written.
   */
  static async begin(
    storage: Storage,
    place: string,
    content: JournalPlan,
    signal: AbortSignal,
  ): Promise<RestoreJournal> {
    for (let second = Math.floor(Date.parse(content.startedAt) / 1000);; second++) {
      const journal = new RestoreJournal(storage, `${place}/restore_${second}`);
      try {
        await new JsonNote(storage, `${journal.prefix}/plan.json`, plan).create(content, signal);
        return journal;
      } catch (error) {
        if (error instanceof ObjectExistsError) continue;
        if (!(error instanceof StorageError)) throw error;
        throw journalUnwritable(journal.address, error);
      }
    }
  }

  /**
   * The newest restore of a place that isn't over.
   *
   * @param storage Where journals are.
   * @param place Where the snapshots lie that they lie beside.
   * @param isMeant Whether one is looked for.
   * @param signal Aborts the search.
   * @return `undefined` if there is none.
   */
  static async find(
    storage: Storage,
    place: string,
    isMeant: (plan: JournalPlan) => boolean,
    signal: AbortSignal,
  ): Promise<{ readonly plan: JournalPlan; readonly prefix: string } | undefined> {
    const names = [...await folders(storage, `${place}/`, signal)].filter((name) => {
      return FOLDER.test(name);
    });
    const seconds = (name: string) => Number(FOLDER.exec(name)![1]);
    for (const name of names.sort((a, b) => seconds(b) - seconds(a))) {
      const prefix = `${place}/${name}`;
      const found = await new JsonNote(storage, `${prefix}/plan.json`, plan).read(signal);
      if (!found || !isMeant(found)) continue;
      if (await new JsonNote(storage, `${prefix}/report.json`, ended).read(signal)) continue;
      return { plan: found, prefix };
    }
    return undefined;
  }

  /** Opens the journal of a restore that isn't over, with what has to be put back. */
  static async open(
    storage: Storage,
    prefix: string,
    signal: AbortSignal,
  ): Promise<RestoreJournal> {
    const note = new JsonNote(storage, `${prefix}/temporary.json`, temporary);
    const found = await note.read(signal);
    if (found === null) {
      throw new SluiceError(
        `${
          shownAddress(`${storage.url}/${note.key}`)
        } can't be understood: what an earlier restore has ` +
          "to put back isn't known. Restore anew.",
        EXIT.usage,
      );
    }
    const entries = found?.entries.map(({ key, value }) => [key, value] as const);
    return new RestoreJournal(storage, prefix, entries);
  }
}

/**
 * The error of who can't write a journal: where nothing can be noted, nothing is written.
 *
 * @param address Where.
 * @param error Why not.
 */
export function journalUnwritable(address: string, error: SluiceError): SluiceError {
  return new SluiceError(
    `The journal of the restore can't be written to ${address} (${
      printable(error.message).replace(/\.$/, "")
    }): name another place for it.`,
    EXIT.usage,
    { cause: error, code: "journal_unwritable" },
  );
}
