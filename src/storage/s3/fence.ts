import type { WriteFence } from "../storage.ts";

/** Where in the SDK's steps {@linkcode asking} belongs: after credentials are there and the request is signed. */
export const BEFORE_SENDING = { step: "finalizeRequest", priority: "low" } as const;

/**
 * A middleware of the AWS SDK that asks a fence right before a request is sent, each time that it is.
 *
 * @param fence The fence; without one, nothing is asked.
 */
export function asking(
  fence: Pick<WriteFence, "check"> | undefined,
): <A, R>(next: (args: A) => Promise<R>) => (args: A) => Promise<R> {
  return (next) => async (args) => {
    await fence?.check();
    return await next(args);
  };
}
