import { INCOMPLETE } from "./s3_error.ts";

/**
 * Checks that an answer is one of S3's. What the AWS SDK takes for success can be the page of something
 * else that listens there, or an error that came after S3 had said 200, with a line feed at its end.
 *
 * @param output The answer.
 * @param names What S3's answers have, at least one of it.
 * @return The answer.
 * @throws An error called {@linkcode INCOMPLETE} if there is none of it.
 */
export function answerWith<T extends { readonly $metadata: object }>(
  output: T,
  ...names: (keyof T & string)[]
): T {
  if (names.some((name) => output[name] !== undefined)) return output;
  const { $metadata } = output;
  throw Object.assign(new Error(`an answer without ${names[0]}`), { name: INCOMPLETE, $metadata });
}
