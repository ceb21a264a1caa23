import assert from "node:assert/strict";
import type { Shell } from "./shell.ts";
import type { World } from "./world.ts";

/** A line of a tree: paths, and what they are. */
interface Leaf {
  readonly path: string;
  readonly pattern: RegExp;
  /** Whether it is there after every export. */
  readonly always: boolean;
}

/**
 * Checks a tree of files that a page shows: each path is there, unless its line says `only …`, and each file
 * that is there has a line.
 *
 * @param shell The page's shell; its directory is the clone.
 * @param world The machine.
 * @param text The tree. Its first line is the directory; `<NAME>` stands for any name, `…` for all below.
 */
export async function checkTree(shell: Shell, world: World, text: string): Promise<void> {
  const [root = "", ...lines] = text.trimEnd().split("\n");
  const directory = root.startsWith("<") ? "snapshots/" : world.real(root);
  const { stdout } = await shell.run(`cd '${directory}' && find . -type f && cd "$OLDPWD"`);
  // The snapshots of a sandbox lie a directory deeper, and look the same.
  const files = stdout.trim().split("\n").map((path) => {
    return path.slice(2).replace(/^(content\/project_\w+\/)[a-z][a-z0-9-]*\//, "$1");
  });
  const leaves = leavesOf(lines);
  for (const { path, pattern, always } of leaves) {
    assert.ok(!always || files.some((file) => pattern.test(file)), `There is no ${path}`);
  }
  const more = files.filter((file) => !leaves.some(({ pattern }) => pattern.test(file)));
  assert.deepEqual(more, [], `Not in the tree of ${root}`);
}

function leavesOf(lines: readonly string[]): Leaf[] {
  const parents: { readonly indent: number; readonly path: string }[] = [];
  const leaves: Leaf[] = [];
  for (const line of lines) {
    const indent = line.search(/\S/);
    while ((parents.at(-1)?.indent ?? -1) >= indent) parents.pop();
    const above = parents.at(-1)?.path ?? "";
    const [paths, about] = split(line.trim());
    for (const path of paths) {
      const whole = above + path;
      if (path.endsWith("/")) parents.push({ indent, path: whole });
      leaves.push({ path: whole, pattern: patternOf(whole), always: !/^only\b/.test(about) });
    }
  }
  // A directory is there if something in it is.
  return leaves.filter(({ path }) => !path.endsWith("/"));
}

/** The paths at the beginning of a line, and what is said of them. */
function split(line: string): [paths: string[], about: string] {
  const parts = line.split(/ {2,}/);
  const paths = [];
  while (/^(?:[\w.=|/…]|<[^>]*>)+$/.test(parts[0] ?? "") && /[/.]/.test(parts[0]!)) {
    paths.push(parts.shift()!);
  }
  return [paths, parts.join(" ")];
}

function patternOf(path: string): RegExp {
  const pattern = path.split(/(<[^>]*>|…|\w+(?:\|\w+)+|_000\b)/).map((part, index) => {
    if (index % 2 === 0) return RegExp.escape(part);
    if (part === "…") return ".*";
    if (part === "_000") return "_\\d{3,}";
    return part.startsWith("<") ? "[^/]+" : `(?:${part})`;
  });
  return new RegExp(`^${pattern.join("")}$`);
}
