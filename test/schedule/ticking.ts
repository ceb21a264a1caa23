import { SYSTEM_CLOCK } from "../../src/async/clock.ts";
import { Schedule, type ScheduleOptions } from "../../src/schedule/schedule.ts";
import type { TickResult, TickState } from "../../src/schedule/tick.ts";
import type { startDemoCma } from "../../src/simulator/server.ts";
import type { ExportOptions } from "../../src/export/options.ts";
import type { Storage } from "../../src/storage/storage.ts";
import { temporaryPath } from "../support/temporary.ts";

/** A server of a project. */
export type Cma = ReturnType<typeof startDemoCma>;

/** How a schedule differs from a usual one. */
export interface TickingOptions extends Partial<Omit<ScheduleOptions, "exported" | "clock">> {
  /** The time in milliseconds since 1970. */
  readonly now?: () => number;
  /** How its exports differ. */
  readonly exported?: Partial<ExportOptions>;
}

/** A schedule as another process would have it: it knows nothing of any other. */
export function scheduleOf(cma: Cma, storage: Storage, options: TickingOptions = {}): Schedule {
  const { exported, now, ...others } = options;
  return new Schedule({
    every: "24h",
    ticks: "*/2 * * * *",
    ...others,
    ...(now && { clock: { ...SYSTEM_CLOCK, now } }),
    exported: {
      apiToken: cma.apiToken,
      baseUrl: cma.url,
      assetHost: cma.assetHost,
      storage,
      resume: true,
      ...exported,
    },
  });
}

/** Ticks, each time in another process, until a state is reached. */
export async function ticksUntil(
  state: TickState,
  tick: (number: number) => Promise<TickResult>,
  most = 100,
): Promise<TickResult[]> {
  const results: TickResult[] = [];
  while (results.at(-1)?.state !== state) {
    if (results.length >= most) {
      throw new Error(`Never ${state}: ${results.map((result) => result.state).join(" ")}`);
    }
    results.push(await tick(results.length));
  }
  return results;
}

/** A directory of a test's own. */
export async function temporaryRoot(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await temporaryPath("sluice-cron-");
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}
