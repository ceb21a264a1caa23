import type { Interceptor } from "../server.ts";
import { answerWithFault } from "./answer_with_fault.ts";
import type { FaultPlan } from "./fault_plan.ts";
import { type Fault, Faults } from "./faults.ts";
import { serveBroken } from "./serve_broken.ts";

/**
 * Makes things go wrong with the answers of one server. Its connections are served by hand, so that
 * HTTP can be broken, too.
 *
 * @param plan What goes wrong with which requests.
 * @throws {RangeError} If a probability isn't one, or there is no such fault.
 *
 * @example
 * ```ts
 * import { sampleProject } from "../../demo/sample/sample_project.ts";
 * import { startDemoCma } from "../server.ts";
 * import { injectFaults } from "./inject_faults.ts";
 *
 * await using cma = startDemoCma({
 *   project: sampleProject(),
 *   intercept: injectFaults({ rules: [{ on: "api", faults: "bad-gateway" }] }),
 * });
 * const response = await fetch(`${cma.url}/site`);
 * await response.body?.cancel();
 * console.assert(response.status === 502);
 * ```
 */
export function injectFaults(plan: FaultPlan): Interceptor {
  const faults = new Faults(plan);
  const met = new WeakMap<Request, Fault>();
  return {
    async answer(request, entry, right) {
      const url = new URL(request.url);
      const fault = faults.next(request.method, url, entry.kind);
      if (fault === undefined) return await right();
      entry.fault = fault.kind;
      met.set(request, fault);
      return await answerWithFault(fault, url, right);
    },
    serve(listen, respond) {
      return serveBroken(listen, async (request) => {
        const response = await respond(request);
        return { response, fault: met.get(request) };
      });
    },
  };
}
