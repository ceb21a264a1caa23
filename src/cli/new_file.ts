import { flagName, type OptionKey } from "../config/options.ts";
import { EXIT, SluiceError } from "../error.ts";
import { printable } from "../text/printable.ts";

/** A file that has its name only once it is whole. */
export interface NewFile extends AsyncDisposable {
  /** Writes more of it. */
  write(text: string): Promise<void>;
  /** Gives it its name. */
  finish(): Promise<void>;
}

/**
 * Begins to write a file, which disappears if it isn't finished.
 *
 * @param path Where.
 * @param option The option that names it.
 * @throws {SluiceError} If it can't be written there.
 */
export async function newFile(path: string, option: OptionKey): Promise<NewFile> {
  if (path === "-" || /^s3:/i.test(path)) {
    const flag = flagName(option);
    throw new SluiceError(
      `${flag} takes a file on disk, but is ${printable(path)}: write ${flag} changes.html.`,
      EXIT.usage,
    );
  }
  const temporary = `${path}.${crypto.randomUUID()}.tmp`;
  const file = await Deno.open(temporary, { write: true, createNew: true }).catch(fail);
  const encoder = new TextEncoder();
  let [isOpen, isThere] = [true, false];
  return {
    async write(text) {
      for (let rest = encoder.encode(text); rest.length > 0;) {
        rest = rest.subarray(await file.write(rest).catch(fail));
      }
    },
    async finish() {
      await file.syncData().catch(fail);
      file.close();
      isOpen = false;
      await Deno.rename(temporary, path).catch(fail);
      isThere = true;
    },
    async [Symbol.asyncDispose]() {
      if (isOpen) file.close();
      if (!isThere) await Deno.remove(temporary);
    },
  };

  function fail(error: unknown): never {
    if (!(error instanceof Error)) throw error;
    throw new SluiceError(
      `The file can't be written to ${printable(path)}: ${
        printable(error.message)
      }. Name another file.`,
      EXIT.usage,
      { cause: error },
    );
  }
}
