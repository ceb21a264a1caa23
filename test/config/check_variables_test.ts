import assert from "node:assert/strict";
import { checkVariables } from "../../src/config/check_variables.ts";
import { EXIT, SluiceError } from "../../src/error.ts";

const KEYS = { AWS_ACCESS_KEY_ID: "key", AWS_SECRET_ACCESS_KEY: "s3cret" };

function check(variables: Readonly<Record<string, string>>, s3 = true): void {
  checkVariables((name) => variables[name], { s3 });
}

/** The sentence that variables are refused with. */
function refusal(variables: Readonly<Record<string, string>>): string {
  try {
    check(variables);
  } catch (error) {
    assert.ok(error instanceof SluiceError);
    assert.equal(error.exitCode, EXIT.usage);
    return error.message;
  }
  throw new Error("The variables were accepted.");
}

Deno.test("checkVariables() takes what the AWS SDK takes, blanks around it included", () => {
  check({});
  check(KEYS);
  check({
    AWS_ACCESS_KEY_ID: " key\n",
    AWS_SECRET_ACCESS_KEY: "a+b/c=\r\n",
    AWS_SESSION_TOKEN: "",
    AWS_PROFILE: "my profile",
    AWS_REGION: "",
    AWS_DEFAULT_REGION: "eu-west-1",
    AWS_ENDPOINT_URL_S3: "http://127.0.0.1:8480",
  });
});

Deno.test("checkVariables() refuses keys that are empty, or of which one is missing", () => {
  for (const name of Object.keys(KEYS)) {
    assert.equal(
      refusal({ ...KEYS, [name]: " " }),
      `${name} is set, but empty, as if a secret were missing: give it a value, or unset it.`,
    );
  }
  assert.equal(
    refusal({ AWS_ACCESS_KEY_ID: "key" }),
    "AWS_ACCESS_KEY_ID is set, but AWS_SECRET_ACCESS_KEY isn't: set both, or none of them.",
  );
  assert.equal(
    refusal({ AWS_SECRET_ACCESS_KEY: "s3cret" }),
    "AWS_SECRET_ACCESS_KEY is set, but AWS_ACCESS_KEY_ID isn't: set both, or none of them.",
  );
});

Deno.test("checkVariables() refuses quotation marks, line breaks and what is no URL, and shows no secret", () => {
  const cases: [Record<string, string>, string][] = [
    [
      { ...KEYS, AWS_SECRET_ACCESS_KEY: '"s3cret"' },
      "AWS_SECRET_ACCESS_KEY begins and ends with quotation marks, which are part of its value: leave them out.",
    ],
    [
      { ...KEYS, AWS_SECRET_ACCESS_KEY: "s3cret\nAWS_REGION=x" },
      "AWS_SECRET_ACCESS_KEY must be an access key's secret, without spaces or line breaks, but isn't.",
    ],
    [
      { AWS_SESSION_TOKEN: "s3cret s3cret" },
      "AWS_SESSION_TOKEN must be a session's token, without spaces or line breaks, but isn't.",
    ],
    [
      { AWS_REGION: "eu west" },
      'AWS_REGION must be a region like eu-west-1, but is "eu west".',
    ],
    [
      { AWS_ENDPOINT_URL_STS: "https//me:s3cret@sts" },
      "AWS_ENDPOINT_URL_STS must be a URL that begins with http:// or https://, but is " +
      '"https//…@sts".',
    ],
    [{ AWS_PROFILE: "a\nb" }, 'AWS_PROFILE must be one line, but is "a\\\\u000ab".'],
  ];
  for (const [variables, message] of cases) {
    assert.equal(refusal(variables), message);
    assert.ok(!message.includes("s3cret"));
  }
});

Deno.test("checkVariables() doesn't mind the AWS SDK's variables where S3 isn't used", () => {
  check({ AWS_ACCESS_KEY_ID: "", AWS_REGION: '"x"' }, false);
});

Deno.test("checkVariables() refuses a proxy's address that Deno would leave aside without a word", () => {
  for (
    const value of ["http://proxy:3128", "https://me:pw@proxy", "socks5://p:1080", "proxy:3128"]
  ) {
    check({ HTTPS_PROXY: value, http_proxy: ` ${value}\n` }, false);
  }
  check({ HTTPS_PROXY: "" }, false);
  for (const value of ["http//proxy", "not a url", "ftp://proxy", "http://", "proxy:port"]) {
    assert.equal(
      refusal({ ALL_PROXY: value }),
      `ALL_PROXY must be the URL of a proxy such as http://proxy:3128, but is "${value}".`,
    );
  }
  assert.equal(
    refusal({ https_proxy: "http:/me:s3cret@proxy:x" }).includes("s3cret"),
    false,
  );
});
