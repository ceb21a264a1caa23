import { isObject } from "../../text/json.ts";
import type { ResourceIdentifier } from "../../content/resource.ts";
import { printable } from "../../text/printable.ts";
import { CmaError } from "./cma_error.ts";

/**
 * Makes sure that what came are resources, or identifiers of some: objects with a type and an id. All that
 * reads them relies on that.
 *
 * @param values What came.
 * @param path The path that was asked for.
 * @throws {CmaError} If one of them is something else.
 */
export function assertResources(
  values: readonly unknown[],
  path: string,
): asserts values is readonly ResourceIdentifier[] {
  for (const value of values) {
    if (isObject(value) && typeof value.id === "string" && typeof value.type === "string") continue;
    throw new CmaError(
      `Expected resources with a type and an id in the answer to GET ${path}, but one is ${
        printable(JSON.stringify(value), 100)
      }.`,
    );
  }
}
