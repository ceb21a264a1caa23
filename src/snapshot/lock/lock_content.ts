import * as z from "zod";

/** What a lock says about who holds it. */
export interface LockContent {
  /** The holder's own id. */
  readonly owner: string;
  /** The machine's name; `null` if the holder may not ask for it. */
  readonly host: string | null;
  /** The process's id on that machine. */
  readonly pid: number;
  /** When the holder began, in ISO 8601. */
  readonly startedAt: string;
  /** Whether the holder also holds the key of {@linkcode holdKey}, which ends when its process does. */
  readonly held?: boolean | undefined;
  /** When the lock was written, in ISO 8601. */
  readonly renewedAt: string;
  /** When it doesn't count any more, in ISO 8601. */
  readonly expiresAt: string;
  /** Whether the holder has given it back, but may not delete it: the next one may take it at once. */
  readonly released?: boolean | undefined;
}

/** The most that a lock may claim, in milliseconds: whoever reads one that claims more doesn't believe it. */
export const LONGEST_TTL_MS = 600_000;

/** Checks the content of a lock. */
export const lockSchema: z.ZodType<LockContent> = z.object({
  owner: z.string(),
  host: z.string().nullable(),
  pid: z.number(),
  startedAt: z.iso.datetime(),
  held: z.boolean().optional(),
  renewedAt: z.iso.datetime(),
  expiresAt: z.iso.datetime(),
  released: z.boolean().optional(),
});

/**
 * What a lock's text says, or `undefined` if it says nothing that can be understood.
 *
 * @param text The text.
 */
export function parseLock(text: string): LockContent | undefined {
  try {
    return lockSchema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/**
 * How long a lock counts after it was written, in milliseconds.
 *
 * @param content What it says.
 */
export function ttlOf({ renewedAt, expiresAt }: LockContent): number {
  return Math.min(Date.parse(expiresAt) - Date.parse(renewedAt), LONGEST_TTL_MS);
}

/**
 * When a lock doesn't count any more by its owner's clock, in ISO 8601.
 *
 * @param content What it says.
 */
export function expiryOf(content: LockContent): string {
  return new Date(Date.parse(content.renewedAt) + ttlOf(content)).toISOString();
}

/**
 * The key that the owner of a lock holds besides, where the storage learns of a process's end.
 *
 * @param lock The lock's key.
 * @param owner The owner.
 */
export function holdKey(lock: string, owner: string): string {
  return `${lock}.${owner}`;
}

/** The name of this machine, if Deno was granted to tell: nobody is asked for a permission. */
export async function hostName(): Promise<string | null> {
  const { state } = await Deno.permissions.query({ name: "sys", kind: "hostname" });
  return state === "granted" ? Deno.hostname() : null;
}
