import config from "../../deno.json" with { type: "json" };

const TEXT = await Deno.readTextFile(new URL("../../tasks/permissions", import.meta.url));

/** What the tasks that export, the installed command and compiled programs may do, besides using the network. */
export const PERMISSIONS: readonly string[] = TEXT.trim().split("\n");

/** The option by which they have a heap of their own size. */
export const HEAP: string = (await Deno.readTextFile(new URL("../../tasks/heap", import.meta.url)))
  .trim();

/**
 * Whether they may read an environment variable.
 *
 * @param name The variable.
 */
export function mayRead(name: string): boolean {
  const list = PERMISSIONS.find((flag) => flag.startsWith("--allow-env="))!;
  return list.replace("--allow-env=", "").split(",").some((entry) => {
    return entry.endsWith("*") ? name.startsWith(entry.slice(0, -1)) : name === entry;
  });
}

/**
 * What follows `deno` in the last command of a task, as the task's shell expands it.
 *
 * @param task The task.
 */
export function denoArgs(task: keyof typeof config.tasks): string[] {
  const last = config.tasks[task].command.split(" && ").at(-1)!;
  return last.replace("$(cat tasks/permissions)", PERMISSIONS.join(" "))
    .replace("$(cat tasks/heap)", HEAP).split(" ").slice(1);
}
