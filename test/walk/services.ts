import type { World } from "./world.ts";

/** Commands that run until they are stopped. */
export const SERVICES: readonly {
  /** What such a command has in it. */
  readonly begins: string;
  /** Whether it works, by what it wrote so far. */
  readonly isReady: (output: string, world: World) => Promise<boolean>;
}[] = [
  {
    begins: "deno task serve",
    isReady: (_, world) => answers(world.real("http://127.0.0.1:8787/")),
  },
  {
    begins: "deno task cron",
    isReady: (_, world) => answers(world.real("http://127.0.0.1:8000/healthz")),
  },
  {
    // Its address is the one that is listened at if nothing else is said: the page's tokens are for it.
    begins: "deno task sluice serve --listen",
    isReady: (_, world) => answers(world.real("http://127.0.0.1:8080/healthz")),
  },
  {
    begins: "sluice schedule --every",
    isReady: (output) => Promise.resolve(/waiting|complete/.test(output)),
  },
];

async function answers(url: string): Promise<boolean> {
  try {
    await (await fetch(url)).body?.cancel();
    return true;
  } catch {
    return false;
  }
}
