import { EXIT, SluiceError } from "../error.ts";
import { concurrently } from "../async/concurrently.ts";
import { type FoundSnapshot, undoIn } from "../snapshot/find_snapshot.ts";
import { CANARY, MANIFEST } from "../snapshot/layout.ts";
import type { Storage } from "../storage/storage.ts";
import { SnapshotContents } from "../tools/download/contents.ts";
import { shownAddress } from "../text/printable.ts";
import { openSnapshot, type Snapshot } from "../tools/open.ts";
import type { SnapshotSource } from "../tools/diff.ts";
import type { JournalOptions } from "./options.ts";
import type { EarlierRestore, Settled } from "./settled.ts";
import { Touched } from "./touched.ts";

/** What a snapshot is called that holds what a restore replaced. */
const UNDO = /^undo_(\d+)$/;
/** Files that are copied at a time. */
const AT_A_TIME = 4;

/**
 * What restores have written to before this one, where editors work.
 *
 * @param options Where the snapshot and journals are.
 * @param found The snapshot.
 * @param earlier The restore that is resumed.
 * @return What the restore wrote to that the snapshot undoes, if it is such a one; and what the resumed one was to.
 * @throws {SluiceError} If it isn't known what is to be undone.
 */
export async function touchedBefore(
  { storage, journal: journals = storage, signal }: Settled<JournalOptions>,
  found: FoundSnapshot,
  earlier: EarlierRestore | undefined,
): Promise<{ readonly undone: Touched | undefined; readonly touched: Touched | undefined }> {
  const journal = journalOfUndo(found);
  const undone = journal === undefined ? undefined : await Touched.read(storage, journal, signal);
  if (journal !== undefined && undone === undefined) {
    throw new SluiceError(
      `What ${found.name} undoes isn't known, as ${
        shownAddress(`${storage.url}/${journal}/touched.json`)
      } isn't there or can't be understood.`,
      EXIT.usage,
    );
  }
  const touched = earlier === undefined
    ? undefined
    : await Touched.read(journals, earlier.prefix, signal);
  return { undone, touched };
}

/**
 * Whether a snapshot undoes a restore.
 *
 * @param found The snapshot.
 */
export function isUndo({ id }: FoundSnapshot): boolean {
  return UNDO.test(id);
}

/** The folder of the journal of the restore that a snapshot undoes; `undefined` if it is none that does. */
function journalOfUndo({ prefix, id }: FoundSnapshot): string | undefined {
  const seconds = UNDO.exec(id)?.[1];
  return seconds && `${prefix.slice(0, prefix.lastIndexOf("/"))}/restore_${seconds}`;
}

/** Where the snapshot lies that undoes a restore, beside its journal. */
function undoOf(journal: string): string {
  return journal.replace(/restore_(\d+)$/, "undo_$1");
}

/**
 * What names the snapshot that undoes a restore.
 *
 * @param found The snapshot that is restored, which it lies beside.
 * @param journal The folder of the restore's journal.
 */
export function nameOfUndo({ name }: FoundSnapshot, journal: string): string {
  const id = undoOf(journal).split("/").at(-1)!;
  return `${name.slice(0, name.lastIndexOf("/") + 1)}${id}`;
}

/**
 * An environment as it was before a restore that is resumed.
 *
 * @param options Where journals are.
 * @param found The snapshot that is restored.
 * @param earlier The restore that is resumed.
 * @throws {SluiceError} If that isn't there any more.
 */
export async function beforeOf(
  { storage, journal: journals = storage, signal }: Settled<JournalOptions>,
  found: FoundSnapshot,
  { prefix }: EarlierRestore,
): Promise<Snapshot> {
  const folder = { ...found, prefix: prefix.slice(0, prefix.lastIndexOf("/")) };
  const undo = undoIn(folder, undoOf(prefix).split("/").at(-1)!);
  return await openSnapshot(journals, undo, { index: "memory", signal });
}

/**
 * Keeps an environment as it is, as a snapshot beside a restore's journal: sealed once it is there, and nothing that
 * is there is replaced.
 *
 * @param present The environment as it was read.
 * @param storage Where it is kept.
 * @param journal The folder of the restore's journal.
 * @param signal Aborts it.
 * @return Where it lies.
 * @throws {StorageError} If it can't be written.
 */
export async function keepForUndo(
  { storage: from, snapshot }: SnapshotSource,
  storage: Storage,
  journal: string,
  signal: AbortSignal,
): Promise<string> {
  const prefix = undoOf(journal);
  const contents = await SnapshotContents.read(from, snapshot, { signal });
  const { prefix: own } = contents.found;
  await concurrently(
    contents.objects.map((file) => async (signal: AbortSignal) => {
      const body = await contents.open(file, signal);
      const key = `${prefix}${file.key.slice(own.length)}`;
      await storage.put(key, body, { signal, size: file.size });
    }),
    AT_A_TIME,
    signal,
  );
  const text = new TextEncoder();
  await storage.put(`${prefix}/${MANIFEST}`, text.encode(contents.manifestText), { signal });
  await storage.put(`${prefix}/${CANARY}`, text.encode(contents.canaryText), { signal });
  return prefix;
}
