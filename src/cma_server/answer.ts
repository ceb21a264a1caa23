import type { Json, JsonObject } from "../content/resource.ts";

/** What the API answers. */
export interface Answer {
  /** The HTTP status. */
  readonly status: number;
  /** The response's body: anything that JSON can hold. */
  readonly body: unknown;
}

/**
 * An answer with status 200.
 *
 * @param data The primary data.
 * @param rest What else is in the body.
 */
export function ok(data: unknown, rest: Record<string, unknown> = {}): Answer {
  return { status: 200, body: { data, ...rest } };
}

/** What an {@linkcode ApiError} says beyond its code. */
export interface ApiErrorOptions {
  /** More about the cause. */
  readonly details?: JsonObject | undefined;
  /** Whether the same request may succeed later. */
  readonly transient?: boolean | undefined;
  /** Response headers. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** What else is wrong. */
  readonly others?: readonly ApiError[] | undefined;
}

/**
 * An error that the API answers with.
 *
 * @see {@link https://www.datocms.com/docs/content-management-api/errors}
 */
export class ApiError extends Error {
  /** The name of this kind of error. */
  override readonly name = "ApiError";
  /** The HTTP status. */
  readonly status: number;
  /** The error's code, such as `NOT_FOUND`. */
  readonly code: string;
  /** What else there is to say. */
  readonly options: ApiErrorOptions;

  /**
   * Tells what went wrong.
   *
   * @param status The HTTP status.
   * @param code The error's code.
   * @param options What else there is to say.
   */
  constructor(status: number, code: string, options: ApiErrorOptions = {}) {
    super(code);
    this.status = status;
    this.code = code;
    this.options = options;
  }

  /** The response's body. */
  body(): Json {
    return { data: [this, ...this.options.others ?? []].map((error) => error.#entity()) };
  }

  #entity(): Json {
    const { details = {}, transient } = this.options;
    return {
      id: crypto.randomUUID().slice(0, 6),
      type: "api_error",
      attributes: {
        code: this.code,
        doc_url: `https://www.datocms.com/docs/content-management-api/errors#${this.code}`,
        details,
        ...(transient ? { transient } : {}),
      },
    };
  }
}

/**
 * A parameter of the URL isn't as it has to be.
 *
 * @param parameter The parameter's name, such as `page[limit]`.
 * @param message What is wrong with it.
 */
export function invalidParameter(parameter: string, message: string): ApiError {
  return new ApiError(422, "INVALID_PARAMS", { details: { parameter, message } });
}

/** There is no such resource. */
export function notFound(): ApiError {
  return new ApiError(404, "NOT_FOUND");
}
