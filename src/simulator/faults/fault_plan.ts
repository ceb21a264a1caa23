/**
 * What can go wrong with an answer. Those about statuses, redirects and bodies are answered properly, and so
 * are those about what listings say and which queries for records are understood; the others break HTTP itself.
 */
export const FAULTS = {
  /** 429 with `X-RateLimit-Reset`. `ms` is what it asks to wait. @default {1000} */
  "rate-limit": "answer",
  /** 429 that doesn't say when to come back. */
  "rate-limit-silent": "answer",
  /** 429 with `X-RateLimit-Reset: 0`. */
  "rate-limit-zero": "answer",
  /** 500 with an error of the API. */
  "internal-error": "answer",
  /** 502 with a page of HTML. */
  "bad-gateway": "answer",
  /** 503 with an error of the API that is transient. */
  "unavailable": "answer",
  /**
   * 503 with a date in `Retry-After`, by a clock that is a day ahead, as `Date` tells. `ms` is how long
   * that asks to wait. @default {0}
   */
  "skewed-retry": "answer",
  /** The request is carried out, and 502 with a page of HTML is the answer. */
  "done-bad-gateway": "answer",
  /** The request is carried out, and 503 with an error of the API that is transient is the answer. */
  "done-unavailable": "answer",
  /** The right answer, by a clock that is a day ahead. */
  "skewed-clock": "answer",
  /** 200 with a page of HTML. */
  "html": "answer",
  /** 200 with JSON that ends in the middle. */
  "invalid-json": "answer",
  /** 200 with bytes that aren't UTF-8 in a text. */
  "invalid-utf8": "answer",
  /** 202: the answer is the result of a job. `ms` is how long that takes. @default {1000} */
  "job": "answer",
  /** 202 with a job that never ends. */
  "endless-job": "answer",
  /** 202 with a job whose result is another job. */
  "job-of-jobs": "answer",
  /** 403. */
  "forbidden": "answer",
  /** 404. */
  "not-found": "answer",
  /** 416. */
  "range-not-satisfiable": "answer",
  /** 422. */
  "unprocessable": "answer",
  /** 200 with other bytes, as many as there should be. */
  "wrong-bytes": "answer",
  /** 200 with more bytes than there should be. */
  "too-long": "answer",
  /** A redirect to the same server, where all is well. */
  "redirect": "answer",
  /** A redirect to a server that doesn't exist. */
  "redirect-away": "answer",
  /** A redirect to a `file:` address. */
  "redirect-to-file": "answer",
  /** Redirects that never end. */
  "redirect-loop": "answer",
  /** No answer at all. */
  "silence": "wire",
  /** The request is carried out, and the connection closed in place of an answer. */
  "close": "wire",
  /** The connection is closed within a body whose length wasn't announced. */
  "close-in-body": "wire",
  /** The connection is closed before as many bytes came as `Content-Length` announced. */
  "truncated": "wire",
  /** Nothing more comes after half of the body. */
  "stall": "wire",
  /** The body comes byte by byte. `ms` is the time between two. @default {1000} */
  "drip": "wire",
  /** `Content-Length` announces half of the bytes that come. */
  "length-too-small": "wire",
  /** A listing announces half of what it has. */
  "total-too-small": "listing",
  /** A listing announces more than it has. */
  "total-too-big": "listing",
  /** A listing announces nothing. */
  "total-zero": "listing",
  /** A listing doesn't say how long it is. */
  "total-absent": "listing",
  /** A listing announces more with each page. */
  "total-growing": "listing",
  /** A listing announces less with each page. */
  "total-shrinking": "listing",
  /** A page without resources. */
  "empty-page": "listing",
  /** A page with half of its resources. */
  "short-page": "listing",
  /** A page that lacks some in its midst. */
  "page-with-gap": "listing",
  /** The page before, once more. */
  "repeated-page": "listing",
  /** A page in which each resource is twice, in the place of others. */
  "duplicates": "listing",
  /** A page whose resources are in the opposite order. */
  "wrong-order": "listing",
  /** The first page, whichever is asked for. */
  "one-page": "listing",
  /** One resource, however many are asked for. */
  "one-record": "listing",
  /** No published version is listed. */
  "published-missing": "listing",
  /** Published versions have ids that no record has. */
  "published-of-others": "listing",
  /** Published versions tell of a time of their own at which they were updated. */
  "published-of-its-own": "query",
  /** Records that are asked for by their ids come with another one. */
  "ids-with-others": "query",
  /** Records that are asked for by their ids come as ones of another model. */
  "ids-of-other-model": "query",
  /** Records that are asked for by their ids come without their blocks. */
  "ids-without-blocks": "query",
  /** Of the records that are asked for by their ids, the first one doesn't come. */
  "ids-incomplete": "query",
  /** 422 for records that are asked for by their ids. */
  "ids-refused": "query",
  /** 414 for addresses of more than 600 characters. */
  "long-refused": "query",
  /** 422 for records of several models. */
  "models-refused": "query",
  /** Of several models, records of others come as well. */
  "models-with-others": "query",
  /** 422 for an order. */
  "order-refused": "query",
  /** 422 for filters of fields on published versions. */
  "published-filter-refused": "query",
  /** Filters of fields on published versions do nothing. */
  "published-filter-ignored": "query",
} as const;

/** One of {@linkcode FAULTS}. */
export type FaultKind = keyof typeof FAULTS;

/** Which requests meet which faults. */
export interface FaultRule {
  /**
   * The requests: `"api"`, `"asset"`, or a pattern of paths as `URLPattern` understands it, such as
   * `/items` or `/job-results/*`.
   */
  readonly on: string;
  /** The requests' method, such as `DELETE`. @default Any */
  readonly method?: string | undefined;
  /** The fault, or several of which one is drawn each time. */
  readonly faults: FaultKind | readonly FaultKind[];
  /** How likely such a request meets one, from 0 to 1. @default {1} */
  readonly probability?: number | undefined;
  /** Only these of the requests meet one, counted from 1 as they come. @default Any */
  readonly nth?: readonly number[] | undefined;
  /** How long something takes, in milliseconds; see {@linkcode FAULTS}. */
  readonly ms?: number | undefined;
}

/** What goes wrong with which requests; see {@linkcode injectFaults}. */
export interface FaultPlan {
  /** The first rule that applies to a request decides. */
  readonly rules: readonly FaultRule[];
  /**
   * Plans of the same rules and seed treat the same requests the same, in whichever order they come.
   *
   * @default {1}
   */
  readonly seed?: number | undefined;
  /** After so many faults in a row, the same request goes through. @default {Infinity} */
  readonly mostInARow?: number | undefined;
}
