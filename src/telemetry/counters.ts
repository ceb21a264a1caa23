import { type Counter, metrics } from "@opentelemetry/api";
import { VERSION } from "../version.ts";

/** What an export counts. */
export interface Counters {
  /** Records written, in all versions. */
  readonly records: Counter;
  /** Bytes of the API's answers, and of asset files that were downloaded. */
  readonly bytes: Counter;
  /** Requests and assets that were tried again. */
  readonly retries: Counter;
  /** Asset files, by what became of them. */
  readonly assets: Counter;
  /** Answers of the API, by status. */
  readonly requests: Counter;
}

/** The counters of the meter provider that is registered now. */
export function exportCounters(): Counters {
  const meter = metrics.getMeter("sluice", VERSION);
  const counter = (name: string, description: string, unit: string) => {
    return meter.createCounter(`sluice.${name}`, { description, unit });
  };
  return {
    records: counter("records", "Records written, in all versions", "{record}"),
    bytes: counter("bytes", "Bytes of the API's answers and of downloaded assets", "By"),
    retries: counter("retries", "Requests and assets that were tried again", "{retry}"),
    assets: counter("assets", "Asset files, by what became of them", "{asset}"),
    requests: counter("requests", "Answers of the API, by status", "{request}"),
  };
}
