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
 */
export async function readListing<T extends Resource>(
  run: ExportRun,
  resource: ExportResource,
  sinks: readonly WritableStream<Page<T>>[],
  bytes: () => number,
  signal: AbortSignal,
): Promise<void> {
  const { name, secrets = [] } = resource;
  let count = 0;
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
  await listingPages<T>(run.client, resource, run.listing(signal, { resource: name }))
    .pipeThrough(redacted)
    .pipeTo(fanOut([...sinks, progress]), { signal });
  run.resources[name] = { count, bytes: bytes() };
  run.emit({ type: "done", resource: name, count, bytes: bytes() });
}
