import * as z from "zod";
import type { Resource, ResourceIdentifier } from "../content/resource.ts";
import { printable } from "../text/printable.ts";
import type { Loss } from "./phases.ts";

/** What can have made a record or an upload. */
const CREATORS = ["account", "access_token", "user", "sso_user", "organization"] as const;

/** Who takes the place of whom as a creator, by the id that the snapshot has. */
export type CreatorMap = Readonly<
  Record<
    string,
    {
      readonly type: "account" | "access_token" | "user" | "sso_user" | "organization";
      readonly id: string;
    }
  >
>;

/** Who is the creator of what is made: who it was, whoever restores it, or who takes their place. */
export type CreatorChoice = "keep" | "drop" | CreatorMap;

/** Reads who takes whose place. */
export const creatorMap: z.ZodType<CreatorMap> = z.record(
  z.string().min(1),
  z.strictObject({ type: z.enum(CREATORS), id: z.string().min(1) }),
);

/** Reads what was chosen. */
export const creatorChoice: z.ZodType<CreatorChoice> = z.union([
  z.enum(["keep", "drop"]),
  creatorMap,
]);

/**
 * The loss of a creator whom the target doesn't know: the same for all that it made.
 *
 * @param creator The creator.
 */
export function strangerOf({ type, id }: ResourceIdentifier): Loss {
  return {
    code: "creator_unknown",
    message: `The target doesn't know ${type.replaceAll("_", " ")} ${
      printable(id, 60)
    }: what it made is by whoever restores it.`,
    type,
    id,
  };
}

/** Puts others in the place of creators. */
export class Creators {
  readonly #map: ReadonlyMap<string, ResourceIdentifier>;
  readonly #isOtherProject: boolean;
  readonly #unknown = new Map<string, Loss>();

  /**
   * @param map Who takes whose place.
   * @param isOtherProject Whether who isn't named is nobody in the target.
   */
  constructor(map: CreatorMap, isOtherProject: boolean) {
    this.#map = new Map(Object.entries(map));
    this.#isOtherProject = isOtherProject;
  }

  /** Who isn't named, once each, as far as was read. */
  get losses(): readonly Loss[] {
    return [...this.#unknown.values()];
  }

  /**
   * A record or upload with another creator.
   *
   * @param resource The record or upload.
   * @return The same object if its creator stays, or it has none.
   */
  changed<T extends Resource>(resource: T): T {
    const { relationships } = resource;
    const data = relationships?.creator?.data;
    if (!data || !("id" in data)) return resource;
    const next = this.#map.get(data.id);
    if (next === undefined && !this.#isOtherProject) return resource;
    if (next === undefined) this.#miss(data);
    return { ...resource, relationships: { ...relationships, creator: { data: next ?? null } } };
  }

  #miss({ type, id }: ResourceIdentifier): void {
    const key = `${type} ${id}`;
    if (this.#unknown.has(key)) return;
    this.#unknown.set(key, {
      code: "creator_unknown",
      message: `Nobody takes the place of ${type.replaceAll("_", " ")} ${
        printable(id, 60)
      }: what it made is by whoever restores it.`,
      type,
      id,
    });
  }
}
