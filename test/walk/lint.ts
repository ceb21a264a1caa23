import assert from "node:assert/strict";
import { ROOT } from "../support/terminal.ts";

/**
 * Checks a file with the linters that `install-tools.sh` has installed.
 *
 * @param kind What it is.
 * @param text Its text.
 */
export async function lint(
  kind: "workflow" | "dockerfile" | "kubernetes",
  text: string,
): Promise<void> {
  const child = new Deno.Command("node", {
    args: [`${ROOT}test/walk/lint.cjs`, kind],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const stdin = child.stdin.getWriter();
  await stdin.write(new TextEncoder().encode(text));
  await stdin.close();
  const { success, stdout, stderr } = await child.output();
  const decoder = new TextDecoder();
  assert.ok(success, `${decoder.decode(stdout)}${decoder.decode(stderr)}`);
}
