import * as z from "zod";
import { folders } from "../../snapshot/find_snapshots.ts";
import { JsonNote } from "../../snapshot/json_note.ts";
import { snapshotsPrefix } from "../../snapshot/layout.ts";
import type { Environment } from "../../source/datocms/environments.ts";
import { type Storage, StorageError } from "../../storage/storage.ts";
import { shownAddress } from "../../text/printable.ts";
import { journalUnwritable } from "../journal.ts";

/** What a drill notes before it makes its environment: nothing else is ever taken for one that a drill made. */
export interface DrillNote {
  /** The environment. */
  readonly environment: string;
  /** The snapshot's name. */
  readonly snapshot: string;
  /** When the drill began, in ISO 8601. */
  readonly startedAt: string;
}

const note: z.ZodType<DrillNote> = z.object({
  environment: z.string(),
  snapshot: z.string(),
  startedAt: z.string(),
});

const FOLDER = /^drill_\d+$/;
/** What the environments of drills are called. */
const NAME = /^sluice-drill-\d{8}-\d{6}$/;

/** What a drill writes down: a folder beside the project's snapshots. */
export class DrillJournal {
  /** Where it lies, without a trailing slash. */
  readonly prefix: string;
  readonly #storage: Storage;

  private constructor(storage: Storage, prefix: string) {
    this.#storage = storage;
    this.prefix = prefix;
  }

  /** Its address, for people. */
  get address(): string {
    return shownAddress(`${this.#storage.url}/${this.prefix}`);
  }

  /**
   * Notes that a drill makes an environment.
   *
   * @param storage Where journals are.
   * @param project The project's id.
   * @param second The drill's second, which names it.
   * @param content What it does.
   * @param signal Aborts it.
   * @throws {SluiceError} If it can't be written.
   */
  static async begin(
    storage: Storage,
    project: string,
    second: number,
    content: DrillNote,
    signal: AbortSignal,
  ): Promise<DrillJournal> {
    const journal = new DrillJournal(storage, folderOf(project, second));
    try {
      await noteIn(storage, journal.prefix).create(content, signal);
    } catch (error) {
      if (!(error instanceof StorageError)) throw error;
      throw journalUnwritable(journal.address, error);
    }
    return journal;
  }

  /** Writes what came of it. */
  async end(report: unknown, signal: AbortSignal): Promise<void> {
    await new JsonNote<unknown>(this.#storage, `${this.prefix}/report.json`, z.unknown())
      .write(report, signal);
  }
}

/**
 * The second that names a drill, and its environment: the first one from a time on that no other drill has.
 *
 * @param storage Where journals are.
 * @param of The project's id, its environments, and the time in milliseconds since 1970.
 * @param signal Aborts the looking.
 */
export async function nameDrill(
  storage: Storage,
  { project, environments, now }: {
    readonly project: string;
    readonly environments: readonly Environment[];
    readonly now: number;
  },
  signal: AbortSignal,
): Promise<{ readonly second: number; readonly environment: string }> {
  for (let second = Math.floor(now / 1000);; second++) {
    const [date, time] = new Date(second * 1000).toISOString().split("T");
    const environment = `sluice-drill-${date!.replaceAll("-", "")}-${
      time!.slice(0, 8).replaceAll(":", "")
    }`;
    if (environments.some(({ id }) => id === environment)) continue;
    if (await noteIn(storage, folderOf(project, second)).read(signal) !== undefined) continue;
    return { second, environment };
  }
}

/** Environments that are named as those of drills. */
export interface Leftovers {
  /** Those that earlier drills noted to make: nobody needs them any more. */
  readonly ours: readonly string[];
  /** Those that nobody noted here. */
  readonly unknown: readonly string[];
}

/**
 * What earlier drills left of environments: those that were killed, or kept theirs.
 *
 * @param storage Where journals are.
 * @param project The project's id.
 * @param environments Its environments.
 * @param signal Aborts the reading.
 */
export async function leftoversOf(
  storage: Storage,
  project: string,
  environments: readonly Environment[],
  signal: AbortSignal,
): Promise<Leftovers> {
  const named = environments.filter(({ id, meta }) => NAME.test(id) && !meta.primary)
    .map(({ id }) => id);
  const noted = new Set<string>();
  if (named.length > 0) {
    const place = snapshotsPrefix({ projectId: project });
    for (const name of await folders(storage, `${place}/`, signal)) {
      if (!FOLDER.test(name)) continue;
      const found = await noteIn(storage, `${place}/${name}`).read(signal);
      if (found) noted.add(found.environment);
    }
  }
  return {
    ours: named.filter((id) => noted.has(id)),
    unknown: named.filter((id) => !noted.has(id)),
  };
}

function folderOf(project: string, second: number): string {
  return `${snapshotsPrefix({ projectId: project })}/drill_${second}`;
}

function noteIn(storage: Storage, prefix: string): JsonNote<DrillNote> {
  return new JsonNote(storage, `${prefix}/environment.json`, note);
}
