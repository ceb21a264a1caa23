import { isObject } from "../../text/json.ts";
import type { JsonObject, Page, Resource } from "../../content/resource.ts";
import { printable } from "../../text/printable.ts";
import type { Journal } from "../journal.ts";

/** A part of a resource that it can be without. */
export type ResourcePart = "attributes" | "relationships" | "meta";

/** Counts resources that lack what the API documents: they are kept as they came. */
export class OddResources {
  readonly #needs: readonly ResourcePart[];
  readonly #lacking = new Map<ResourcePart, { count: number; readonly example: string }>();

  /**
   * @param needs The parts that each resource should have.
   */
  constructor(needs: readonly ResourcePart[]) {
    this.#needs = needs;
  }

  /**
   * Looks at a page.
   *
   * @param page The page.
   */
  look(page: Page<Resource>): void {
    for (const resource of page) {
      for (const part of this.#needs) {
        if (isObject((resource as unknown as JsonObject)[part])) continue;
        const lacking = this.#lacking.get(part);
        if (lacking) lacking.count++;
        else this.#lacking.set(part, { count: 1, example: resource.id });
      }
    }
  }

  /**
   * Warns of what was found.
   *
   * @param journal Where it is noted.
   * @param what What the resources are, for people.
   */
  tell(journal: Pick<Journal, "addWarning">, what: string): void {
    for (const [part, { count, example }] of this.#lacking) {
      journal.addWarning(
        "resource_incomplete",
        `Of the ${what}, ${count} came without ${part}, such as the one with id ${
          JSON.stringify(printable(example, 60))
        }: what came is kept as it is.`,
      );
    }
  }
}
