import { Buffer } from "node:buffer";
import { invalid } from "./failure.ts";
import type { Signer } from "./sign.ts";

/**
 * Where a listing continues, for a client that can't look into it.
 *
 * @param signer Signs it.
 * @param listing What is listed, snapshot and query included: it is good for nothing else.
 * @param position Where it continues.
 */
export function cursorAt(signer: Signer, listing: string, position: string | number): string {
  const text = String(position);
  const signature = signer.sign("cursor", `${listing}\n${text}`);
  return Buffer.from(`${text}\n${signature}`).toString("base64url");
}

/**
 * Where a cursor says that a listing continues.
 *
 * @param signer Knows its signature.
 * @param listing What is listed.
 * @param cursor The cursor.
 * @throws {ServeError} If it is of another listing, or none of ours.
 */
export function positionOf(signer: Signer, listing: string, cursor: string): string {
  const [position = "", signature = ""] = Buffer.from(cursor, "base64url").toString().split("\n");
  if (signer.verifies("cursor", `${listing}\n${position}`, signature)) return position;
  throw invalid(
    "cursor",
    "The cursor isn't of this listing: begin again without one, with the same parameters.",
  );
}
