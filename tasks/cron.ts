/**
 * Exports a project again and again on Deno Deploy, or wherever Deno runs with `--unstable-cron`; tells how it
 * stands at `/status`, and serves the snapshots with `SLUICE_SERVE`. All options come from the environment.
 *
 * @module
 * @see {@link https://docs.deno.com/deploy/cron}
 */
import "./require_deno.ts";
import { scheduleCommand } from "../src/cli/commands/schedule.ts";
import { outputTo } from "../src/cli/output_to.ts";
import { TickLog } from "../src/cli/progress/tick_log.ts";
import { writeNote } from "../src/cli/progress/write_error.ts";
import { advised } from "../src/cli/report/advice.ts";
import { envNames, readyEnvironment } from "../src/cli/ready_environment.ts";
import { hasTerminal, stopSignal } from "../src/cli/stop_signal.ts";
import { checkVariables } from "../src/config/check_variables.ts";
import { isInS3 } from "../src/config/contradictions.ts";
import { homeOf } from "../src/config/home_path.ts";
import { optionSecrets } from "../src/config/option_secrets.ts";
import { loadConfig } from "../src/config/load_config.ts";
import { SERVE_TOO, SERVING } from "../src/config/groups/serving.ts";
import { type Config, envName, optionsOf } from "../src/config/options.ts";
import { unknownVariables } from "../src/config/unknown_variables.ts";
import { denoCronSchedule, isBranch } from "../src/schedule/deno_cron.ts";
import { type OpenedSchedule, openSchedule } from "../src/schedule/open_schedule.ts";
import { scheduleServer } from "../src/schedule/schedule_server.ts";
import { EXIT, SluiceError } from "../src/error.ts";
import { failureOf } from "../src/report/failure.ts";
import { environmentSecrets } from "../src/text/secrets/environment_secrets.ts";
import { Secrets } from "../src/text/secrets/secrets.ts";
import { readableVariable } from "../src/http/proxy.ts";

/** What it takes: the options of a schedule, and of what is served beside it. */
const OPTIONS = [...new Set([...scheduleCommand.options, ...optionsOf(SERVE_TOO, SERVING)])]
  // Deno.serve() is told where to listen by Deno itself.
  .filter((key) => key !== "listen");
const env = (name: string) => Deno.env.get(name);
const secrets = new Secrets([
  ...environmentSecrets(readableVariable),
  ...OPTIONS.flatMap((key) => optionSecrets(key, env(envName(key)) ?? "")),
]);
// A tick doesn't fail because its log can't be written.
const stderr = secrets.guard(outputTo(Deno.stderr, () => true));

/** Deno Deploy may stop what runs longer than a minute or so. */
const TIME_BUDGET = "50s";

async function open(): Promise<OpenedSchedule & { readonly config: Config }> {
  const names = new Set(OPTIONS.map(envName));
  const config = await loadConfig({
    env: (name) => names.has(name) ? env(name) : undefined,
    home: homeOf(env),
    defaults: { timeBudget: TIME_BUDGET },
  });
  checkVariables(env, { s3: isInS3(config) });
  for (const message of unknownVariables(envNames(Deno.env))) {
    writeNote({ stderr }, "warning", { code: "unknown_variable", message }, config);
  }
  if (typeof Deno.cron !== "function") {
    throw new SluiceError("Deno.cron is needed: run Deno with --unstable-cron.", EXIT.usage);
  }
  return { ...openSchedule(config, { env }), config };
}

/** Ends the program with a sentence, if something in the environment is wrong. */
function refuse(error: unknown): never {
  const { message, exitCode } = advised(failureOf(error, new AbortController().signal));
  stderr.write(`sluice: ${message}\n`);
  Deno.exit(exitCode);
}

readyEnvironment(Deno.env);
const { schedule, storage, config } = await open().catch(refuse);
const log = new TickLog(stderr, config);
// Deno Deploy interrupts what it stops, and kills it seconds later.
const signal = stopSignal("The program was told to stop.", { hasTerminal: hasTerminal() });
const answer = await scheduleServer(config, { schedule, storage }, {
  env,
  onError(error, requestId) {
    const { message } = failureOf(error, signal);
    writeNote({ stderr }, "warning", {
      code: "request_failed",
      message: `${requestId}: ${message}`,
    }, config);
  },
  signal,
}).catch(refuse);

async function tick(): Promise<void> {
  // Branches' timelines tick, too: with other code, none would resume the other's snapshots.
  if (!isBranch((name) => Deno.env.get(name))) log.write(await schedule.tick(signal));
}

/** Registers the ticks, unless Deno's parser refuses what another one understands. */
function registerTicks(): void {
  try {
    Deno.cron("sluice export", denoCronSchedule(config.cron), { signal }, tick);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    const expression = JSON.stringify(config.cron);
    refuse(
      new SluiceError(
        `SLUICE_CRON is ${expression}, which Deno.cron doesn't take (${error.message}): use numbers, ` +
          "names, lists, ranges and steps only.",
        EXIT.usage,
        { cause: error },
      ),
    );
  }
}

registerTicks();
Deno.serve({ signal }, answer);
