/**
 * Serves generated projects on this machine, for measuring and for trying things out:
 * `deno task serve 8787:20000 8788:200000` serves one of 20,000 records on port 8787 and one of 200,000
 * on port 8788, until `POST /stop` is sent to each.
 *
 * @module
 */
import { generateProject } from "../src/simulator/generated/generated_project.ts";
import { startDemoCma } from "../src/simulator/server.ts";

const running = Deno.args.map((arg) => {
  const [port, records] = arg.split(":").map(Number);
  if (!Number.isSafeInteger(port) || !Number.isSafeInteger(records)) {
    throw new RangeError(
      `Expected PORT:RECORDS, such as 8787:20000, but got ${JSON.stringify(arg)}.`,
    );
  }
  const stopped = Promise.withResolvers<void>();
  const cma = startDemoCma({
    port,
    project: generateProject({ records: records!, uploads: 200, assetBytes: 50_000 }),
    // The real API's limit would be all that is measured.
    rateLimit: { limit: 100_000, windowMs: 3000 },
    onRequest: (request, url) => {
      if (request.method !== "POST" || url.pathname !== "/stop") return undefined;
      stopped.resolve();
      return new Response("Stopping.\n");
    },
  });
  return stopped.promise.then(() => cma.stop());
});
await Promise.all(running);
