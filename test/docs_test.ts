import assert from "node:assert/strict";
import * as z from "zod";
import { envName, flagName, OPTION_KEYS } from "../src/config/options.ts";
import { EXIT } from "../src/error.ts";
import { runCli } from "../src/cli/run_cli.ts";
import { lockSchema } from "../src/snapshot/lock/lock_content.ts";
import { manifestSchema } from "../src/snapshot/manifest.ts";
import denoJson from "../deno.json" with { type: "json" };
import { GENERATED, splitAt } from "../tasks/docs.ts";
import { fakeIo } from "./cli/fake_io.ts";
import { exportedNames } from "./support/exported_names.ts";

/** The documentation, by path: README.md and what lies in docs/. */
const DOCS = new Map<string, string>([["README.md", await Deno.readTextFile("README.md")]]);
for await (const { name } of Deno.readDir("docs")) {
  if (name.endsWith(".md")) DOCS.set(`docs/${name}`, await Deno.readTextFile(`docs/${name}`));
}
const README = DOCS.get("README.md")!;
const ALL = [...DOCS.values()].join("\n");

for (const { file, section, render } of GENERATED) {
  Deno.test(`${file} has the ${section} that the code has (deno task docs writes them)`, () => {
    assert.equal(splitAt(DOCS.get(file)!, section)[1], render());
  });
}

Deno.test("docs/exit-codes.md names every exit code", () => {
  for (const exitCode of Object.values(EXIT)) {
    assert.match(DOCS.get("docs/exit-codes.md")!, new RegExp(`^\\| ${exitCode} +\\|`, "m"));
  }
});

/** The names of all properties in a JSON schema, at every depth. */
function propertiesOf(schema: unknown): string[] {
  if (Array.isArray(schema)) return schema.flatMap(propertiesOf);
  if (typeof schema !== "object" || schema === null) return [];
  const { properties } = schema as { readonly properties?: object };
  const own = typeof properties === "object" ? Object.keys(properties) : [];
  return [...own, ...Object.values(schema).flatMap(propertiesOf)];
}

Deno.test("docs/format.md names every key of a manifest, of a lock and of a claim", () => {
  const page = DOCS.get("docs/format.md")!;
  const schemas = [manifestSchema, lockSchema].map((schema) => {
    return z.toJSONSchema(schema, { io: "input", unrepresentable: "any" });
  });
  const keys = new Set(propertiesOf(schemas));
  assert.ok(keys.size > 30, `only ${keys.size} keys were found`);
  for (const key of [...keys, "generation", "writer", "resumedAt", "resumedFrom"]) {
    assert.ok(page.includes(`\`${key}\``), key);
  }
});

Deno.test("docs/format.md has every code that a manifest's notes can have", async () => {
  const page = DOCS.get("docs/format.md")!;
  const codes = new Set<string>();
  for (const folder of ["src/export", "src/transform"]) {
    for await (const path of sourcesIn(folder)) {
      const source = await Deno.readTextFile(path);
      const notes = source.matchAll(
        /\b(?:addWarning|addFinding|addFailure)\(\s*"([a-z]+(?:_[a-z]+)+)"/g,
      );
      for (const [, code] of notes) codes.add(code!);
    }
  }
  assert.ok(codes.size > 15, `only ${codes.size} codes were found`);
  for (const code of codes) assert.match(page, new RegExp(`^\\| \`${code}\``, "m"), code);
});

Deno.test("README shows the two commands of a fresh machine", () => {
  assert.match(README, /npx --yes deno@2 task demo/);
  assert.match(README, /npx --yes deno@2 task test/);
});

Deno.test("README stays a page that is read in one sitting", () => {
  const lines = README.split("\n").length;
  assert.ok(lines <= 233, `README.md has ${lines} lines: move something to docs/`);
});

/** The code of the documentation's fenced blocks in a language. */
function blocks(language: string, text = ALL): string[] {
  return Array.from(
    text.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, "gms")),
    ([, text]) => text!,
  );
}

Deno.test("The documentation imports only what the library exports", async () => {
  const exports = new Map(
    Object.entries(denoJson.exports).map((
      [name, path],
    ) => [name.replace(".", denoJson.name), path]),
  );
  const snippets = blocks("ts");
  assert.ok(snippets.length > 2);
  for (const snippet of snippets) {
    const imports = [...snippet.matchAll(/import \{([^}]*)\} from "(.*)";/g)];
    for (const [, list, from] of imports) {
      const path = exports.get(from!);
      assert.ok(path !== undefined, `${from} isn't exported`);
      const exported = await exportedNames(new URL(`../${path}`, import.meta.url));
      for (const name of list!.split(",").map((name) => name.trim()).filter(Boolean)) {
        assert.ok(exported.has(name.replace(/^type /, "")), `${from} has no ${name}`);
      }
    }
  }
});

Deno.test("The documentation names options, variables and tasks that there are", () => {
  const code = blocks("(?:sh|ini|text|yaml)").join("\n") +
    Array.from(ALL.matchAll(/`[^`\n]+`/g), ([text]) => text).join("\n");
  // A command's options, up to its end; those of other programs aren't Sluice's.
  const flags = new Set(["--version", ...OPTION_KEYS.map(flagName)]);
  const negated = new Set([...flags].map((flag) => flag.replace("--", "--no-")));
  const commands = code.match(/(?:\bsluice|\btask export)\b(?:\\\n|[^\n`])*/g) ?? [];
  const named = commands.flatMap((line) => line.match(/(?<=\s)--[a-z][a-z-]*/g) ?? []);
  assert.ok(named.length > 5);
  for (const flag of named) assert.ok(flags.has(flag) || negated.has(flag), flag);

  const variables = new Set(OPTION_KEYS.map(envName));
  for (const [name] of ALL.matchAll(/\b(?:SLUICE|DATOCMS)_[A-Z_]*[A-Z]\b/g)) {
    assert.ok(variables.has(name) || name.startsWith("SLUICE_TEST_"), name);
  }

  const tasks = [...ALL.matchAll(/\bdeno(?:@2)? task (?!in a )([a-z][a-z0-9:]*)/g)].map((
    [, task],
  ) => task!);
  assert.ok(tasks.length > 5);
  for (const task of tasks) assert.ok(Object.hasOwn(denoJson.tasks, task), task);
});

/** The anchors of a page's headings. */
function anchorsOf(text: string): Set<string> {
  return new Set(
    Array.from(text.matchAll(/^#+ (.*)$/gm), ([, heading]) => {
      return heading!.toLowerCase().replace(/[^\w -]/g, "").replaceAll(" ", "-");
    }),
  );
}

Deno.test("The documentation links to pages and headings that there are", () => {
  let links = 0;
  for (const [path, text] of DOCS) {
    for (const [, target] of text.matchAll(/\]\((?!https?:)([^)]*)\)/g)) {
      const { pathname, hash } = new URL(target!, `file:///${path}`);
      const page = DOCS.get(pathname.slice(1));
      assert.ok(page !== undefined, `${path} links to ${target}`);
      if (hash) assert.ok(anchorsOf(page).has(hash.slice(1)), `${path} links to ${target}`);
      links++;
    }
  }
  assert.ok(links > 20, `only ${links} links were found`);
  for (const path of DOCS.keys()) {
    const isLinked = path === "README.md" || ALL.includes(`](${path})`) ||
      ALL.includes(`](${path.replace("docs/", "")}`);
    assert.ok(isLinked, `nothing links to ${path}`);
  }
});

Deno.test("README shows what the demo writes", async () => {
  const to = await Deno.makeTempDir();
  try {
    const io = fakeIo();
    assert.equal(await runCli(["demo", "--to", to], io), EXIT.complete, io.err());
    const shown = blocks("text", README).find((text) => text.startsWith("Exported Slackwater"));
    assert.ok(shown !== undefined);
    // How long it took, when and where differ from run to run.
    const steady = (text: string) => {
      return text.replace(/ in [\d.]+ s:/, "").replaceAll(/, in(?: .*)?$/gm, "").replaceAll(
        /snapshot_\d+/g,
        "snapshot_…",
      )
        .replaceAll(/^\/.*\/$/gm, "TO/").split("\n");
    };
    const written = steady(io.out());
    let from = 0;
    for (const line of steady(shown)) {
      if (/^ *…?$/.test(line)) continue;
      const at = written.indexOf(line, from);
      assert.ok(at >= 0, `The demo doesn't write this here:\n${line}\n\n${written.join("\n")}`);
      from = at + 1;
    }
    const [, record] = /^(?:A line of `(.*?)`)/m.exec(ALL) ?? [];
    assert.ok(record !== undefined);
    const beside = await Array.fromAsync(Deno.readDir(`${to}/content/project_48213`));
    const snapshot = beside.find(({ name }) => name.startsWith("snapshot_"));
    const file = await Deno.readTextFile(
      `${to}/content/project_48213/${snapshot!.name}/${record}`,
    );
    const line = blocks("text").find((text) => text.startsWith("{"))?.trim();
    assert.ok(line !== undefined && file.split("\n").includes(line));
  } finally {
    await Deno.remove(to, { recursive: true });
  }
});

/** The paths of a folder's source files, and of those in the folders below it. */
async function* sourcesIn(folder: string): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    if (isDirectory) yield* sourcesIn(`${folder}/${name}`);
    else if (name.endsWith(".ts")) yield `${folder}/${name}`;
  }
}
