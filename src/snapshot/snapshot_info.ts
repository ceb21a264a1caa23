import { toText } from "@std/streams/to-text";
import * as z from "zod";
import { ObjectNotFoundError, type Storage } from "../storage/storage.ts";
import { parseJson } from "../text/json.ts";
import type { FoundSnapshot } from "./find_snapshot.ts";
import { CANARY, CLAIM } from "./layout.ts";
import { type Manifest, type SnapshotStatus, statusOf, type Tally } from "./manifest.ts";
import { readManifest } from "./read_manifest.ts";

/** What is known of a snapshot without reading its content. */
export interface SnapshotInfo {
  /** What names it among all snapshots of a place: `<project>/[<environment>/]<id>`. */
  readonly name: string;
  /** The seconds since 1970 in its folder's name. */
  readonly id: string;
  /** Where it lies in its storage, without a trailing slash. */
  readonly prefix: string;
  /** The project; its name isn't known of a snapshot without a manifest. */
  readonly project: { readonly id: string; readonly name: string | null };
  /** The environment; the primary one's id isn't known of a snapshot without a manifest. */
  readonly environment: { readonly id: string | null; readonly primary: boolean };
  /** Whether it is sealed, and has all that was asked for. */
  readonly state: SnapshotStatus | "incomplete";
  /** What somebody noted of it, by name. */
  readonly labels: Readonly<Record<string, string>>;
  /** When its export began, in ISO 8601. */
  readonly createdAt: string;
  /** When it was complete, in ISO 8601; `null` if it isn't, or nobody says. */
  readonly endedAt: string | null;
  /** How long that took, in milliseconds; `null` if it isn't known. */
  readonly durationMs: number | null;
  /** How many records it holds, as their current versions; `null` if nobody says, as of the rest. */
  readonly records: number | null;
  /** How many published versions of records it holds. */
  readonly published: number | null;
  /** The asset files that belong to it. */
  readonly assets: Tally | null;
  /** The size of its own objects in bytes, asset files apart. */
  readonly bytes: number | null;
  /** What wrote it. */
  readonly tool: {
    readonly name: "sluice" | "datocms";
    readonly version: string | null;
  };
  /** Why its manifest can't be read; left out if it can, or if there is none. */
  readonly problem?: string;
}

/** What a snapshot says of itself: its info, and its manifest if it has one that can be read. */
export interface DescribedSnapshot {
  /** Its info. */
  readonly info: SnapshotInfo;
  /** Its manifest; `undefined` if there is none that can be read. */
  readonly manifest: Manifest | undefined;
}

/** What a claim says of an export that isn't complete, as far as it can be understood. */
const claimSchema = z.looseObject({
  startedAt: z.iso.datetime().optional().catch(undefined),
  tool: z.looseObject({ version: z.string() }).optional().catch(undefined),
}).catch({});

/**
 * What is known of a snapshot without reading its content. Takes two requests, and a third one if there is no
 * manifest.
 *
 * @param storage Where it is.
 * @param found Which one.
 * @param signal Aborts the reading.
 * @throws {StorageError} If it can't be read.
 */
export async function describeSnapshot(
  storage: Storage,
  found: FoundSnapshot,
  signal: AbortSignal,
): Promise<DescribedSnapshot> {
  const { prefix } = found;
  const isSealed = await storage.stat(`${prefix}/${CANARY}`, { signal }) !== undefined;
  let problem: string | undefined;
  try {
    const manifest = await readManifest(storage, prefix, signal);
    return { info: manifestInfo(found, manifest, isSealed), manifest };
  } catch (error) {
    if (error instanceof SyntaxError) problem = error.message;
    else if (!(error instanceof ObjectNotFoundError)) throw error;
  }
  const claim = await readClaimOf(storage, prefix, signal);
  // DatoCMS's own exports have neither: their canary alone says that they are whole.
  const isForeign = isSealed && claim === undefined && problem === undefined;
  const info: SnapshotInfo = {
    ...placeOf(found),
    project: { id: found.project, name: null },
    environment: {
      id: found.environment ?? null,
      primary: found.environment === undefined,
    },
    labels: {},
    state: isForeign ? "complete" : "incomplete",
    createdAt: claim?.startedAt ?? new Date(Number(/\d+$/.exec(found.id)) * 1000).toISOString(),
    endedAt: null,
    durationMs: null,
    records: null,
    published: null,
    assets: null,
    bytes: null,
    tool: isForeign
      ? { name: "datocms", version: null }
      : { name: "sluice", version: claim?.tool?.version ?? null },
    ...(problem !== undefined && { problem }),
  };
  return { info, manifest: undefined };
}

function placeOf(
  { name, id, prefix }: FoundSnapshot,
): Pick<SnapshotInfo, "name" | "id" | "prefix"> {
  return { name, id, prefix };
}

function manifestInfo(found: FoundSnapshot, manifest: Manifest, isSealed: boolean): SnapshotInfo {
  const { project, environment, labels = {}, startedAt, endedAt } = manifest;
  const { records, assets, objects, tool } = manifest;
  const counted = Object.values(records);
  const sum = (version: "current" | "published") => {
    return counted.reduce((sum, model) => sum + (model[version]?.count ?? 0), 0);
  };
  return {
    ...placeOf(found),
    project,
    environment,
    labels,
    state: isSealed ? statusOf(manifest) : "incomplete",
    createdAt: startedAt,
    endedAt: isSealed ? endedAt : null,
    durationMs: isSealed ? Date.parse(endedAt) - Date.parse(startedAt) : null,
    records: sum("current"),
    published: sum("published"),
    assets: assets === undefined ? null : {
      count: assets.downloaded.count + assets.kept.count,
      bytes: assets.downloaded.bytes + assets.kept.bytes,
    },
    bytes: objects.reduce((sum, { size }) => sum + size, 0),
    tool,
  };
}

async function readClaimOf(
  storage: Storage,
  prefix: string,
  signal: AbortSignal,
): Promise<z.infer<typeof claimSchema> | undefined> {
  let text: string;
  try {
    text = await toText(await storage.get(`${prefix}/${CLAIM}`, { signal }));
  } catch (error) {
    if (error instanceof ObjectNotFoundError) return undefined;
    throw error;
  }
  try {
    return claimSchema.parse(parseJson(text));
  } catch (error) {
    if (error instanceof SyntaxError) return {};
    throw error;
  }
}
