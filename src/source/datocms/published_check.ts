import type { Tasks } from "../../async/tasks.ts";
import type { Item, Page } from "../../content/resource.ts";
import type { CmaClient } from "./cma_client.ts";
import { CmaError } from "./cma_error.ts";
import { recordsById } from "./records_by_id.ts";

/** So many records are looked at: as many as are asked for at once anywhere. */
const SAMPLE = 30;

/** What a {@linkcode PublishedCheck} uses. */
export interface PublishedCheckOptions {
  /** Reads the API. */
  readonly client: CmaClient;
  /** Runs the requests. */
  readonly tasks: Tasks;
  /** Aborts them. */
  readonly signal: AbortSignal;
  /** Whether any published version is wanted. */
  readonly withPublished: boolean;
  /** Called with a sentence if they don't follow. */
  readonly onDiffers: (problem: string) => void;
}

/** Whether published versions follow from current ones, which is looked at once. */
export class PublishedCheck {
  readonly #options: PublishedCheckOptions;
  #derives: boolean | undefined;
  #isLooking = false;

  /**
   * Knows nothing yet.
   *
   * @param options How it is looked at.
   */
  constructor(options: PublishedCheckOptions) {
    this.#options = options;
    if (!options.withPublished) this.#derives = false;
  }

  /** Whether they follow; `undefined` if that isn't known yet. */
  get derives(): boolean | undefined {
    return this.#derives;
  }

  /**
   * Looks at some records in both versions, unless it is known or being looked at.
   *
   * @param rows Rows of records, as current versions are listed.
   */
  look(rows: Page<Item>): void {
    if (this.#derives !== undefined || this.#isLooking) return;
    if (!rows.some(isPublished)) return;
    const { client, tasks, signal, onDiffers } = this.#options;
    this.#isLooking = true;
    tasks.begin(async () => {
      const problem = await publishedDiffers(client, rows, signal);
      this.#isLooking = false;
      this.#derives = problem === undefined;
      if (problem !== undefined) onDiffers(problem);
    });
  }
}

function isPublished({ meta }: Item): boolean {
  return meta?.status === "published";
}

/**
 * Makes sure that the published version of a record is its current one where that has the status
 * `published`: some of them are read in both versions, and compared.
 *
 * @param client Reads the API.
 * @param rows Rows of records, as current versions are listed.
 * @param signal Aborts it.
 * @return What is wrong with that, a sentence; `undefined` if nothing is.
 * @throws {CmaError} If the API can't be read.
 */
async function publishedDiffers(
  client: CmaClient,
  rows: Page<Item>,
  signal: AbortSignal,
): Promise<string | undefined> {
  const sample = sampleOf(rows.filter(isPublished), SAMPLE);
  const read = async (version: "current" | "published", some: readonly Item[]) => {
    const how = { version, nested: false, signal };
    return await recordsById(client, some.map(({ id }) => id), how);
  };
  try {
    const published = await read("published", sample);
    const other = sample.filter((row) => !isSame(row, published?.get(row.id)));
    if (other.length === 0) return undefined;
    // Somebody may have changed them meanwhile.
    const now = await read("current", other);
    const differing = other.find((row) => isSame(row, now?.get(row.id)));
    if (differing === undefined && now !== undefined) return undefined;
    return "DatoCMS says that records are published, and sends other published versions of them than " +
      `current ones, such as of record ${(differing ?? other[0]!).id}.`;
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof CmaError) || !error.isRefusedQuery) throw error;
    return `DatoCMS refused to send published versions by their ids: ${error.message}`;
  }
}

function isSame(row: Item, other: Item | undefined): boolean {
  return other !== undefined && JSON.stringify(row) === JSON.stringify(other);
}

/** Some of the values, any of them, in their order. */
function sampleOf<T>(values: readonly T[], most: number): T[] {
  const sample = values.map((value, at) => ({ value, at, drawn: Math.random() }))
    .sort((a, b) => a.drawn - b.drawn).slice(0, most);
  return sample.sort((a, b) => a.at - b.at).map(({ value }) => value);
}
