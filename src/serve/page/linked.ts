import { concurrently } from "../../async/concurrently.ts";
import { referencesOf } from "../../content/item_references.ts";
import type { Item } from "../../content/resource.ts";
import type { SchemaIndex } from "../../content/schema_index.ts";
import type { SnapshotAsset } from "../../tools/open/assets.ts";
import { covers } from "../token.ts";
import { titleIn } from "./title.ts";
import type { SnapshotView } from "./view.ts";

/** Records and assets of each kind that are looked up for a page; of the others only the id is told. */
const MOST = 60;
/** Those that are looked up at a time. */
const AT_A_TIME = 8;

/** A record that another one links to. */
export interface LinkedRecord {
  /** Its model's `api_key`. */
  readonly model: string;
  /** Its title, if it has one. */
  readonly title: string | null;
}

/** What records link to, as far as the snapshot has it: `null` for what it hasn't. */
export interface Linked {
  /** Records, by id. */
  readonly records: ReadonlyMap<string, LinkedRecord | null>;
  /** Assets, by id. */
  readonly assets: ReadonlyMap<string, SnapshotAsset | null>;
}

/**
 * Looks up what records link to.
 *
 * @param view The snapshot.
 * @param items The records.
 * @param schema The schema.
 * @param locale The locale of titles.
 */
export async function linkedOf(
  { opened: { snapshot }, call: { scope, signal } }: SnapshotView,
  items: readonly Item[],
  schema: SchemaIndex,
  locale: string | undefined,
): Promise<Linked> {
  const ids = { item: new Set<string>(), upload: new Set<string>() };
  for (const { type, id } of items.flatMap((item) => referencesOf(item, schema))) ids[type].add(id);
  const records = new Map<string, LinkedRecord | null>();
  const assets = new Map<string, SnapshotAsset | null>();
  const tasks = [
    ...[...ids.item].slice(0, MOST).map((id) => async (signal: AbortSignal) => {
      const record = await snapshot.record(id, { signal });
      const item = covers(scope, "preview")
        ? record?.current ?? record?.published
        : record?.published;
      records.set(
        id,
        record && item ? { model: record.model, title: titleIn(item, schema, locale) } : null,
      );
    }),
    ...[...ids.upload].slice(0, MOST).map((id) => async (signal: AbortSignal) => {
      assets.set(id, await snapshot.asset(id, { signal }) ?? null);
    }),
  ];
  await concurrently(tasks, AT_A_TIME, signal);
  return { records, assets };
}
