import type { IslandContent, IslandField } from "../../transform/content_island.ts";

/** Contents that are put into one, at most: the ids of what else it refers to stay. */
const MOST = 1000;
/** Contents that are remembered from one to the next. */
const REMEMBERED = 2000;

/** Finds a content, and those that came of the same record. */
export type FindContents = (id: string) => Promise<readonly IslandContent[]>;

/** Puts related contents in the place of their ids. */
export class RelatedContents {
  readonly #find: FindContents;
  readonly #found = new Map<string, IslandContent | undefined>();

  /**
   * @param find Finds the contents of a record.
   */
  constructor(find: FindContents) {
    this.#find = find;
  }

  /**
   * A content with those that it refers to in it: what isn't there in this view is left out of lists. What refers
   * back to a content that it is in has ids alone.
   *
   * @param content The content.
   * @param depth How many levels of them.
   * @param around Contents of the same record, among them its blocks.
   */
  async expand(
    content: IslandContent,
    depth: number,
    around: readonly IslandContent[],
  ): Promise<IslandContent> {
    if (depth === 0) return content;
    if (this.#found.size > REMEMBERED) this.#found.clear();
    for (const one of around) this.#found.set(one.id, one);
    const left = { count: MOST };
    return await this.#expand(content, depth, new Set(), left);
  }

  async #expand(
    content: IslandContent,
    depth: number,
    within: ReadonlySet<string>,
    left: { count: number },
  ): Promise<IslandContent> {
    if (depth === 0 || within.has(content.id)) return content;
    const inside = new Set(within).add(content.id);
    const fields: IslandField[] = [];
    for (const field of content.fields) {
      const ids = field.isArray ? field.value as readonly unknown[] : [field.value];
      if (!field.type.includes("|") || ids.length > left.count) {
        fields.push(field);
        continue;
      }
      left.count -= ids.length;
      const found: IslandContent[] = [];
      for (const id of ids) {
        const related = typeof id === "string" ? await this.#get(id) : undefined;
        if (related === undefined) continue;
        found.push(await this.#expand(related, depth - 1, inside, left));
      }
      fields.push({ ...field, value: field.isArray ? found : found[0] ?? field.value });
    }
    return { ...content, fields };
  }

  async #get(id: string): Promise<IslandContent | undefined> {
    if (!this.#found.has(id)) {
      this.#found.set(id, undefined);
      for (const one of await this.#find(id)) this.#found.set(one.id, one);
    }
    return this.#found.get(id);
  }
}
