import { ROOT } from "../support/terminal.ts";

/** A fenced block of a page. */
export interface Block {
  /** The page, relative to the root of the source tree. */
  readonly page: string;
  /** The line of the page that its text begins in, from 1. */
  readonly line: number;
  /** The heading that it stands below. */
  readonly section: string;
  /** Its language: `sh`, `sql`, `text`, … */
  readonly language: string;
  /** Its text, with a line feed at its end. */
  readonly text: string;
  /** The file that a reader saves it as, if its first line or a comment above it names one. */
  readonly file: string | undefined;
}

/** A comment at the beginning of a block, or above it, that names a file. */
const FILE = /^(?:#|\/\/|<!-- save as) ((?:[\w./~-]+\/)?[\w.-]*\.[a-z]+)(?: -->)?$/;

/**
 * The fenced blocks of a page, in their order.
 *
 * @param page The page, relative to the root of the source tree.
 * @param text The page's text.
 */
export function blocksOf(page: string, text: string): Block[] {
  const lines = text.split("\n");
  const blocks: Block[] = [];
  let section = "";
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at]!;
    if (/^#+ /.test(line)) section = line.replace(/^#+ /, "");
    const fence = /^( *)(`{3,})(\S*)$/.exec(line);
    if (fence === null) continue;
    const [, indent = "", ticks = "", language = ""] = fence;
    const end = lines.indexOf(indent + ticks, at + 1);
    if (end < 0) throw new Error(`${page}:${at + 1}: the block isn't closed`);
    const inside = lines.slice(at + 1, end).map((line) => line.slice(indent.length));
    const above = lines.slice(0, at).findLast((line) => line !== "") ?? "";
    blocks.push({
      page,
      line: at + 2,
      section,
      language,
      text: `${inside.join("\n")}\n`,
      file: (FILE.exec(inside[0] ?? "") ?? FILE.exec(above))?.[1],
    });
    at = end;
  }
  return blocks;
}

/** The documentation in the order in which README's index names it, README first. */
export async function readPages(): Promise<Map<string, string>> {
  const readme = await Deno.readTextFile(`${ROOT}README.md`);
  const pages = new Map([["README.md", readme]]);
  for (const [, path] of readme.matchAll(/\]\((docs\/[\w-]+\.md)\)/g)) {
    if (!pages.has(path!)) pages.set(path!, await Deno.readTextFile(`${ROOT}${path}`));
  }
  return pages;
}

/**
 * The commands of a block of `sh`: lines that belong together are one, comments between them none.
 *
 * @param text The block's text.
 * @return Each command, and in which of the block's lines it begins, from 0.
 */
export async function commandsOf(text: string): Promise<{ command: string; line: number }[]> {
  const commands: { command: string; line: number }[] = [];
  const lines = text.trimEnd().split("\n");
  for (let from = 0; from < lines.length; from++) {
    if (/^\s*(#|$)/.test(lines[from]!)) continue;
    let to = from;
    while (to < lines.length && !(await isWhole(lines.slice(from, to + 1)))) to++;
    commands.push({ command: lines.slice(from, to + 1).join("\n"), line: from });
    from = to;
  }
  return commands;
}

/** Whether lines are a command that nothing is missing of, as bash sees it. */
async function isWhole(lines: readonly string[]): Promise<boolean> {
  if (lines.at(-1)!.endsWith("\\")) return false;
  const { success } = await new Deno.Command("bash", {
    args: ["-n", "-c", lines.join("\n")],
    stdout: "null",
    stderr: "null",
  }).output();
  return success;
}

/**
 * The statements of a block of SQL, comments included.
 *
 * @param text The block's text.
 */
export function statementsOf(text: string): string[] {
  return text.split(/;\s*$/m).map((statement) => statement.trim()).filter(Boolean);
}
