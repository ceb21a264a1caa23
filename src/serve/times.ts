import { createdAt } from "../content/attributes.ts";
import type { Resource } from "../content/resource.ts";
import type { LocatedEntry } from "../snapshot/index/locate_entries.ts";
import { parseJson } from "../text/json.ts";

/** What is held of a resource: two times, and the rank of its id. */
const ROW_BYTES = 20;
const DECODER = new TextDecoder("utf-8", { fatal: true });

/** What resources are listed by, in the order of their rows. */
export class Times {
  /** When each was created, in milliseconds since 1970; `NaN` if it doesn't tell. */
  readonly created: Float64Array;
  /** When each was changed. */
  readonly updated: Float64Array;
  /** The place of each id among all ids, in their order. */
  readonly ranks: Uint32Array;

  private constructor(times: readonly number[], ids: readonly string[]) {
    this.created = Float64Array.from(ids, (_, row) => times[2 * row]!);
    this.updated = Float64Array.from(ids, (_, row) => times[2 * row + 1]!);
    const order = Uint32Array.from(ids, (_, row) => row);
    order.sort((a, b) => ids[a]! < ids[b]! ? -1 : 1);
    this.ranks = new Uint32Array(ids.length);
    order.forEach((row, rank) => this.ranks[row] = rank);
  }

  /** Collects them while the rows are read. */
  static collector(): { add(entry: LocatedEntry): void; end(): Times } {
    const times: number[] = [];
    const ids: string[] = [];
    return {
      add({ id, bytes }) {
        const resource = parseJson(DECODER.decode(bytes)) as unknown as Resource;
        ids.push(id);
        times.push(createdAt(resource), updatedAt(resource));
      },
      end: () => new Times(times, ids),
    };
  }

  /** How many there are. */
  get count(): number {
    return this.ranks.length;
  }

  /** How much memory they take (bytes). */
  get bytes(): number {
    return this.count * ROW_BYTES;
  }
}

function updatedAt({ meta, attributes }: Resource): number {
  const text = meta?.updated_at ?? attributes?.updated_at;
  return typeof text === "string" ? Date.parse(text) : NaN;
}
