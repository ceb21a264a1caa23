import { EXIT, type ExitCode, type Problem, SluiceError } from "../../error.ts";
import { printable } from "../../text/printable.ts";
import { isObject } from "../../text/json.ts";
import { ERROR_CODES } from "./error_codes.ts";

/** One error of an API answer. */
export interface ApiErrorEntity {
  /** The error's code, such as `INSUFFICIENT_PERMISSIONS`. */
  readonly code: string;
  /** What the API says about it. */
  readonly details: unknown;
  /** Whether trying again may help. */
  readonly transient: boolean;
}

/**
 * The Content Management API refused a request, or couldn't be reached.
 *
 * The message is one sentence for the user, and never holds the API token.
 *
 * @see {@link https://www.datocms.com/docs/content-management-api/errors}
 *
 * @example
 * ```ts
 * import { CmaError } from "@sluice/datocms";
 *
 * const error = new CmaError("The role may not.", { status: 403 });
 * console.assert(error.isForbidden && !error.isAbsent);
 * ```
 */
export class CmaError extends SluiceError {
  /** The error's name. */
  override readonly name = "CmaError";
  /** The answer's HTTP status; 0 if there was no usable answer. */
  readonly status: number;
  /** The codes of the errors in the answer. */
  readonly codes: readonly string[];
  /** The errors in the answer, without secrets; none if there was no answer, or another one. */
  readonly errors: readonly ApiErrorEntity[];

  /**
   * Makes the error.
   *
   * @param message One sentence for the user.
   * @param options The answer's status and codes, and how the command ends.
   */
  constructor(
    message: string,
    options: ErrorOptions & Problem & {
      readonly status?: number;
      readonly codes?: readonly string[];
      readonly errors?: readonly ApiErrorEntity[];
      readonly exitCode?: ExitCode;
    } = {},
  ) {
    super(message, options.exitCode ?? EXIT.failed, options);
    this.status = options.status ?? 0;
    this.codes = options.codes ?? [];
    this.errors = options.errors ?? [];
  }

  /** Whether the token's role or the project's plan keeps this from being read. */
  get isForbidden(): boolean {
    return this.status === 403 || this.status === 402 ||
      this.codes.some((code) => FORBIDDEN_CODES.has(code));
  }

  /** Whether the API doesn't take what was asked for, such as an order, a filter, or a long address. */
  get isRefusedQuery(): boolean {
    return REFUSED_QUERY.has(this.status) && !this.isForbidden;
  }

  /** Whether the project doesn't have what was asked for. */
  get isAbsent(): boolean {
    // Of an environment that isn't there, nothing can be told.
    if (this.codes.includes("INVALID_ENVIRONMENT")) return false;
    return this.status === 404 || this.codes.includes("SSO_SETTINGS_REQUIRED");
  }
}

const REFUSED_QUERY: ReadonlySet<number> = new Set([400, 413, 414, 422, 431]);

const FORBIDDEN_CODES = new Set([
  "INSUFFICIENT_PERMISSIONS",
  "PLAN_UPGRADE_REQUIRED",
  "NOT_ON_PER_SITE_PRICING",
]);

/**
 * Reads the errors out of an answer's body.
 *
 * @param body A parsed body.
 * @return The errors, or `undefined` if the body isn't an error answer of the API.
 */
export function apiErrors(body: unknown): ApiErrorEntity[] | undefined {
  if (!isObject(body) || !Array.isArray(body.data)) return undefined;
  const errors = body.data.filter((entry) => isObject(entry) && entry.type === "api_error");
  if (errors.length === 0 || errors.length !== body.data.length) return undefined;
  return errors.map((entry) => {
    const attributes = isObject(entry) && isObject(entry.attributes) ? entry.attributes : {};
    return {
      code: typeof attributes.code === "string" ? attributes.code : "UNKNOWN",
      details: attributes.details,
      transient: attributes.transient === true,
    };
  });
}

/** Which request failed, for the error's sentence. */
export interface RequestContext {
  /** `GET /items`, without the query. */
  readonly what: string;
  /** The API's host. */
  readonly host: string;
  /** The environment that was asked for, if not the primary one. */
  readonly environment?: string | undefined;
}

/**
 * The error for an answer that isn't worth another attempt: what the API said, and what to do.
 *
 * @param status The answer's HTTP status.
 * @param errors The errors in its body; none if it isn't an answer of the API.
 * @param context Which request it was.
 */
export function refusal(
  status: number,
  errors: readonly ApiErrorEntity[],
  context: RequestContext,
): CmaError {
  const codes = errors.map((error) => printable(error.code, 60));
  const { what, host, environment } = context;
  const answer = [String(status), ...new Set(codes)].join(" ");
  const fail = (message: string, code?: string, exitCode: ExitCode = EXIT.failed) =>
    new CmaError(message, { status, codes, errors, exitCode, code });
  if (errors.length === 0) {
    return fail(
      `Expected JSON from the DatoCMS API, but ${host} answered ${what} with status ${status} and something else: check the API's address.`,
      "api_address",
    );
  }
  if (codes.includes("INVALID_ENVIRONMENT")) {
    return fail(
      `The project has no environment ${
        JSON.stringify(environment ?? "")
      } that this API token may read (${answer}): check the environment's name.`,
      "environment_unknown",
      EXIT.usage,
    );
  }
  if (status === 401 || codes.includes("INVALID_AUTHORIZATION_HEADER")) {
    return fail(
      `${host} refused the API token (${answer}): copy one that may use the Content Management API from Project settings → API tokens.`,
      "token_refused",
      EXIT.usage,
    );
  }
  if (codes.includes("PLAN_UPGRADE_REQUIRED")) {
    return fail(
      `The project's plan doesn't include ${what} (${answer}): leave it out.`,
      "not_in_plan",
    );
  }
  if (codes.includes("INSUFFICIENT_PERMISSIONS") || status === 403) {
    // Without the project itself there is no export, however often it is tried.
    const isProject = what === "GET /site";
    const mayLeaveOut = what.startsWith("GET ") && !isProject;
    return fail(
      `The API token's role may not ${what} (${answer}): give the role that permission in Project settings → Roles${
        mayLeaveOut ? ", or leave the resource out" : ""
      }.`,
      mayLeaveOut ? "resource_forbidden" : "request_forbidden",
      isProject ? EXIT.usage : EXIT.failed,
    );
  }
  const details = errors.map((error) => error.details).find((d) =>
    isObject(d) && Object.keys(d).length
  );
  const said = details === undefined ? "" : `; it says ${printable(JSON.stringify(details))}`;
  const known = codes.map((code) => ERROR_CODES[code]).find((entry) => entry !== undefined);
  const meaning = known === undefined ? "" : `: ${known.means}; ${known.advice}`;
  return fail(`${host} refused ${what} (${answer}${said})${meaning}.`, known?.code);
}

/** How a request came to nothing. */
export interface LastAttempt {
  /** How many attempts there were. */
  readonly attempt: number;
  /** How long they took in all, in milliseconds. */
  readonly elapsedMs: number;
  /** Why the last one failed. */
  readonly reason: string;
  /** The codes of the errors in its answer. */
  readonly codes?: readonly string[] | undefined;
  /** Whether the API has answered before. */
  readonly isReached: boolean;
  /** Whether it was refused for the rate limit. */
  readonly isRateLimit: boolean;
  /** How long the API asks to wait, in milliseconds, if that is too long. */
  readonly askedMs?: number | undefined;
  /** How long a request may wait in all, in milliseconds. */
  readonly maxTotalWaitMs?: number | undefined;
  /** What to do, if that is known: a clause. */
  readonly advice?: string | undefined;
  /** The code of the problem that has that advice. */
  readonly code?: string | undefined;
  /** The variable that names the proxy which got no answer through, if there is one. */
  readonly proxy?: string | undefined;
}

/**
 * The error for a request that isn't tried again: how often and how long it was, and what to do.
 *
 * @param context Which request it was.
 * @param last How it came to nothing.
 */
export function gaveUp({ host, what }: RequestContext, last: LastAttempt): CmaError {
  const { attempt, elapsedMs, reason } = last;
  const attempts = `${attempt} ${attempt === 1 ? "attempt" : "attempts"}`;
  const seconds = (elapsedMs / 1000).toFixed(1);
  return new CmaError(
    `${host} gave no usable answer to ${what} in ${attempts} over ${seconds} s (last: ${reason}): ${
      last.advice ?? advice(last)
    }.`,
    {
      codes: last.codes ?? [],
      code: last.code ?? (asksForAddress(last) ? "api_address" : undefined),
    },
  );
}

/** Whether the advice is to check the API's address. */
function asksForAddress({ advice, isReached, askedMs }: LastAttempt): boolean {
  return advice === undefined && askedMs === undefined && !isReached;
}

function advice(
  { isReached, isRateLimit, askedMs, maxTotalWaitMs = 0, proxy }: LastAttempt,
): string {
  if (askedMs !== undefined) {
    return `it asks to wait ${
      Math.ceil(askedMs / 1000)
    } s, but Sluice waits for an answer no longer than ${
      maxTotalWaitMs / 1000
    } s in all; try again later`;
  }
  if (proxy !== undefined) {
    return `requests go through the proxy in ${proxy}; check it${
      isReached ? " and try again" : ", the network and the API's address"
    }`;
  }
  if (!isReached) return "check the network and the API's address";
  return isRateLimit
    ? "something else uses up the project's requests; try again when it is done"
    : "try again later, or see https://status.datocms.com";
}
