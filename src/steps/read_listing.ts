import type { Page, Resource } from "../content/resource.ts";
import { fanOut } from "../sink/fan_out.ts";
import { listingPages } from "../source/listing.ts";
import { redactSecrets } from "../source/redact.ts";
import type { ExportResource } from "../source/resources.ts";
import type { ExportRun } from "./export_run.ts";

/**
 * Reads a listing that isn't one of records, to its end.
 *
 * @param run The export.
 * @param resource Which listing.
 * @param sinks Where its pages go, without secrets.
 * @param bytes How many bytes were written, once the sinks are closed.
 * @param signal Ends the reading.
 * @return Whether as many came as the API announced.
 */
export async function readListing<T extends Resource>(
  run: ExportRun,
  resource: ExportResource,
  sinks: readonly WritableStream<Page<T>>[],
  bytes: () => number,
  signal: AbortSignal,
): Promise<boolean> {
  const { name, secrets = [] } = resource;
  let count = 0;
  let total = 0;
  const redacted = new TransformStream<Page<T>, Page<T>>({
    transform: (page, controller) => {
      controller.enqueue(page.map((each) => redactSecrets(each, secrets)));
    },
  });
  const progress = new WritableStream<Page<T>>({
    write: ({ length }) => {
      count += length;
      run.emit({ type: "page", resource: name, count: length });
    },
  });
  const listing = run.listing(signal, { resource: name });
  const onTotal = (latest: number) => {
    total = latest;
    listing.onTotal?.(latest);
  };
  await listingPages<T>(run.client, resource, { ...listing, onTotal })
    .pipeThrough(redacted)
    .pipeTo(fanOut([...sinks, progress]), { signal });
  run.resources[name] = { count, bytes: bytes() };
  run.emit({ type: "done", resource: name, count, bytes: bytes() });
  if (count === total) return true;
  run.findings.add(
    "count_differs",
    `The API announced ${total} ${name}, and sent ${count}: the project changed while it was read.`,
  );
  return false;
}
