import type { Page, Resource } from "../content/resource.ts";
import { fanOut } from "../sink/fan_out.ts";
import { listingPages } from "../source/listing.ts";
import { redactSecrets } from "../source/redact.ts";
import type { ExportResource } from "../source/resources.ts";
import type { ExportRun } from "./export_run.ts";

/** Reads a listing that isn't one of records, to its end. */
export async function readListing(
  run: ExportRun,
  resource: ExportResource,
  sink: WritableStream<Page<Resource>>,
  signal: AbortSignal,
  bytes: () => number,
): Promise<void> {
  const { name, secrets = [] } = resource;
  let count = 0;
  const redacted = new TransformStream<Page<Resource>, Page<Resource>>({
    transform: (page, controller) => {
      controller.enqueue(page.map((each) => redactSecrets(each, secrets)));
    },
  });
  const progress = new WritableStream<Page<Resource>>({
    write: ({ length }) => {
      count += length;
      run.emit({ type: "page", resource: name, count: length });
    },
  });
  await listingPages(run.client, resource, run.listing(signal, { resource: name }))
    .pipeThrough(redacted)
    .pipeTo(fanOut([sink, progress]), { signal });
  run.resources[name] = { count, bytes: bytes() };
  run.emit({ type: "done", resource: name, count, bytes: bytes() });
}
