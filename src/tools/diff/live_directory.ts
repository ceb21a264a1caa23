import { EXIT, SluiceError } from "../../error.ts";
import { printable } from "../../text/printable.ts";

const PREFIX = "sluice-live-";
/** Who holds its lock is alive: the system releases that of a killed process. */
const LOCK = "held";

/** A temporary directory that goes when it is disposed. */
export interface LiveDirectory extends AsyncDisposable {
  /** Its path. */
  readonly path: string;
}

/**
 * Makes a temporary directory. Those that killed programs have left beside it are removed.
 *
 * @param within The directory that it is made in. Default: that of the system.
 * @throws {SluiceError} If none can be made.
 */
export async function makeLiveDirectory(within: string | undefined): Promise<LiveDirectory> {
  const place = within === undefined ? {} : { dir: within };
  const path = await Deno.makeTempDir({ ...place, prefix: PREFIX }).catch(fail);
  let lock: Deno.FsFile | undefined;
  const remove = async () => {
    lock?.close();
    await Deno.remove(path, { recursive: true }).catch((error) => {
      // Another program found it unheld just now.
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    });
  };
  try {
    // Nobody sees it by its name before it is held.
    lock = await Deno.open(`${path}/${LOCK}-`, { write: true, createNew: true });
    await lock.lock(true);
    await Deno.rename(`${path}/${LOCK}-`, `${path}/${LOCK}`);
    await removeLeft(path.replace(/[/\\][^/\\]*$/, ""));
    return { path, [Symbol.asyncDispose]: remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** Removes what killed programs have left, as far as that is possible. */
async function removeLeft(within: string): Promise<void> {
  try {
    for await (const { name, isDirectory } of Deno.readDir(within)) {
      if (isDirectory && name.startsWith(PREFIX)) await removeUnheld(`${within}/${name}`);
    }
  } catch {
    // Others may read what is there; nobody has to.
  }
}

async function removeUnheld(path: string): Promise<void> {
  try {
    using lock = await Deno.open(`${path}/${LOCK}`, { write: true });
    if (await lock.tryLock(true)) await Deno.remove(path, { recursive: true });
  } catch {
    // It is somebody else's, of an older version, or being removed.
  }
}

function fail(error: unknown): never {
  if (!(error instanceof Error)) throw error;
  throw new SluiceError(
    `No temporary directory can be made, which holds what is there while it is compared (${
      printable(error.message).replace(/\.$/, "")
    }): set TMPDIR to a directory that can be written to.`,
    EXIT.usage,
    { cause: error, code: "no_temporary_directory" },
  );
}
