import { createHash } from "node:crypto";
import * as z from "zod";
import type { Storage } from "../../storage/storage.ts";
import { CLAIM } from "../layout.ts";

/** Who writes a snapshot, and is told what its claim is. */
export interface Claimant {
  /** Its id. */
  readonly owner: string;
  /**
   * Called with the claim.
   *
   * @param prefix Where the snapshot lies, without a trailing slash.
   * @param sha256 SHA-256 of the claim, in hexadecimal.
   */
  watch(prefix: string, sha256: string): void;
}

/** What a claim says of who wrote the snapshot last, besides what it said at first. */
const claimSchema = z.looseObject({
  generation: z.number().int().nonnegative().optional(),
  resumedFrom: z.string().optional(),
});

/** The claim of a snapshot as it was read. */
export interface FoundClaim {
  /** What it says. */
  readonly content: z.infer<typeof claimSchema>;
  /** SHA-256 of its bytes, in hexadecimal. */
  readonly sha256: string;
  /** Its tag, if the storage has tags. */
  readonly etag: string | undefined;
}

/** The claim of a snapshot as it was written. */
export interface WrittenClaim {
  /** Its bytes. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** SHA-256 of them, in hexadecimal. */
  readonly sha256: string;
}

/**
 * Reads the claim of a snapshot.
 *
 * @param storage Where it is.
 * @param prefix Where it lies in there, without a trailing slash.
 * @param signal Aborts the reading.
 * @throws {ObjectNotFoundError} If there is none.
 * @throws {StorageError} If it can't be read.
 */
export async function readClaim(
  storage: Storage,
  prefix: string,
  signal: AbortSignal,
): Promise<FoundClaim> {
  const key = `${prefix}/${CLAIM}`;
  // First the tag: should it be written in between, it isn't the one that is replaced.
  const etag = (await storage.stat(key, { signal }))?.etag;
  const bytes = await new Response(await storage.get(key, { signal })).bytes();
  let content = {};
  try {
    content = claimSchema.parse(JSON.parse(new TextDecoder().decode(bytes)));
  } catch {
    // Who wants to resume a snapshot needs nothing of what it says.
  }
  return { content, etag, sha256: digest(bytes) };
}

/**
 * Writes a claim anew, which whoever had it before meets when it looks the next time.
 *
 * @param storage Where the snapshot is.
 * @param prefix Where it lies in there, without a trailing slash.
 * @param found The claim as it is.
 * @param options Who writes it, from which checkpoint, and the signal.
 * @return What was written.
 * @throws {ObjectChangedError} If somebody else has written it since.
 * @throws {StorageError} If it can't be written.
 */
export async function renewClaim(
  storage: Storage,
  prefix: string,
  { content, etag }: FoundClaim,
  { claimant, resumedFrom, signal }: {
    readonly claimant: Claimant;
    readonly resumedFrom: string;
    readonly signal: AbortSignal;
  },
): Promise<WrittenClaim> {
  const next = {
    ...content,
    generation: (content.generation ?? 1) + 1,
    writer: claimant.owner,
    resumedAt: new Date().toISOString(),
    resumedFrom,
  };
  const bytes = new TextEncoder().encode(JSON.stringify(next, null, 2) + "\n");
  await storage.put(`${prefix}/${CLAIM}`, bytes, { signal, replaces: etag });
  const sha256 = digest(bytes);
  claimant.watch(prefix, sha256);
  return { bytes, sha256 };
}

function digest(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
