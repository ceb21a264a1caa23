import { createdAt } from "../../content/attributes.ts";
import type { Resource } from "../../content/resource.ts";
import { parseJson } from "../../text/json.ts";
import type { SnapshotContent } from "../../tools/open/content.ts";
import { Rows } from "../rows.ts";

/** What is held of a resource beside its row: two times, and the rank of its id. */
const COLUMN_BYTES = 20;

/** Where resources are, with what they are listed by. */
export class Places {
  /** Where they are. */
  readonly rows: Rows;
  /** When each was created, in milliseconds since 1970; `NaN` if it doesn't tell. */
  readonly created: Float64Array;
  /** When each was changed. */
  readonly updated: Float64Array;
  /** The place of each id among all ids, in their order. */
  readonly ranks: Uint32Array;

  private constructor(rows: Rows, times: readonly number[], ids: readonly string[]) {
    this.rows = rows;
    this.created = Float64Array.from(ids, (_, row) => times[2 * row]!);
    this.updated = Float64Array.from(ids, (_, row) => times[2 * row + 1]!);
    const order = Uint32Array.from(ids, (_, row) => row);
    order.sort((a, b) => ids[a]! < ids[b]! ? -1 : 1);
    this.ranks = new Uint32Array(ids.length);
    order.forEach((row, rank) => this.ranks[row] = rank);
  }

  /**
   * Reads batches once.
   *
   * @param content The snapshot.
   * @param paths The batches' paths in it.
   * @param signal Aborts it.
   * @throws {SluiceError} If a batch isn't as it was written.
   */
  static async read(
    content: SnapshotContent,
    paths: readonly string[],
    signal: AbortSignal,
  ): Promise<Places> {
    const times: number[] = [];
    const ids: string[] = [];
    const decoder = new TextDecoder("utf-8", { fatal: true });
    return await content.read(signal, async (signal) => {
      const rows = await Rows.read(content, paths, signal, ({ id, bytes }) => {
        const resource = parseJson(decoder.decode(bytes)) as unknown as Resource;
        ids.push(id);
        times.push(createdAt(resource), updatedAt(resource));
      });
      return new Places(rows, times, ids);
    });
  }

  /** How many there are. */
  get count(): number {
    return this.ranks.length;
  }

  /** How much memory they take (bytes). */
  get bytes(): number {
    return this.rows.bytes + this.count * COLUMN_BYTES;
  }
}

function updatedAt({ meta, attributes }: Resource): number {
  const text = meta?.updated_at ?? attributes?.updated_at;
  return typeof text === "string" ? Date.parse(text) : NaN;
}
