/** What a server knows of a connection: `Deno.serve` tells it along with a request. */
export interface ConnectionInfo {
  /** The other end: the client, or a proxy. */
  readonly remoteAddr: Deno.Addr;
}

/**
 * The address of a client. Each proxy adds to `X-Forwarded-For` where a request came from: what stands before those
 * that are trusted was written by anybody.
 *
 * @param request The request.
 * @param info The connection that it came by, if that is known.
 * @param trustedProxies How many proxies stand in front of the server.
 * @return `null` if it isn't known.
 */
export function clientAddress(
  request: Request,
  info: ConnectionInfo | undefined,
  trustedProxies: number,
): string | null {
  const remote = info?.remoteAddr;
  const own = remote !== undefined && "hostname" in remote ? remote.hostname : null;
  if (trustedProxies === 0) return own;
  const told = (request.headers.get("x-forwarded-for") ?? "").split(",").map((one) => one.trim());
  const address = told.at(-trustedProxies) ?? "";
  return /^[0-9a-f.:]{2,45}$/i.test(address) ? address : own;
}
