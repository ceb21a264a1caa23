import type { Resource } from "../../content/resource.ts";
import type { Snapshot } from "../../tools/open.ts";
import type { References } from "./body.ts";

/** Where something of a project comes from, and goes to. */
export interface ProjectPlace {
  /** The environment that is restored into. */
  readonly environment: string;
  /** That of the snapshot; `undefined` if nobody knows. */
  readonly fromEnvironment: string | undefined;
  /** All environments of the project that is restored into. */
  readonly environments: readonly string[];
  /** Whether that is another project than the snapshot's, so that ids are others. */
  readonly isOtherProject: boolean;
}

/** What a project has, and what the ids of a snapshot are there. */
export class ProjectIds implements References {
  readonly #of: ProjectPlace;
  readonly #known: ReadonlyMap<string, ReadonlySet<string>>;
  /** By type, the ids in the project by those in the snapshot; `undefined` for what is going to be made. */
  readonly #ids = new Map<string, Map<string, string | undefined>>();
  /** By type, the ids in the project that stand for something of the snapshot. */
  readonly #taken = new Map<string, Set<string>>();
  /** By type, the ids of all that the project has. */
  readonly #present = new Map<string, ReadonlySet<string>>();

  /**
   * @param place Where it is.
   * @param known What {@linkcode knownIds} found.
   */
  constructor(place: ProjectPlace, known: ReadonlyMap<string, ReadonlySet<string>>) {
    this.#of = place;
    this.#known = known;
  }

  /**
   * Finds what stands for what: by id in the same project, else by name, each for one of them.
   *
   * @param type The API's name of the type.
   * @param wanted What the snapshot has of it.
   * @param present What the project has of it.
   * @param isMade Whether what it lacks is made.
   */
  match(
    type: string,
    wanted: readonly Resource[],
    present: readonly Resource[],
    isMade: boolean,
  ): void {
    const ids = new Map<string, string | undefined>();
    const taken = new Set<string>();
    this.#ids.set(type, ids);
    this.#taken.set(type, taken);
    this.#present.set(type, new Set(present.map(({ id }) => id)));
    const take = (resource: Resource, found: Resource | undefined) => {
      if (found === undefined || ids.has(resource.id)) return;
      ids.set(resource.id, found.id);
      taken.add(found.id);
    };
    if (!this.#of.isOtherProject) {
      for (const one of wanted) take(one, present.find(({ id }) => id === one.id));
    }
    for (const one of wanted) {
      if (ids.has(one.id)) continue;
      take(one, present.find((other) => !taken.has(other.id) && nameOf(other) === nameOf(one)));
      if (isMade && !ids.has(one.id)) ids.set(one.id, undefined);
    }
  }

  /** The id of what is there. */
  idOf(type: string, id: string): string | undefined {
    return this.#ids.get(type)?.get(id);
  }

  /** Whether something of the project stands for something of the snapshot already. */
  isTaken(type: string, id: string): boolean {
    return this.#taken.get(type)?.has(id) ?? false;
  }

  /** It is made, under this id. */
  made(type: string, id: string, as: string): void {
    this.#ids.get(type)!.set(id, as);
    this.#taken.get(type)!.add(as);
  }

  /** It isn't made. */
  forget(type: string, id: string): void {
    this.#ids.get(type)!.delete(id);
  }

  of(type: string, id: string): string | undefined {
    const { environment, fromEnvironment, environments, isOtherProject } = this.#of;
    if (type === "environment") {
      if (isOtherProject) return id === fromEnvironment ? environment : undefined;
      return id === environment || environments.includes(id) ? id : undefined;
    }
    const ids = this.#ids.get(type);
    if (ids !== undefined) {
      // What is going to be made has its own id as long as it isn't there.
      if (ids.has(id)) return ids.get(id) ?? id;
      return !isOtherProject && this.#present.get(type)!.has(id) ? id : undefined;
    }
    return this.#known.get(type)?.has(id) ?? true ? id : undefined;
  }

  isHere(environment: string): boolean {
    return environment === this.#of.environment;
  }
}

/**
 * The ids of what permissions and filters name, as far as an environment has it.
 *
 * @param there What it has.
 * @param signal Aborts the reading.
 */
export async function knownIds(
  there: readonly Snapshot[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const known = new Map<string, Set<string>>([
    ["item_type", new Set()],
    ["workflow", new Set()],
    ["upload_collection", new Set()],
  ]);
  for (const snapshot of there) {
    const { itemTypes } = await snapshot.schema({ signal });
    for (const { id } of itemTypes) known.get("item_type")!.add(id);
    for (const type of ["workflow", "upload_collection"] as const) {
      const found = await snapshot.settings(`${type}s`, { signal }) ?? [];
      for (const { id } of found) known.get(type)!.add(id);
    }
  }
  return known;
}

/**
 * What something of a project is called.
 *
 * @param resource It.
 */
export function nameOf({ attributes }: Pick<Resource, "attributes">): string {
  return typeof attributes?.name === "string" ? attributes.name : "";
}
