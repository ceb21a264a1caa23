import { generatorStream } from "../async/generator_stream.ts";
import type { Resource, Version } from "../content/resource.ts";
import { EXIT, SluiceError } from "../error.ts";
import { searchEntries, snapshotBatches } from "../snapshot/batches.ts";
import type { FoundSnapshot } from "../snapshot/find_snapshot.ts";
import { ObjectNotFoundError, type Storage } from "../storage/storage.ts";
import { isObject } from "../text/json.ts";
import { printable } from "../text/printable.ts";
import { type ListSnapshotsOptions, selectSnapshots } from "./list.ts";

/** Options of {@linkcode findInSnapshots}. */
export interface FindOptions extends ListSnapshotsOptions {
  /** Only this many of those snapshots, the newest. @default {30} */
  readonly limit?: number | undefined;
  /** Whether case doesn't count. @default {false} */
  readonly ignoreCase?: boolean | undefined;
  /** Called with each snapshot before it is searched. */
  readonly onSnapshot?: ((name: string) => void) | undefined;
  /** Called with a snapshot that can't be searched, and why. */
  readonly onUnreadable?: ((name: string, reason: string) => void) | undefined;
}

/** Where something was found. */
export interface FoundEntry {
  /** What names the snapshot: `<project>/[<environment>/]<id>`. */
  readonly snapshot: string;
  /** The model's folder, as its `api_key`; `null` for uploads. */
  readonly model: string | null;
  /** Which version of the record; `null` for uploads. */
  readonly version: Version | null;
  /** The id of the record or upload. */
  readonly id: string;
  /** Where in it, as a JSON pointer: the first place. */
  readonly path: string;
  /** The text at that place, or what of it is around what was found. */
  readonly text: string;
}

/** The most characters of a text that are shown. */
const SHOWN = 120;
const FOLDER = /^records\/([^/]+)\/(current|published)$/;

/**
 * Finds an id, or text in any value, in the records and uploads of snapshots, the newest first, sealed or not: each
 * entry that holds it, once. Case counts, unless it is ignored. All batches are read, one after the other.
 *
 * @param storage Where the snapshots are.
 * @param text What is looked for, such as the id of a record, an upload or a block, or a word.
 * @param options Which snapshots.
 * @return Pages of what was found, not always of the same size. The stream fails with a {@linkcode SluiceError} if
 * the project or environment isn't there, and with a {@linkcode StorageError} if the storage can't be read.
 *
 * @example
 * ```ts no-eval
 * import { exportProject, LocalStorage } from "@sluice/datocms";
 * import { findInSnapshots } from "@sluice/datocms/tools";
 *
 * const storage = new LocalStorage("./backups");
 * await exportProject({
 *   apiToken: Deno.env.get("DATOCMS_API_TOKEN")!,
 *   storage,
 *   assets: false,
 *   tables: false,
 * });
 * for await (const page of findInSnapshots(storage, "chiusa", { limit: 5 })) {
 *   for (const { snapshot, model, id, path } of page) console.log(snapshot, model, id, path);
 * }
 * ```
 */
export function findInSnapshots(
  storage: Storage,
  text: string,
  { limit = 30, ignoreCase = false, onSnapshot, onUnreadable, ...options }: FindOptions = {},
): ReadableStream<readonly FoundEntry[]> {
  return generatorStream(async function* (stop) {
    const signal = options.signal ? AbortSignal.any([options.signal, stop.signal]) : stop.signal;
    if (text === "") {
      throw new SluiceError("What is looked for must be some text, but is empty.", EXIT.usage);
    }
    for (const found of (await selectSnapshots(storage, options, signal)).slice(0, limit)) {
      onSnapshot?.(found.name);
      try {
        yield* searchSnapshot(storage, found, text, { ignoreCase, signal });
      } catch (error) {
        signal.throwIfAborted();
        const isBroken = error instanceof SyntaxError || error instanceof TypeError ||
          error instanceof ObjectNotFoundError;
        if (!isBroken || onUnreadable === undefined) throw error;
        onUnreadable(found.name, printable(error.message.replace(/\.$/, ""), 300));
      }
    }
  });
}

/** What is looked for: in values, and in the JSON that may hold it. */
interface Wanted {
  readonly inText: RegExp;
  /** Whether an entry's JSON may hold it, however the characters are written that JSON may escape. */
  readonly mayHold: (json: string) => boolean;
}

/**
 * Finds an id, or text in any value, in the records and uploads of one snapshot.
 *
 * @param storage Where it is.
 * @param found Which one.
 * @param text What is looked for.
 * @param options Whether case doesn't count, and what aborts it.
 */
export async function* searchSnapshot(
  storage: Storage,
  { prefix, name }: FoundSnapshot,
  text: string,
  { ignoreCase, signal }: { readonly ignoreCase: boolean; readonly signal: AbortSignal },
): AsyncGenerator<FoundEntry[], void> {
  const { inText, mayHold } = wantedOf(text, ignoreCase);
  const { folders } = await snapshotBatches(storage, prefix, signal);
  for (const [folder, batches] of folders) {
    const [, model = null, version = null] = FOLDER.exec(folder) ?? [];
    for (const { path } of batches) {
      signal.throwIfAborted();
      for await (
        const page of searchEntries<Resource>(storage, `${prefix}/${path}`, mayHold, signal)
      ) {
        const found = page.flatMap((entry): FoundEntry[] => {
          const place = placeOf(entry, inText, "");
          if (place === undefined) return [];
          const { id } = entry;
          return [{ snapshot: name, model, version: version as Version | null, id, ...place }];
        });
        if (found.length > 0) yield found;
      }
    }
  }
}

function wantedOf(text: string, ignoreCase: boolean): Wanted {
  // K and S are also what other letters are in the other case.
  const escapable = ignoreCase ? /[^ !#-.0-JL-RT-[\]-jl-rt-~]/ : /[^ !#-.0-[\]-~]/;
  const plain = text.split(escapable).reduce((longest, part) => {
    return part.length > longest.length ? part : longest;
  }, "");
  const inText = new RegExp(RegExp.escape(text), ignoreCase ? "iu" : "u");
  const inJson = new RegExp(RegExp.escape(plain), "i");
  return {
    inText,
    mayHold: ignoreCase ? (json) => inJson.test(json) : (json) => json.includes(plain),
  };
}

/** The first place in a value whose text holds something. Names of keys aren't looked at. */
function placeOf(
  value: unknown,
  text: RegExp,
  path: string,
): Pick<FoundEntry, "path" | "text"> | undefined {
  if (typeof value === "string" || typeof value === "number") {
    const whole = String(value);
    const found = text.exec(whole);
    return found === null ? undefined : { path, text: around(whole, found.index, found[0].length) };
  }
  if (Array.isArray(value)) {
    for (const [i, each] of value.entries()) {
      const found = placeOf(each, text, `${path}/${i}`);
      if (found !== undefined) return found;
    }
  } else if (isObject(value)) {
    for (const [key, each] of Object.entries(value)) {
      const name = key.replaceAll("~", "~0").replaceAll("/", "~1");
      const found = placeOf(each, text, `${path}/${name}`);
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

/** What of a text is around a part of it. */
function around(whole: string, at: number, length: number): string {
  if (whole.length <= SHOWN) return whole;
  const start = Math.max(0, at - Math.max(0, Math.floor((SHOWN - length) / 2)));
  const end = Math.min(whole.length, start + Math.max(SHOWN, length));
  const cut = whole.slice(start, end).toWellFormed();
  return `${start > 0 ? "…" : ""}${cut}${end < whole.length ? "…" : ""}`;
}
