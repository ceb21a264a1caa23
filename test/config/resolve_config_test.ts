import assert from "node:assert/strict";
import fc from "fast-check";
import {
  type Config,
  DEFAULTS,
  envName,
  flagName,
  OPTION_KEYS,
  type OptionKey,
  OPTIONS,
} from "../../src/config/options.ts";
import { type Flags, resolveConfig } from "../../src/config/resolve_config.ts";
import { EXIT, SluiceError } from "../../src/error.ts";

/** The sentence that a configuration is refused with. */
function refusal(sources: Parameters<typeof resolveConfig>[0]): string {
  try {
    resolveConfig(sources);
  } catch (error) {
    assert.ok(error instanceof SluiceError);
    assert.equal(error.exitCode, EXIT.usage);
    assert.match(error.message, /^[^\n]+[.?]$/);
    return error.message;
  }
  throw new Error("The configuration was accepted.");
}

function envOf(values: Readonly<Record<string, string>>): (name: string) => string | undefined {
  return (name) => Object.hasOwn(values, name) ? values[name] : undefined;
}

/** Valid values of some options: as they are, and as text. */
const VALUES: { readonly [Key in OptionKey]?: fc.Arbitrary<Config[Key]> } = {
  apiToken: fc.stringMatching(/^[a-f0-9]{4,30}$/),
  environment: fc.stringMatching(/^[a-z0-9_-]{1,20}$/),
  baseUrl: fc.webUrl(),
  assetHost: fc.domain().map((domain) => `https://${domain}`),
  models: fc.array(fc.stringMatching(/^[a-z_0-9]{1,9}$/), { minLength: 1, maxLength: 4 }),
  include: fc.subarray(["roles", "records", "uploads"] as const, { minLength: 1 }).map((
    x,
  ) => [...x]),
  published: fc.boolean(),
  assets: fc.constantFrom("keep" as const, "sync" as const, false as const),
  maxDelete: fc.oneof(
    fc.nat({ max: 1e9 - 1 }),
    fc.integer({ min: 0, max: 100 }).map((percent) => `${percent}%` as const),
  ),
  to: fc.stringMatching(/^[a-z][a-z/ ]{0,9}[a-z]$/),
  from: fc.stringMatching(/^[a-z][a-z/ ]{0,9}[a-z]$/),
  layout: fc.constantFrom("ndjson", "enterprise"),
  format: fc.constantFrom("ndjson", "csv"),
  csvFor: fc.constantFrom("data", "spreadsheets"),
  structuredText: fc.constantFrom("text", "markdown", "html"),
  concurrency: fc.integer({ min: 1, max: 64 }),
  json: fc.boolean(),
  logFormat: fc.constantFrom("text", "json"),
  verbose: fc.boolean(),
};

const given = fc.record(VALUES as Record<string, fc.Arbitrary<unknown>>, { requiredKeys: [] });

function asFlags(values: Record<string, unknown>): Flags {
  return Object.fromEntries(
    Object.entries(values).map(([key, value]) => {
      return [key, typeof value === "number" ? String(value) : value];
    }),
  );
}

function asEnv(values: Record<string, unknown>): (name: string) => string | undefined {
  return envOf(Object.fromEntries(
    Object.entries(values).map(([key, value]) => [envName(key as OptionKey), String(value)]),
  ));
}

Deno.test("resolveConfig() prefers flag to environment to file to default", () => {
  fc.assert(fc.property(given, given, given, given, (flags, env, file, defaults) => {
    // What is read is where it was written, unless that is said.
    const from =
      { from: env.to ?? file.to ?? defaults.from ?? DEFAULTS.from, ...file, ...env, ...flags }.from;
    const expected = { ...DEFAULTS, ...defaults, ...file, ...env, ...flags, from } as Config;
    fc.pre(flags.maxDelete === undefined || expected.assets === "sync");
    fc.pre(flags.assetHost === undefined || flags.assets !== false);
    const included = flags.include as string[] | undefined;
    fc.pre(flags.models === undefined || included?.includes("records") !== false);
    const config = resolveConfig({
      flags: asFlags(flags),
      env: asEnv(env),
      file: { path: "sluice.json", values: file },
      defaults: defaults as Partial<Config>,
    });
    assert.deepEqual(config, expected);
  }));
});

Deno.test("resolveConfig() gives the defaults if nobody says anything", () => {
  assert.deepEqual(resolveConfig({}), DEFAULTS);
  assert.equal(DEFAULTS.to, "./snapshots");
  assert.equal(DEFAULTS.apiToken, undefined);
});

Deno.test("resolveConfig() reads text as what the option is", () => {
  const env = envOf({
    SLUICE_MODELS: " article, page ,",
    SLUICE_ASSETS: "No",
    SLUICE_VERBOSE: "1",
    SLUICE_CONCURRENCY: " 12\n",
    DATOCMS_API_TOKEN: "abc\n",
  });
  const { models, assets, verbose, concurrency, apiToken } = resolveConfig({ env });
  assert.deepEqual({ models, assets, verbose, concurrency, apiToken }, {
    models: ["article", "page"],
    assets: false,
    verbose: true,
    concurrency: 12,
    apiToken: "abc",
  });
  const flags = { exclude: ["roles,users", "uploads"] };
  assert.deepEqual(resolveConfig({ flags }).exclude, ["roles", "users", "uploads"]);
});

Deno.test("resolveConfig() reads what becomes of assets, and how many may be deleted", () => {
  const assets = (value: string | boolean) => resolveConfig({ flags: { assets: value } }).assets;
  assert.deepEqual(["keep", "sync", false, "off"].map(assets), ["keep", "sync", false, false]);
  assert.throws(
    () => assets("synk"),
    /--assets must be keep, sync or false, but is "synk": did you mean "sync"\?$/,
  );
  const max = (maxDelete: string) => {
    return resolveConfig({ flags: { assets: "sync", maxDelete } }).maxDelete;
  };
  assert.deepEqual(["0", "250", "7.5%", "100%"].map(max), [0, 250, "7.5%", "100%"]);
  for (const value of ["-1", "101%", "ten", "1.5", "%", "10 %"]) {
    assert.throws(
      () => max(value),
      /--max-delete must be a number of files, or a share of them such as 10%, but is /,
    );
  }
});

Deno.test("resolveConfig() looks at no value that another one wins over", () => {
  const env = envOf({ SLUICE_CONCURRENCY: "many" });
  assert.equal(resolveConfig({ flags: { concurrency: "3" }, env }).concurrency, 3);
});

Deno.test("resolveConfig() compresses nothing in the layout of DatoCMS's exports, which a flag overrules", () => {
  const both = { layout: "enterprise", compress: "zstd" };
  assert.equal(
    refusal({ flags: both }),
    "--compress contradicts --layout: leave one of them out.",
  );
  const resolved = (sources: Parameters<typeof resolveConfig>[0]) => {
    const { layout, compress } = resolveConfig(sources);
    return { layout, compress };
  };
  const env = asEnv(both);
  const plain = { layout: "enterprise", compress: "none" };
  const compressed = { layout: "ndjson", compress: "zstd" };
  assert.deepEqual(resolved({ env }), plain);
  assert.deepEqual(resolved({ file: { path: "f", values: both } }), plain);
  assert.deepEqual(resolved({ env, flags: { layout: "enterprise" } }), plain);
  assert.deepEqual(resolved({ env, flags: { compress: "zstd" } }), compressed);
  assert.deepEqual(
    resolved({ env: asEnv({ compress: "zstd" }), flags: { layout: "enterprise" } }),
    plain,
  );
  assert.deepEqual(resolved({ flags: { layout: "enterprise", compress: "none" } }), plain);
});

Deno.test("resolveConfig() names who gave a bad value", () => {
  const must = "must be a whole number from 1 to 64, but is";
  const env = envOf({ SLUICE_CONCURRENCY: "many" });
  assert.equal(refusal({ env }), `SLUICE_CONCURRENCY ${must} "many".`);
  assert.equal(refusal({ flags: { concurrency: "0" } }), `--concurrency ${must} "0".`);
  assert.equal(refusal({ flags: { concurrency: "1.5" } }), `--concurrency ${must} "1.5".`);
  assert.equal(
    refusal({ file: { path: "sluice.json", values: { concurrency: 65 } } }),
    `"concurrency" in sluice.json ${must} 65.`,
  );
});

Deno.test("resolveConfig() takes values in a file as they are", () => {
  const refuse = (values: Record<string, unknown>) => refusal({ file: { path: "f", values } });
  assert.equal(
    refuse({ concurrency: "8" }),
    '"concurrency" in f must be a whole number from 1 to 64, but is "8".',
  );
  assert.equal(
    refuse({ models: "a,b" }),
    '"models" in f must be a list of API keys of models, such as ["a","b"], but is "a,b".',
  );
  assert.equal(refuse({ assets: null }), '"assets" in f must be keep, sync or false, but is null.');
});

Deno.test("resolveConfig() says what each kind of value must be", () => {
  const refuse = (flags: Flags) => refusal({ flags });
  assert.equal(
    refuse({ to: "gs://bucket" }),
    '--to must be a directory, a file: URL or s3://bucket[/prefix], but is "gs://bucket".',
  );
  assert.equal(
    refuse({ to: "s3://bucket/../x" }),
    '--to must be a directory, a file: URL or s3://bucket[/prefix], but is "s3://bucket/../x".',
  );
  assert.equal(
    refuse({ baseUrl: "site-api.datocms.com" }),
    "--base-url must be an http or https URL such as https://site-api.datocms.com, but is " +
      '"site-api.datocms.com".',
  );
  assert.equal(
    refuse({ assetHost: "https://cdn.example/x" }),
    "--asset-host must be an http or https origin such as https://assets.example.com, without a " +
      'path, but is "https://cdn.example/x".',
  );
  assert.equal(
    refuse({ layout: "enterprize" }),
    '--layout must be ndjson or enterprise, but is "enterprize": did you mean "enterprise"?',
  );
  assert.equal(refuse({ format: "xml" }), '--format must be ndjson, csv or parquet, but is "xml".');
  assert.equal(
    refuse({ structuredText: "plain" }),
    '--structured-text must be text, markdown or html, but is "plain".',
  );
  assert.equal(
    refuse({ include: ["record"] }),
    '--include must be names of resources, separated by commas, but holds "record": did you mean ' +
      '"records"?',
  );
  assert.match(
    refuse({ exclude: ["roles,everything"] }),
    /^--exclude must be names of resources, separated by commas, but holds "everything": choose from site, workflows, .+, white_label_settings\.$/,
  );
  assert.equal(
    refuse({ models: [","] }),
    '--models must be API keys of models, separated by commas, but is [","].',
  );
  assert.equal(
    refuse({ environment: "a\nb" }),
    "--environment must be the name of an environment, as in Project settings → Environments, but " +
      'is "a\\nb".',
  );
  assert.equal(
    refusal({ env: envOf({ SLUICE_JSON: "maybe" }) }),
    'SLUICE_JSON must be true or false, but is "maybe".',
  );
});

Deno.test("resolveConfig() never shows a token or a password", () => {
  const token = "no token has spaces";
  const message = refusal({ env: envOf({ DATOCMS_API_TOKEN: token }) });
  assert.equal(
    message,
    "DATOCMS_API_TOKEN must be an API token as in Project settings → API tokens, without spaces, " +
      "but isn't.",
  );
  const withPassword = refusal({ flags: { assetHost: "https://me:hunter2@cdn.example" } });
  assert.ok(!withPassword.includes("hunter2"), withPassword);
});

Deno.test("resolveConfig() cuts a value that is too long to show, and escapes what could fake a line", () => {
  const message = refusal({ flags: { layout: `\x1b[2J${"x".repeat(1000)}` } });
  assert.ok(message.length < 200, message);
  assert.ok(!message.includes("\x1b"));
});

Deno.test("resolveConfig() refuses options that contradict each other in one place", () => {
  assert.equal(
    refusal({ flags: { quiet: true, verbose: true } }),
    "--quiet contradicts --verbose: leave one of them out.",
  );
  assert.equal(
    refusal({ env: envOf({ SLUICE_RESUME: "1", SLUICE_FREEZE: "yes" }) }),
    "SLUICE_FREEZE contradicts SLUICE_RESUME: leave one of them out.",
  );
  assert.equal(
    refusal({ file: { path: "f", values: { tablesOnly: true, tables: false } } }),
    '"tablesOnly" in f contradicts "tables" in f: leave one of them out.',
  );
  assert.equal(
    refusal({ flags: { apiToken: "abc", apiTokenFile: "token" } }),
    "--api-token contradicts --api-token-file: leave one of them out.",
  );
});

Deno.test("resolveConfig() lets the flag win over what contradicts it elsewhere, and a variable over a file", () => {
  const env = envOf({ SLUICE_VERBOSE: "yes", SLUICE_RESUME: "1", DATOCMS_API_TOKEN: "abc" });
  const file = { path: "f", values: { tablesOnly: true, apiTokenFile: "/run/token" } };
  const one = resolveConfig({ flags: { quiet: true, tables: false }, env, file });
  assert.deepEqual(
    [one.quiet, one.verbose, one.resume, one.tables, one.tablesOnly],
    [true, false, true, false, false],
  );
  assert.deepEqual([one.apiToken, one.apiTokenFile], ["abc", undefined]);
  const two = resolveConfig({ flags: { retryFailed: true, apiTokenFile: "token" }, env });
  assert.deepEqual([two.retryFailed, two.resume], [true, false]);
  assert.deepEqual([two.apiToken, two.apiTokenFile], [undefined, "token"]);
  // What loses isn't looked at.
  const three = { flags: { apiTokenFile: "token" }, env: envOf({ DATOCMS_API_TOKEN: "" }) };
  assert.equal(resolveConfig(three).apiToken, undefined);
});

Deno.test("resolveConfig() refuses flags that do nothing, but not what a variable says for all commands", () => {
  const refuse = (flags: Flags, env = {}) => refusal({ flags, env: envOf(env) });
  assert.equal(
    refuse({ maxDelete: "5" }),
    "--max-delete does nothing without --assets sync (or --delete): add that, or leave it out.",
  );
  assert.equal(
    refuse({ maxDelete: "5" }, { SLUICE_ASSETS: "keep" }),
    "--max-delete does nothing without --assets sync (or --delete): add that, or leave it out.",
  );
  assert.equal(
    refuse({ maxDelete: "5", assets: false }),
    "--max-delete does nothing with --no-assets: leave one of them out.",
  );
  assert.equal(
    refuse({ format: "csv", tables: false }),
    "--format does nothing with --no-tables: leave one of them out.",
  );
  assert.equal(
    refuse({ models: "article", exclude: "roles,records" }),
    "--models does nothing with --exclude: leave one of them out.",
  );
  assert.equal(
    refuse({ storageClass: "STANDARD_IA", to: "./here" }),
    "--storage-class does nothing without a destination in S3 (--to s3://bucket): add that, or " +
      "leave it out.",
  );
  assert.equal(
    refuse({ notifySecret: "hush" }),
    "--notify-secret does nothing without --notify-url: add that, or leave it out.",
  );
  const { maxDelete, assets } = resolveConfig({
    flags: { maxDelete: "5" },
    env: envOf({ SLUICE_ASSETS: "sync" }),
  });
  assert.deepEqual([maxDelete, assets], [5, "sync"]);
  const env = envOf({ SLUICE_MAX_DELETE: "5", SLUICE_FORMAT: "csv", SLUICE_TABLES: "false" });
  assert.equal(resolveConfig({ env }).tables, false);
  const flags = { exclude: "records", allowPublic: false };
  assert.deepEqual(resolveConfig({ flags, env: envOf({ SLUICE_MODELS: "a" }) }).models, ["a"]);
});

Deno.test("resolveConfig() refuses empty variables where they would choose something else, and takes others for unset", () => {
  const refused = OPTION_KEYS.map(envName).filter((name) => {
    try {
      resolveConfig({ env: envOf({ [name]: " \n" }) });
      return false;
    } catch (error) {
      assert.equal(
        (error as Error).message,
        `${name} is set, but empty, as if a secret were missing: give it a value, or unset it.`,
      );
      return true;
    }
  });
  assert.deepEqual(refused, [
    "DATOCMS_API_TOKEN",
    "SLUICE_API_TOKEN_FILE",
    "DATOCMS_ENVIRONMENT",
    "DATOCMS_BASE_URL",
    "SLUICE_MODELS",
    "SLUICE_EXCLUDE_MODELS",
    "SLUICE_INCLUDE",
    "SLUICE_EXCLUDE",
    "SLUICE_TO",
    "SLUICE_FROM",
    "SLUICE_OUT",
    "SLUICE_PROJECTS",
  ]);
  const env = envOf({ SLUICE_TO: "" });
  assert.equal(resolveConfig({ env, flags: { to: "here" } }).to, "here");
});

Deno.test("resolveConfig() refuses a variable with the quotation marks of a file that takes none", () => {
  for (const value of ['"s3://backups"', "'s3://backups'", ' "" ']) {
    assert.equal(
      refusal({ env: envOf({ SLUICE_TO: value }) }),
      "SLUICE_TO begins and ends with quotation marks, which are part of its value: leave them out.",
    );
  }
  assert.ok(!refusal({ env: envOf({ DATOCMS_API_TOKEN: '"hush"' }) }).includes("hush"));
});

Deno.test("resolveConfig() knows the home directory at the start of a path, wherever it is from", () => {
  const home = "/home/me";
  assert.equal(resolveConfig({ home, flags: { to: "~/backups" } }).to, "/home/me/backups");
  assert.equal(resolveConfig({ home, env: envOf({ SLUICE_TO: "~" }) }).to, "/home/me");
  const file = { path: "f", values: { to: "~/x", apiTokenFile: "~/token" } };
  const { to, apiTokenFile } = resolveConfig({ home, file });
  assert.deepEqual([to, apiTokenFile], ["/home/me/x", "/home/me/token"]);
  assert.equal(resolveConfig({ home: "/", flags: { to: "~/x" } }).to, "/x");
  for (const to of ["~other/x", "./~", "s3://bucket/~/x"]) {
    assert.equal(resolveConfig({ home, flags: { to } }).to, to);
  }
  assert.equal(
    refusal({ env: envOf({ SLUICE_TO: "~/backups" }) }),
    "SLUICE_TO begins with ~, the home directory, but there is none: set HOME, or write the whole path.",
  );
});

Deno.test("resolveConfig() refuses a selection that leaves nothing", () => {
  assert.equal(
    refusal({ flags: { models: "a,b", excludeModels: "b,a,c" } }),
    "--models and --exclude-models leave nothing to export: name something in one that isn't in the other.",
  );
  assert.equal(
    refusal({
      flags: { exclude: "records" },
      file: { path: "f", values: { include: ["records"] } },
    }),
    '"include" in f and --exclude leave nothing to export: name something in one that isn\'t in the other.',
  );
  const { models } = resolveConfig({ flags: { models: "a,b", excludeModels: "b" } });
  assert.deepEqual(models, ["a", "b"]);
});

Deno.test("resolveConfig() asks files for lists, not for text with commas", () => {
  assert.equal(
    refusal({ file: { path: "f", values: { include: "records" } } }),
    '"include" in f must be a list of names of resources, such as ["records"], but is "records".',
  );
  assert.equal(
    refusal({ file: { path: "f", values: { locales: 5 } } }),
    '"locales" in f must be a list of locales of the project, but is 5.',
  );
});

Deno.test("OPTIONS has a name of its own for each option, on the command line and in the environment", () => {
  const flags = OPTION_KEYS.map(flagName);
  const variables = OPTION_KEYS.map(envName);
  const aliases = OPTION_KEYS.flatMap((key) => OPTIONS[key].alias ?? []);
  // What is another option's in one command is named with that.
  const places = OPTION_KEYS.map((key) => `${OPTIONS[key].ownFlag?.command} ${flagName(key)}`);
  assert.equal(new Set(places).size, OPTION_KEYS.length);
  assert.equal(new Set(variables).size, OPTION_KEYS.length);
  assert.equal(new Set(aliases).size, aliases.length);
  for (const flag of flags) assert.match(flag, /^--[a-z]+(-[a-z]+)*$/);
  for (const name of variables) assert.match(name, /^(DATOCMS|SLUICE)(_[A-Z]+)+$/);
  for (const key of OPTION_KEYS) {
    assert.equal(OPTIONS[key].kind === "switch", OPTIONS[key].placeholder === undefined, key);
  }
});
