import assert from "node:assert/strict";
import { join } from "node:path";
import { parseConfigFile, readConfigFile } from "../../src/config/config_file.ts";
import { loadConfig } from "../../src/config/load_config.ts";
import { DEFAULTS } from "../../src/config/options.ts";
import { EXIT, SluiceError } from "../../src/error.ts";

/** Checks that a text is refused with a sentence. */
function refuses(text: string, message: string): void {
  assert.throws(() => parseConfigFile("sluice.json", text), (error: unknown) => {
    assert.ok(error instanceof SluiceError);
    assert.equal(error.exitCode, EXIT.usage);
    assert.equal(error.message, message);
    return true;
  });
}

/** A directory that is removed at the end of a test. */
async function temporary(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await Deno.makeTempDir();
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}

Deno.test("parseConfigFile() suggests the key that was meant", () => {
  refuses(
    '{"excludeModel": ["a"]}',
    '"sluice.json" holds "excludeModel", which is no option: did you mean "excludeModels"?',
  );
  refuses(
    '{"exclude-models": ["a"]}',
    '"sluice.json" holds "exclude-models", which is no option: did you mean "excludeModels"?',
  );
  assert.throws(
    () => parseConfigFile("f", '{"whatever else": 1}'),
    /^SluiceError: "f" holds "whatever else", which is no option: its keys may be apiTokenFile, environment, baseUrl, .+\.$/,
  );
});

Deno.test("parseConfigFile() takes no token and no further file", () => {
  refuses(
    '{"apiToken": "0123456789abcdef"}',
    '"sluice.json" must not hold "apiToken", because files get copied and committed: set ' +
      "DATOCMS_API_TOKEN instead.",
  );
  refuses(
    '{"config": "other.json"}',
    '"sluice.json" can\'t hold "config": give it on the command line.',
  );
});

Deno.test("parseConfigFile() refuses what is no JSON object, without showing what it holds", () => {
  const hold = '"sluice.json" must hold a JSON object of options, such as {"to": "./backups"}.';
  refuses("[]", hold);
  refuses("null", hold);
  refuses('"to"', hold);
  refuses(
    "secret-of-mine",
    "\"sluice.json\" must be a JSON file, but isn't: Unexpected token 's'.",
  );
  refuses("", '"sluice.json" must be a JSON file, but isn\'t: Unexpected end of JSON input.');
  assert.throws(() => parseConfigFile("f", '{"to": hush-hush}'), (error: unknown) => {
    assert.ok(error instanceof SluiceError && !error.message.includes("hush-"), String(error));
    return true;
  });
});

Deno.test("readConfigFile() says why a file can't be read", async () => {
  await using directory = await temporary();
  const missing = join(directory.path, "missing.json");
  await assert.rejects(readConfigFile(missing), {
    message: `Can't read the configuration file "${missing}": there is no such file.`,
    exitCode: EXIT.usage,
  });
  await assert.rejects(readConfigFile(directory.path), {
    message: `Can't read the configuration file "${directory.path}": it is a directory.`,
  });
});

Deno.test("loadConfig() reads the file that the flag or the variable names", async () => {
  await using directory = await temporary();
  const one = join(directory.path, "one.json");
  const two = join(directory.path, "two.json");
  await Deno.writeTextFile(one, '{"to": "one", "models": ["a"]}');
  await Deno.writeTextFile(two, '{"to": "two"}');
  const env = (name: string) => name === "SLUICE_CONFIG" ? one : undefined;
  const fromEnv = await loadConfig({ env });
  assert.deepEqual([fromEnv.to, fromEnv.models], ["one", ["a"]]);
  assert.equal((await loadConfig({ env, flags: { config: two } })).to, "two");
  assert.equal((await loadConfig({ env, flags: { config: two, to: "three" } })).to, "three");
  assert.deepEqual(await loadConfig({}), DEFAULTS);
});

Deno.test("parseConfigFile() takes a file as editors on Windows save it", () => {
  assert.deepEqual(parseConfigFile("sluice.json", '\ufeff{"to": "./x"}\r\n').values, { to: "./x" });
});

Deno.test("parseConfigFile() shows nothing of a file that isn't JSON, however long it is", () => {
  const secret = "supersecrettokenvalue";
  for (const before of ["", '{"apiToken": ', '{"models": ["article", "page"], "apiToken": ']) {
    for (const after of ["", "}", ', "concurrency": 4, "excludeModels": ["a"]}']) {
      assert.throws(() => parseConfigFile("f", before + secret + after), (error: unknown) => {
        assert.equal(
          (error as Error).message,
          `"f" must be a JSON file, but isn't: Unexpected token 's'.`,
        );
        return true;
      });
    }
  }
});
