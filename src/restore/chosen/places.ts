import type { Item, Page } from "../../content/resource.ts";

/** Where records of a model are, once some of them came back. */
export interface Places {
  /** Positions of records that have others than before, or that come back. */
  readonly positions: ReadonlyMap<string, number>;
  /** The records that have others below them. */
  readonly parents: ReadonlySet<string>;
}

interface Place {
  readonly id: string;
  readonly position: number;
}

/**
 * Decides where chosen records are among those that stay: each behind the nearest one that it was behind in the
 * snapshot. Those that stay keep their order.
 *
 * While it is decided, about 300 bytes are held for each record of the model.
 *
 * @param before The model's records in the snapshot, with their parents.
 * @param now Those of the target.
 * @param isChosen Whether a record comes back.
 */
export async function placesOf(
  before: AsyncIterable<Page<Item>>,
  now: AsyncIterable<Page<Item>>,
  isChosen: (id: string) => boolean,
): Promise<Places> {
  const positions = new Map<string, number>();
  const parents = new Set<string>();
  const [old, staying] = [await groupsOf(before), await groupsOf(now)];
  for (const parent of new Set([...old.keys(), ...staying.keys()])) {
    const present = (staying.get(parent) ?? []).filter(({ id }) => !isChosen(id));
    const own = new Set(present.map(({ id }) => id));
    /** Who comes behind whom; behind "" who comes first. */
    const behind = new Map<string, Place[]>();
    let anchor = "";
    for (const place of old.get(parent) ?? []) {
      if (own.has(place.id)) anchor = place.id;
      else if (isChosen(place.id)) {
        const others = behind.get(anchor);
        if (others) others.push(place);
        else behind.set(anchor, [place]);
      }
    }
    if (present.length > 0 || behind.size > 0) parents.add(parent);
    const [first] = present;
    const ahead = behind.get("") ?? [];
    let last = Math.max(0, (first?.position ?? 1) - 1 - ahead.length);
    const put = (place: Place, next: number) => {
      const { id, position } = place;
      const fits = Number.isInteger(position) && position > last && position < next;
      last = fits ? position : last + 1;
      if (last !== position || isChosen(id)) positions.set(id, last);
    };
    for (const place of ahead) put(place, first?.position ?? Infinity);
    for (const [i, place] of present.entries()) {
      put(place, Infinity);
      for (const other of behind.get(place.id) ?? []) {
        put(other, present[i + 1]?.position ?? Infinity);
      }
    }
  }
  return { positions, parents };
}

/** Records by the one that they are below, in their order. */
async function groupsOf(pages: AsyncIterable<Page<Item>>): Promise<Map<string, Place[]>> {
  const groups = new Map<string, Place[]>();
  for await (const page of pages) {
    for (const { id, attributes: { position, parent_id: parent } } of page) {
      const key = typeof parent === "string" ? parent : "";
      const place = { id, position: typeof position === "number" ? position : 0 };
      const group = groups.get(key);
      if (group) group.push(place);
      else groups.set(key, [place]);
    }
  }
  for (const group of groups.values()) group.sort((a, b) => a.position - b.position);
  return groups;
}
