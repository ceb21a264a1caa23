/**
 * What the API's error codes mean to somebody who exports, and what to do about them: two clauses of a
 * sentence, and the code of our own error where a command can say more. What only concerns the editing of content is left out.
 *
 * @see {@link https://www.datocms.com/docs/content-management-api/errors}
 */
export const ERROR_CODES: Readonly<
  Record<
    string,
    { readonly means: string; readonly advice: string; readonly code?: string } | undefined
  >
> = {
  BILLING_PROFILE_DEFAULTING: {
    means: "the project's billing profile was cancelled",
    advice: "settle the pending billing issues in DatoCMS's dashboard",
  },
  CANNOT_DESTROY_FORKING_ORIGIN: {
    means: "the environment is being forked just now",
    advice: "try again when that is done",
  },
  CANNOT_DESTROY_PRIMARY_ENVIRONMENT: {
    means: "the primary environment can't be deleted",
    advice: "see which environment is the primary one in Project settings → Environments",
  },
  CONCURRENT_ENVIRONMENT_UPDATE: {
    means: "something else changes the environment just now",
    advice: "try again when it is done",
  },
  DEACTIVATED_SITE: {
    means: "the project is deactivated, so that nothing in it can be changed",
    advice: "settle the pending billing issues in DatoCMS's dashboard; what only reads still works",
  },
  DESTRUCTIVE_REQUEST_BLOCKED: {
    means: "the request would destroy something, and asked for that to be prevented",
    advice: "nothing was changed",
  },
  ENVIRONMENT_IN_READ_ONLY_MODE: {
    means: "the environment is read-only for a while, as during a fast fork of it",
    advice: "try again later; what only reads still works",
  },
  ENVIRONMENT_NOT_READY: {
    means: "the environment is still being made",
    advice: "try again when Project settings → Environments shows it as ready",
  },
  EXCEPTION: {
    means: "something failed on DatoCMS's side",
    advice: "try again later, or see https://status.datocms.com",
  },
  INVALID_ACCEPT_HEADER: {
    means: "something on the way changed the Accept header of the request",
    advice: "check the proxy, or the API's address",
    code: "api_address",
  },
  INVALID_API_VERSION: {
    means: "the API doesn't offer the version that Sluice speaks",
    advice: "update Sluice, or check the API's address",
    code: "api_address",
  },
  INVALID_ENDPOINT: {
    means: "the API has no such address",
    advice: "update Sluice, or check the API's address",
    code: "api_address",
  },
  INVALID_SITE: {
    means: "the API token belongs to no project",
    advice: "copy one from Project settings → API tokens",
    code: "token_refused",
  },
  MAINTENANCE_MODE: {
    means: "the project is in maintenance mode, so that nothing in it can be changed",
    advice: "try again when that is over; what only reads still works",
  },
  NOT_FOUND: {
    means: "it isn't there, or the API token may not see it",
    advice: "check the name, and what the API token's role may read",
  },
  NOT_ON_PER_SITE_PRICING: {
    means: "only projects with the older pricing by project have this",
    advice: "leave it out",
    code: "not_in_plan",
  },
  PLATFORM_SCHEDULED_MAINTENANCE: {
    means: "DatoCMS is under scheduled maintenance, so that nothing can be changed",
    advice: "see https://status.datocms.com, and try again when it is over",
  },
  PRIMARY_ENVIRONMENT_SETTINGS_READ_ONLY: {
    means: "the project forces the use of sandboxes, so its primary environment can't be changed",
    advice: "work in a sandbox, or change that in Project settings → Environments",
  },
  RATE_LIMIT_EXCEEDED: {
    means: "the project's requests are used up",
    advice: "try again when whatever else uses them is done",
  },
  SERVICE_UNAVAILABLE: {
    means: "DatoCMS is not available",
    advice: "try again later, or see https://status.datocms.com",
  },
  SITE_NOT_READY: {
    means: "the project is still being set up",
    advice: "try again when DatoCMS's dashboard shows it",
  },
  TECHNICAL_LIMIT_REACHED: {
    means: "it is more than the API allows",
    advice: "see https://www.datocms.com/docs/content-management-api/technical-limits",
  },
  TOO_MANY_OPERATIONS: {
    means: "too many operations of the project are under way",
    advice: "try again when they are done",
  },
};
