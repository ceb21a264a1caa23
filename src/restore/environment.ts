import type { Clock } from "../async/clock.ts";
import { EXIT, SluiceError } from "../error.ts";
import type { CmaClient } from "../source/datocms/cma_client.ts";
import { CmaError } from "../source/datocms/cma_error.ts";
import { destroyEnvironment, forkEnvironment, untilReady } from "../source/datocms/environments.ts";
import { WriteGate } from "../source/datocms/write_gate.ts";
import { withGrace } from "../storage/grace.ts";
import { nearest } from "../text/nearest.ts";
import { fewNames, printable } from "../text/printable.ts";
import type { RestoreEvent } from "./events.ts";
import type { JournalPlan } from "./journal.ts";
import type { FoundProject } from "./preflight.ts";

/** Where a restore writes to. */
export interface TargetPlace {
  /** The environment. */
  readonly environment: string;
  /** The environment that it is made a fork of; `undefined` if it was there before. */
  readonly forkOf: string | undefined;
  /** Whether it was there before and editors work there. */
  readonly isLiving: boolean;
  /** Whether it is the primary one. */
  readonly isPrimary: boolean;
}

/** How long an environment is tried to be destroyed, in milliseconds. */
const DESTROY_MS = 120_000;
/** How long the request that makes one may continue once it is aborted, in milliseconds. */
const GRACE_MS = 30_000;

/**
 * Decides where a restore writes to.
 *
 * @param project The project.
 * @param options What was asked for, and the time.
 * @throws {SluiceError} If that can't be.
 */
export function chooseTarget(
  project: FoundProject,
  { into, forkOf, otherProject, now }: {
    readonly into: string;
    readonly forkOf: string | undefined;
    readonly otherProject: boolean;
    readonly now: Date;
  },
): TargetPlace {
  const names = project.environments.map(({ id }) => id);
  const name = /^new(?::(.*))?$/.exec(into);
  if (otherProject) {
    if (into !== "new" || forkOf !== undefined) {
      throw new SluiceError(
        "A snapshot of another project is restored into the primary environment of the empty project that " +
          "the API token is of: name no other environment.",
        EXIT.usage,
        { code: "restore_into" },
      );
    }
    const { id, meta } = project.environments.find((one) => one.id === project.primary)!;
    assertReady(id, meta);
    return { environment: id, forkOf: undefined, isLiving: false, isPrimary: true };
  }
  if (name === null) return existing(project, into, forkOf);
  const environment = name[1] ?? defaultName(now);
  if (!/^[a-z0-9-]+$/.test(environment)) {
    throw new SluiceError(
      `A new environment's name is of small letters, digits and dashes, but is ${
        JSON.stringify(printable(environment, 100))
      }.`,
      EXIT.usage,
      { code: "restore_into" },
    );
  }
  if (names.includes(environment)) {
    throw new SluiceError(
      `The project has an environment ${environment} already: choose another name for the new one.`,
      EXIT.usage,
      { code: "restore_into" },
    );
  }
  const source = forkOf ?? project.primary;
  const found = project.environments.find(({ id }) => id === source);
  if (found === undefined) {
    const close = nearest(source, names);
    throw new SluiceError(
      `The project has no environment ${
        JSON.stringify(printable(source, 100))
      } to make a fork of: ${
        close === undefined ? `it has ${fewNames(names)}` : `the nearest is ${close}`
      }.`,
      EXIT.usage,
      { code: "restore_fork_of" },
    );
  }
  if ((project.left.get("environments") ?? 1) < 1) {
    throw new SluiceError(
      "The project's plan doesn't allow one more sandbox environment, which a restore makes: delete one, such " +
        `as one of ${fewNames(names.filter((id) => id !== project.primary))}.`,
      EXIT.usage,
    );
  }
  return { environment, forkOf: source, isLiving: false, isPrimary: false };
}

/** An environment that is there already, in which editors may work. */
function existing(
  { environments, primary }: FoundProject,
  into: string,
  forkOf: string | undefined,
): TargetPlace {
  const names = environments.map(({ id }) => id);
  const found = environments.find(({ id }) => id === (into === "primary" ? primary : into));
  if (found === undefined) {
    const close = nearest(into, names);
    throw new SluiceError(
      `The project has no environment ${JSON.stringify(printable(into, 100))} to restore into: ${
        close === undefined ? `it has ${fewNames(names)}` : `the nearest is ${close}`
      }. A new one is asked for by new:<name>.`,
      EXIT.usage,
      { code: "restore_into" },
    );
  }
  if (forkOf !== undefined) {
    throw new SluiceError(
      `The environment ${found.id} is there already, so that it isn't made a fork of another one.`,
      EXIT.usage,
      { code: "restore_fork_of" },
    );
  }
  assertReady(found.id, found.meta);
  const isPrimary = found.id === primary;
  return { environment: found.id, forkOf: undefined, isLiving: true, isPrimary };
}

function assertReady(id: string, meta: FoundProject["environments"][number]["meta"]): void {
  if (meta.read_only_mode === true) {
    throw new SluiceError(
      `The environment ${id} is in read-only mode: end that, then restore.`,
      EXIT.usage,
    );
  }
  if (meta.status === undefined || meta.status === "ready") return;
  throw new SluiceError(
    `The environment ${id} is ${printable(meta.status)}: try again when it is ready.`,
    EXIT.usage,
  );
}

/** `restore-20260131-143000`. */
function defaultName(now: Date): string {
  const [date, time] = now.toISOString().split("T");
  return `restore-${date!.replaceAll("-", "")}-${time!.slice(0, 8).replaceAll(":", "")}`;
}

/** What an environment is made or destroyed with. */
interface Making {
  /** Writes to the API; which environment it is for doesn't matter. */
  readonly client: CmaClient;
  /** Ends it. */
  readonly signal: AbortSignal;
  /** Waits. */
  readonly clock: Clock | undefined;
  /** Called with what becomes of it. */
  readonly onEvent: (event: RestoreEvent) => void;
}

/**
 * Makes an environment, and waits until it can be written to. One that an earlier run of the same restore has made
 * is taken.
 *
 * @param place Which one, and of what it is a fork.
 * @param isThere Whether it is there already.
 * @param making What it is made with.
 * @throws {CmaError} If the API refuses.
 */
export async function makeEnvironment(
  { environment, forkOf }: { readonly environment: string; readonly forkOf: string },
  isThere: boolean,
  { client, signal, clock, onEvent }: Making,
): Promise<void> {
  const tell = (step: "creating" | "ready", percent: number | null = null) => {
    onEvent({ type: "environment", environment, step, percent });
  };
  tell("creating");
  const gate = new WriteGate({
    signal,
    clock,
    onWait: (why) => {
      const message =
        `DatoCMS takes no changes for now, because ${why}: the restore waits for that to end.`;
      onEvent({ type: "warning", code: "restore_waits", message });
    },
  });
  if (!isThere) {
    try {
      // Whoever cuts it off can't know whether there will be an environment.
      await withGrace(signal, GRACE_MS, (signal) => {
        return gate.run(() => forkEnvironment(client, forkOf, environment, signal));
      });
      signal.throwIfAborted();
    } catch (error) {
      if (!(error instanceof CmaError) || !error.isForbidden) throw error;
      throw new SluiceError(
        `The API token may not make the sandbox environment ${environment} (${
          [error.status, ...new Set(error.codes)].join(" ")
        }): give its role the permission to manage environments (can_manage_environments) in Project ` +
          "settings → Roles.",
        EXIT.failed,
        { cause: error },
      );
    }
  }
  await untilReady(client, environment, (percent) => tell("creating", percent), signal);
  tell("ready");
}

/**
 * Destroys an environment that a restore has made.
 *
 * @param environment Its name.
 * @param making What it is destroyed with.
 * @return Whether it was there.
 */
export async function removeEnvironment(
  environment: string,
  { client, signal, clock, onEvent }: Making,
): Promise<boolean> {
  const gate = new WriteGate({ signal, clock });
  const wasThere = await gate.run(() => {
    return destroyEnvironment(client, environment, DESTROY_MS, signal);
  });
  if (wasThere) onEvent({ type: "environment", environment, step: "destroyed", percent: null });
  return wasThere;
}

/**
 * Where an earlier restore was to write to.
 *
 * @param plan What its journal says.
 * @param project The project.
 * @param otherProject Whether it is another one than the snapshot's.
 * @throws {SluiceError} If that isn't there any more.
 */
export function placeOf(
  { environment, forkOf }: JournalPlan,
  project: FoundProject,
  otherProject: boolean,
): TargetPlace {
  const isThere = project.environments.some(({ id }) => id === environment);
  if (forkOf === null && !isThere) {
    throw new SluiceError(
      `The environment ${
        printable(environment)
      } that the restore wrote to isn't there any more: restore anew.`,
      EXIT.usage,
    );
  }
  return {
    environment,
    forkOf: forkOf ?? undefined,
    isLiving: forkOf === null && !otherProject,
    isPrimary: environment === project.primary,
  };
}
