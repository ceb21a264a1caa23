import type { Clock } from "../async/clock.ts";
import { type Config, envName } from "../config/options.ts";
import { toExportOptions, toStorageOptions } from "../config/library_options.ts";
import { EXIT, SluiceError } from "../error.ts";
import type { ExportEvent } from "../export/events.ts";
import { checkFreeze } from "../export/export_settings.ts";
import { environmentSecrets } from "../text/secrets/environment_secrets.ts";
import { openStorage } from "../storage/open_storage.ts";
import type { Storage } from "../storage/storage.ts";
import { keepsSomething } from "../tools/prune_policy.ts";
import { notify } from "./notify.ts";
import { Schedule } from "./schedule.ts";

/** What a schedule has to do with the world around it. */
export interface ScheduleWorld {
  /** The value of an environment variable. */
  readonly env: (name: string) => string | undefined;
  /** Called with what happens in exports. */
  readonly onEvent?: ((event: ExportEvent) => void) | undefined;
  /** Sends notifications. @default {fetch} */
  readonly fetch?: typeof fetch | undefined;
  /** Tells the time, and waits. @default The machine's */
  readonly clock?: Clock | undefined;
}

/** A schedule and where it exports to, until it is disposed of. */
export interface OpenedSchedule extends Disposable {
  /** The schedule. */
  readonly schedule: Schedule;
  /** Where snapshots are. */
  readonly storage: Storage;
}

/**
 * How long the lock of a tick that was killed holds others off, in milliseconds: a tick that is killed as its
 * time is over shall not be in the way of the one after.
 */
const LOCK_MS = 60_000;

/**
 * Makes the schedule that a configuration describes. Nothing is read or written yet.
 *
 * @param config The configuration.
 * @param world The world around.
 * @throws {SluiceError} If it can't be done like that; the exit code is {@linkcode EXIT.usage}.
 */
export function openSchedule(config: Config, world: ScheduleWorld): OpenedSchedule {
  const { env, onEvent, fetch, clock } = world;
  checkWorld(config, env);
  const options = toExportOptions(config);
  checkFreeze({ ...options, resume: false });
  const { notifyUrl: url, notifySecret: secret, every, cron: ticks } = config;
  const storage = openStorage(config.to, toStorageOptions(config));
  const schedule = new Schedule({
    exported: {
      ...options,
      storage,
      secrets: [...options.secrets ?? [], ...environmentSecrets(env)],
      onEvent,
      // What is frozen is exported in one go.
      resume: !config.freeze,
      lockTtlMs: LOCK_MS,
    },
    every,
    ticks,
    rules: config,
    prune: keepsSomething(config) ? config : undefined,
    drillEvery: config.drillEvery,
    notify: url === undefined ? undefined : (report, signal) => {
      return notify(JSON.stringify(report), { url, secret, fetch, signal });
    },
    clock,
  });
  return { schedule, storage, [Symbol.dispose]: () => storage[Symbol.dispose]() };
}

/** Refuses what can't be had here. */
function checkWorld({ to }: Config, env: ScheduleWorld["env"]): void {
  if (env("SLUICE_PRUNE")?.trim()) {
    throw new SluiceError(
      `SLUICE_PRUNE is set, which says nothing: say which snapshots to keep with ${
        envName("keepWithin")
      }, ${envName("keepDaily")} and the like.`,
      EXIT.usage,
    );
  }
  if (isOnDeploy(env) && !/^s3:/i.test(to)) {
    throw new SluiceError(
      `Deno Deploy keeps no files, so that ${
        envName("to")
      } must be s3://bucket[/prefix] there, but ` +
        "it is a directory.",
      EXIT.usage,
    );
  }
}

/**
 * Whether the program runs on Deno Deploy.
 *
 * @param env The value of an environment variable.
 */
export function isOnDeploy(env: ScheduleWorld["env"]): boolean {
  return ["DENO_DEPLOY", "DENO_DEPLOYMENT_ID"].some((name) => env(name)?.trim());
}
