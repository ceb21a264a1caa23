import { createHash } from "node:crypto";

/** What the AWS SDK adds for its checksum of a request's body. */
const CHECKSUM = /^x-amz-(checksum-|sdk-checksum-algorithm$)/i;

/**
 * Adds the `Content-MD5` header to a request of the AWS SDK, on which many S3 servers insist for deletes.
 *
 * @param args What a middleware of the SDK is given; requests without a text as their body stay as they are.
 * @param only Whether the header stands in the place of the SDK's own checksum.
 * @return The same, with the header.
 */
export function withContentMd5<T extends { request: unknown }>(args: T, only: boolean): T {
  const { request } = args;
  if (typeof request !== "object" || request === null) return args;
  if (!("headers" in request && "body" in request)) return args;
  const { headers, body } = request;
  if (typeof headers === "object" && headers !== null && typeof body === "string") {
    Object.assign(headers, { "content-md5": createHash("md5").update(body).digest("base64") });
    if (!only) return args;
    for (const name of Object.keys(headers).filter((name) => CHECKSUM.test(name))) {
      Reflect.deleteProperty(headers, name);
    }
  }
  return args;
}
