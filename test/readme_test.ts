import assert from "node:assert/strict";
import { LOG_ENTRIES, type LogEntry } from "../src/cli/progress/log_entries.ts";
import { FIELD_TYPES, type FieldType } from "../src/content/field_types.ts";
import { envName, flagName, OPTION_KEYS, OPTIONS } from "../src/config/options.ts";
import { DEFAULTS } from "../src/config/schema.ts";
import { EXIT } from "../src/error.ts";
import { runCli } from "../src/cli/run_cli.ts";
import * as mod from "../mod.ts";
import denoJson from "../deno.json" with { type: "json" };
import { fakeIo } from "./cli/fake_io.ts";

const README = await Deno.readTextFile("README.md");

/** A table as `deno fmt` leaves it: cells padded to their column's width. */
function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const line = (row: readonly string[]) => {
    return `| ${row.map((cell, column) => cell.padEnd(widths[column]!)).join(" | ")} |`;
  };
  const [head, ...body] = rows;
  return [line(head!), line(widths.map((width) => "-".repeat(width))), ...body.map(line)].join(
    "\n",
  );
}

function section(name: string): string {
  const mark = `<!-- ${name} -->\n\n`;
  const start = README.indexOf(mark);
  assert.ok(start >= 0, `README has no <!-- ${name} -->`);
  return README.slice(start + mark.length).split("\n\n")[0]!;
}

const code = (text: string) => `\`${text.replaceAll("|", "\\|")}\``;

Deno.test("README lists every option with its variable, file key, default and purpose", () => {
  const rows = OPTION_KEYS.map((key) => {
    const { alias, placeholder, help, choices, secret, notInFile } = OPTIONS[key];
    const isOff = DEFAULTS[key] === true;
    const name = isOff ? flagName(key).replace("--", "--no-") : flagName(key);
    const flag = `${alias ? `-${alias}, ` : ""}${name}${placeholder ? ` ${placeholder}` : ""}`;
    const fallback = DEFAULTS[key];
    return [
      code(flag),
      code(isOff ? `${envName(key)}=false` : envName(key)),
      secret || notInFile ? "" : code(key),
      typeof fallback === "string" || typeof fallback === "number" ? code(String(fallback)) : "",
      `${help}${choices && choices.length < 6 ? ` One of ${choices.map(code).join(", ")}.` : ""}`,
    ];
  });
  const expected = table([["flag", "variable", "key", "default", "what it does"], ...rows]);
  assert.equal(section("options"), expected, expected);
});

Deno.test("README lists every entry of a log", () => {
  const rows = Object.entries<LogEntry>(LOG_ENTRIES).map(([type, { about, verbose }]) => {
    return [code(type), verbose ? code("--verbose") : "always", about];
  });
  const expected = table([[code("type"), "when", "what it tells"], ...rows]);
  assert.equal(section("log entries"), expected, expected);
});

Deno.test("README shows what each field type is in raw and in tables", () => {
  const rows = Object.entries<FieldType>(FIELD_TYPES).map(([type, info]) => [
    code(type),
    info.name,
    code(info.raw),
    info.table === info.raw ? "the same" : code(info.table),
    code(info.sqlType),
    info.references.map(({ type }) => type).join(", "),
  ]);
  const head = ["field type", "name", "raw", "tables", "SQL type", "refers to"];
  const expected = table([head, ...rows]);
  assert.equal(section("field types"), expected, expected);
});

Deno.test("README names every exit code", () => {
  for (const exitCode of Object.values(EXIT)) {
    assert.match(README, new RegExp(`^\\| ${exitCode} +\\|`, "m"));
  }
});

Deno.test("README shows the two commands of a fresh machine", () => {
  assert.match(README, /npx --yes deno@2 task demo/);
  assert.match(README, /npx --yes deno@2 task test/);
});

/** The code of the README's fenced blocks in a language. */
function blocks(language: string): string[] {
  return Array.from(
    README.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, "gms")),
    ([, text]) => text!,
  );
}

/** The names of types that the library exports: its own code names them, unlike what runs. */
async function exportedTypes(): Promise<Set<string>> {
  const root = new URL("../mod.ts", import.meta.url);
  const library = await Deno.readTextFile(root);
  const names = new Set<string>();
  for (const [, list] of library.matchAll(/^export (?:type )?\{([^}]*)\}/gm)) {
    for (const name of list!.split(",")) names.add(name.replace("type ", "").trim());
  }
  for (const [, path] of library.matchAll(/^export \* from "(.*)";$/gm)) {
    const source = await Deno.readTextFile(new URL(path!, root));
    for (
      const [, name] of source.matchAll(/^export (?:type|interface|(?:abstract )?class) (\w+)/gm)
    ) {
      names.add(name!);
    }
  }
  return names;
}

Deno.test("README imports only what the library exports", async () => {
  const types = await exportedTypes();
  const snippets = blocks("ts");
  assert.ok(snippets.length > 0);
  for (const snippet of snippets) {
    const imports = [...snippet.matchAll(/import \{([^}]*)\} from "(.*)";/g)];
    assert.ok(imports.length > 0, snippet);
    for (const [, list, from] of imports) {
      assert.equal(from, denoJson.name);
      for (const name of list!.split(",").map((name) => name.trim()).filter(Boolean)) {
        const isType = name.startsWith("type ");
        assert.ok(isType ? types.has(name.slice("type ".length)) : Object.hasOwn(mod, name), name);
      }
    }
  }
});

Deno.test("README names options, variables and tasks that there are", () => {
  const code = blocks("(?:sh|ini|text|yaml)").join("\n") +
    Array.from(README.matchAll(/`[^`\n]+`/g), ([text]) => text).join("\n");
  // A command's options, up to its end; those of other programs aren't Sluice's.
  const flags = new Set(["--log-format", ...OPTION_KEYS.map(flagName)]);
  const negated = new Set([...flags].map((flag) => flag.replace("--", "--no-")));
  const commands = code.match(/(?:\bsluice|\btask export)\b(?:\\\n|[^\n`])*/g) ?? [];
  const named = commands.flatMap((line) => line.match(/(?<=\s)--[a-z][a-z-]*/g) ?? []);
  assert.ok(named.length > 5);
  for (const flag of named) assert.ok(flags.has(flag) || negated.has(flag), flag);

  const variables = new Set(OPTION_KEYS.map(envName));
  for (const [name] of README.matchAll(/\b(?:SLUICE|DATOCMS)_[A-Z_]*[A-Z]\b/g)) {
    assert.ok(variables.has(name), name);
  }

  const tasks = [...README.matchAll(/\bdeno(?:@2)? task ([a-z][a-z0-9:]*)/g)].map(([, task]) =>
    task!
  );
  assert.ok(tasks.length > 5);
  for (const task of tasks) assert.ok(Object.hasOwn(denoJson.tasks, task), task);
});

Deno.test("README links to headings that there are", () => {
  const anchors = new Set(
    Array.from(README.matchAll(/^#+ (.*)$/gm), ([, heading]) => {
      return heading!.toLowerCase().replace(/[^\w -]/g, "").replaceAll(" ", "-");
    }),
  );
  const links = [...README.matchAll(/\]\(#([^)]*)\)/g)].map(([, anchor]) => anchor!);
  assert.ok(links.length > 0);
  for (const anchor of links) assert.ok(anchors.has(anchor), anchor);
});

Deno.test("README shows what the demo writes", async () => {
  const to = await Deno.makeTempDir();
  try {
    const io = fakeIo();
    assert.equal(await runCli(["demo", "--to", to], io), EXIT.complete, io.err());
    const shown = blocks("text").find((text) => text.startsWith("Exported Slackwater"));
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
    const [, record] = /^(?:A line of `(.*?)`)/m.exec(README) ?? [];
    assert.ok(record !== undefined);
    const [snapshot] = await Array.fromAsync(Deno.readDir(`${to}/content/project_48213`));
    const file = await Deno.readTextFile(
      `${to}/content/project_48213/${snapshot!.name}/${record}`,
    );
    const line = blocks("text").find((text) => text.startsWith("{"))?.trim();
    assert.ok(line !== undefined && file.split("\n").includes(line));
  } finally {
    await Deno.remove(to, { recursive: true });
  }
});
