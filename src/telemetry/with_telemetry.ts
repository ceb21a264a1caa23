import { context } from "@opentelemetry/api";
import type { ExportEvent } from "../export/events.ts";
import { ExportTelemetry } from "./export_telemetry.ts";

/** What {@linkcode withTelemetry} runs has these. */
export interface Ended {
  /** How it ended, such as `complete`. */
  readonly status: string;
}

/**
 * Runs an export as a span, and turns its events into spans and counters. Without a telemetry provider,
 * such as Deno's own with `OTEL_DENO=true`, nothing of it is kept.
 *
 * @param onEvent Called with each event, too.
 * @param run Runs the export, which has to be given the listener.
 * @return What the export returns.
 * @throws What the export throws.
 * @see {@link https://docs.deno.com/runtime/fundamentals/open_telemetry/}
 *
 * @example
 * ```ts no-eval
 * import { exportProject, LocalStorage, withTelemetry } from "@sluice/datocms";
 *
 * const storage = new LocalStorage("./snapshots");
 * const report = await withTelemetry(
 *   ({ type }) => console.log(type),
 *   (onEvent) =>
 *     exportProject({ apiToken: Deno.env.get("DATOCMS_API_TOKEN")!, storage, onEvent }),
 * );
 * console.log(report.status);
 * ```
 */
export async function withTelemetry<T extends Ended>(
  onEvent: ((event: ExportEvent) => void) | undefined,
  run: (onEvent: (event: ExportEvent) => void) => Promise<T>,
): Promise<T> {
  using telemetry = new ExportTelemetry();
  // What Deno itself traces, such as requests to S3, belongs to the export, too.
  return await context.with(telemetry.context, async () => {
    try {
      const result = await run((event) => {
        telemetry.onEvent(event);
        onEvent?.(event);
      });
      telemetry.end(result.status);
      return result;
    } catch (error) {
      telemetry.fail(error);
      throw error;
    }
  });
}
