import { basename, dirname, join } from "node:path";
import { assertFree, placeIfAbsent, taken, writeAll } from "./files.ts";
import type { LocalRoot } from "./root.ts";
import { purposeOf, temporaryName } from "../object_key.ts";
import { PieceReader } from "../piece_reader.ts";
import type { ObjectInfo, PutOptions } from "../storage.ts";

/** Bytes written at a time: small writes are slow, and bigger ones are no faster. */
const PIECE = 256 * 1024;
/** How often a name is tried for that others take again and again. */
const ROOM_TRIES = 3;

/** Where a file is written, and how its errors are told. */
interface Target {
  readonly root: LocalRoot;
  readonly key: string;
  readonly path: string;
  readonly attempt: <T>(run: () => Promise<T>) => Promise<T>;
}

/**
 * Writes a file. It appears at its path only when complete and flushed to the disk.
 *
 * @param root The directory that it is in.
 * @param key The object's key.
 * @param body Its bytes; a stream is cancelled if they can't be written.
 * @param options How it is put; what a file can't keep is ignored.
 * @return What is known of the file.
 * @throws {ObjectExistsError} If the put may only create the file, and it is there.
 * @throws {StorageError} If the file can't be written.
 */
export async function putFile(
  root: LocalRoot,
  key: string,
  body: ReadableStream<Uint8Array<ArrayBuffer>> | Uint8Array<ArrayBuffer>,
  options: PutOptions,
): Promise<ObjectInfo> {
  const { signal, size, ifAbsent = false } = options;
  using reader = new PieceReader(body, { key, size, signal });
  const path = root.toPath(key);
  const attempt = <T>(run: () => Promise<T>) => {
    return root.attempt(`write ${JSON.stringify(key)}`, path, run);
  };
  const target: Target = { root, key, path, attempt };
  signal?.throwIfAborted();
  // Looked at before the body is read: finding it out later would cost a whole download.
  const way = await attempt(async () => {
    const way = await root.wayTo(path);
    await assertFree(key, path, ifAbsent);
    return way;
  });
  const { missing } = way;
  // One that may only be created replaces nothing, however late it comes.
  const purpose = createsOnly(options) ? "" : purposeOf(key);
  let temporary = join(dirname(path), temporaryName(purpose));
  let placed = false;
  try {
    const opened = await attempt(() => root.createFile(temporary, way));
    temporary = opened.real;
    const modifiedAt = await write(opened.file, reader, target);
    signal?.throwIfAborted();
    await place(temporary, target, options);
    placed = true;
    await attempt(async () => {
      for (const each of [path, ...missing]) await root.flush(dirname(each));
    });
    return { key, size: reader.bytesRead, ...(modifiedAt && { modifiedAt }) };
  } finally {
    // A failure to tidy up must not hide why the put failed; sweep() removes what is left.
    if (!placed || createsOnly(options)) await Deno.remove(temporary).catch(() => {});
    if (!placed) await root.removeEmptyDirectories(missing);
  }
}

/** Writes a whole file and flushes it; the body's own errors are passed on as they are. */
async function write(
  opened: Deno.FsFile,
  reader: PieceReader,
  { attempt }: Target,
): Promise<Date | null> {
  using file = opened;
  for (let piece; (piece = await reader.read(PIECE)) !== undefined;) {
    const bytes = piece;
    await attempt(() => writeAll(file, bytes));
  }
  return await attempt(async () => {
    await file.syncData();
    // The system has it at hand: it costs less than to have another thread ask for it.
    return file.statSync().mtime;
  });
}

/**
 * Gives a finished file its name. It is only ever found below the directory that it was written to: what is
 * in that one's place by now gets nothing.
 */
async function place(
  temporary: string,
  { root, key, path, attempt }: Target,
  options: PutOptions,
): Promise<void> {
  const { fence } = options;
  const final = join(dirname(temporary), basename(path));
  const sealed = fence?.unless === undefined ? undefined : root.toPath(fence.unless);
  for (let tries = 1;; tries++) {
    await attempt(() => root.writablePath(dirname(path)));
    if (sealed !== undefined && await attempt(() => root.realPath(sealed)) !== undefined) {
      throw taken(key, sealed);
    }
    // After this nothing else is waited for: the file that has waited is removed by whoever takes over.
    await fence?.check();
    if (!createsOnly(options)) return await attempt(() => Deno.rename(temporary, final));
    if (await attempt(() => placeIfAbsent(temporary, final))) return;
    if (options.ifAbsent || fence?.makeRoom === undefined || tries === ROOM_TRIES) {
      throw taken(key, path);
    }
    await fence.makeRoom();
  }
}

/** Whether a put may only create its object. */
function createsOnly({ ifAbsent, replaces }: PutOptions): boolean {
  return ifAbsent === true || replaces === null;
}
