import { EXIT, SluiceError } from "../error.ts";
import { fewNames } from "../text/printable.ts";
import type { Snapshot } from "../tools/open.ts";

/** Kinds of settings that are restored with their ids. */
const KINDS = [
  "workflows",
  "plugins",
  "upload_collections",
  "menu_items",
  "schema_menu_items",
  "item_type_filters",
  "upload_filters",
];
/** Numeric ids that are remembered at most: more aren't needed to refuse them. */
const MOST = 1000;

/**
 * Refuses a snapshot with numeric ids that the target doesn't have: DatoCMS gave such ids until October 2023, and takes
 * them for nothing new any more.
 *
 * @param snapshot The snapshot.
 * @param target The target as it is.
 * @param signal Aborts the reading.
 * @throws {SluiceError} If there are any.
 */
export async function assertCreatable(
  snapshot: Snapshot,
  target: Snapshot,
  signal: AbortSignal,
): Promise<void> {
  const found = new Set<string>();
  for await (const ids of numericIds(snapshot, signal)) {
    for (const id of ids) found.add(id);
  }
  if (found.size === 0) return;
  for await (const ids of numericIds(target, signal)) for (const id of ids) found.delete(id);
  if (found.size === 0) return;
  throw new SluiceError(
    `The snapshot holds ${found.size} numeric ${
      found.size === 1 ? "id" : "ids"
    } that the target doesn't have (${
      fewNames([...found].slice(0, MOST), 5)
    }): DatoCMS gave them until October 2023 and takes them for nothing new, which this version can't restore yet.`,
    EXIT.usage,
    { code: "numeric_ids" },
  );
}

/**
 * Whether an environment holds nothing that a snapshot doesn't hold: what an earlier restore has begun is so.
 *
 * @param target The environment.
 * @param snapshot The snapshot.
 * @param signal Aborts the reading.
 */
export async function holdsNothingElse(
  target: Snapshot,
  snapshot: Snapshot,
  signal: AbortSignal,
): Promise<boolean> {
  const known = new Set<string>();
  for await (const ids of allIds(snapshot, signal)) for (const id of ids) known.add(id);
  for await (const ids of allIds(target, signal)) {
    if (ids.some((id) => !known.has(id))) return false;
  }
  return true;
}

/** The ids of models, uploads and records. */
async function* allIds(
  snapshot: Snapshot,
  signal: AbortSignal,
): AsyncGenerator<readonly string[], void> {
  const idsOf = (all: readonly { readonly id: string }[]) => all.map(({ id }) => id);
  const models = await snapshot.models({ signal });
  yield idsOf(models.map(({ model }) => model));
  for await (const page of snapshot.uploads({ signal })) yield idsOf(page);
  for (const { model: { attributes: { api_key: key, modular_block: isBlock } } } of models) {
    if (isBlock) continue;
    for await (const page of snapshot.records(key, { signal })) yield idsOf(page);
  }
}

async function* numericIds(
  snapshot: Snapshot,
  signal: AbortSignal,
): AsyncGenerator<readonly string[], void> {
  const numeric = (all: readonly { readonly id: string }[]) => {
    return all.flatMap(({ id }) => /^\d+$/.test(id) ? [`${id}`] : []);
  };
  const models = await snapshot.models({ signal });
  yield numeric(models.flatMap(({ model, fields, fieldsets }) => [model, ...fields, ...fieldsets]));
  for (const kind of KINDS) yield numeric(await snapshot.settings(kind, { signal }) ?? []);
  for await (const page of snapshot.uploads({ signal })) yield numeric(page);
  for (const { model: { attributes: { api_key: key, modular_block: isBlock } } } of models) {
    if (isBlock) continue;
    for await (const page of snapshot.records(key, { signal })) yield numeric(page);
  }
}
