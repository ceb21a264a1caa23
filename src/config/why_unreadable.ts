import { printable } from "../text/printable.ts";

/**
 * Why a file can't be read, in a few words.
 *
 * @param error What was thrown.
 */
export function whyUnreadable(error: unknown): string {
  if (error instanceof Deno.errors.NotFound) return "there is no such file";
  if (error instanceof Deno.errors.IsADirectory) return "it is a directory";
  if (error instanceof Deno.errors.NotCapable) return "run it again with --allow-read";
  if (error instanceof Deno.errors.PermissionDenied) return "this user has no permission for it";
  return printable(error instanceof Error ? error.message : String(error), 200);
}
