import { createHash } from "node:crypto";
import { TextLineStream } from "@std/streams/text-line-stream";
import { concurrently } from "../../async/concurrently.ts";
import { generatorStream } from "../../async/generator_stream.ts";
import { isObject } from "../../text/json.ts";
import type { Page, Resource } from "../../content/resource.ts";
import { JSON_DATA } from "../../sink/encodings.ts";
import { batchEntries } from "../../snapshot/batch_entries.ts";
import type { ByteJournal } from "../../snapshot/byte_journal.ts";
import { recordsFolder } from "../../snapshot/layout.ts";
import { CmaError } from "../../source/datocms/cma_error.ts";
import type { ListingOptions } from "../../source/datocms/listing.ts";
import {
  isScheduled,
  type RecordSchedules,
  scheduledRecords,
  schedulesOf,
} from "../../source/datocms/schedules.ts";
import { fewNames, printable } from "../../text/printable.ts";
import type { SnapshotWriter } from "../../snapshot/snapshot_writer.ts";
import type { CmaClient } from "../../source/datocms/cma_client.ts";
import type { ExportSettings } from "../export_settings.ts";
import { judgeListing } from "../listings.ts";
import { type ListingParts, ListingRun } from "../resume/listing_run.ts";
import type { ScheduleSelection } from "../selection.ts";
import { type SettingsParts, skipResource } from "./export_settings.ts";

/** What {@linkcode exportSchedules} uses. */
export interface ScheduleParts
  extends ListingParts, Pick<SettingsParts, "selection" | "tallies" | "redaction"> {
  /** Reads from the API. */
  readonly client: CmaClient;
  /** Where they are written, and records are. */
  readonly snapshot: SnapshotWriter;
  /** Where the snapshot's records are. */
  readonly settings: Pick<ExportSettings, "tables">;
  /** The most requests at a time. */
  readonly concurrency: number;
}

const NAME = "schedules";
const PATH = `settings/${NAME}.json`;
/** What begins the step in checkpoints that has found the records. */
const FOUND = `${NAME}/found`;
const ENCODER = new TextEncoder();

/**
 * Exports what is scheduled for records, one request for each that is. Records have to be written and up to date.
 *
 * The ids of the scheduled records are in memory meanwhile: at most 150 bytes for each.
 *
 * @param parts What is read, and where it goes.
 * @param signal Ends it.
 * @return Whether it came to its end; `false` if it was stopped before.
 * @throws {CmaError} If the API can't be read.
 * @throws {StorageError} If it can't be written.
 */
export async function exportSchedules(
  parts: ScheduleParts,
  signal: AbortSignal,
): Promise<boolean> {
  const { selection, tallies, emit, stop } = parts;
  const { schedules } = selection;
  if (schedules === undefined) return true;
  if (stop?.aborted) return false;
  const before = tallies.counts.resources[NAME];
  if (before !== undefined) {
    // An earlier run has done it: whoever counts listings counts this one, too.
    emit(
      "skipped" in before
        ? { type: "skipped", resource: NAME, message: before.skipped }
        : { type: "done", resource: NAME, ...before },
    );
    return true;
  }
  const skip = (message: string) => {
    skipResource(parts, NAME, message);
    emit({ type: "skipped", resource: NAME, message });
    return true;
  };
  try {
    const ids = await findOnce(parts, () => findScheduled(parts, schedules, skip, signal));
    return typeof ids === "boolean" ? ids : await exportEach(parts, ids, signal);
  } catch (error) {
    signal.throwIfAborted();
    const mayLack = error instanceof CmaError &&
      (error.isForbidden || error.isAbsent || error.isRefusedQuery);
    if (!mayLack) throw error;
    return skip(error.message);
  }
}

/** What is found, or what an earlier run has found, unless records were brought up to date since. */
async function findOnce(
  { state, checkpoints }: ScheduleParts,
  find: () => Promise<Set<string> | boolean>,
): Promise<Set<string> | boolean> {
  const amended = createHash("sha256").update(JSON.stringify([...state.amended])).digest("hex");
  const step = `${FOUND}/${amended}`;
  if (state.isDone(step)) {
    return new Set(await Array.fromAsync(linesOf(state.bytes, step)));
  }
  const ids = await find();
  if (typeof ids === "boolean") return ids;
  await checkpoints.page(() => {
    state.bytes.add(FOUND, step, Array.from(ids, (id) => ENCODER.encode(`${id}\n`)));
    state.finish(step);
    return Promise.resolve();
  });
  return ids;
}

/** The ids of the records to ask about; otherwise whether this comes to its end without them. */
async function findScheduled(
  parts: ScheduleParts,
  { models, most }: ScheduleSelection,
  skip: (message: string) => boolean,
  signal: AbortSignal,
): Promise<Set<string> | boolean> {
  const { client, selection, tallies, journal, emit, stop } = parts;
  const found = await scheduledRecords(client, models, {
    most,
    signal,
    onEnd: (verdict) => judgeListing(journal, "scheduled records", verdict),
  });
  if (stop?.aborted) return false;
  let { ids, isMany } = found;
  if (found.problem !== undefined) {
    const asked = `DatoCMS was asked for records with a scheduled date, and ${found.problem}`;
    if (!selection.wants("records")) return skip(`${asked}.`);
    journal.addWarning(
      "api_fallback",
      `${asked}; they were taken from the exported records instead.`,
    );
    ids = await scheduledInSnapshot(parts, { models, most }, signal);
    isMany = ids === undefined;
  }
  if (!isMany) return ids!;
  const message =
    `More than ${most} records are to be published or unpublished, and each takes a ` +
    `request: ${PATH} is left out. To have it, include ${NAME} by name, beside whatever else is wanted.`;
  tallies.skipResource(NAME, message);
  journal.addFinding("many_schedules", message);
  emit({ type: "skipped", resource: NAME, message });
  return true;
}

/** The ids of scheduled records, as they were read; `undefined` if there are too many. */
async function scheduledInSnapshot(
  { snapshot, settings }: ScheduleParts,
  { models, most }: ScheduleSelection,
  signal: AbortSignal,
): Promise<Set<string> | undefined> {
  const ids = new Set<string>();
  const folders = models.map(({ attributes: { api_key: key } }) => {
    return recordsFolder(key, "current", settings.tables === "only");
  });
  for (const { path } of snapshot.objects) {
    if (!folders.some((folder) => path.startsWith(folder))) continue;
    const key = `${snapshot.prefix}/${path}`;
    for await (const page of batchEntries<Resource>(snapshot.storage, key, signal)) {
      for (const record of page) if (isScheduled(record)) ids.add(record.id);
      if (ids.size > most) return undefined;
    }
  }
  return ids;
}

async function exportEach(
  parts: ScheduleParts,
  ids: Set<string>,
  signal: AbortSignal,
): Promise<boolean> {
  const { snapshot, tallies, journal, checkpoints } = parts;
  const unscheduled: string[] = [];
  const run = new ListingRun<Resource>(parts, {
    key: NAME,
    about: { resource: NAME },
    what: "scheduled publications and unpublishings",
    needs: ["attributes", "relationships"],
    // Nothing that was written comes again.
    written: async function* () {},
    pages: (options) => {
      return generatorStream(({ signal }) => pages(parts, ids, unscheduled, signal, options));
    },
    batches: (batches) => {
      return snapshot.sink({
        path: () => PATH,
        encoding: JSON_DATA,
        maxEntries: Infinity,
        ...batches,
      });
    },
  });
  const state = await run.read(signal);
  if (state === undefined) return false;
  const { read: count, bytes } = state;
  tallies.setResource(NAME, { count, bytes });
  if (unscheduled.length > 0) {
    journal.addFinding(
      "schedules_changed",
      `${unscheduled.length} records that were to be published or unpublished weren't any more when the ` +
        `API was asked for details: ${fewNames(unscheduled)}.`,
    );
  }
  await checkpoints.saveIfDue();
  return true;
}

/**
 * What is scheduled for records, but for those that an earlier run has asked about.
 *
 * @param parts What is read.
 * @param ids The records' ids: those that are asked about already are taken out.
 * @param unscheduled Where the ids of those go for which nothing is scheduled any more.
 * @param end Ends it.
 * @param options The listing's options.
 */
async function* pages(
  { client, journal, state, concurrency }: ScheduleParts,
  ids: Set<string>,
  unscheduled: string[],
  end: AbortSignal,
  { signal, stop, after, onTotal, onEnd }: ListingOptions,
): AsyncGenerator<Page<Resource>, void> {
  const either = signal ? AbortSignal.any([signal, end]) : end;
  onTotal?.(ids.size);
  let count = 0;
  /** Those that don't say which record they are of. */
  const written = new Set<string>();
  const nameOf = ({ type, id }: Resource) => `${type} ${id}`;
  for await (const one of after === undefined ? [] : writtenSchedules(state.bytes)) {
    count++;
    const item: unknown = one.relationships?.item?.data;
    if (isObject(item)) ids.delete(String(item.id));
    else written.add(nameOf(one));
  }
  const { batches, read } = state.listing(NAME);
  if (batches > 0) {
    // An earlier run has ended the file, and was killed before it was written down that nothing is left.
    ids.clear();
    count = read;
  }
  const left = [...ids].sort();
  for (let at = 0; at < left.length; at += concurrency) {
    if (stop?.aborted) return;
    const some = left.slice(at, at + concurrency);
    const answers = new Map<string, RecordSchedules>();
    const tasks = some.map((id) => async (signal: AbortSignal) => {
      answers.set(id, await schedulesOf(client, id, signal));
    });
    await concurrently(tasks, concurrency, either);
    const page: Resource[] = [];
    for (const id of some) {
      const { resources, problem } = answers.get(id)!;
      page.push(...resources.filter((one) => !written.has(nameOf(one))));
      if (problem !== undefined) {
        const which = JSON.stringify(printable(id, 60));
        journal.addFailure(
          "resource_unreadable",
          `What is scheduled for the record with id ${which} is missing: ${problem}.`,
        );
      } else if (resources.length === 0) unscheduled.push(id);
    }
    count += page.length;
    if (page.length > 0) yield page;
  }
  onTotal?.(count);
  onEnd?.({ state: "whole", announced: count, sent: count });
}

/** What earlier runs have written. */
async function* writtenSchedules(bytes: ByteJournal): AsyncGenerator<Resource, void> {
  for await (const line of linesOf(bytes, NAME)) {
    if (line !== JSON_DATA.head) yield JSON.parse(line.replace(/,$/, ""));
  }
}

/** What a journal holds of an object: line by line, since it may be long. */
function linesOf(bytes: ByteJournal, name: string): ReadableStream<string> {
  const pieces = async function* () {
    for await (const [, piece] of bytes.read((of) => of === name)) yield piece;
  };
  return ReadableStream.from(pieces())
    .pipeThrough(new TextDecoderStream())
    .pipeThrough(new TextLineStream());
}
