import { readSnapshotSchema } from "../snapshot/read_schema.ts";
import { findSnapshot, type FoundSnapshot } from "../snapshot/find_snapshot.ts";
import { CANARY, CLAIM, MANIFEST } from "../snapshot/layout.ts";
import { isAsSealed } from "../snapshot/manifest_digest.ts";
import { type Manifest, manifestSchema } from "../snapshot/manifest.ts";
import { ObjectNotFoundError, type Storage } from "../storage/storage.ts";
import { Check, type Checked, type VerifyLevel, type VerifyProgress } from "./verify/check.ts";
import { checkAssets, checkUploadFiles } from "./verify/check_assets.ts";
import { checkIndexes } from "./verify/check_index.ts";
import { checkProjectExport } from "./verify/check_project_export.ts";
import { checkRecords } from "./verify/check_references.ts";
import { checkData, checkPresence, checkSizes, type Listed } from "./verify/check_sealed.ts";
import { KnownIds } from "./verify/known_ids.ts";
import { type ProblemKind, Problems, type VerifyProblem } from "./verify/problems.ts";
import { sampleOf } from "./verify/sample.ts";

export type { Checked, ProblemKind, VerifyLevel, VerifyProblem, VerifyProgress };

/** Options of {@linkcode verifySnapshot}. */
export interface VerifyOptions {
  /**
   * What is checked: `manifest`, that every object is there in its size; `data`, also every byte, every line and
   * all counts; `references`, also that every link, upload and block leads to something, that records have the
   * fields of their models, and the bytes of asset files. @default {"data"}
   */
  readonly level?: VerifyLevel | undefined;
  /**
   * Reads a part of the objects only: `5%`, another one each day until all had their turn, or `n/t`, the `n`-th of
   * `t` parts. What doesn't take reading is checked of all; at level `references`, the batches of records and
   * uploads are all read. @default {All}
   */
  readonly sample?: string | undefined;
  /** Only a snapshot of this project. @default {All} */
  readonly project?: string | undefined;
  /** Only a snapshot of this environment. @default {All} */
  readonly environment?: string | undefined;
  /** Called with how far it is, for each piece that was read. */
  readonly onProgress?: ((progress: VerifyProgress) => void) | undefined;
  /** The time, which chooses the part of a sample, in milliseconds since 1970. @default {Date.now} */
  readonly now?: (() => number) | undefined;
  /** Aborts it. */
  readonly signal?: AbortSignal | undefined;
}

/** What was found of a snapshot. */
export interface Verification {
  /** The snapshot's name: `<project>/[<environment>/]<id>`. */
  readonly snapshot: string;
  /** Whether anything is wrong. */
  readonly status: "intact" | "damaged";
  /** What it was compared with: its manifest, or only with itself, as a Project Export has none. */
  readonly against: "manifest" | "itself";
  /** How much was read. */
  readonly checked: Checked;
  /** What is wrong, by key: of each kind the first 10,000. */
  readonly problems: readonly VerifyProblem[];
  /** How many more problems there are. */
  readonly more: number;
}

/**
 * Verifies that a snapshot holds what was written, all of it and nothing else: it believes no name, size or claim
 * that it can compare with bytes. Reads each object once, and batches of records three times at level `references`;
 * holds no more in memory than some pieces, and at level `references` at most 40 bytes for each record and
 * upload.
 *
 * @param storage Where the snapshot is.
 * @param snapshot What names it, as {@linkcode findSnapshot} takes it, or the snapshot.
 * @param options How much is checked.
 * @return What is wrong.
 * @throws {SluiceError} If there is no such snapshot, or the sample isn't one.
 * @throws {StorageError} If the storage can't be read.
 * @throws The signal's reason.
 *
 * @example
 * ```ts no-eval
 * import { exportProject, LocalStorage } from "@sluice/datocms";
 * import { verifySnapshot } from "@sluice/datocms/tools";
 *
 * const storage = new LocalStorage("./backups");
 * await exportProject({
 *   apiToken: Deno.env.get("DATOCMS_API_TOKEN")!,
 *   storage,
 *   assets: false,
 *   tables: false,
 * });
 * const { status, problems } = await verifySnapshot(storage, "latest");
 * console.assert(status === "intact");
 * for (const { kind, key, detail } of problems) console.log(`${kind} ${key}: ${detail}`);
 * ```
 */
export async function verifySnapshot(
  storage: Storage,
  snapshot: string | FoundSnapshot,
  options: VerifyOptions = {},
): Promise<Verification> {
  const { level = "data", project, environment, now = Date.now, onProgress } = options;
  const { signal = new AbortController().signal } = options;
  const sample = sampleOf(options.sample, now());
  const found = typeof snapshot === "string"
    ? await findSnapshot(storage, snapshot, { project, environment, unsealed: true, signal })
    : snapshot;
  const { prefix } = found;
  const problems = new Problems();
  const check = new Check({ storage, prefix, sample, problems, signal, onProgress });
  const listed = await listedIn(check);
  const isForeign = !listed.has(MANIFEST) && !listed.has(CLAIM);
  if (isForeign) {
    if (!listed.has(CANARY)) check.add("missing", CANARY, "the export isn't complete");
    await verifyProjectExport(check, found, listed, level);
  } else {
    const manifest = await readSealed(check);
    if (manifest !== undefined) await verifySealed(check, manifest, listed, level);
  }
  const { count, kept } = problems;
  return {
    snapshot: found.name,
    status: count === 0 ? "intact" : "damaged",
    against: isForeign ? "itself" : "manifest",
    checked: check.checked,
    problems: kept,
    more: count - kept.length,
  };
}

async function verifySealed(
  check: Check,
  manifest: Manifest,
  listed: Listed,
  level: VerifyLevel,
): Promise<void> {
  const isThere = await checkPresence(check, manifest, listed);
  if (level === "manifest") return checkSizes(check, manifest, listed);
  if (level === "data") return await checkData(check, manifest, isThere);
  const ids = new KnownIds(check);
  await checkData(check, manifest, isThere, (path) => ids.readerOf(path));
  const { options, resources } = manifest;
  const hasUploads = resources.uploads !== undefined && "count" in resources.uploads &&
    options.tables !== "only";
  const paths = manifest.objects.map(({ path }) => path).filter(isThere);
  await verifyRecords(check, paths, {
    ids,
    hasUploads,
    hasAllRecords: options.models === undefined && options.excludeModels === undefined,
  });
  await checkIndexes(check, manifest, isThere);
  await checkAssets(check, manifest, hasUploads ? ids : undefined);
}

async function verifyProjectExport(
  check: Check,
  { project }: FoundSnapshot,
  listed: Listed,
  level: VerifyLevel,
): Promise<void> {
  if (level !== "references") return await checkProjectExport(check, listed, level);
  const ids = new KnownIds(check);
  await checkProjectExport(check, listed, "data", (path) => ids.readerOf(path));
  const uploads = [...listed.keys()].filter((path) => path.startsWith("uploads/"));
  await verifyRecords(check, [...listed.keys()], {
    ids,
    hasUploads: uploads.length > 0,
    hasAllRecords: true,
  });
  await checkUploadFiles(check, project, uploads);
}

async function verifyRecords(
  check: Check,
  paths: readonly string[],
  targets: Omit<Parameters<typeof checkRecords>[2], "schema">,
): Promise<void> {
  if (!paths.some((path) => path.startsWith("records/"))) return;
  try {
    const schema = await readSnapshotSchema(check.storage, check.prefix, check.signal);
    await checkRecords(check, paths, { ...targets, schema });
  } catch (error) {
    check.signal.throwIfAborted();
    const isItsOwn = error instanceof SyntaxError || error instanceof ObjectNotFoundError;
    if (!isItsOwn) throw error;
    check.add("unparsable", "models", "without the schema, references can't be checked");
  }
}

/** The sizes of what is in a snapshot's folder, by path. */
async function listedIn({ storage, prefix, signal }: Check): Promise<Map<string, number>> {
  const listed = new Map<string, number>();
  for await (const page of storage.list(`${prefix}/`, { signal })) {
    for (const { key, size } of page) listed.set(key.slice(prefix.length + 1), size);
  }
  return listed;
}

/** Reads what seals a snapshot; `undefined` if nothing can be compared with it. */
async function readSealed(check: Check): Promise<Manifest | undefined> {
  const canary = await textOf(check, CANARY);
  if (canary === undefined) check.add("missing", CANARY, "the snapshot isn't complete");
  const text = await textOf(check, MANIFEST);
  if (text === undefined) {
    const why = canary === undefined
      ? "the snapshot isn't complete"
      : "nothing else says what is there";
    check.add("missing", MANIFEST, why);
    return undefined;
  }
  let manifest: Manifest;
  try {
    if (isAsSealed(text) === false) {
      check.add("changed", MANIFEST, "its text isn't the one that was sealed");
    }
    manifest = manifestSchema.parse(JSON.parse(text));
  } catch (error) {
    const isItsOwn = error instanceof SyntaxError ||
      (error instanceof Error && error.name === "ZodError");
    if (!isItsOwn) throw error;
    check.add("unparsable", MANIFEST, "it isn't a manifest that this version knows");
    return undefined;
  }
  if (canary !== undefined && canary !== `${manifest.endedAt}\n`) {
    check.add("changed", CANARY, "it doesn't hold the time that the manifest ends with");
  }
  return manifest;
}

/** What an object holds as text; `undefined` if it isn't there. */
async function textOf(
  { storage, prefix, signal }: Check,
  path: string,
): Promise<string | undefined> {
  try {
    const bytes = await new Response(await storage.get(`${prefix}/${path}`, { signal })).bytes();
    const isText = { fatal: true, ignoreBOM: true };
    return new TextDecoder("utf-8", isText).decode(bytes);
  } catch (error) {
    // What isn't UTF-8 is nothing that was written.
    if (error instanceof TypeError && !signal.aborted) return "";
    if (!(error instanceof ObjectNotFoundError)) throw error;
    return undefined;
  }
}
