import { printable } from "../text/printable.ts";

/**
 * What went wrong on the network, in a few words for an error's sentence: without the address, which may
 * be long, and which the sentence has already.
 *
 * @param error What `fetch` or a body's reader failed with.
 */
export function networkReason(error: unknown): string {
  const { message, cause } = error instanceof Error ? error : new Error(String(error));
  const detail = cause instanceof Error ? cause.message : message;
  return printable(detail.replace(/^error sending request .*?\): /s, ""), 200);
}
