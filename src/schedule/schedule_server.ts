import { toServeOptions } from "../config/library_options.ts";
import { type Config, envName } from "../config/options.ts";
import { EXIT, SluiceError } from "../error.ts";
import { snapshotHandler } from "../serve/handler.ts";
import type { ServeOptions } from "../serve/options.ts";
import { givenTokens } from "../serve/token_file.ts";
import { isOnDeploy, type OpenedSchedule, type ScheduleWorld } from "./open_schedule.ts";
import { statusHandler } from "./status_handler.ts";

/**
 * Answers how a schedule stands, at `/status` and `/healthz`, and with `SLUICE_SERVE` also with the snapshots that it
 * makes, as `sluice serve` does.
 *
 * @param config The configuration.
 * @param opened The schedule, and where its snapshots are.
 * @param world The environment, and what is called with what goes wrong.
 * @return A handler for `Deno.serve`.
 * @throws {SluiceError} If snapshots can't be served as the configuration says; the exit code is
 * {@linkcode EXIT.usage}.
 */
export async function scheduleServer(
  config: Config,
  { schedule, storage }: Pick<OpenedSchedule, "schedule" | "storage">,
  { env, ...world }: Pick<ScheduleWorld, "env"> & Pick<ServeOptions, "onError" | "signal">,
): Promise<(request: Request, info?: Deno.ServeHandlerInfo) => Promise<Response>> {
  const status = statusHandler(schedule);
  if (!config.serve) return status;
  const { publicUrl } = config;
  const tokens = await givenTokens(config);
  const lacking = [
    publicUrl === undefined ? [envName("publicUrl"), "the address that clients reach it at"] : [],
    tokens.length === 0
      ? [envName("serveTokens"), "what sluice serve token create writes into its file"]
      : [],
    // Each of its processes would sign with another one.
    isOnDeploy(env) && config.serveSecret === undefined
      ? [envName("serveSecret"), "a secret that signs addresses of files"]
      : [],
  ].find((one) => one.length > 0);
  if (lacking !== undefined || publicUrl === undefined) {
    const [name, what] = lacking!;
    throw new SluiceError(
      `${envName("serve")} serves snapshots, which needs ${name}: ${what}.`,
      EXIT.usage,
    );
  }
  if (!config.auth) {
    throw new SluiceError(
      `${
        envName("auth")
      } is off, but others can reach this: only sluice serve lets everybody in, on one machine.`,
      EXIT.usage,
    );
  }
  const snapshots = snapshotHandler(storage, {
    ...toServeOptions(config),
    publicUrl: publicUrl.replace(/\/+$/, ""),
    tokens,
    ...world,
  });
  return async (request, info) => {
    const { pathname } = new URL(request.url);
    const isStatus = pathname === "/status" || pathname === "/healthz";
    return await (isStatus ? status(request) : snapshots(request, info));
  };
}
