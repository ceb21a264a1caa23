import { EXIT, SluiceError } from "../../error.ts";
import type { Resource } from "../../content/resource.ts";
import { printable } from "../../text/printable.ts";
import type { Loss } from "../phases.ts";
import { attributesOf, type KindName, KINDS } from "./kinds.ts";
import type { SchemaState } from "./state.ts";
import { creates, partsOf, partsThatDiffer, updates, without, type Write } from "./write.ts";

/** How a schema is restored. */
export interface SchemaContext {
  /** The models and block models whose validators step aside for now. */
  readonly relaxed: ReadonlySet<string>;
  /** Uploads that the target won't have. */
  readonly missingUploads: ReadonlySet<string>;
  /** Whether the target is an environment that this restore made: what is in the way there steps aside. */
  readonly isOwn: boolean;
  /** Whether what the snapshot lacks is destroyed. */
  readonly removes: boolean;
  /** Whether something stays as the target has it. */
  readonly isKept: (type: string, id: string) => boolean;
  /** Whether something may be written at all. */
  readonly isInScope: (type: string, id: string) => boolean;
  /** Whether what is there already is put in another order. */
  readonly reorders: boolean;
  /** Whether the target is of another project. */
  readonly isOtherProject: boolean;
  /** Called with each loss. */
  readonly lose: (loss: Loss) => void;
}

/** A part of a phase: what is written in it doesn't depend on each other, but for the order within a list. */
export interface Stage {
  /** The kinds it has to know of. */
  readonly needs: readonly KindName[];
  /** Whether what comes with the models changed by itself meanwhile, and has to be read again. */
  readonly rereads?: boolean;

  /**
   * What is to be written: lists of writes, each in order, which may be carried out at the same time.
   *
   * @param wanted The schema of the snapshot.
   * @param present The target's, as it is then.
   * @param context How it is restored.
   */
  writes(wanted: SchemaState, present: SchemaState, context: SchemaContext): Write[][];
}

/**
 * Makes and changes the resources of a kind, by difference.
 *
 * @param type The kind.
 * @param wanted The schema of the snapshot.
 * @param present The target's.
 * @param leaveOut What isn't changed of those that are there.
 */
export function byDifference(
  type: KindName,
  wanted: SchemaState,
  present: SchemaState,
  leaveOut: readonly string[] = [],
): Write[] {
  const kind = KINDS[type];
  return wanted.all(type).flatMap((one): Write[] => {
    const parts = partsOf(kind, one);
    const now = present.get(type, one.id);
    if (now === undefined) return [creates(one, without(parts, kind.late ?? []))];
    const changed = partsThatDiffer(without(parts, leaveOut), now);
    return changed === undefined ? [] : [updates(now, changed)];
  });
}

/**
 * Gives other names to what has an `api_key` that something else is to have.
 *
 * @param wanted What there is to be.
 * @param present What there is.
 * @param context How it is restored.
 * @throws {SluiceError} If nothing may be renamed in the target.
 */
export function freesKeys(
  wanted: readonly Resource[],
  present: readonly Resource[],
  { isOwn, removes, isKept }: SchemaContext,
): Write[] {
  const now = new Map(present.map((one) => [one.attributes?.api_key, one]));
  const before = new Map(present.map((one) => [one.id, one.attributes?.api_key]));
  const keys = new Set([...now.keys(), ...wanted.map(({ attributes }) => attributes?.api_key)]);
  const known = new Set(wanted.map(({ id }) => id));
  return wanted.flatMap(({ id, attributes }): Write[] => {
    const key = String(attributes?.api_key);
    const holder = now.get(key);
    if (before.get(id) === key || holder === undefined || holder.id === id) return [];
    const isFree = known.has(holder.id) ? !isKept(holder.type, holder.id) : isOwn || removes;
    if (!isFree) throw isTaken(holder, key);
    let free = `${key}_replaced`;
    for (let i = 2; keys.has(free); i++) free = `${key}_replaced_${i}`;
    keys.add(free);
    return [updates(holder, { attributes: { api_key: free }, relationships: {} })];
  });
}

function isTaken({ type, id }: Resource, key: string): SluiceError {
  const what = type.replace("_", " ");
  return new SluiceError(
    `Expected no ${what} with the API key ${
      printable(key, 60)
    } in the target but that of the snapshot, yet it has ` +
      `one with the id ${
        printable(id, 60)
      }: restore into an empty project, or destroy that ${what} first.`,
    EXIT.usage,
    { code: "target_taken" },
  );
}

/** What people call a resource. */
export function nameOf(resource: Resource): string {
  const { api_key, name, label, title } = attributesOf(resource);
  const own = [api_key, name, label, title].find((one) => typeof one === "string" && one !== "");
  return printable(typeof own === "string" ? own : resource.id, 60);
}

/**
 * The resources of a tree, those above before those below.
 *
 * @param list The resources, each with a relationship `parent`.
 * @param parentOf The id of the one above.
 */
export function parentsFirst(
  list: readonly Resource[],
  parentOf: (resource: Resource) => string | null,
): Resource[] {
  const ids = new Set(list.map(({ id }) => id));
  const below = Map.groupBy(list, (one) => {
    const parent = parentOf(one);
    return parent !== null && ids.has(parent) ? parent : null;
  });
  const ordered = [...below.get(null) ?? []];
  for (const one of ordered) ordered.push(...below.get(one.id) ?? []);
  return ordered;
}
