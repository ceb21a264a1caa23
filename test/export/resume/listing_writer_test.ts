import assert from "node:assert/strict";
import type { Item, Page } from "../../../src/content/resource.ts";
import type { Checkpoints } from "../../../src/export/resume/checkpoints.ts";
import { Journal } from "../../../src/snapshot/journal.ts";
import { MemoryStorage } from "../../support/memory_storage.ts";
import { ListingWriter } from "../../../src/export/resume/listing_writer.ts";

Deno.test("ListingWriter that is aborted while a checkpoint ends its segment leaves no failure unseen", async () => {
  const lost: unknown[] = [];
  const checkpoints: Pick<Checkpoints, "attach" | "giveUp" | "listing" | "page" | "journal"> = {
    journal: new Journal({ storage: new MemoryStorage(), prefix: "", signal: AbortSignal.any([]) }),
    attach: () => ({ [Symbol.dispose]: () => {} }),
    giveUp: (reason) => void lost.push(reason),
    listing: () => ({ read: 0, bytes: 0, batches: 0, last: [], done: false, total: 0 }),
    page: (write) => write(),
  };
  const closing = Promise.withResolvers<void>();
  const isClosing = Promise.withResolvers<void>();
  const listing = new ListingWriter<Item>({
    key: "records/article/current",
    of: "1",
    checkpoints: checkpoints as Checkpoints,
    rows: () => {
      return new WritableStream<Page<Item>>({
        close: () => {
          isClosing.resolve();
          return closing.promise;
        },
      });
    },
    onPage: () => {},
  });
  const writer = listing.sink().getWriter();
  writer.closed.catch(() => {});
  await writer.write([]);
  const ended = listing.endSegment();
  await isClosing.promise;
  const reason = new Error("The time is over.");
  const aborted = writer.abort(reason);
  closing.reject(reason);
  await assert.rejects(ended, (error) => error === reason);
  await aborted;
  assert.deepEqual(lost, [reason]);
});
