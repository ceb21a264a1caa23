import type { Version } from "../../content/resource.ts";
import type { Json } from "../../text/json.ts";

/** Something in which a target isn't what the snapshot holds. */
export interface RestoreDifference {
  /** The API's name of the type of resource, such as `item`. */
  readonly resource: string;
  /** Its id. */
  readonly id: string;
  /** What people call it, if anything: of a record, its model. */
  readonly name: string | null;
  /** In which versions of a record; empty for what has none. */
  readonly versions: readonly Version[];
  /** The locale, if a value of one differs. */
  readonly locale: string | null;
  /** Where: the field's `api_key` and the path within its value; `*` if all of it is missing or too much. */
  readonly path: string;
  /** What the snapshot has; long values are cut. */
  readonly wanted: Json;
  /** What the target has. */
  readonly found: Json;
}

/** What a comparison of a target with a snapshot found. */
export interface Verified {
  /** Records that were compared. */
  readonly records: number;
  /** What differs: the first thousand. */
  readonly differences: readonly RestoreDifference[];
  /** How many more there are. */
  readonly more: number;
  /** How many differences follow from losses that were told. */
  readonly explained: number;
  /** What the target has besides, which is kept: how many things. */
  readonly kept: number;
  /** What differs and was left as the target has it, as that was asked for: how many things. */
  readonly left: number;
  /** What couldn't be compared, in sentences. */
  readonly notes: readonly string[];
}

/** The most differences that are named, and the characters of a value of one. */
const [MOST, LONGEST] = [1000, 500];

/** Gathers differences. */
export class Differences {
  readonly notes: string[] = [];
  readonly #named: RestoreDifference[] = [];
  readonly #isLost: (difference: RestoreDifference) => boolean;
  readonly #isKept: (difference: RestoreDifference) => boolean;
  readonly #isLeft: (difference: RestoreDifference) => boolean;
  readonly #left = new Set<string>();
  #more = 0;
  #explained = 0;
  #kept = 0;

  /**
   * @param isLost Whether something follows from what was told to be lost.
   * @param isKept Whether something isn't to be as in the snapshot: what the target has besides, and is kept.
   * @param isLeft Whether something was left as the target has it.
   */
  constructor(
    isLost: (difference: RestoreDifference) => boolean,
    isKept: (difference: RestoreDifference) => boolean,
    isLeft: (difference: RestoreDifference) => boolean,
  ) {
    this.#isLost = isLost;
    this.#isKept = isKept;
    this.#isLeft = isLeft;
  }

  /** Adds one. */
  add(difference: RestoreDifference): void {
    const { resource, id, wanted, found } = difference;
    if (this.#isKept(difference)) this.#kept++;
    else if (this.#isLeft(difference)) this.#left.add(`${resource} ${id}`);
    else if (this.#isLost(difference)) this.#explained++;
    else if (this.#named.length >= MOST) this.#more++;
    else this.#named.push({ ...difference, wanted: cut(wanted), found: cut(found) });
  }

  /** All of them. */
  result(records: number): Verified {
    return {
      records,
      differences: this.#named,
      more: this.#more,
      explained: this.#explained,
      kept: this.#kept,
      left: this.#left.size,
      notes: this.notes,
    };
  }
}

function cut(value: Json): Json {
  const text = JSON.stringify(value);
  return text.length <= LONGEST ? value : `${text.slice(0, LONGEST)}…`.toWellFormed();
}
