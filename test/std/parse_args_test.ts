import assert from "node:assert/strict";
import fc from "fast-check";
import { parseArgs } from "@std/cli/parse-args";

/** Compares own properties only, as the result may have any name. */
function equal(actual: unknown, expected: unknown): void {
  assert.deepEqual(actual, expected);
}

Deno.test("parseArgs() takes values after a space or an equals sign", () => {
  equal(parseArgs(["--to", "a", "--x=1", "-e", "main", "-k=v", "-n5"]), {
    to: "a",
    x: 1,
    e: "main",
    k: "v",
    n: 5,
    _: [],
  });
  equal(parseArgs(["--q=a=b", "--text=two\nlines"]), { q: "a=b", text: "two\nlines", _: [] });
});

Deno.test("parseArgs() keeps numbers as text for string options", () => {
  equal(parseArgs(["--n", "007", "--m", "007", "1"], { string: ["n"] }), {
    n: "007",
    m: 7,
    _: [1],
  });
  equal(parseArgs(["1", "1e3", " "], { string: "_" }), { _: ["1", "1e3", " "] });
  equal(parseArgs(["0x1f", "1e3", " ", "-5"]), { _: [31, 1000, " "], "5": true });
});

Deno.test("parseArgs() gives an option without a value true, or empty text if it is a string option", () => {
  equal(parseArgs(["--a", "--s", "--t"], { string: ["s", "t"] }), { a: true, s: "", t: "", _: [] });
  equal(parseArgs(["-st"], { string: ["s"] }), { s: "", t: true, _: [] });
  equal(parseArgs(["--s="], { string: ["s"] }), { s: "", _: [] });
  equal(parseArgs(["--a=", "-bcd="]), { a: "", b: true, c: true, d: "", _: [] });
});

Deno.test("parseArgs() nests what has dots in its name, and never touches what objects inherit", () => {
  equal(parseArgs(["--a.b", "3", "--a.c.d=x"], { default: { "a.e": 1 } }), {
    a: { b: 3, c: { d: "x" }, e: 1 },
    _: [],
  });
  equal(parseArgs(["--a.b", "22"], { alias: { "a.b": "aa.bb" } }), {
    a: { b: 22 },
    aa: { bb: 22 },
    _: [],
  });
  parseArgs(["--__proto__.polluted", "yes", "--constructor.prototype.polluted", "yes"]);
  equal("polluted" in {}, false);
});

Deno.test("parseArgs() doesn't ask unknown() about what is collected", () => {
  const asked: string[] = [];
  const unknown = (arg: string) => asked.push(arg);
  parseArgs(["--foo=bar", "--other"], { collect: ["foo"], unknown });
  equal(asked, ["--other"]);
});

Deno.test("parseArgs() takes no value for boolean options, and knows true and false", () => {
  const options = { boolean: ["v", "w"] } as const;
  equal(parseArgs(["--v", "x"], options), { v: true, w: false, _: ["x"] });
  equal(parseArgs(["--v", "false", "-w", "true"], options), { v: false, w: true, _: [] });
  equal(parseArgs(["--v=false", "--w=yes"], options), { v: false, w: true, _: [] });
  equal(parseArgs(["--a", "x", "--b=y"], { boolean: true }), { a: true, b: "y", _: ["x"] });
});

Deno.test("parseArgs() sets negatable options to false with --no-", () => {
  const options = { boolean: ["assets"], negatable: ["assets"] } as const;
  equal(parseArgs(["--no-assets"], options), { assets: false, _: [] });
  equal(parseArgs(["--no-assets", "--assets"], options), { assets: true, _: [] });
  equal(parseArgs(["--assets", "--no-assets"], options), { assets: false, _: [] });
  equal(parseArgs(["--no-assets"]), { "no-assets": true, _: [] });
});

Deno.test("parseArgs() reads letters together", () => {
  equal(parseArgs(["-abc", "v"]), { a: true, b: true, c: "v", _: [] });
  equal(parseArgs(["-ab/tmp/x"]), { a: true, b: "/tmp/x", _: [] });
  equal(parseArgs(["-a-"]), { a: "-", _: [] });
  equal(parseArgs(["-n", "-"]), { n: "-", _: [] });
  equal(parseArgs(["-"]), { _: ["-"] });
});

Deno.test("parseArgs() sets all names of an option", () => {
  const options = {
    string: ["environment"],
    boolean: ["help"],
    alias: { e: "environment", h: ["help", "hilfe"] },
  };
  equal(parseArgs(["-e", "1", "--hilfe", "x"], options), {
    e: "1",
    environment: "1",
    h: true,
    help: true,
    hilfe: true,
    _: ["x"],
  });
  const broken = { a: undefined } as unknown as Record<string, string>;
  assert.throws(() => parseArgs([], { alias: broken }), TypeError);
});

Deno.test("parseArgs() collects the values of options that may come often", () => {
  const options = { string: ["m"], boolean: ["v"], collect: ["m", "v", "other"], negatable: ["v"] };
  equal(parseArgs(["--m", "a", "--m=b", "--v", "--v", "--other", "1"], options), {
    m: ["a", "b"],
    v: [true, true],
    other: [1],
    _: [],
  });
  equal(parseArgs([], options), { m: [], v: [], _: [] });
  equal(parseArgs(["--v", "--no-v"], options), { m: [], v: false, _: [] });
  equal(parseArgs(["--m", "a", "--m", "b"], { string: ["m"] }), { m: "b", _: [] });
});

Deno.test("parseArgs() takes nothing after -- for an option", () => {
  equal(parseArgs(["-a", "--", "--b", "1"]), { a: true, _: ["--b", "1"] });
  equal(parseArgs(["x", "--", "--b", "--"], { "--": true }), { _: ["x"], "--": ["--b", "--"] });
  equal(parseArgs([], { "--": true }), { _: [], "--": [] });
});

Deno.test("parseArgs() stops at the first positional argument if asked to", () => {
  equal(parseArgs(["-a", "--b=1", "run", "--c"], { boolean: ["a"], stopEarly: true }), {
    a: true,
    b: 1,
    _: ["run", "--c"],
  });
});

Deno.test("parseArgs() fills in defaults, for aliases too", () => {
  const options = { boolean: ["v"], default: { v: null, to: "x" }, alias: { to: "t" } };
  equal(parseArgs([], options), { v: null, to: "x", t: "x", _: [] });
  equal(parseArgs(["--v", "-t", "y"], options), { v: true, to: "y", t: "y", _: [] });
});

Deno.test("parseArgs() asks about what it doesn't know, and drops what is refused", () => {
  const asked: unknown[][] = [];
  const args = parseArgs(["--known", "--new=1", "-z", "v", "x", "--", "rest"], {
    boolean: ["known"],
    unknown: (...args) => {
      asked.push(args);
      return args.length === 1;
    },
  });
  equal(args, { known: true, _: ["x", "rest"] });
  equal(asked, [["--new=1", "new", "1"], ["-z", "z", "v"], ["x"]]);
});

Deno.test("parseArgs() types its result", () => {
  const args = parseArgs(["--to", "x", "--m", "y", "--v"], {
    string: ["to", "m"],
    boolean: ["v"],
    collect: ["m"],
    "--": true,
  });
  const to: string | undefined = args.to;
  const m: string[] = args.m;
  const v: boolean = args.v;
  const rest: string[] = args["--"];
  equal([to, m, v, rest, args._], ["x", ["y"], true, [], []]);
});

Deno.test("parseArgs() loses no positional argument", () => {
  // "true" and "false" would be taken for the value of the option before.
  const word = fc.stringMatching(/^[a-z/.][a-z0-9/. ]{0,9}$/).filter((w) =>
    !/^(true|false)$/.test(w)
  );
  fc.assert(fc.property(fc.array(word), fc.array(fc.string()), (words, rest) => {
    const args = words.flatMap((text) => [text, "--flag"]);
    const parsed = parseArgs([...args, "--", ...rest], { boolean: ["flag"], string: ["_"] });
    equal(parsed._, [...words, ...rest]);
  }));
});
