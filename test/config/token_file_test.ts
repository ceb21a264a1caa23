import assert from "node:assert/strict";
import { loadConfig } from "../../src/config/load_config.ts";
import { EXIT, SluiceError } from "../../src/error.ts";

/** Reads a token out of a file with this content. */
async function tokenOf(content: string | Uint8Array): Promise<string | undefined> {
  const directory = await Deno.makeTempDir();
  try {
    const path = `${directory}/token`;
    if (typeof content === "string") await Deno.writeTextFile(path, content);
    else await Deno.writeFile(path, content);
    const config = await loadConfig({ flags: { apiTokenFile: path } });
    return config.apiToken;
  } catch (error) {
    assert.ok(error instanceof SluiceError);
    assert.equal(error.exitCode, EXIT.usage);
    throw new Error(error.message.replace(directory, ""));
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

Deno.test("loadConfig() reads the token out of a secret's file", async () => {
  assert.equal(await tokenOf("0123abcd"), "0123abcd");
  assert.equal(await tokenOf("\ufeff 0123abcd\r\n\n"), "0123abcd");
  const directory = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${directory}/token`, "abc\n");
    const variables: Record<string, string> = { SLUICE_API_TOKEN_FILE: "~/token" };
    const config = await loadConfig({ env: (name) => variables[name], home: directory });
    assert.equal(config.apiToken, "abc");
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("loadConfig() says what is wrong with a token's file, and shows nothing of it", async () => {
  const cases: [string | Uint8Array, string][] = [
    ["", 'The API token\'s file "/token" is empty: is the secret there that it is made from?'],
    [" \n", 'The API token\'s file "/token" is empty: is the secret there that it is made from?'],
    [
      '"hush"\n',
      'The API token\'s file "/token" holds quotation marks around the token: leave them out.',
    ],
    [
      "DATOCMS_API_TOKEN=hush hush",
      'The API token\'s file "/token" must hold nothing but an API token as in Project settings → ' +
      "API tokens, without spaces, but doesn't.",
    ],
    [
      new Uint8Array(65 * 1024).fill(97),
      'The API token\'s file "/token" is much larger than a token: name the file that holds nothing else.',
    ],
  ];
  for (const [content, message] of cases) {
    await assert.rejects(tokenOf(content), { message });
  }
  await assert.rejects(loadConfig({ flags: { apiTokenFile: "/no/such/file" } }), {
    message: 'Can\'t read the API token from "/no/such/file": there is no such file.',
    exitCode: EXIT.usage,
  });
  await assert.rejects(loadConfig({ flags: { apiTokenFile: "/" } }), {
    message: 'Can\'t read the API token from "/": it is a directory.',
  });
});
