import assert from "node:assert/strict";
import denoJson from "../deno.json" with { type: "json" };
import {
  circles,
  importGraph,
  importsThroughWalls,
  importsUpwards,
  namedRooms,
  readSources,
  roomOf,
  stopsOf,
  tooLong,
  tooShort,
  unnamedRooms,
  type Wall,
  waysTo,
} from "./support/house.ts";

const SOURCES = await readSources("src", "tasks", "mod.ts");
const SRC = new Map([...SOURCES].filter(([path]) => path.startsWith("src/")));
const GRAPH = importGraph(SOURCES);
const CONTRIBUTING = await Deno.readTextFile("docs/contributing.md");
const ROOMS = namedRooms(CONTRIBUTING);
const NAMES = ROOMS.map(({ name }) => name);

/** What begins the programs, and what others import. */
const ENTRIES = ["tasks/cli.ts", "tasks/cron.ts", ...exported(denoJson.exports)];

/** What must not be imported, although it doesn't stand above. */
const WALLS: readonly Wall[] = [
  { of: "transform", never: ["source", "storage", "snapshot", "export"] },
  { of: "storage", never: ["content", "source", "transform", "snapshot"] },
  { of: "snapshot", never: ["source", "export"] },
  ...["tools", "restore", "serve"].map((of): Wall => ({
    of,
    never: ["export"],
    but: ["src/export/export.ts", "src/export/options.ts", "src/export/options/"],
  })),
  ...["mod.ts", ...NAMES.filter((name) => name !== "cli")].map((of): Wall => ({
    of,
    never: ["cli"],
  })),
  ...["mod.ts", ...NAMES].map((of): Wall => ({ of, never: ["test", "tasks"] })),
  ...["src/error.ts", "src/version.ts"].map((of): Wall => ({ of, never: NAMES })),
  { of: "tasks", never: ["test"] },
];

/** Parts of the simulator that are for tests and `deno task serve` alone. */
const FOR_TESTS = [
  "src/simulator/faults/",
  "src/simulator/generated/",
  "src/simulator/memory_copy.ts",
  "src/simulator/recording.ts",
];

/** Tables of data, which are as long as their data is. */
const TABLES: Readonly<Record<string, string>> = {};

function exported(exports: string | Readonly<Record<string, string>>): string[] {
  const paths = typeof exports === "string" ? [exports] : Object.values(exports);
  return paths.map((path) => path.replace(/^\.\//, ""));
}

/** The file that a way leads to. */
function lastOf(way: string): string {
  return way.split(" → ").at(-1)!;
}

function isForTests(path: string): boolean {
  return FOR_TESTS.some((folder) => path.startsWith(folder));
}

Deno.test("the rooms of src/ are those that docs/contributing.md names, with one sentence each", () => {
  assert.deepEqual(unnamedRooms(SOURCES, ROOMS), []);
  const outside = [...SRC.keys()].filter((path) => roomOf(path) === path);
  assert.deepEqual(outside, ["src/error.ts", "src/version.ts"]);
});

Deno.test("a room imports only rooms below it, so that there is no circle of rooms", () => {
  assert.deepEqual(importsUpwards(GRAPH, NAMES), []);
});

Deno.test("what must stay apart does: the format from the export, storages from content, …", () => {
  assert.deepEqual(importsThroughWalls(GRAPH, WALLS), []);
});

Deno.test("no file imports itself by way of others", () => {
  assert.deepEqual(circles(GRAPH), []);
});

Deno.test("every import leads to a file", () => {
  const missing = [...GRAPH].flatMap(([path, imports]) =>
    [...imports].filter((to) => !SOURCES.has(to) && !/deno\.json$|\.(?:css|js|svg)$/.test(to))
      .map((to) => `${path} imports ${to}`)
  );
  assert.deepEqual(missing, []);
});

Deno.test("the program carries nothing that breaks answers or makes up projects", () => {
  assert.ok([...SOURCES.keys()].some(isForTests));
  assert.deepEqual(waysTo(GRAPH, ENTRIES, isForTests), []);
  // It does carry what the demo command needs, which it imports while it runs.
  assert.equal(
    waysTo(GRAPH, ["tasks/cli.ts"], (path) => path === "src/simulator/server.ts").length,
    1,
  );
});

Deno.test("docs/contributing.md traces a record by files of the program, each visited once", () => {
  const stops = stopsOf(CONTRIBUTING);
  const reached = new Set(waysTo(GRAPH, ["tasks/cli.ts"], () => true).map(lastOf));
  assert.deepEqual(stops.filter((path) => !reached.has(path)), []);
  assert.equal(new Set(stops).size, stops.length, "a file is visited twice");
  // From the API to a batch, a row and the seal.
  const rooms = stops.map(roomOf);
  for (const room of ["source", "sink", "storage", "transform", "snapshot"]) {
    assert.ok(rooms.includes(room), `no stop is in ${room}`);
  }
  assert.equal(rooms[0], "source");
  assert.equal(stops.at(-1), "src/snapshot/seal.ts");
});

Deno.test("no file is above 350 lines, but for tables of data", () => {
  assert.deepEqual(tooLong(SRC, 350, TABLES), []);
});

Deno.test("at most 15 files are below 25 lines: what one caller has lives with it", () => {
  const short = tooShort(SRC, 25);
  assert.ok(short.length <= 15, `${short.length} are:\n${short.join("\n")}`);
});

/** A made-up tree: by path, what each file imports. */
function tree(files: Readonly<Record<string, readonly string[]>>) {
  const sources = new Map(
    Object.entries(files).map(([path, imports]) => {
      return [path, imports.map((to) => `import { it } from "${to}";\n`).join("")];
    }),
  );
  return { sources, graph: importGraph(sources) };
}

Deno.test("the checker reads every kind of import, and no comment", () => {
  const sources = new Map([[
    "src/a/b/one.ts",
    `
import type { A } from "../types.ts";
import {
  b,
  c,
} from "./two.ts";
export * from "../three.ts";
import "../../four.ts";
import data from "../five.json" with { type: "json" };
import { d } from "node:path";
/**
 * import { e } from "./comment.ts";
 */
// import { f } from "./comment.ts";
export type G = import("../six.ts").G;
export async function h() {
  return await import("../../c/seven.ts");
}
`,
  ]]);
  assert.deepEqual([...importGraph(sources).get("src/a/b/one.ts")!], [
    "src/a/types.ts",
    "src/a/b/two.ts",
    "src/a/three.ts",
    "src/four.ts",
    "src/a/five.json",
    "src/a/six.ts",
    "src/c/seven.ts",
  ]);
});

Deno.test("the checker finds imports upwards, and circles of rooms by them", () => {
  const { graph } = tree({
    "src/cli/a.ts": ["../export/b.ts", "./c.ts", "../error.ts"],
    "src/export/b.ts": ["../text/d.ts", "../error.ts"],
    "src/text/d.ts": ["../export/other.ts"],
    "src/export/other.ts": [],
  });
  assert.deepEqual(importsUpwards(graph, ["cli", "export", "text"]), [
    "src/text/d.ts imports src/export/other.ts, which is above it",
  ]);
});

Deno.test("the checker finds imports through each wall", () => {
  const { graph } = tree({
    "src/transform/a.ts": ["../source/x.ts", "../content/x.ts"],
    "src/storage/s3/a.ts": ["../../transform/x.ts"],
    "src/snapshot/lock/a.ts": ["../../export/resume/x.ts", "../x.ts"],
    "src/tools/a.ts": ["../export/export.ts", "../export/options/x.ts", "../export/plan.ts"],
    "src/restore/a.ts": ["../export/options.ts", "../export/events.ts"],
    "src/serve/a.ts": ["../export/steps/x.ts"],
    "src/config/a.ts": ["../cli/x.ts", "../../test/support/x.ts"],
    "src/error.ts": ["./text/x.ts"],
    "mod.ts": ["./src/cli/x.ts", "./src/export/export.ts"],
    "tasks/a.ts": ["../test/x.ts", "../src/cli/x.ts"],
  });
  assert.deepEqual(importsThroughWalls(graph, WALLS), [
    "src/transform/a.ts imports src/source/x.ts, which transform never does",
    "src/storage/s3/a.ts imports src/transform/x.ts, which storage never does",
    "src/snapshot/lock/a.ts imports src/export/resume/x.ts, which snapshot never does",
    "src/tools/a.ts imports src/export/plan.ts, which tools never does",
    "src/restore/a.ts imports src/export/events.ts, which restore never does",
    "src/serve/a.ts imports src/export/steps/x.ts, which serve never does",
    "src/config/a.ts imports src/cli/x.ts, which config never does",
    "src/config/a.ts imports test/support/x.ts, which config never does",
    "src/error.ts imports src/text/x.ts, which src/error.ts never does",
    "mod.ts imports src/cli/x.ts, which mod.ts never does",
    "tasks/a.ts imports test/x.ts, which tasks never does",
  ]);
});

Deno.test("the checker finds circles of files", () => {
  const { graph } = tree({
    "src/a/one.ts": ["./two.ts", "./alone.ts"],
    "src/a/two.ts": ["./three.ts"],
    "src/a/three.ts": ["./two.ts"],
    "src/a/alone.ts": [],
    "src/a/self.ts": ["./self.ts"],
  });
  assert.deepEqual(circles(graph), [
    "src/a/two.ts → src/a/three.ts → src/a/two.ts",
    "src/a/self.ts → src/a/self.ts",
  ]);
});

Deno.test("the checker tells how the program reaches what is for tests", () => {
  const { graph } = tree({
    "tasks/cli.ts": ["../src/cli/a.ts"],
    "src/cli/a.ts": ["../simulator/server.ts"],
    "src/simulator/server.ts": ["./faults/faults.ts"],
    "src/simulator/faults/faults.ts": [],
    "src/simulator/generated/words.ts": [],
  });
  assert.deepEqual(waysTo(graph, ["tasks/cli.ts"], isForTests), [
    "tasks/cli.ts → src/cli/a.ts → src/simulator/server.ts → src/simulator/faults/faults.ts",
  ]);
});

Deno.test("the checker finds rooms without a name, names without a room, and poor sentences", () => {
  const { sources } = tree({
    "src/a/x.ts": [],
    "src/b/c/x.ts": [],
    "src/d/x.ts": [],
    "src/e.ts": [],
  });
  const named = namedRooms(`
| \`no\` | No table of rooms. |

<!-- rooms -->

| room | what it holds                       |
| ---- | ----------------------------------- |
| \`a\`  | Words of mod.ts, and what they mean. |
| \`b\`  | Two. Sentences.                     |
| \`c\`  | Nothing.                            |
| \`a\`  | no sentence                         |

| \`x\` | Another table. |
`);
  assert.deepEqual(unnamedRooms(sources, named), [
    "d has no row",
    "a has two rows",
    "There is no room c",
    "b isn't described by one sentence: Two. Sentences.",
    "a isn't described by one sentence: no sentence",
  ]);
});

Deno.test("the checker reads the stops of a trace, and all files that each names", () => {
  const page = `
1. \`src/no/trace.ts\` stands above it.

## A record traced

Where \`src/a.ts\` isn't a stop:

1. \`src/b/c.ts\` begins, with
   \`src/b/d.ts\` beside it.

Then:

2. \`src/e.ts\` ends.

## Another section

3. \`src/f.ts\` is elsewhere.
`;
  assert.deepEqual(stopsOf(page), ["src/b/c.ts", "src/b/d.ts", "src/e.ts"]);
});

Deno.test("the checker counts lines", () => {
  const sources = new Map([3, 30, 4, 31].map((count, i) => [`src/${i}.ts`, "\n".repeat(count)]));
  assert.deepEqual(tooLong(sources, 30, { "src/0.ts": "a table" }), [
    "src/3.ts has 31 lines",
    "src/0.ts isn't that long",
  ]);
  assert.deepEqual(tooLong(sources, 30, { "src/3.ts": "a table" }), []);
  assert.deepEqual(tooShort(sources, 30), ["src/0.ts has 3 lines", "src/2.ts has 4 lines"]);
});
