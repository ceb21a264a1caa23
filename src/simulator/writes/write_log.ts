import type { MemoryChange } from "../memory_environment.ts";

/** A request that was to change something. */
export interface LoggedWrite {
  /** When it was carried out, by the project's clock, in ISO 8601. */
  readonly at: string;
  /** The HTTP method. */
  readonly method: string;
  /** The URL's path and query. */
  readonly path: string;
  /** The id of the environment that it was about. */
  readonly environment: string;
  /** The HTTP status of the right answer, which may have got lost. */
  readonly status: number;
  /** The codes of the errors it was answered with, such as `INVALID_FIELD`, with those of fields. */
  readonly errors: readonly string[];
  /** What it changed of records and uploads, in the order it happened. */
  readonly changes: readonly WrittenChange[];
}

/** What was changed of a record or an upload. */
export interface WrittenChange {
  /** What was changed. */
  readonly type: MemoryChange["type"];
  /** Its id. */
  readonly id: string;
  /** Whether it is gone. */
  readonly isDestroyed: boolean;
  /** Whether a version of the record is public since. */
  readonly isPublic: boolean;
}

/** Remembers every request that was to change something: what tests hold against what should have been. */
export class WriteLog {
  readonly #writes: LoggedWrite[] = [];
  #changes: WrittenChange[] = [];

  /** The requests, in the order they were carried out. */
  get writes(): readonly LoggedWrite[] {
    return this.#writes;
  }

  /** The requests that were carried out: those not refused. */
  get done(): LoggedWrite[] {
    return this.#writes.filter(({ status }) => status < 400);
  }

  /** Forgets everything. */
  clear(): void {
    this.#writes.length = 0;
  }

  /**
   * Notes a change, which belongs to the request that is noted next.
   *
   * @param change The change.
   */
  change(change: MemoryChange): void {
    const { type, id } = change;
    const left = change.type === "item" ? change.item : change.upload;
    const isPublic = change.type === "item" && change.item?.published !== undefined;
    this.#changes.push({ type, id, isDestroyed: left === undefined, isPublic });
  }

  /** Forgets changes that no request made. */
  begin(): void {
    this.#changes = [];
  }

  /**
   * Notes a request that is carried out.
   *
   * @param write The request.
   */
  end(write: Omit<LoggedWrite, "changes">): void {
    this.#writes.push({ ...write, changes: this.#changes });
    this.#changes = [];
  }
}
