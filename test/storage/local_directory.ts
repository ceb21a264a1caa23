import { join } from "node:path";

/** A directory of its own for a test, removed afterwards. */
export async function temporaryDirectory(): Promise<{ path: string } & AsyncDisposable> {
  const path = await Deno.realPath(await Deno.makeTempDir({ prefix: "sluice-test-" }));
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}

/** Everything in a directory that isn't a file with a name of its own. */
export async function leftoversIn(root: string, base = ""): Promise<string[]> {
  const found: string[] = [];
  const entries = await Array.fromAsync(Deno.readDir(join(root, base)))
    .catch((error) => error instanceof Deno.errors.NotFound ? [] : Promise.reject(error));
  if (entries.length === 0 && base !== "") found.push(base);
  for (const entry of entries) {
    if (entry.isDirectory) found.push(...await leftoversIn(root, `${base}${entry.name}/`));
    else if (entry.name.startsWith(".sluice-")) found.push(base + entry.name);
  }
  return found;
}

/** Replaces a method until disposed. */
export function patch<T extends object, K extends keyof T>(
  target: T,
  name: K,
  method: T[K],
): Disposable {
  const original = target[name];
  target[name] = method;
  return {
    [Symbol.dispose]() {
      target[name] = original;
    },
  };
}
