/**
 * The names that a module exports by name, and the file that each comes from. What it exports with a star isn't
 * found: an entry point has none.
 *
 * @param module The module's URL.
 */
export async function exportedNames(module: URL): Promise<ReadonlyMap<string, URL>> {
  const source = await Deno.readTextFile(module);
  const names = new Map<string, URL>();
  for (const [, list, path] of source.matchAll(/^export (?:type )?\{([^}]*)\} from "(.*)";$/gm)) {
    for (const name of list!.split(",").map((name) => name.trim()).filter(Boolean)) {
      names.set(name.replace(/^type /, ""), new URL(path!, module));
    }
  }
  return names;
}
