import assert from "node:assert/strict";
import { EXIT } from "../../../src/error.ts";
import { ERROR_CODES } from "../../../src/source/datocms/error_codes.ts";
import {
  apiErrors,
  CmaError,
  gaveUp,
  type LastAttempt,
  refusal,
} from "../../../src/source/datocms/cma_error.ts";

const context = { what: "GET /items", host: "site-api.datocms.com" };

function entity(code: string, details: unknown = {}) {
  return { code, details, transient: false };
}

Deno.test("apiErrors() reads the errors out of an error answer", () => {
  assert.deepEqual(
    apiErrors({
      data: [
        {
          id: "1",
          type: "api_error",
          attributes: { code: "A", details: { a: 1 }, transient: true },
        },
        { id: "2", type: "api_error", attributes: { code: Object.create(null) } },
        { type: "api_error" },
      ],
    }),
    [
      { code: "A", details: { a: 1 }, transient: true },
      { code: "UNKNOWN", details: undefined, transient: false },
      { code: "UNKNOWN", details: undefined, transient: false },
    ],
  );
});

Deno.test("apiErrors() takes nothing else for an error answer", () => {
  const bodies = [
    undefined,
    null,
    "text",
    1,
    [],
    {},
    { data: null },
    { data: [] },
    { data: {} },
    { data: [null] },
    { data: [{ id: "1", type: "item" }] },
    { data: [{ type: "api_error" }, { id: "1", type: "item" }] },
    { error: "Not found" },
  ];
  for (const body of bodies) assert.equal(apiErrors(body), undefined, JSON.stringify(body));
});

Deno.test("refusal() says in one sentence what the API said and what to do", () => {
  const cases: [CmaError, RegExp][] = [
    [
      refusal(401, [entity("INVALID_AUTHORIZATION_HEADER")], context),
      /^site-api\.datocms\.com refused the API token \(401 INVALID_AUTHORIZATION_HEADER\): .*Project settings → API tokens\.$/,
    ],
    [
      refusal(403, [entity("INSUFFICIENT_PERMISSIONS")], context),
      /^The API token's role may not GET \/items \(403 INSUFFICIENT_PERMISSIONS\): .*Roles, or leave the resource out\.$/,
    ],
    [
      refusal(403, [entity("INSUFFICIENT_PERMISSIONS")], {
        ...context,
        what: "DELETE /environments/x",
      }),
      /^The API token's role may not DELETE .*: give the role that permission in Project settings → Roles\.$/,
    ],
    [
      refusal(422, [entity("PLAN_UPGRADE_REQUIRED")], context),
      /^The project's plan doesn't include GET \/items \(422 PLAN_UPGRADE_REQUIRED\): leave it out\.$/,
    ],
    [
      refusal(404, [entity("INVALID_ENVIRONMENT")], { ...context, environment: 'x"\u001b[2J' }),
      /^The project has no environment "x\\"\\u001b\[2J" that this API token may read \(404 INVALID_ENVIRONMENT\): check the environment's name\.$/,
    ],
    [
      refusal(404, [entity("NOT_FOUND")], context),
      /^site-api\.datocms\.com refused GET \/items \(404 NOT_FOUND\): it isn't there, or .*\.$/,
    ],
    [
      refusal(422, [entity("TECHNICAL_LIMIT_REACHED", { limit: 5 })], context),
      /\(422 TECHNICAL_LIMIT_REACHED; it says \{"limit":5\}\): .* more than the API allows; see .*\.$/,
    ],
    [
      refusal(403, [entity("INSUFFICIENT_PERMISSIONS")], { ...context, what: "GET /site" }),
      /^The API token's role may not GET \/site \(403 .*\): .* in Project settings → Roles\.$/,
    ],
    [
      refusal(422, [
        entity("INVALID_PARAMS", { parameter: "page[limit]" }),
        entity("INVALID_PARAMS"),
      ], context),
      /^site-api\.datocms\.com refused GET \/items \(422 INVALID_PARAMS; it says \{"parameter":"page\[limit\]"\}\)\.$/,
    ],
    [
      refusal(404, [], context),
      /^Expected JSON from the DatoCMS API, but site-api\.datocms\.com answered GET \/items with status 404 and something else: check the API's address\.$/,
    ],
  ];
  for (const [error, pattern] of cases) {
    assert.match(error.message, pattern);
    assert.doesNotMatch(error.message, /\n/);
    // Another try changes nothing about these.
    const isFinal = /refused the API token|no environment|GET \/site /.test(error.message);
    assert.equal(error.exitCode, isFinal ? EXIT.usage : EXIT.failed);
  }
});

Deno.test("refusal() keeps what the server says from reaching the terminal raw, or at length", () => {
  const { message, codes } = refusal(
    422,
    [entity("\u001b[2J".repeat(100), { text: "\u009b1A\u2028".repeat(1000) })],
    context,
  );
  for (const text of [message, ...codes]) {
    assert.match(text, /^[^\p{Cc}\u2028]*$/u);
    assert.ok(text.length < 600);
  }
});

Deno.test("CmaError.isForbidden tells missing permissions and plans from everything else", () => {
  const forbidden = (status: number, ...codes: string[]) =>
    refusal(status, codes.map((code) => entity(code)), context).isForbidden;
  assert.ok(forbidden(403, "INSUFFICIENT_PERMISSIONS"));
  assert.ok(forbidden(403, "SOMETHING_NEW"));
  assert.ok(forbidden(402, "PAYMENT"));
  assert.ok(forbidden(422, "PLAN_UPGRADE_REQUIRED"));
  assert.ok(!forbidden(401, "INVALID_AUTHORIZATION_HEADER"));
  assert.ok(!forbidden(404, "NOT_FOUND"));
  assert.ok(!forbidden(422, "INVALID_PARAMS"));
  assert.ok(!new CmaError("no answer").isForbidden);
});

Deno.test("gaveUp() names the proxy's variable if a proxy is on the way", () => {
  const last = {
    attempt: 4,
    elapsedMs: 1000,
    reason: "connection refused",
    isReached: false,
    isRateLimit: false,
  };
  const end = (more: Partial<LastAttempt>) => {
    return gaveUp(context, { ...last, ...more }).message.split("refused): ")[1];
  };
  assert.equal(end({}), "check the network and the API's address.");
  assert.equal(
    end({ proxy: "HTTPS_PROXY" }),
    "requests go through the proxy in HTTPS_PROXY; check it, the network and the API's address.",
  );
  assert.equal(
    end({ proxy: "HTTPS_PROXY", isReached: true }),
    "requests go through the proxy in HTTPS_PROXY; check it and try again.",
  );
});

Deno.test("CmaError.isAbsent tells what isn't there from what can't be looked at", () => {
  const absent = (status: number, ...codes: string[]) =>
    refusal(status, codes.map((code) => entity(code)), context).isAbsent;
  assert.ok(absent(404, "NOT_FOUND"));
  assert.ok(absent(404, "INVALID_ENDPOINT"));
  assert.ok(absent(422, "SSO_SETTINGS_REQUIRED"));
  assert.ok(!absent(404, "INVALID_ENVIRONMENT"));
  assert.ok(!absent(403, "INSUFFICIENT_PERMISSIONS"));
  assert.ok(!absent(422, "INVALID_PARAMS"));
  assert.ok(!new CmaError("no answer").isAbsent);
});

Deno.test("refusal() says of each code that it knows what it means, and what to do", () => {
  for (const [code, entry] of Object.entries(ERROR_CODES)) {
    const { message } = refusal(422, [entity(code)], { ...context, what: "POST /environments" });
    assert.ok(
      entry !== undefined && message.endsWith(`: ${entry.means}; ${entry.advice}.`),
      message,
    );
    assert.doesNotMatch(message, /\.\.|\n/);
  }
});
