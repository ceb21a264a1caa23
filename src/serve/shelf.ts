import type { Upload, Version } from "../content/resource.ts";
import { findSnapshot, type FoundSnapshot } from "../snapshot/find_snapshot.ts";
import { CANARY, MANIFEST } from "../snapshot/layout.ts";
import { type SnapshotFolder, snapshotFolders } from "../snapshot/snapshot_folders.ts";
import { type ObjectInfo, type Storage, StorageError } from "../storage/storage.ts";
import { Budget } from "../async/budget.ts";
import { EXIT, SluiceError } from "../error.ts";
import { printable } from "../text/printable.ts";
import { type IslandMedia, islandMedia } from "../transform/content_island.ts";
import { SnapshotContent } from "../tools/open/content.ts";
import type { Snapshot } from "../tools/open/snapshot.ts";
import { StoredSnapshot } from "../tools/open/stored.ts";
import { notThere, ServeError } from "./failure.ts";
import { Kept } from "./kept.ts";
import { type Batches, Places, type Wanted } from "./places.ts";
import { Rows } from "./rows.ts";
import { Scans } from "./scans.ts";
import { Times } from "./times.ts";

/** A sealed snapshot, opened. */
export interface OpenedSnapshot {
  /** Which one. */
  readonly found: FoundSnapshot;
  /** What is in it. */
  readonly snapshot: Snapshot;
  /** How it is stored. */
  readonly content: SnapshotContent;
  /** What tells it from any other, also from itself before its assets were tried again. */
  readonly tag: string;
}

/** How long a listing of all snapshots is good, in milliseconds: new ones are seen no later. */
const LISTED_MS = 5000;
/** Snapshots that stay opened. */
const OPENED = 16;
/** Memory for the places of rows (bytes). */
const ROWS_MEMORY = 128 * 1024 * 1024;
/** Memory for times and ids that resources are listed by (bytes). */
const TIMES_MEMORY = 64 * 1024 * 1024;
/** Groups of batches whose times are read at a time: the others wait. */
const TIMED = 4;
/** Memory for the places of what was looked for (bytes). */
const PLACES_MEMORY = 32 * 1024 * 1024;
/** What else is held of them: what the last one is ordered by (bytes). */
const PLACES_MORE = 1000;
const PROJECT = /^[\w-]{1,64}$/;
/** What environments are called. */
export const ENVIRONMENT = /^[a-z0-9-]{1,64}$/i;
/** What names a snapshot of a project. */
const NAME =
  /^(?:latest(?::[a-z0-9-]{1,64})?|\d{4,15}|undo_\d{1,15}|\d{4}-\d\d-\d\d[\w:.+-]{0,30})$/i;

/** The snapshots of a storage, those that are asked for opened and kept. */
export class Shelf {
  /** Where they are. */
  readonly storage: Storage;
  /** Readings of whole models. */
  readonly scans = new Scans();
  readonly #projects: readonly string[] | undefined;
  readonly #signal: AbortSignal;
  readonly #now: () => number;
  readonly #opened = new Kept<OpenedSnapshot>(OPENED);
  readonly #rows = new Kept<Rows>(ROWS_MEMORY, (rows) => rows.bytes);
  readonly #times = new Kept<Times>(TIMES_MEMORY, (times) => times.bytes);
  readonly #timed = new Budget(TIMED);
  readonly #places = new Kept<Places>(PLACES_MEMORY, (places) => places.bytes + PLACES_MORE);
  readonly #media = new Kept<ReadonlyMap<string, IslandMedia>>(2);
  readonly #folders = new Kept<readonly SnapshotFolder[]>(2);

  /**
   * @param storage Where they are.
   * @param signal Ends the work that several requests wait for.
   * @param now The time in milliseconds.
   * @param projects The ids of the only projects that are there. @default {All}
   */
  constructor(
    storage: Storage,
    signal: AbortSignal,
    now: () => number,
    projects?: readonly string[],
  ) {
    this.#projects = projects;
    this.storage = storage;
    this.#signal = signal;
    this.#now = now;
  }

  /** All folders of snapshots, as they were at most some seconds ago. */
  async folders(): Promise<readonly SnapshotFolder[]> {
    const tick = Math.floor(this.#now() / LISTED_MS);
    return await this.#folders.get(String(tick), async () => {
      const all = await snapshotFolders(this.storage, { signal: this.#signal });
      return all.filter(({ project }) => this.#isServed(project));
    });
  }

  #isServed(project: string): boolean {
    return this.#projects?.includes(project) ?? true;
  }

  /**
   * The folders of a project.
   *
   * @param project The project's id.
   * @throws {ServeError} If it has no snapshots.
   */
  async foldersOf(project: string): Promise<readonly SnapshotFolder[]> {
    const own = (await this.folders()).filter((folder) => folder.project === project);
    if (own.every(({ seconds }) => seconds.length === 0)) {
      throw notThere(`project ${shown(project)}`);
    }
    return own;
  }

  /**
   * Finds a snapshot by its name.
   *
   * @param project The project's id.
   * @param name Its id, the first digits of it, a date, `latest` or `latest:<environment>`.
   * @param environment The environment, if it isn't in the name.
   * @param signal Aborts it.
   * @throws {ServeError} If it isn't there, or several have this name.
   */
  async find(
    project: string,
    name: string,
    environment: string | undefined,
    signal: AbortSignal,
  ): Promise<FoundSnapshot> {
    const isName = PROJECT.test(project) && this.#isServed(project) && NAME.test(name) &&
      (environment === undefined || ENVIRONMENT.test(environment));
    if (!isName) throw notThere(`snapshot ${shown(name)} of project ${shown(project)}`);
    try {
      return await findSnapshot(this.storage, name, {
        project,
        environment,
        unsealed: true,
        signal,
      });
    } catch (error) {
      if (!(error instanceof SluiceError) || error instanceof StorageError) throw error;
      if (error.exitCode === EXIT.usage) {
        throw new ServeError(
          "CONFLICT",
          `${shown(name)} names several snapshots of project ${shown(project)}: name one by its ` +
            "whole id, and its environment by ?environment=.",
          { cause: error },
        );
      }
      throw notThere(`snapshot ${shown(name)} of project ${shown(project)}`);
    }
  }

  /**
   * Opens a sealed snapshot.
   *
   * @param found Which one.
   * @param signal Aborts what is done for this request alone.
   * @throws {ServeError} If it isn't sealed.
   * @throws {SluiceError} If it isn't as it was written.
   * @throws {StorageError} If it can't be read.
   */
  async open(found: FoundSnapshot, signal: AbortSignal): Promise<OpenedSnapshot> {
    const stat = (name: string) => this.storage.stat(`${found.prefix}/${name}`, { signal });
    const [canary, manifest] = await Promise.all([stat(CANARY), stat(MANIFEST)]);
    if (canary === undefined) {
      throw new ServeError(
        "CONFLICT",
        `The snapshot ${found.id} isn't complete yet: ask for another one.`,
      );
    }
    const stamp = stampOf(manifest ?? canary);
    return await this.#opened.get(`${found.prefix} ${stamp}`, async () => {
      const content = await SnapshotContent.open(this.storage, found, this.#signal);
      const snapshot = new StoredSnapshot(content, "memory");
      const tag = content.manifest?.sha256 ?? `${found.prefix} ${stamp}`;
      return { found, snapshot, content, tag };
    });
  }

  /**
   * Where the versions of a model's records are.
   *
   * @param opened The snapshot.
   * @param model The model's `api_key`.
   * @param version Which versions.
   */
  async records(opened: OpenedSnapshot, model: string, version: Version): Promise<Rows> {
    return await this.#rowsOf(opened, opened.content.recordBatches(model, version));
  }

  /**
   * Where the uploads are.
   *
   * @param opened The snapshot.
   */
  async uploads(opened: OpenedSnapshot): Promise<Rows> {
    return await this.#rowsOf(opened, opened.content.uploadBatches);
  }

  /**
   * The names and addresses of all uploads, by id, which are held in memory.
   *
   * @param opened The snapshot.
   */
  async media({ content, tag }: OpenedSnapshot): Promise<ReadonlyMap<string, IslandMedia>> {
    return await this.#media.get(tag, async () => {
      const media = new Map<string, IslandMedia>();
      for (const path of content.uploadBatches) {
        for await (const page of content.entries<Upload>(path, this.#signal)) {
          for (const upload of page) media.set(upload.id, islandMedia(upload));
        }
      }
      return media;
    });
  }

  /**
   * The times and ids that resources are listed by.
   *
   * @param opened The snapshot.
   * @param paths The batches that they are in.
   */
  async times({ content, tag }: OpenedSnapshot, paths: Batches): Promise<Times> {
    const key = `${tag} ${paths.join()}`;
    return await this.#times.get(key, async () => {
      using _place = await this.#timed.acquire(this.#signal);
      return await content.read(this.#signal, async (signal) => {
        const times = Times.collector();
        const rows = await Rows.read(content, paths, signal, (entry) => times.add(entry));
        // Where they are was found out along with it.
        await this.#rows.get(key, () => Promise.resolve(rows));
        return times.end();
      });
    });
  }

  /**
   * Where entries are that match, in order. Whoever asks for the same again gets what was found.
   *
   * @param opened The snapshot.
   * @param key What names that which is looked for.
   * @param wanted What is looked for.
   * @throws {ServeError} If too many others are being looked for.
   */
  async places<Source, Entry>(
    opened: OpenedSnapshot,
    key: string,
    wanted: Wanted<Source, Entry>,
  ): Promise<Places> {
    return await this.keptPlaces(opened, key, () => this.findPlaces(opened, wanted));
  }

  /**
   * Places that are kept, once they were found.
   *
   * @param opened The snapshot.
   * @param key What names them.
   * @param find Finds them.
   */
  async keptPlaces(
    { tag }: OpenedSnapshot,
    key: string,
    find: () => Promise<Places>,
  ): Promise<Places> {
    return await this.#places.get(`${tag} ${key}`, find);
  }

  /**
   * Finds where entries are that match, by reading all.
   *
   * @param opened The snapshot.
   * @param wanted What is looked for.
   * @throws {ServeError} If too many others are being looked for.
   */
  async findPlaces<Source, Entry>(
    { content }: OpenedSnapshot,
    wanted: Wanted<Source, Entry>,
  ): Promise<Places> {
    return await this.scans.run(async () => {
      return await content.read(this.#signal, (signal) => Places.find(content, wanted, signal));
    });
  }

  /**
   * Reads entries that follow each other among those that were found.
   *
   * @param opened The snapshot.
   * @param places Where they are.
   * @param wanted What they were looked for as.
   * @param range The first one's number, from 0, and the number behind the last one.
   * @param signal Aborts it.
   */
  async slice<Source, Entry>(
    opened: OpenedSnapshot,
    places: Places,
    wanted: Pick<Wanted<Source, Entry>, "entriesOf">,
    [from, to]: readonly [from: number, to: number],
    signal: AbortSignal,
  ): Promise<Entry[]> {
    return await places.slice((paths) => this.#rowsOf(opened, paths), wanted, from, to, signal);
  }

  async #rowsOf({ content, tag }: OpenedSnapshot, paths: Batches): Promise<Rows> {
    return await this.#rows.get(`${tag} ${paths.join()}`, async () => {
      return await content.read(this.#signal, (signal) => Rows.read(content, paths, signal));
    });
  }
}

/**
 * A text of a request, for a sentence.
 *
 * @param text The text.
 */
export function shown(text: string): string {
  return JSON.stringify(printable(text, 60));
}

/**
 * Whether a text has the form of a snapshot's name.
 *
 * @param text The text.
 */
export function isSnapshotName(text: string): boolean {
  return NAME.test(text);
}

function stampOf({ size, etag, modifiedAt }: ObjectInfo): string {
  return [size, etag ?? "", modifiedAt?.getTime() ?? ""].join("-");
}
