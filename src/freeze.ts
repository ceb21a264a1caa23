import { EXIT, SluiceError } from "./error.ts";
import type { ExportEvent } from "./events.ts";
import type { ExportOptions } from "./export_options.ts";
import { limited } from "./async/limited.ts";
import { printable } from "./text/printable.ts";
import { withGrace } from "./sink/grace.ts";
import type { Storage } from "./sink/storage.ts";
import { type FreezeNote, freezeNote } from "./snapshot/freeze_note.ts";
import type { JsonNote } from "./snapshot/json_note.ts";
import type { SnapshotPlace } from "./snapshot/layout.ts";
import { CmaClient, type CmaClientOptions } from "./source/cma_client.ts";
import { CmaError } from "./source/cma_error.ts";
import {
  destroyEnvironment,
  type Environment,
  forkEnvironment,
  listEnvironments,
  untilReady,
} from "./source/environments.ts";

/** Options of {@linkcode freezeEnvironment}: which environment is copied, and how the API is reached. */
export interface FreezeOptions extends Omit<CmaClientOptions, "onEvent"> {
  /** Where the snapshot goes. The lock of its place must be held. */
  readonly storage: Storage;
  /** Whose snapshot it is. */
  readonly place: SnapshotPlace;
  /** Ends the making of the copy; it doesn't keep it from being deleted. */
  readonly signal: AbortSignal;
  /** Told how far it is. */
  readonly onEvent?: ((event: ExportEvent) => void) | undefined;
  /** How long to wait for the copy, in milliseconds. @default {3_600_000} */
  readonly readyTimeoutMs?: number | undefined;
  /** How long to try to delete it, in milliseconds. @default {120_000} */
  readonly destroyTimeoutMs?: number | undefined;
}

/** A copy of an environment that nobody edits. It is deleted when it is disposed of. */
export interface FrozenEnvironment extends AsyncDisposable {
  /** Its name. */
  readonly id: string;
}

/** The names of copies: when they were made, and a random number. */
const NAME = /^sluice-freeze-\d{1,12}-[0-9a-f]{8}$/;
/** How old the copy of an export to another place must be to be taken for a leftover, in milliseconds. */
const DAY = 86_400_000;
/** How long the request that begins a copy may go on once it is cancelled, in milliseconds. */
const GRACE_MS = 30_000;
/** How long the deletion of the note in the storage may take, in milliseconds. */
const NOTE_MS = 10_000;
/** How long a copy is tried to be deleted, in milliseconds. */
const DESTROY_MS = 120_000;

/**
 * Copies an environment, so that it can be exported while nothing changes, and deletes the copy when it is
 * disposed of, whatever has happened by then. Editors go on working in the environment all the while: a
 * "fast" fork, which would keep them from writing, isn't asked for.
 *
 * Copies that earlier exports left, because they were killed, are deleted, too: the one that was made for
 * an export to the same place, whose lock is held, and all that are older than a day. That of an export to
 * another place, which may be running, is younger.
 *
 * @param options Which environment, and for which place.
 * @return The copy.
 * @throws {SluiceError} If the token may not copy environments, or the copy doesn't become ready in time.
 * @throws The signal's reason.
 * @see {@link https://www.datocms.com/docs/content-management-api/resources/environment/fork}
 *
 * @example
 * ```ts no-eval
 * import { freezeEnvironment } from "./freeze.ts";
 * import { LocalStorage } from "./sink/local_storage.ts";
 *
 * await using copy = await freezeEnvironment({
 *   apiToken: Deno.env.get("DATOCMS_API_TOKEN")!,
 *   storage: new LocalStorage("./snapshots"),
 *   place: { projectId: "123" },
 *   signal: new AbortController().signal,
 * });
 * console.log("read from", copy.id);
 * ```
 */
export async function freezeEnvironment(options: FreezeOptions): Promise<FrozenEnvironment> {
  const { environment, storage, place, signal } = options;
  // The list of environments isn't in any of them.
  const client = new CmaClient({ ...options, environment: undefined });
  const { environments, now } = await withPermission(() => listEnvironments(client, signal));
  const source = environment ?? environments.find(({ meta }) => meta.primary)?.id;
  if (source === undefined) {
    throw new SluiceError(
      "The API names no primary environment that could be copied: name one with --environment.",
    );
  }
  const note = freezeNote(storage, place);
  await removeLeftovers(client, environments, (await note.read(signal))?.environment, now, options);
  const random = crypto.getRandomValues(new Uint32Array(1))[0]!.toString(16).padStart(8, "0");
  const id = `sluice-freeze-${Math.floor(Date.now() / 1000)}-${random}`;
  await note.write({ environment: id }, signal);
  const copy = new Copy(id, client, note, options);
  try {
    await copy.make(source);
    return copy;
  } catch (error) {
    await copy[Symbol.asyncDispose]();
    throw error;
  }
}

/**
 * Makes sure that a frozen export isn't to be gone on with: its copy is gone when it ends.
 *
 * @param options The export's options.
 * @throws {SluiceError} If it is.
 */
export function checkFreeze(
  { freeze, resume, timeBudgetMs }: Pick<ExportOptions, "freeze" | "resume" | "timeBudgetMs">,
): void {
  if (!freeze || (!resume && timeBudgetMs === undefined)) return;
  const other = resume ? "--resume" : "--time-budget";
  throw new SluiceError(
    `--freeze can't go with ${other}: the temporary copy is deleted when the export ends, so that ` +
      "nothing could go on with it; leave one of them out.",
    EXIT.usage,
  );
}

class Copy implements FrozenEnvironment {
  readonly id: string;
  readonly #client: CmaClient;
  readonly #note: JsonNote<FreezeNote>;
  readonly #options: FreezeOptions;
  /** Whether there is one; `undefined` if the request for it got no answer. */
  #isThere: boolean | undefined = false;

  constructor(id: string, client: CmaClient, note: JsonNote<FreezeNote>, options: FreezeOptions) {
    this.id = id;
    this.#client = client;
    this.#note = note;
    this.#options = options;
  }

  async make(source: string): Promise<void> {
    const { signal, readyTimeoutMs = 3_600_000 } = this.#options;
    this.#tell("creating");
    await this.#fork(source, signal);
    signal.throwIfAborted();
    try {
      await limited(readyTimeoutMs, signal, async (signal) => {
        const onPercent = (percent: number) => this.#tell("creating", percent);
        await untilReady(this.#client, this.id, onPercent, signal);
      });
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof DOMException) || error.name !== "TimeoutError") throw error;
      throw new SluiceError(
        `The temporary copy of the environment ${JSON.stringify(source)} wasn't ready after ${
          Math.round(readyTimeoutMs / 1000)
        } s: try again later, or export without --freeze.`,
      );
    }
    await this.#assertReadable(signal);
    this.#tell("ready");
  }

  /** Nothing aborts this but its own time limits; it never fails. */
  async [Symbol.asyncDispose](): Promise<void> {
    const { onEvent, destroyTimeoutMs = DESTROY_MS } = this.#options;
    try {
      if (this.#isThere !== false) {
        const wasThere = await destroyEnvironment(this.#client, this.id, destroyTimeoutMs);
        if (wasThere) this.#tell("deleted");
        // What isn't there yet may still come: the next export looks for it.
        else if (this.#isThere === undefined) return;
      }
    } catch (error) {
      onEvent?.({ type: "warning", code: "freeze_not_deleted", message: stays(this.id, error) });
      return;
    }
    try {
      await limited(NOTE_MS, undefined, (signal) => this.#note.delete(signal));
    } catch {
      // The next export will find that there is no such copy.
    }
  }

  async #fork(source: string, signal: AbortSignal): Promise<void> {
    try {
      // Whoever cuts it off can't know whether there will be a copy.
      await withGrace(signal, GRACE_MS, async (signal) => {
        this.#isThere = undefined;
        await withPermission(() => forkEnvironment(this.#client, source, this.id, signal));
      });
      this.#isThere = true;
    } catch (error) {
      const cause = error instanceof SluiceError && error.cause instanceof CmaError
        ? error.cause
        : error;
      if (cause instanceof CmaError && cause.status >= 400 && cause.status < 500) {
        this.#isThere = false;
      }
      throw error;
    }
  }

  /** A role may be kept from sandbox environments although it may make them. */
  async #assertReadable(signal: AbortSignal): Promise<void> {
    const client = new CmaClient({ ...this.#options, environment: this.id });
    try {
      await client.get("/site", {}, { signal });
    } catch (error) {
      const isHidden = error instanceof CmaError &&
        (error.isForbidden || error.codes.includes("INVALID_ENVIRONMENT"));
      if (!isHidden) throw error;
      throw new SluiceError(
        `The API token can't read ${this.id}, the temporary copy that it made (${
          answerOf(error)
        }): give its role access to sandbox environments in Project settings → Roles, or export ` +
          "without --freeze.",
        EXIT.failed,
        { cause: error },
      );
    }
  }

  #tell(step: "creating" | "ready" | "deleted", percent: number | null = null): void {
    this.#options.onEvent?.({ type: "freeze", environment: this.id, step, percent });
  }
}

/** Deletes the copies that nobody reads from any more. Should that fail, the export goes on. */
async function removeLeftovers(
  client: CmaClient,
  environments: readonly Environment[],
  known: string | undefined,
  now: Date,
  { signal, onEvent, destroyTimeoutMs = DESTROY_MS }: FreezeOptions,
): Promise<void> {
  for (const { id, meta: { primary, status, created_at } } of environments) {
    if (!NAME.test(id) || primary !== false || status === "destroying") continue;
    const age = now.getTime() - Date.parse(created_at ?? "");
    if (id !== known && !(age > DAY)) continue;
    try {
      await destroyEnvironment(client, id, destroyTimeoutMs, signal);
      const message =
        `The sandbox environment ${id}, a temporary copy that an earlier export had left, was deleted.`;
      onEvent?.({ type: "warning", code: "freeze_leftover_deleted", message });
    } catch (error) {
      signal.throwIfAborted();
      onEvent?.({ type: "warning", code: "freeze_not_deleted", message: stays(id, error) });
    }
  }
}

/** Runs a request about environments, and says which permission it lacks. */
async function withPermission<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof CmaError) || !error.isForbidden) throw error;
    const isPlan = error.codes.some((code) => code !== "INSUFFICIENT_PERMISSIONS");
    throw new SluiceError(
      isPlan
        ? `The project's plan doesn't allow one more sandbox environment (${answerOf(error)}), ` +
          "which --freeze needs: delete one, or export without --freeze."
        : `The API token may not copy environments (${
          answerOf(error)
        }), which --freeze needs: give ` +
          "its role the permission to manage environments (can_manage_environments) in Project " +
          "settings → Roles, or export without --freeze.",
      EXIT.failed,
      { cause: error },
    );
  }
}

function answerOf({ status, codes }: CmaError): string {
  return [status, ...new Set(codes)].join(" ");
}

/** The sentence that says that a copy is left, and what to do. */
function stays(id: string, error: unknown): string {
  const why = printable(error instanceof Error ? error.message : String(error), 300);
  return `The sandbox environment ${id}, a temporary copy, couldn't be deleted (${
    why.replace(/\.$/, "")
  }): delete it in Project settings → Environments, or with "npx datocms environments:destroy ${id}".`;
}
