import { exportProject } from "../../src/export/export.ts";
import { LocalStorage } from "../../src/storage/local/local_storage.ts";

/** Exports with what the first argument says, goes on with what is there, and is made to be killed. */
const { url, apiToken, root, ...options } = JSON.parse(Deno.args[0]!);
await exportProject({
  ...options,
  apiToken,
  baseUrl: url,
  assetHost: url,
  storage: new LocalStorage(root),
  resume: true,
});
