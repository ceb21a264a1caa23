/**
 * Sends a request that must not be carried out twice. By itself, `fetch` sends whatever request again when a
 * kept connection breaks before the answer, also one that the server has carried out. It doesn't if the
 * body can be read only once; a request without a body continues a connection of its own instead, which no
 * server has had time to close.
 *
 * @param url The address.
 * @param init The method, headers, body and signal, as `fetch` takes them.
 * @return The answer.
 * @throws {TypeError} If there is none: the request may have been carried out all the same.
 *
 * @example
 * ```ts no-eval
 * import { fetchOnce } from "./fetch_once.ts";
 *
 * await fetchOnce("https://example.com/orders", { method: "POST", body: '{"tea":1}' });
 * ```
 */
export async function fetchOnce(
  url: string | URL,
  init: RequestInit & { readonly client?: Deno.HttpClient },
): Promise<Response> {
  const { body } = init;
  if (body instanceof Blob || body instanceof ReadableStream) return await fetch(url, init);
  if (body) return await fetch(url, { ...init, body: await new Response(body).blob() });
  // What has begun to come is read to its end although the client is closed.
  using client = Deno.createHttpClient({ poolMaxIdlePerHost: 0 });
  return await fetch(url, { ...init, client });
}
