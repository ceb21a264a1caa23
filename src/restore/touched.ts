import * as z from "zod";
import { JsonNote } from "../snapshot/json_note.ts";
import type { Storage } from "../storage/storage.ts";

/** What is done to something: it is made, changed or destroyed. */
export type Touch = "created" | "changed" | "destroyed";

/** Ids by the API's name of the type, such as `item`. */
type Ids = Readonly<Record<string, readonly string[]>>;

const ids = z.record(z.string(), z.array(z.string()));
const schema = z.object({ created: ids, changed: ids, destroyed: ids });

/** What a restore writes to, where editors work: noted before the first write, for what resumes or undoes it. */
export class Touched {
  readonly #of: Record<Touch, Map<string, Set<string>>> = {
    created: new Map(),
    changed: new Map(),
    destroyed: new Map(),
  };

  /** Adds something, unless it is made anyway. */
  add(touch: Touch, type: string, id: string): void {
    if (touch === "changed" && this.has("created", type, id)) return;
    const own = this.#of[touch];
    const known = own.get(type);
    if (known === undefined) own.set(type, new Set([id]));
    else known.add(id);
  }

  /** Adds all of another one. */
  addAll(other: Touched): void {
    for (const [touch, types] of Object.entries(other.#of)) {
      for (const [type, ids] of types) for (const id of ids) this.add(touch as Touch, type, id);
    }
  }

  /** Whether something is done to a resource. */
  has(touch: Touch, type: string, id: string): boolean {
    return this.#of[touch].get(type)?.has(id) ?? false;
  }

  /** Whether anything is done to a resource. */
  hasAny(type: string, id: string): boolean {
    return Object.values(this.#of).some((types) => types.get(type)?.has(id));
  }

  /** Writes it down. */
  async write(storage: Storage, folder: string, signal: AbortSignal): Promise<void> {
    const plain = (types: Map<string, Set<string>>): Record<string, string[]> =>
      Object.fromEntries(Array.from(types, ([type, ids]) => [type, [...ids]]));
    const { created, changed, destroyed } = this.#of;
    await noteOf(storage, folder).write({
      created: plain(created),
      changed: plain(changed),
      destroyed: plain(destroyed),
    }, signal);
  }

  /**
   * What a restore has written down.
   *
   * @param storage Where its journal is.
   * @param folder The journal's folder.
   * @param signal Aborts the reading.
   * @return `undefined` if nothing is known.
   */
  static async read(
    storage: Storage,
    folder: string,
    signal: AbortSignal,
  ): Promise<Touched | undefined> {
    const found = await noteOf(storage, folder).read(signal);
    if (!found) return undefined;
    const touched = new Touched();
    for (const touch of ["created", "changed", "destroyed"] as const) {
      for (const [type, ids] of Object.entries(found[touch])) {
        for (const id of ids) touched.add(touch, type, id);
      }
    }
    return touched;
  }
}

function noteOf(storage: Storage, folder: string): JsonNote<Record<Touch, Ids>> {
  return new JsonNote<Record<Touch, Ids>>(
    storage,
    `${folder}/touched.json`,
    schema as z.ZodType<Record<Touch, Ids>>,
  );
}
