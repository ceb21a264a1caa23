import { fetchOnce } from "../../async/fetch_once.ts";
import { redirectLocation, shownGoal } from "../../http/redirect_location.ts";

/** Redirects of a read that are followed, at most. */
const MOST_REDIRECTS = 5;

/** A request was redirected to where Sluice doesn't follow. */
export class RedirectError extends Error {
  /** The error's name. */
  override readonly name = "RedirectError";
  /** What to do about it: a clause. */
  readonly advice: string;
  /** Whether the request only reads, so that another attempt does no harm. */
  readonly isRead: boolean;

  /**
   * Says where it leads.
   *
   * @param message Where it leads, and why it isn't followed.
   * @param options What to do, and whether the request only reads.
   */
  constructor(message: string, options: { readonly advice: string; readonly isRead: boolean }) {
    super(message);
    this.advice = options.advice;
    this.isRead = options.isRead;
  }
}

/**
 * Sends a request of the API. What changes something is sent to its address alone. A read is redirected within
 * the API's own origin at most, since any other server could answer as if it were the project.
 *
 * @param address The request's address.
 * @param init Its method, headers, body and signal.
 * @param beforeNext Waits for the turn of a further request.
 * @return The answer that is no redirect.
 * @throws {RedirectError} If it is redirected to another origin, or too often, or may not be repeated.
 */
export async function fetchApi(
  address: string,
  init: RequestInit,
  beforeNext: () => Promise<void>,
): Promise<Response> {
  const isRead = (init.method ?? "GET") === "GET";
  const send = isRead ? fetch : fetchOnce;
  let url = new URL(address);
  for (let redirects = 0;; redirects++) {
    const response = await send(url, { ...init, redirect: "manual" });
    const location = redirectLocation(response);
    if (location === null) return response;
    await response.body?.cancel();
    const next = URL.parse(location, url.href);
    if (!isRead || next?.origin !== url.origin) {
      throw new RedirectError(`a redirect to ${shownGoal(location, url)}, which isn't followed`, {
        advice: "Sluice asks nobody else; give the API's own address",
        isRead,
      });
    }
    if (redirects === MOST_REDIRECTS) {
      const advice = "check the API's address";
      throw new RedirectError(`more than ${MOST_REDIRECTS} redirects`, { advice, isRead });
    }
    await beforeNext();
    url = next;
    // They would be sent in place of the API token.
    url.username = url.password = "";
  }
}
