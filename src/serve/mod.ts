/**
 * Snapshots over HTTP: an API of their own, for programs that look for what was there.
 *
 * @example On this machine alone, until the process ends
 * ```ts no-eval
 * import { LocalStorage } from "@sluice/datocms";
 * import { createToken, snapshotHandler } from "@sluice/datocms/serve";
 *
 * const { token, kept } = createToken({ name: "me", scope: "preview" });
 * const handler = snapshotHandler(new LocalStorage("./snapshots"), {
 *   publicUrl: "http://127.0.0.1:8080",
 *   tokens: [kept],
 * });
 * Deno.serve({ hostname: "127.0.0.1", port: 8080 }, handler);
 * console.log(token);
 * ```
 *
 * @module
 */
export type { ConnectionInfo } from "./client_address.ts";
export { snapshotHandler } from "./handler.ts";
export type { ServedRequest, ServeOptions } from "./options.ts";
export type { Rate } from "./rate.ts";
export {
  type CreatedToken,
  createToken,
  type NewToken,
  parseTokens,
  type Scope,
  type ServeToken,
  tokensText,
} from "./token.ts";
