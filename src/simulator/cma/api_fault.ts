import type { Json, JsonObject } from "../../content/resource.ts";

/** What an {@linkcode ApiFault} says beyond its code. */
export interface ApiFaultOptions {
  /** More about the cause. */
  readonly details?: JsonObject | undefined;
  /** Whether the same request may succeed later. */
  readonly transient?: boolean | undefined;
  /** Response headers. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/**
 * An error that the API answers with.
 *
 * @see {@link https://www.datocms.com/docs/content-management-api/errors}
 */
export class ApiFault extends Error {
  /** The name of this kind of error. */
  override readonly name = "ApiFault";
  /** The HTTP status. */
  readonly status: number;
  /** The error's code, such as `NOT_FOUND`. */
  readonly code: string;
  /** What else there is to say. */
  readonly options: ApiFaultOptions;

  /**
   * Tells what went wrong.
   *
   * @param status The HTTP status.
   * @param code The error's code.
   * @param options What else there is to say.
   */
  constructor(status: number, code: string, options: ApiFaultOptions = {}) {
    super(code);
    this.status = status;
    this.code = code;
    this.options = options;
  }

  /** The response's body. */
  body(): Json {
    const { details = {}, transient } = this.options;
    return {
      data: [{
        id: crypto.randomUUID().slice(0, 6),
        type: "api_error",
        attributes: {
          code: this.code,
          doc_url: `https://www.datocms.com/docs/content-management-api/errors#${this.code}`,
          details,
          ...(transient ? { transient } : {}),
        },
      }],
    };
  }
}

/**
 * A parameter of the URL isn't as it has to be.
 *
 * @param parameter The parameter's name, such as `page[limit]`.
 * @param message What is wrong with it.
 */
export function invalidParameter(parameter: string, message: string): ApiFault {
  return new ApiFault(422, "INVALID_PARAMS", { details: { parameter, message } });
}

/** There is no such resource. */
export function notFound(): ApiFault {
  return new ApiFault(404, "NOT_FOUND");
}
