import type { Version } from "../../content/resource.ts";
import type { Json } from "../../text/json.ts";

/** What became of something. */
export type ChangeKind = "added" | "removed" | "changed";

/** A value that differs. */
export interface FieldChange {
  /**
   * Where it is: the field's `api_key`, followed by the ids of blocks, their fields, and the keys and indexes
   * within a value, separated by slashes (`~` and `/` are written as in a JSON pointer). Indexes are those of
   * the later value, or of the earlier one for what was removed.
   */
  readonly path: string;
  /** The locale, if the field is localized. */
  readonly locale: string | null;
  /** What became of it; what moved is a block or a node of a structured text that is the same elsewhere. */
  readonly change: ChangeKind | "moved";
  /** The earlier value; where it was, for what moved; `null` if there was none. */
  readonly before: Json;
  /** The later value; where it is, for what moved; `null` if there is none. */
  readonly after: Json;
}

/** A difference between two models, fields, fieldsets, sites or settings. */
export interface SchemaChange {
  /** What kind of change this is. */
  readonly kind: "schema";
  /** The type of the resource, such as `item_type`, `field`, `fieldset`, `site` or `webhook`. */
  readonly type: string;
  /** What people call it, such as `article.title`. */
  readonly name: string;
  /** Its id. */
  readonly id: string;
  /** What became of it. */
  readonly change: ChangeKind;
  /** What differs of it, if it was changed. */
  readonly fields: readonly FieldChange[];
}

/** A value of a record that differs. */
export interface RecordFieldChange extends FieldChange {
  /** In which versions it differs in just this way. */
  readonly versions: readonly Version[];
}

/** A difference between two records. */
export interface RecordChange {
  /** What kind of change this is. */
  readonly kind: "record";
  /** The model's `api_key`, as the later snapshot has it. */
  readonly model: string;
  /** The record's id. */
  readonly id: string;
  /** What people call it: the text of the field that its model names for that; `null` if it has none. */
  readonly title: string | null;
  /** What became of it. */
  readonly change: ChangeKind;
  /** `draft`, `updated` or `published`, before and after; `null` if that is the same, or nobody tells. */
  readonly status: { readonly before: string | null; readonly after: string | null } | null;
  /** What became of the published version; `null` if it is as it was, or was compared with nothing. */
  readonly published: ChangeKind | null;
  /** What differs: of a record that was added or removed, all that it holds. */
  readonly fields: readonly RecordFieldChange[];
}

/** A difference between two assets. */
export interface AssetChange {
  /** What kind of change this is. */
  readonly kind: "asset";
  /** The upload's id. */
  readonly id: string;
  /** The file's name. */
  readonly filename: string | null;
  /** What became of it: `replaced`, if its bytes are others. */
  readonly change: ChangeKind | "replaced";
  /** What differs of its metadata. */
  readonly fields: readonly FieldChange[];
}

/** A difference between two snapshots. */
export type Change = SchemaChange | RecordChange | AssetChange;

/** How far a comparison is. */
export interface DiffProgress {
  /** What is compared now, such as a model's `api_key`. */
  readonly now: string;
  /** Bytes that were read. */
  readonly bytes: number;
  /** Bytes that are to be read, as far as it is known: what differs is read twice. */
  readonly totalBytes: number;
}
