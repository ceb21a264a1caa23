import type { ExportEvent } from "../../events.ts";
import { printable } from "../../printable.ts";
import { counted, formatBytes, formatCount, formatDuration } from "../text/format.ts";
import { listingName } from "./render_progress.ts";

/** The longest text of elsewhere in a line. */
const LONGEST = 500;

/**
 * The line that tells people of an event.
 *
 * @param event What happened.
 * @param verbose Whether requests, retries, listings and each asset are told, too.
 * @return The line, or `undefined` if the event isn't worth one.
 */
export function eventText(event: ExportEvent, verbose: boolean): string | undefined {
  switch (event.type) {
    case "warning":
      return `Warning: ${printable(event.message, LONGEST)}`;
    case "skipped":
      return `Left out ${event.resource}: ${printable(event.message, LONGEST)}`;
    case "asset":
      return assetText(event, verbose);
    case "freeze":
      return freezeText(event, verbose);
    default:
      return verbose ? detail(event) : undefined;
  }
}

function freezeText(
  { environment, step, percent }: Extract<ExportEvent, { type: "freeze" }>,
  verbose: boolean,
): string | undefined {
  const name = printable(environment, 60);
  switch (step) {
    case "creating":
      if (percent === null) return `Making a temporary copy of the environment, ${name}`;
      return verbose ? `${name} is made to ${formatCount(percent)} %` : undefined;
    case "ready":
      return `Reading from ${name}, where nothing changes`;
    case "deleted":
      return `Deleted ${name}`;
  }
}

function assetText(
  { outcome }: Extract<ExportEvent, { type: "asset" }>,
  verbose: boolean,
): string | undefined {
  const what = `asset ${printable(outcome.key, LONGEST)}`;
  switch (outcome.outcome) {
    case "failed":
      return `Failed: ${what} after ${counted(outcome.attempts, "attempt")}: ${
        printable(outcome.reason ?? "", LONGEST)
      }`;
    case "downloaded":
    case "kept":
      return verbose ? `${outcome.outcome} ${what}, ${formatBytes(outcome.size ?? 0)}` : undefined;
    case "withdrawn":
      // A warning says so.
      return undefined;
  }
}

function detail(event: ExportEvent): string | undefined {
  switch (event.type) {
    case "request": {
      const { what, status, ms, bytes, available } = event;
      return `${printable(what, LONGEST)}: ${status} in ${formatCount(ms)} ms, ${
        formatBytes(bytes)
      }, ${counted(available, "request")} left in this window`;
    }
    case "retry": {
      const { what, reason, attempt, waitMs } = event;
      return `Retry ${attempt} of ${printable(what, LONGEST)} in ${formatDuration(waitMs)}: ${
        printable(reason, LONGEST)
      }`;
    }
    case "done": {
      const listing = { resource: event.resource, model: event.model, version: event.version };
      return `Read ${listingName(listing)}: ${formatCount(event.count)}, ${
        formatBytes(event.bytes)
      }`;
    }
    default:
      return undefined;
  }
}
