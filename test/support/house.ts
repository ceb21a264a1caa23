import { dirname, join } from "node:path/posix";

/** Sources by path from the repository's root: `src/text/json.ts`. */
export type Sources = ReadonlyMap<string, string>;

/** Which files each file imports, by path; also those imported for their types or while running. */
export type ImportGraph = ReadonlyMap<string, ReadonlySet<string>>;

/** What a room must not import, whatever the order of the rooms says. */
export interface Wall {
  /** The room. */
  readonly of: string;
  /** The rooms that it never imports. */
  readonly never: readonly string[];
  /** What it may import of them all the same: files, or folders that end in a slash. */
  readonly but?: readonly string[] | undefined;
}

/** A comment that is at least one whole line, as `deno fmt` leaves them. */
const COMMENTS = /^\s*\/\*[^]*?\*\/|^\s*\/\/.*$/gm;
/** Names of files of code. */
const CODE = /\.tsx?$/;
const SPECIFIERS = /\b(?:from|import)\s*\(?\s*"(\.\.?\/[^"\n]*)"/g;

/**
 * Reads the sources of folders and files.
 *
 * @param paths Their paths; of folders, everything below that is code.
 */
export async function readSources(...paths: readonly string[]): Promise<Sources> {
  const sources = new Map<string, string>();
  const read = async (path: string) => {
    if (CODE.test(path)) return void sources.set(path, await Deno.readTextFile(path));
    for await (const { name, isDirectory } of Deno.readDir(path)) {
      if (isDirectory || CODE.test(name)) await read(`${path}/${name}`);
    }
  };
  for (const path of paths) await read(path);
  return new Map([...sources].sort(([a], [b]) => a < b ? -1 : 1));
}

/**
 * Which files each of the sources imports from the repository.
 *
 * @param sources The sources.
 */
export function importGraph(sources: Sources): ImportGraph {
  return new Map(Array.from(sources, ([path, source]) => {
    const specifiers = source.replaceAll(COMMENTS, "").matchAll(SPECIFIERS);
    return [path, new Set(Array.from(specifiers, ([, to]) => join(dirname(path), to!)))];
  }));
}

/**
 * The room of a file: a folder below `src/`, `tasks`, `test`, or the file itself if it is in none of them.
 *
 * @param path The file's path.
 */
export function roomOf(path: string): string {
  const [top, name, ...rest] = path.split("/");
  if (top === "src") return rest.length > 0 ? name! : path;
  return name === undefined ? path : top!;
}

/**
 * The imports of rooms that are above the importing file's room.
 *
 * @param graph All imports.
 * @param order Every room, from the one at the top to the one that imports none of the others.
 */
export function importsUpwards(graph: ImportGraph, order: readonly string[]): string[] {
  const levels = new Map(order.map((room, i) => [room, i]));
  return arrows(graph).flatMap(([from, to]) => {
    const [level, other] = [levels.get(roomOf(from)), levels.get(roomOf(to))];
    return level !== undefined && other !== undefined && other < level
      ? [`${from} imports ${to}, which is above it`]
      : [];
  });
}

/**
 * The imports through walls.
 *
 * @param graph All imports.
 * @param walls What must not import what.
 */
export function importsThroughWalls(graph: ImportGraph, walls: readonly Wall[]): string[] {
  return arrows(graph).flatMap(([from, to]) =>
    walls.some(({ of, never, but = [] }) =>
        roomOf(from) === of && never.includes(roomOf(to)) &&
        !but.some((one) => one.endsWith("/") ? to.startsWith(one) : to === one)
      )
      ? [`${from} imports ${to}, which ${roomOf(from)} never does`]
      : []
  );
}

/**
 * The shortest ways on which a program reaches files.
 *
 * @param graph All imports.
 * @param entries The files that it begins with.
 * @param isMeant Whether a file is one of those that are looked for.
 */
export function waysTo(
  graph: ImportGraph,
  entries: readonly string[],
  isMeant: (path: string) => boolean,
): string[] {
  const before = new Map<string, string | undefined>(entries.map((entry) => [entry, undefined]));
  for (const path of before.keys()) {
    for (const to of graph.get(path) ?? []) if (!before.has(to)) before.set(to, path);
  }
  return [...before.keys()].filter(isMeant).map((path) => {
    const way = [path];
    for (let at = before.get(path); at !== undefined; at = before.get(at)) way.unshift(at);
    return way.join(" → ");
  });
}

/**
 * Files that import themselves, by way of others: one circle for each file that closes one.
 *
 * @param graph All imports.
 */
export function circles(graph: ImportGraph): string[] {
  const found: string[] = [];
  const done = new Set<string>();
  const way: string[] = [];
  const follow = (path: string) => {
    const at = way.indexOf(path);
    if (at >= 0) return void found.push([...way.slice(at), path].join(" → "));
    if (done.has(path)) return;
    way.push(path);
    for (const to of graph.get(path) ?? []) follow(to);
    way.pop();
    done.add(path);
  };
  for (const path of graph.keys()) follow(path);
  return found;
}

/**
 * Files that are longer than is good, but for those that may be; and of those, the ones that needn't.
 *
 * @param sources All sources.
 * @param most How many lines a file may have.
 * @param allowed Why some files may be longer, by path.
 */
export function tooLong(
  sources: Sources,
  most: number,
  allowed: Readonly<Record<string, string>>,
): string[] {
  const long = [...sources].filter(([, source]) => lines(source) > most).map(([path]) => path);
  return [
    ...long.filter((path) => !Object.hasOwn(allowed, path))
      .map((path) => `${path} has ${lines(sources.get(path)!)} lines`),
    ...Object.keys(allowed).filter((path) => !long.includes(path))
      .map((path) => `${path} isn't that long`),
  ];
}

/**
 * Files that are shorter than most ideas, shortest first.
 *
 * @param sources All sources.
 * @param least How many lines such a file doesn't have.
 */
export function tooShort(sources: Sources, least: number): string[] {
  return [...sources].map(([path, source]) => ({ path, count: lines(source) }))
    .filter(({ count }) => count < least)
    .sort((a, b) => a.count - b.count)
    .map(({ path, count }) => `${path} has ${count} lines`);
}

function lines(source: string): number {
  return source.split("\n").length - 1;
}

/** A room, as the documentation has it. */
export interface NamedRoom {
  /** Its name. */
  readonly name: string;
  /** What the documentation says of it. */
  readonly says: string;
}

/**
 * The rooms in a page's table that follows `<!-- rooms -->`, in its order.
 *
 * @param page The page.
 */
export function namedRooms(page: string): NamedRoom[] {
  const table = page.split("<!-- rooms -->")[1]?.trim().split("\n\n")[0] ?? "";
  const rows = table.matchAll(/^\| `([^`]+)` +\| (.*?) +\|$/gm);
  return Array.from(rows, ([, name, says]) => ({ name: name!, says: says! }));
}

/**
 * The files that a page's section "A record traced" names in its numbered stops, in their order.
 *
 * @param page The page.
 */
export function stopsOf(page: string): string[] {
  const section = page.split("## A record traced\n")[1]?.split("\n## ")[0] ?? "";
  const stops = section.matchAll(/^\d+\. (?:.+\n?(?: +.+\n?)*)/gm);
  return Array.from(stops, ([stop]) => [...stop.matchAll(/`(src\/[^`]+)`/g)])
    .flatMap((files) => files.map(([, path]) => path!));
}

/**
 * What differs between the rooms that there are and those that the documentation names.
 *
 * @param sources All sources.
 * @param named The rooms of the documentation.
 */
export function unnamedRooms(sources: Sources, named: readonly NamedRoom[]): string[] {
  const folders = new Set(
    [...sources.keys()].filter((path) => /^src\/.+\//.test(path)).map(roomOf),
  );
  const names = named.map(({ name }) => name);
  return [
    ...[...folders].filter((room) => !names.includes(room)).map((room) => `${room} has no row`),
    ...names.filter((room, i) => names.indexOf(room) < i).map((room) => `${room} has two rows`),
    ...names.filter((room) => !folders.has(room)).map((room) => `There is no room ${room}`),
    ...named.filter(({ says }) => !/^[A-Z](?:[^.!?]|[.!?]\S)*\.$/.test(says))
      .map(({ name, says }) => `${name} isn't described by one sentence: ${says}`),
  ];
}

function arrows(graph: ImportGraph): [string, string][] {
  return [...graph].flatMap(([from, tos]) => Array.from(tos, (to): [string, string] => [from, to]));
}
