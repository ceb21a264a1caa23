/** Headers of every answer. What is in snapshots was written by others, and never runs. */
const SAFE: Readonly<Record<string, string>> = {
  "Content-Security-Policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
  "X-Content-Type-Options": "nosniff",
  "Referrer-Policy": "no-referrer",
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Resource-Policy": "same-origin",
};
const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;

/**
 * Adds the headers that keep browsers from running what editors wrote.
 *
 * @param headers The answer's headers; those it has of these names stay.
 * @param publicUrl The address that clients reach the server at.
 */
export function addSafeHeaders(headers: Headers, publicUrl: string): void {
  for (const [name, value] of Object.entries(SAFE)) {
    if (!headers.has(name)) headers.set(name, value);
  }
  if (publicUrl.startsWith("https:")) headers.set("Strict-Transport-Security", "max-age=31536000");
}

/**
 * Whether a request is for this server, and not for a name of somebody else's that leads here too.
 *
 * @param request The request.
 * @param publicUrl The address that clients reach the server at; its subdomains are names of projects.
 */
export function isForUs(request: Request, publicUrl: string): boolean {
  const own = new URL(publicUrl);
  const host = request.headers.get("host") ?? new URL(request.url).host;
  const asked = URL.parse(`${own.protocol}//${host}`);
  if (asked === null || asked.username !== "" || asked.pathname !== "/") return false;
  const isOwn = (name: string) => asked.hostname === name || asked.hostname.endsWith(`.${name}`);
  if (asked.host === own.host) return true;
  if (LOOPBACK.test(own.hostname)) {
    // Which port it listens on may be known only later.
    return LOOPBACK.test(asked.hostname) || isOwn("localhost");
  }
  return isOwn(own.hostname) && asked.port === own.port;
}

/**
 * Whether a name is one of this machine alone.
 *
 * @param hostname The name or address, as in a URL.
 */
export function isLoopback(hostname: string): boolean {
  return LOOPBACK.test(hostname) || hostname === "::1";
}
