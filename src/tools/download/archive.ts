import { constants, createGzip, createZstdCompress, type Gzip, type ZstdCompress } from "node:zlib";
import { createTarPacker } from "modern-tar";
import { generatorStream } from "../../async/generator_stream.ts";
import { compressed } from "./compressed.ts";

/** How an archive is written: as a tar, plain or compressed. */
export type ArchiveForm = "tar" | "tar.gz" | "tar.zst";

/** A file that goes into an archive. */
export interface ArchiveEntry {
  /** Its path in the archive. */
  readonly name: string;
  /** Its size in bytes. */
  readonly size: number;
  /** Its bytes: as many as that. */
  readonly body: ReadableStream<Uint8Array<ArrayBuffer>>;
}

/** Options of {@linkcode archiveOf}. */
export interface ArchiveOptions {
  /** How it is written. */
  readonly form: ArchiveForm;
  /** The time of all files. */
  readonly mtime: Date;
}

/** DuckDB's and most programs' own: more takes several times as long for a few percent. */
const [GZIP_LEVEL, ZSTD_LEVEL] = [6, 3];
// deno-lint-ignore no-control-regex -- all of ASCII
const ASCII = /^[\x00-\x7f]*$/;

/**
 * An archive of files, one after the other as they come: the same bytes for the same files. What ustar has no place
 * for, such as names that aren't ASCII and files of 8 GiB, is in pax headers.
 *
 * If the entries fail, so does the stream: a compressed archive then has no trailer, so that whoever tests or unpacks
 * it finds out.
 *
 * @param entries The files; what they fail with, the archive fails with.
 * @param options Its form, and the files' time.
 */
export function archiveOf(
  entries: (signal: AbortSignal) => AsyncIterable<ArchiveEntry>,
  { form, mtime }: ArchiveOptions,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const tar = generatorStream(async function* (stop) {
    const { readable, controller } = createTarPacker();
    const packing = pack().catch((error) => controller.error(error));
    try {
      yield* readable;
    } finally {
      stop.abort(new DOMException("Nobody reads the archive any more.", "AbortError"));
      await packing;
    }

    async function pack(): Promise<void> {
      for await (const { name, size, body } of entries(stop.signal)) {
        const pax = ASCII.test(name) ? undefined : { path: name };
        const header = { name, size, mtime, mode: 0o644, uid: 0, gid: 0 };
        await body.pipeTo(controller.add({ ...header, ...(pax && { pax }) }));
      }
      controller.finalize();
    }
  });
  return form === "tar" ? tar : generatorStream(() => compressed(tar, compressorOf(form)));
}

function compressorOf(form: Exclude<ArchiveForm, "tar">): Gzip | ZstdCompress {
  if (form === "tar.gz") return createGzip({ level: GZIP_LEVEL });
  return createZstdCompress({
    params: {
      [constants.ZSTD_c_compressionLevel]: ZSTD_LEVEL,
      // Without it, zstd -t finds no changed byte.
      [constants.ZSTD_c_checksumFlag]: 1,
    },
  });
}
