import type { Page, Resource } from "../../content/resource.ts";
import { fanOut } from "../../sink/fan_out.ts";
import { listingPages } from "../../source/datocms/listing.ts";
import { redactSecrets } from "../../source/datocms/redact.ts";
import type { ExportResource } from "../../source/datocms/resources.ts";
import type { ExportRun } from "../export_run.ts";

/**
 * Reads a listing of settings, to its end.
 *
 * @param run The export.
 * @param resource Which listing.
 * @param sink Where its pages go, without secrets and without the temporary copy that is read.
 * @param bytes How many bytes were written, once the sink is closed.
 * @param signal Ends the reading.
 */
export async function readListing<T extends Resource>(
  run: ExportRun,
  resource: ExportResource,
  sink: WritableStream<Page<T>>,
  bytes: () => number,
  signal: AbortSignal,
): Promise<void> {
  const { name, secrets = [] } = resource;
  let count = 0;
  let total = 0;
  // A temporary copy is no part of the project: it is gone when the export ends.
  const hidden = name === "environments" ? run.copy : undefined;
  const listing = run.listing(signal, { resource: name }, name.replaceAll("_", " "));
  const shown = new TransformStream<Page<T>, Page<T>>({
    transform: (page, controller) => {
      const kept = page.filter(({ id }) => id !== hidden);
      total -= page.length - kept.length;
      if (hidden !== undefined) listing.onTotal?.(total);
      controller.enqueue(kept.map((each) => redactSecrets(each, secrets)));
    },
  });
  const progress = new WritableStream<Page<T>>({
    write: ({ length }) => {
      count += length;
      run.emit({ type: "page", resource: name, count: length });
    },
  });
  const onTotal = (latest: number) => {
    total = latest;
    if (hidden === undefined) listing.onTotal?.(latest);
  };
  // It is short, and nothing tells where to continue in it: it is read whole, or not begun.
  await listingPages<T>(run.client, resource, { ...listing, stop: undefined, onTotal })
    .pipeThrough(shown)
    .pipeTo(fanOut([sink, progress]), { signal });
  run.resources[name] = { count, bytes: bytes() };
}
