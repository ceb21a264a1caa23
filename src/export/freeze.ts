import { EXIT, SluiceError } from "../error.ts";
import type { ExportEvent } from "./events.ts";
import { LONGEST_TIMER } from "../async/delay.ts";
import { limited } from "../async/limited.ts";
import {
  COPY_LIFE_MS,
  copyName,
  findCopies,
  type FoundCopies,
  type FreezeNote,
  freezeNote,
} from "./freeze_leftovers.ts";
import { printable } from "../text/printable.ts";
import { withGrace } from "../storage/grace.ts";
import type { Storage } from "../storage/storage.ts";
import type { JsonNote } from "../snapshot/json_note.ts";
import type { SnapshotPlace } from "../snapshot/layout.ts";
import { CmaClient, type CmaClientOptions } from "../source/datocms/cma_client.ts";
import { CmaError } from "../source/datocms/cma_error.ts";
import {
  destroyEnvironment,
  forkEnvironment,
  listEnvironments,
  untilReady,
} from "../source/datocms/environments.ts";
import { stopOf, WriteGate } from "../source/datocms/write_gate.ts";

/** Options of {@linkcode freezeEnvironment}: which environment is copied, and how the API is reached. */
export interface FreezeOptions extends Omit<CmaClientOptions, "onEvent"> {
  /** Where the snapshot goes. The lock of its place must be held. */
  readonly storage: Storage;
  /** Whose snapshot it is. */
  readonly place: SnapshotPlace;
  /** Ends the making of the copy; it doesn't keep it from being deleted. */
  readonly signal: AbortSignal;
  /** Called with how far it is. */
  readonly onEvent?: ((event: ExportEvent) => void) | undefined;
  /** How long to wait for the copy, in milliseconds. @default {3_600_000} */
  readonly readyTimeoutMs?: number | undefined;
  /** How long to try to delete it, in milliseconds. @default {120_000} */
  readonly destroyTimeoutMs?: number | undefined;
  /** How long to wait while the project takes no changes, in milliseconds. @default {600_000} */
  readonly writableTimeoutMs?: number | undefined;
  /** How long the copy is read at most, in milliseconds. @default {COPY_LIFE_MS} */
  readonly lifeMs?: number | undefined;
}

/** A copy of an environment that nobody edits. It is deleted when it is disposed of. */
export interface FrozenEnvironment extends AsyncDisposable {
  /** Its name. */
  readonly id: string;
  /** Aborted when nothing may be read from it any more, or when the signal that was given is. */
  readonly signal: AbortSignal;
}

/** How long the request that begins a copy may continue once it is cancelled, in milliseconds. */
const GRACE_MS = 30_000;
/** Of all that goes wrong with a copy: the environment itself could be exported. */
const UNFROZEN = { code: "freeze_impossible" } as const;
/** How long the deletion of the note in the storage may take, in milliseconds. */
const NOTE_MS = 10_000;
/** How long a copy is tried to be deleted, in milliseconds. */
const DESTROY_MS = 120_000;

/**
 * Copies an environment, so that it can be exported while nothing changes, and deletes the copy when it is
 * disposed of, whatever has happened by then. Editors continue working in the environment all the while: a
 * "fast" fork, which would keep them from writing, isn't asked for.
 *
 * Copies that earlier exports left, because they were killed, are deleted, too: the one that was made for
 * an export to the same place, whose lock is held, and all that are older than any export reads one. A copy
 * in which somebody has worked since is kept.
 *
 * While the project takes no changes, as in maintenance mode, that is waited for.
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
 * import { LocalStorage } from "../storage/local/local_storage.ts";
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
      "The API names no primary environment that could be copied: name one.",
      undefined,
      { code: "environment_unnamed" },
    );
  }
  const note = freezeNote(storage, place);
  const left = await note.read(signal);
  const isOurs = left?.destination === undefined || left.destination === storage.url;
  const found = findCopies(environments, now, isOurs ? left?.environment : undefined);
  const gate = gateFor(options);
  await removeLeftovers(client, found, gate, options);
  const id = copyName(environments);
  await note.write({ environment: id, destination: storage.url }, signal);
  const copy = new Copy(id, client, note, options);
  try {
    await copy.make(source, gate, found.young);
    return copy;
  } catch (error) {
    await copy[Symbol.asyncDispose]();
    throw error;
  }
}

class Copy implements FrozenEnvironment {
  readonly id: string;
  readonly signal: AbortSignal;
  readonly #client: CmaClient;
  readonly #note: JsonNote<FreezeNote>;
  readonly #options: FreezeOptions;
  readonly #life: ReturnType<typeof setTimeout>;
  /** Whether there is one; `undefined` if the request for it got no answer. */
  #isThere: boolean | undefined = false;

  constructor(id: string, client: CmaClient, note: JsonNote<FreezeNote>, options: FreezeOptions) {
    const { signal, lifeMs = COPY_LIFE_MS } = options;
    this.id = id;
    this.#client = client;
    this.#note = note;
    this.#options = options;
    const life = new AbortController();
    this.signal = AbortSignal.any([signal, life.signal]);
    this.#life = setTimeout(() => life.abort(tooOld(id)), Math.min(lifeMs, LONGEST_TIMER));
  }

  async make(source: string, gate: WriteGate, others: readonly string[]): Promise<void> {
    const { signal } = this;
    const { readyTimeoutMs = 3_600_000 } = this.#options;
    this.#tell("creating");
    await withPermission(() => gate.run(() => this.#fork(source)), others);
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
        } s: try again later, or export the environment itself.`,
        undefined,
        UNFROZEN,
      );
    }
    await this.#assertReadable();
    this.#tell("ready");
  }

  /** Nothing but its own time limits aborts what isn't cancelled already; it never fails. */
  async [Symbol.asyncDispose](): Promise<void> {
    clearTimeout(this.#life);
    const { onEvent } = this.#options;
    try {
      if (this.#isThere !== false) {
        const wasThere = await this.#destroy();
        if (wasThere || this.#isThere) this.#tell("deleted");
        // What isn't there yet may still come: the next export looks for it.
        else return;
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

  async #destroy(): Promise<boolean> {
    const { signal, destroyTimeoutMs = DESTROY_MS } = this.#options;
    const destroy = () => destroyEnvironment(this.#client, this.id, destroyTimeoutMs);
    // Who has cancelled the export doesn't wait for the project.
    return await (signal.aborted ? destroy() : gateFor(this.#options).run(destroy));
  }

  async #fork(source: string): Promise<void> {
    try {
      // Whoever cuts it off can't know whether there will be a copy.
      await withGrace(this.signal, GRACE_MS, async (signal) => {
        this.#isThere = undefined;
        await forkEnvironment(this.#client, source, this.id, signal);
      });
      this.#isThere = true;
    } catch (error) {
      const isRefused = error instanceof CmaError && error.status >= 400 && error.status < 500;
      if (isRefused || stopOf(error) !== undefined) this.#isThere = false;
      throw error;
    }
  }

  /** A role may be kept from sandbox environments although it may make them. */
  async #assertReadable(): Promise<void> {
    const client = new CmaClient({ ...this.#options, environment: this.id });
    try {
      await client.get("/site", {}, { signal: this.signal });
    } catch (error) {
      const isHidden = error instanceof CmaError &&
        (error.isForbidden || error.codes.includes("INVALID_ENVIRONMENT"));
      if (!isHidden) throw error;
      throw new SluiceError(
        `The API token can't read ${this.id}, the temporary copy that it made (${
          answerOf(error)
        }): give its role access to sandbox environments in Project settings → Roles, or export ` +
          "the environment itself.",
        EXIT.failed,
        { cause: error, ...UNFROZEN },
      );
    }
  }

  #tell(step: "creating" | "ready" | "deleted", percent: number | null = null): void {
    this.#options.onEvent?.({ type: "freeze", environment: this.id, step, percent });
  }
}

/** Lets changes through as soon as the project takes any, and says what is waited for. */
function gateFor({ signal, writableTimeoutMs, clock, onEvent }: FreezeOptions): WriteGate {
  return new WriteGate({
    signal,
    limitMs: writableTimeoutMs,
    clock,
    onWait: (why, limitMs) => {
      const minutes = Math.ceil(limitMs / 60_000);
      const message =
        `DatoCMS takes no changes for now, because ${why}: the temporary copy waits for that to ` +
        `end, for ${minutes} minute${minutes === 1 ? "" : "s"} at most.`;
      onEvent?.({ type: "warning", code: "freeze_waits", message });
    },
  });
}

/** Deletes the copies that nobody reads from any more. Should that fail, the export continues. */
async function removeLeftovers(
  client: CmaClient,
  { stale, edited }: FoundCopies,
  gate: WriteGate,
  { signal, onEvent, destroyTimeoutMs = DESTROY_MS }: FreezeOptions,
): Promise<void> {
  const tell = (code: string, message: string) => onEvent?.({ type: "warning", code, message });
  for (const id of edited) tell("freeze_leftover_kept", keptBecauseEdited(id));
  for (const id of stale) {
    try {
      await gate.run(() => destroyEnvironment(client, id, destroyTimeoutMs, signal));
      const message =
        `The sandbox environment ${id}, a temporary copy that an earlier export had left, was deleted.`;
      tell("freeze_leftover_deleted", message);
    } catch (error) {
      signal.throwIfAborted();
      tell("freeze_not_deleted", stays(id, error));
    }
  }
}

/** Runs a request about environments, and says what it lacks: others' copies may be in its way. */
async function withPermission<T>(
  run: () => Promise<T>,
  others: readonly string[] = [],
): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof CmaError)) throw error;
    const why = stopOf(error);
    if (why === undefined && !error.isForbidden) throw error;
    throw new SluiceError(lackOf(error, why, others), EXIT.failed, { cause: error, ...UNFROZEN });
  }
}

function lackOf(error: CmaError, why: string | undefined, others: readonly string[]): string {
  const answer = answerOf(error);
  if (why !== undefined) {
    return `DatoCMS makes no copy of an environment, because ${why} (${answer}): try again when that is ` +
      "over, or export the environment itself, which only reads.";
  }
  if (error.codes.some((code) => code !== "INSUFFICIENT_PERMISSIONS")) {
    const found = others.length === 0
      ? ""
      : ` (${others.join(", ")}, if no other export reads it, was left by one that was killed)`;
    return `The project's plan doesn't allow one more sandbox environment (${answer}), which ` +
      `a temporary copy is: delete one${found}, or export the environment itself.`;
  }
  return `The API token may not copy environments (${answer}): give its role the permission to manage ` +
    "environments (can_manage_environments) in Project settings → Roles, or export the environment itself.";
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

/** The sentence that says that a leftover isn't deleted. */
function keptBecauseEdited(id: string): string {
  return `The sandbox environment ${id}, a temporary copy that an earlier export had left, is kept, ` +
    "because something in it was changed since: delete it in Project settings → Environments, if " +
    "it is no longer needed.";
}

function tooOld(id: string): SluiceError {
  return new SluiceError(
    `The export was stopped because it has read the temporary copy ${id} for a day, after which other ` +
      "exports may take that for a leftover and delete it: export less at a time, or the environment itself.",
    undefined,
    UNFROZEN,
  );
}
