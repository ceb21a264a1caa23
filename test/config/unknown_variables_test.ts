import assert from "node:assert/strict";
import { envName, OPTION_KEYS } from "../../src/config/options.ts";
import { unknownVariables } from "../../src/config/unknown_variables.ts";

Deno.test("unknownVariables() names the variable that was meant", () => {
  const close = {
    SLUICE_MODLES: "SLUICE_MODELS",
    SLUICE_MODEL: "SLUICE_MODELS",
    SLUICE_API_TOKEN: "DATOCMS_API_TOKEN",
    SLUICE_ENVIRONMENT: "DATOCMS_ENVIRONMENT",
    SLUICE_NO_ASSETS: "SLUICE_ASSETS=false",
    SLUICE_NO_PUBLISHED: "SLUICE_PUBLISHED=false",
    SLUICE_APITOKEN_FILE: "SLUICE_API_TOKEN_FILE",
    SLUICE_STRUCTUREDTEXT: "SLUICE_STRUCTURED_TEXT",
  };
  for (const [name, meant] of Object.entries(close)) {
    assert.deepEqual(unknownVariables([name]), [
      `${name} is no variable of Sluice: did you mean ${meant}?`,
    ]);
  }
  assert.deepEqual(unknownVariables(["SLUICE_WHATEVER_ELSE"]), [
    "SLUICE_WHATEVER_ELSE is no variable of Sluice: unset it, or see those that --help " +
    "lists.",
  ]);
});

Deno.test("unknownVariables() knows all options, the tests' own, and nothing of other programs", () => {
  const known = [
    ...OPTION_KEYS.map(envName),
    "SLUICE_TEST_S3_ENDPOINT",
    "SLUICE_TEST_KILLS",
    "SLUICE_PRUNE",
    "HOME",
    "MY_SLUICE_TO",
    "DATOCMS_WHATEVER",
  ];
  assert.deepEqual(unknownVariables(known), []);
});
