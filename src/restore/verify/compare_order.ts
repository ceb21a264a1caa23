import { relatedId } from "../../content/attributes.ts";
import type { Resource } from "../../content/resource.ts";
import type { Differences } from "./difference.ts";

/** The order of siblings: by parent, ids with their positions. */
export class SiblingOrder {
  readonly #groups = new Map<string, [position: number, id: string][]>();

  /** Takes a resource, with its place. */
  add(id: string, parent: unknown, position: unknown): void {
    if (typeof position !== "number") return;
    const key = typeof parent === "string" ? parent : "";
    const group = this.#groups.get(key);
    if (group) group.push([position, id]);
    else this.#groups.set(key, [[position, id]]);
  }

  /**
   * Compares it with another one: groups whose common members stand in another order.
   *
   * @param found The other one.
   * @param what What is ordered.
   * @param differences Takes what differs.
   */
  compare(
    found: SiblingOrder,
    what: { readonly resource: string; readonly name: string | null },
    differences: Differences,
  ): void {
    for (const [parent, wanted] of this.#groups) {
      const ids = inOrder(wanted);
      const other = inOrder(found.#groups.get(parent) ?? []);
      const [own, common] = [new Set(ids), new Set(other)];
      const [a, b] = [ids.filter((id) => common.has(id)), other.filter((id) => own.has(id))];
      const at = a.findIndex((id, i) => id !== b[i]);
      if (at < 0) continue;
      const [id] = a.slice(at);
      differences.add({
        ...what,
        id: id!,
        versions: [],
        locale: null,
        path: "position",
        wanted: at + 1,
        found: b.indexOf(id!) + 1,
      });
    }
  }
}

function inOrder(group: [position: number, id: string][]): string[] {
  return group.toSorted(([a, x], [b, y]) => a - b || (x < y ? -1 : 1)).map(([, id]) => id);
}

/**
 * The order of resources that may have parents.
 *
 * @param resources The resources.
 */
export function orderOf(resources: readonly Resource[]): SiblingOrder {
  const order = new SiblingOrder();
  for (const one of resources) {
    order.add(one.id, relatedId(one, "parent") ?? undefined, one.attributes?.position);
  }
  return order;
}
