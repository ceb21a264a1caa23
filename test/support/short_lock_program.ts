import { exportProject } from "../../src/export/export.ts";
import { failureOf } from "../../src/report/failure.ts";
import { openStorage } from "../../src/storage/open_storage.ts";

/**
 * Exports with what the first argument says, as the command does, but with a lock that counts for a short
 * time: resumes what is there, says why it failed, and ends with the command's exit code.
 */
const { to, url, apiToken, ...options } = JSON.parse(Deno.args[0]!);
using storage = openStorage(to);
try {
  const source = { apiToken, baseUrl: url, assetHost: url };
  await exportProject({ ...options, ...source, storage, resume: true });
} catch (error) {
  const { message, exitCode } = failureOf(error, new AbortController().signal);
  // deno-lint-ignore no-console -- it is a program
  console.error(message);
  Deno.exit(exitCode);
}
