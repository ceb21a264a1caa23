import type { LifecycleRule } from "@aws-sdk/client-s3";

/** What a server says of a bucket's setting, or why it says nothing. */
export type SettingAnswer<T> =
  | { readonly known: true; readonly value: T }
  | {
    readonly known: false;
    /** Whether the credentials may not ask; if they may, the server doesn't have the setting. */
    readonly denied: boolean;
    /** The permission that it takes to ask. */
    readonly permission: string;
    /** The server's code, as in `NotImplemented`. */
    readonly code: string;
  };

/** Whether a bucket keeps what is overwritten and deleted. */
export type Versioning = "enabled" | "suspended" | "off";

/** A rule after which objects are deleted, moved, or unfinished uploads dropped, as the AWS SDK has it. */
export type BucketLifecycleRule = LifecycleRule;

/** What is known of who may use a bucket. */
export interface PublicAccess {
  /** Why anybody can use it, as in `its ACL grants READ to everybody`; empty if that can't be proved. */
  readonly reasons: readonly string[];
  /** Whether everything public is refused, now and later; `undefined` if the server doesn't tell. */
  readonly blocked: boolean | undefined;
  /** The answers that the server didn't give. */
  readonly unanswered: readonly Extract<SettingAnswer<unknown>, { known: false }>[];
}

/** What a question about a bucket takes. */
export interface SettingOptions {
  /** Aborts it. */
  readonly signal?: AbortSignal | undefined;
}

/** How a bucket is set up. Each method fails with a `StorageError` if the bucket can't be reached. */
export interface BucketSettings {
  /** Who may use it. */
  publicAccess(options?: SettingOptions): Promise<PublicAccess>;
  /** Whether what is overwritten or deleted is kept. */
  versioning(options?: SettingOptions): Promise<SettingAnswer<Versioning>>;
  /** Its lifecycle rules. */
  lifecycleRules(options?: SettingOptions): Promise<SettingAnswer<readonly BucketLifecycleRule[]>>;
  /** How objects are encrypted by default, as in `AES256`; `null` if they aren't. */
  encryption(options?: SettingOptions): Promise<SettingAnswer<string | null>>;
}

/** How an object is sent to whoever has an address of it. */
export interface PresignOptions {
  /** Aborts it. */
  readonly signal?: AbortSignal | undefined;
  /** For how long the address is good, in seconds: 7 days at most. */
  readonly seconds: number;
  /** The MIME type that is told. */
  readonly contentType: string;
  /** The `Content-Disposition` header that is told. */
  readonly contentDisposition: string;
}
