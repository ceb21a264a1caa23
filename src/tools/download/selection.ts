import { EXIT, SluiceError } from "../../error.ts";
import {
  isAssetIndex,
  ORPHANED_ASSETS,
  RECORD_INDEX,
  recordsFolder,
  TABLE_SCHEMA,
  tableFolder,
} from "../../snapshot/layout.ts";
import type { Manifest, ManifestNote, ManifestObject } from "../../snapshot/manifest.ts";
import { manifestText, withDigest } from "../../snapshot/manifest_digest.ts";
import { nearest } from "../../text/nearest.ts";
import { printable } from "../../text/printable.ts";

/** Which part of a snapshot is taken. */
export interface SnapshotSelection {
  /** Whether asset files are taken, and the list of them. @default {true} */
  readonly assets?: boolean | undefined;
  /**
   * Only the records of these models, by `api_key`. The schema, the settings, uploads and assets are taken all the
   * same; tables aren't, since they mix all models. @default {All}
   */
  readonly models?: readonly string[] | undefined;
}

/** Code of the warning of a manifest that lists a part of a snapshot. */
const SELECTION = "selection";
/** What the paths of all tables begin with. */
const TABLES = TABLE_SCHEMA.slice(0, TABLE_SCHEMA.indexOf("/") + 1);
/** Where the table of assets is. */
const TABLE = tableFolder("assets", undefined);

/**
 * The manifest of a part of a snapshot: it lists what is taken and nothing else, counts what is listed, and says
 * that it is a part, and of what. Keys that this version doesn't know stay.
 *
 * @param manifest The whole snapshot's manifest, as it was parsed.
 * @param snapshot The snapshot's name.
 * @param selection Which part.
 * @return The text of the part's manifest; `undefined` if all is taken.
 * @throws {SluiceError} If a model isn't in the snapshot, or its records aren't.
 */
export function selectedManifest(
  manifest: Manifest,
  snapshot: string,
  { assets = true, models }: SnapshotSelection,
): string | undefined {
  const isWithoutAssets = !assets && manifest.assets !== undefined;
  if (!isWithoutAssets && models === undefined) return undefined;
  let part = manifest;
  if (isWithoutAssets) part = withoutAssets(part);
  if (models !== undefined) part = ofModels(part, new Set(models), snapshot);
  const what = [
    ...(models === undefined ? [] : [`only the records of ${models.join(", ")}, no tables`]),
    ...(isWithoutAssets ? ["no asset files"] : []),
  ].join(", ");
  const note: ManifestNote = {
    code: SELECTION,
    message: `This is a part of the snapshot ${snapshot}: ${what}.`,
  };
  return manifestText(withDigest({ ...part, warnings: [...part.warnings, note] }));
}

function withoutAssets({ assets: _, ...manifest }: Manifest): Manifest {
  // Its list, the table of that, and the list of those no longer used say nothing without the files.
  const isOfTable = ({ path }: ManifestObject) => path.startsWith(TABLE);
  const isOfAssets = (object: ManifestObject) => {
    return isAssetIndex(object.path) || object.path === ORPHANED_ASSETS || isOfTable(object);
  };
  const { tables } = manifest.resources;
  const rows = manifest.objects.filter(isOfTable);
  const sum = (sizes: readonly number[]) => sizes.reduce((a, b) => a + b, 0);
  return {
    ...manifest,
    options: { ...manifest.options, assets: false },
    resources: {
      ...manifest.resources,
      ...(tables !== undefined && "count" in tables && {
        tables: {
          ...tables,
          count: tables.count - sum(rows.map(({ count = 0 }) => count)),
          bytes: tables.bytes - sum(rows.map(({ size }) => size)),
        },
      }),
    },
    objects: manifest.objects.filter((object) => !isOfAssets(object)),
  };
}

function ofModels(manifest: Manifest, models: ReadonlySet<string>, snapshot: string): Manifest {
  const { objects, records, options, resources } = manifest;
  if (options.tables === "only") {
    throw new SluiceError(
      `The snapshot ${printable(snapshot)} was exported as tables only, which mix all models: ` +
        "take all of it, or another one.",
      EXIT.usage,
    );
  }
  const known = Object.keys(records);
  for (const model of models) {
    if (Object.hasOwn(records, model)) continue;
    const close = nearest(model, known);
    throw new SluiceError(
      `The snapshot ${printable(snapshot)} has no records of a model ${
        JSON.stringify(printable(model, 60))
      }: ${close === undefined ? "see which ones it has." : `did you mean ${printable(close)}?`}`,
      EXIT.usage,
    );
  }
  const others = known.filter((model) => !models.has(model)).flatMap((model) => [
    recordsFolder(model, "current"),
    recordsFolder(model, "published"),
  ]);
  // These are of all models.
  const isOfAll = ({ path }: ManifestObject) => path.startsWith(TABLES) || path === RECORD_INDEX;
  const isOfOthers = ({ path }: ManifestObject) => others.some((folder) => path.startsWith(folder));
  return {
    ...manifest,
    options: { ...options, models: [...models], excludeModels: undefined, tables: false },
    resources: {
      ...resources,
      ...(resources.tables !== undefined && { tables: { skipped: "not selected" } }),
    },
    records: Object.fromEntries(
      known.filter((model) => models.has(model)).map((model) => {
        return [model, records[model]!];
      }),
    ),
    objects: objects.filter((object) => !isOfAll(object) && !isOfOthers(object)),
  };
}
