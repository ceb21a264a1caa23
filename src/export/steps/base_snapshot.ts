import { createHash } from "node:crypto";
import type { ItemType, Version } from "../../content/resource.ts";
import { recordShape } from "../../content/record_shape.ts";
import type { SchemaIndex } from "../../content/schema_index.ts";
import { batchEntries } from "../../snapshot/batch_entries.ts";
import { batchFolders } from "../../snapshot/batches.ts";
import { findSnapshot } from "../../snapshot/find_snapshot.ts";
import { findSnapshots } from "../../snapshot/find_snapshots.ts";
import {
  CANARY,
  recordsFolder,
  type SnapshotPlace,
  snapshotsPrefix,
} from "../../snapshot/layout.ts";
import { type Manifest, type ManifestObject, statusOf } from "../../snapshot/manifest.ts";
import { provenReading } from "../../snapshot/proven_reading.ts";
import { readManifest } from "../../snapshot/read_manifest.ts";
import type { EarlierPage, EarlierRecords } from "../../source/datocms/earlier_records.ts";
import { ObjectNotFoundError, type Storage } from "../../storage/storage.ts";
import { shownAddress } from "../../text/printable.ts";
import type { Emit } from "../events.ts";
import { EXPORT_DEFAULTS, type ExportSettings, shapingSettings } from "../export_settings.ts";
import type { Journal } from "../journal.ts";
import type { OpenProject } from "../open_project.ts";

/** The newest snapshot that can be used, as an option names it. */
export const LAST = "last";
/** Snapshots that are looked at to find it: with none in so many, it is as if there were none. */
const LOOKED_AT = 20;
/** The options that have to be the same: what else differs isn't in records. */
const SELECTING = ["models", "excludeModels", "include", "exclude", "published", "layout"] as const;

/** What is known of a base while it is used. */
export interface BaseState {
  /** Where it lies, without a trailing slash. */
  readonly prefix: string;
  /** What was reused of it so far: current versions, published ones, and of these the ones without blocks. */
  readonly reused: { current: number; published: number; flat: number };
  /** How many snapshots there are since the last one for which all was read, this one included. */
  readonly sinceFull: number;
}

/** What {@linkcode findBase} and {@linkcode reopenBase} use. */
export interface BaseParts extends Pick<OpenProject, "project" | "place"> {
  /** What is exported, and where to. */
  readonly settings: ExportSettings & { readonly signal: AbortSignal };
  /** Where it is noted what can't be used. */
  readonly journal: Pick<Journal, "addFinding">;
  /** Called with what is used, or why nothing is. */
  readonly emit: Emit;
}

/**
 * Finds the snapshot whose records are reused where they haven't changed.
 *
 * @param parts What is exported, and which snapshot is asked for.
 * @return `undefined` if all has to be read.
 * @throws {SluiceError} If a snapshot was named that isn't there, or isn't complete.
 * @throws {StorageError} If the storage can't be read.
 */
export async function findBase(parts: BaseParts): Promise<BaseSnapshot | undefined> {
  const { settings: { since, fullEvery, storage, signal }, place, emit } = parts;
  if (since === EXPORT_DEFAULTS.since) return undefined;
  let problem: string | undefined;
  if (since !== LAST) {
    const found = await findSnapshot(storage, since, {
      project: place.projectId,
      environment: place.sandbox,
      signal,
    });
    const manifest = await usableManifest(parts, found.prefix);
    if (typeof manifest !== "string") return new BaseSnapshot(parts, found.prefix, manifest);
    problem = `${found.name} can't be reused: ${manifest}`;
  } else {
    const { snapshots } = await findSnapshots(storage, snapshotsPrefix(place), signal);
    for (const prefix of snapshots.slice(0, LOOKED_AT)) {
      if (await storage.stat(`${prefix}/${CANARY}`, { signal }) === undefined) continue;
      const manifest = await usableManifest(parts, prefix);
      if (typeof manifest === "string") {
        problem ??= `${nameOf(prefix)} can't be reused: ${manifest}`;
      } else if (sinceFullAfter(manifest) >= fullEvery) {
        problem = `every ${fullEvery}. snapshot is made so`;
        break;
      } else return new BaseSnapshot(parts, prefix, manifest);
    }
  }
  if (problem !== undefined) emit({ type: "since", snapshot: null, reason: problem });
  return undefined;
}

/**
 * Opens the snapshot again that an earlier run of the same export has used.
 *
 * @param parts What is exported.
 * @param state What the earlier run knew of it.
 * @return `undefined` if it can't be used any more: all that is left has to be read.
 * @throws {StorageError} If the storage can't be read.
 */
export async function reopenBase(
  parts: BaseParts,
  state: BaseState,
): Promise<BaseSnapshot | undefined> {
  const { settings: { storage, signal }, emit } = parts;
  const { prefix } = state;
  const isSealed = await storage.stat(`${prefix}/${CANARY}`, { signal }) !== undefined;
  const manifest = isSealed ? await usableManifest(parts, prefix) : "it isn't there any more";
  if (typeof manifest !== "string") return new BaseSnapshot(parts, prefix, manifest, state);
  const reason = `${nameOf(prefix)}, which was reused so far, can't be any more: ${manifest}`;
  emit({ type: "since", snapshot: null, reason });
  return undefined;
}

/**
 * What decides how the records of each model look, as a manifest has it.
 *
 * @param schema The project's schema.
 * @param models The models.
 * @return SHA-256 of it in hexadecimal, by `api_key`.
 */
export function shapesOf(
  schema: SchemaIndex,
  models: Iterable<ItemType>,
): Record<string, string> {
  return Object.fromEntries(
    Array.from(models, ({ id, attributes: { api_key: key } }) => {
      return [key, digestOf(recordShape(schema, id).text)];
    }),
  );
}

/** A snapshot whose records are reused where they haven't changed. */
export class BaseSnapshot {
  /** What another run has to know of it. */
  readonly state: BaseState;
  /** Its address. */
  readonly address: string;
  readonly #parts: BaseParts;
  readonly #manifest: Manifest;
  readonly #objects: ReadonlyMap<string, ManifestObject>;
  readonly #folders: ReturnType<typeof batchFolders>;
  readonly #storage: Pick<Storage, "get">;

  /**
   * Reads nothing yet.
   *
   * @param parts What is exported.
   * @param prefix Where it lies, without a trailing slash.
   * @param manifest Its manifest.
   * @param state What an earlier run knew of it.
   */
  constructor(parts: BaseParts, prefix: string, manifest: Manifest, state?: BaseState) {
    const { settings: { storage }, emit } = parts;
    const { objects } = manifest;
    this.#parts = parts;
    this.#manifest = manifest;
    this.#objects = new Map(objects.map((object) => [object.path, object]));
    this.#folders = batchFolders(objects);
    this.#storage = provenReading(storage, prefix, objects);
    this.state = state ?? {
      prefix,
      reused: { current: 0, published: 0, flat: 0 },
      sinceFull: sinceFullAfter(manifest),
    };
    this.address = `${storage.url}/${prefix}`;
    emit({ type: "since", snapshot: this.address, reason: null });
  }

  /**
   * The records of a model as they are in it; `undefined` if they looked otherwise then.
   *
   * @param model The model.
   */
  earlier({ id, attributes: { api_key: key } }: ItemType): EarlierRecords | undefined {
    const { text, blockModels } = recordShape(this.#parts.project.schema, id);
    const { shapes = {} } = this.#manifest;
    if (!Object.hasOwn(shapes, key) || shapes[key] !== digestOf(text)) return undefined;
    // Once one batch turns out wrong, no other one of the model is trusted.
    const damage = new AbortController();
    return { blockModels, read: (version, signal) => this.#read(key, version, signal, damage) };
  }

  async *#read(
    key: string,
    version: Version,
    signal: AbortSignal,
    damage: AbortController,
  ): AsyncGenerator<EarlierPage, void> {
    const { journal } = this.#parts;
    const { prefix } = this.state;
    try {
      for (const { path } of this.#folders.get(recordsFolder(key, version).slice(0, -1)) ?? []) {
        const { size, plainSize = size, count = 1 } = this.#objects.get(path)!;
        const bytes = plainSize / Math.max(1, count);
        for await (const records of batchEntries(this.#storage, `${prefix}/${path}`, signal)) {
          if (damage.signal.aborted) return;
          yield { records, bytes } as EarlierPage;
        }
      }
    } catch (error) {
      signal.throwIfAborted();
      if (damage.signal.aborted) return;
      damage.abort();
      const reason = error instanceof Error ? error.message : String(error);
      journal.addFinding(
        "base_damaged",
        `Records of model ${key} couldn't be reused, and were read: ${reason}`,
      );
    }
  }
}

/** The manifest of a snapshot, or why it can't be used: a clause. */
async function usableManifest(parts: BaseParts, prefix: string): Promise<Manifest | string> {
  const { settings, project, place } = parts;
  const { storage, signal } = settings;
  let manifest: Manifest;
  try {
    manifest = await readManifest(storage, prefix, signal, true);
  } catch (error) {
    if (error instanceof ObjectNotFoundError) return "it has no manifest";
    if (error instanceof SyntaxError) return error.message;
    throw error;
  }
  const { options, status: _, project: { id }, environment, findings, shapes } = manifest;
  if (statusOf(manifest) !== "complete") return "it lacks something";
  if (id !== project.site.id || !isOf(environment, place, project.environment)) {
    return "it is of another project or environment";
  }
  if (options.tables === "only") return "it holds tables only";
  const now = shapingSettings(settings);
  const other = SELECTING.filter((name) => listed(now[name]) !== listed(options[name]));
  if (other.length > 0) return `it was exported with another ${other.join(" and ")}`;
  if (shapes === undefined) return "it doesn't say how its records look";
  // Nobody knows which of both schemas its records are of.
  const isMixed = findings.some(({ code }) => code === "schema_changed");
  return isMixed ? "the schema changed while it was exported" : manifest;
}

function isOf(
  { id, primary }: Manifest["environment"],
  { sandbox }: SnapshotPlace,
  name: string | undefined,
): boolean {
  // Which environment is the primary one changes: without its name it isn't known to be the same.
  return primary === (sandbox === undefined) && id !== null && id === (sandbox ?? name);
}

function sinceFullAfter({ sinceFull = 0 }: Manifest): number {
  return sinceFull + 1;
}

function nameOf(prefix: string): string {
  return shownAddress(prefix.slice(prefix.lastIndexOf("/") + 1));
}

/** Names are the same in whatever order. */
function listed(value: unknown): string {
  return JSON.stringify(Array.isArray(value) ? value.toSorted() : value ?? null);
}

function digestOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
