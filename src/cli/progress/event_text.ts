import type { ExportEvent } from "../../export/events.ts";
import type { ExportReport } from "../../export/report.ts";
import { printable, shownAddress } from "../../text/printable.ts";
import { counted, formatBytes, formatCount, formatDuration } from "../text/format.ts";
import { listingName, projectName } from "./render_progress.ts";

/** The longest text of elsewhere in a line. */
const LONGEST = 500;

/**
 * How much is told: what people who watch have to know, also what a log has to hold, or each request and
 * asset, too.
 */
export type Detail = "messages" | "log" | "all";

/**
 * What was reused, for people.
 *
 * @param reuse What was.
 */
export function reuseText(
  { snapshot, records, published, requests }: NonNullable<ExportReport["reused"]>,
): string {
  const versions = published > 0 ? ` and ${counted(published, "published version")}` : "";
  return `${counted(records, "record")} with blocks${versions} of ${
    shownAddress(snapshot)
  }: at least ${counted(requests, "request")} saved`;
}

/**
 * The line that tells people of an event.
 *
 * @param event What happened.
 * @param detail How much is told.
 * @return The line, or `undefined` if the event isn't worth one.
 */
export function eventText(event: ExportEvent, detail: Detail): string | undefined {
  switch (event.type) {
    case "warning":
      return `Warning: ${printable(event.message, LONGEST)}`;
    case "finding":
      return `Found: ${printable(event.message, LONGEST)}`;
    case "skipped":
      return `Left out ${event.resource}: ${printable(event.message, LONGEST)}`;
    case "asset":
      return assetText(event, detail);
    case "freeze":
      return freezeText(event, detail);
    case "since":
      return sinceText(event, detail);
    case "request":
    case "done":
    case "checkpoint":
      return detail === "all" ? routineText(event) : undefined;
    default:
      // Those who watch see the same below.
      return detail === "messages" ? undefined : logText(event);
  }
}

type Of<Type extends ExportEvent["type"]> = Extract<ExportEvent, { readonly type: Type }>;

function freezeText({ environment, step, percent }: Of<"freeze">, detail: Detail) {
  const name = printable(environment, 60);
  switch (step) {
    case "creating":
      if (percent === null) return `Making a temporary copy of the environment, ${name}`;
      return detail === "all" ? `${name} is made to ${formatCount(percent)} %` : undefined;
    case "ready":
      return `Reading from ${name}, where nothing changes`;
    case "deleted":
      return `Deleted ${name}`;
  }
}

function sinceText({ snapshot, reason }: Of<"since">, detail: Detail): string | undefined {
  if (reason !== null) return `All records are read, because ${printable(reason, LONGEST)}`;
  if (snapshot === null || detail === "messages") return undefined;
  return `Reusing what hasn't changed since ${shownAddress(snapshot)}`;
}

function assetText({ outcome }: Of<"asset">, detail: Detail): string | undefined {
  const what = `asset ${printable(outcome.key, LONGEST)}`;
  switch (outcome.outcome) {
    case "failed":
      return `Failed: ${what} after ${counted(outcome.attempts, "attempt")}: ${
        printable(outcome.reason ?? "", LONGEST)
      }`;
    case "downloaded":
    case "kept":
      return detail === "all"
        ? `${outcome.outcome} ${what}, ${formatBytes(outcome.size ?? 0)}`
        : undefined;
    case "withdrawn":
    case "not_served":
      // A warning says so.
      return undefined;
  }
}

function routineText(event: Of<"request" | "done" | "checkpoint">): string {
  switch (event.type) {
    case "request": {
      const { what, status, ms, bytes, available } = event;
      return `${printable(what, LONGEST)}: ${status} in ${formatCount(ms)} ms, ${
        formatBytes(bytes)
      }, ${counted(available, "request")} left in this window`;
    }
    case "done": {
      const listing = { resource: event.resource, model: event.model, version: event.version };
      return `Read ${listingName(listing)}: ${formatCount(event.count)}, ${
        formatBytes(event.bytes)
      }`;
    }
    case "checkpoint":
      return `Wrote a checkpoint: ${counted(event.objects, "object")} so far`;
  }
}

function logText(
  event: Of<
    | "start"
    | "retry"
    | "total"
    | "page"
    | "converged"
    | "tables"
    | "written"
    | "reused"
    | "sealed"
    | "deleted"
    | "unfinished"
  >,
): string | undefined {
  switch (event.type) {
    case "start":
      return `${event.resumed ? "Resuming the export of" : "Exporting"} ${projectName(event)} to ${
        shownAddress(event.snapshot)
      }`;
    case "retry": {
      const { what, reason, attempt, waitMs } = event;
      return `Retry ${attempt} of ${printable(what, LONGEST)} in ${formatDuration(waitMs)}: ${
        printable(reason, LONGEST)
      }`;
    }
    case "converged": {
      const what = event.resource === "records" ? "record" : "upload";
      return `Read ${counted(event.count, what)} again that changed meanwhile (pass ${event.pass})`;
    }
    case "reused":
      return `Reused ${reuseText(event)}`;
    case "deleted":
      return `Deleted ${counted(event.count, "asset file")}, ${formatBytes(event.bytes)}`;
    case "total":
    case "page":
    case "tables":
    case "written":
      // Lines that tell how far it is count them.
      return undefined;
    case "sealed":
    case "unfinished":
      // The command's end says so.
      return undefined;
  }
}
