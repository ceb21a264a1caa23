import { hashNumber } from "../../text/hash_number.ts";
import { draw, pick } from "../generated/random.ts";
import { type FaultKind, type FaultPlan, type FaultRule, FAULTS } from "./fault_plan.ts";

/** What goes wrong with one answer. */
export interface Fault {
  /** What it is. */
  readonly kind: FaultKind;
  /** How long something takes, in milliseconds. */
  readonly ms: number | undefined;
}

/** The parameter that redirected requests have. */
export const REDIRECTED = "redirected";

/** Decides which requests meet which faults. */
export class Faults {
  readonly #rules: readonly Rule[];
  readonly #seed: number;
  readonly #mostInARow: number;
  /** How many faults in a row requests have met, by method and address. */
  readonly #inARow = new Map<string, number>();

  /**
   * Follows a plan.
   *
   * @param plan The plan.
   * @throws {RangeError} If a probability isn't one, or there is no such fault.
   */
  constructor({ rules, seed = 1, mostInARow = Infinity }: FaultPlan) {
    this.#rules = rules.map((rule) => new Rule(rule));
    this.#seed = seed;
    this.#mostInARow = mostInARow;
  }

  /**
   * The fault that a request meets, if any.
   *
   * @param method The HTTP method.
   * @param url The address.
   * @param kind Whether the request is for the API or for an asset's bytes.
   */
  next(method: string, url: URL, kind: "api" | "asset"): Fault | undefined {
    const redirected = url.searchParams.get(REDIRECTED);
    if (redirected !== null) {
      return redirected === "loop" ? { kind: "redirect-loop", ms: undefined } : undefined;
    }
    const request = `${method} ${url.pathname}${url.search}`;
    const inARow = this.#inARow.get(request) ?? 0;
    // The ids of jobs are new each time: what is drawn must not depend on them.
    const number = hashNumber(request.replace(/(?<=\/job-results\/).*/, ""));
    let fault: Fault | undefined;
    // Every rule counts, also those that aren't asked any more.
    for (const [i, rule] of this.#rules.entries()) {
      if (!rule.counts(method, url, kind) || fault !== undefined || inARow >= this.#mostInARow) {
        continue;
      }
      fault = rule.draw(this.#seed, i, number, number / 2 ** 32, inARow);
    }
    if (fault === undefined) this.#inARow.delete(request);
    else this.#inARow.set(request, inARow + 1);
    return fault;
  }
}

class Rule {
  readonly #rule: FaultRule;
  readonly #kinds: readonly FaultKind[];
  readonly #pattern: URLPattern | undefined;
  #count = 0;

  constructor(rule: FaultRule) {
    const { on, faults, probability = 1 } = rule;
    if (!(probability >= 0 && probability <= 1)) {
      throw new RangeError(`A probability must be from 0 to 1: current value is ${probability}`);
    }
    this.#rule = rule;
    this.#kinds = [faults].flat();
    for (const kind of this.#kinds) {
      if (!Object.hasOwn(FAULTS, kind)) throw new RangeError(`There is no fault ${kind}`);
    }
    if (on !== "api" && on !== "asset") this.#pattern = new URLPattern({ pathname: on });
  }

  /** Whether the rule is about a request, which it counts then. */
  counts(method: string, url: URL, kind: "api" | "asset"): boolean {
    const { on, nth, method: only = method } = this.#rule;
    const applies = this.#pattern ? this.#pattern.test({ pathname: url.pathname }) : on === kind;
    if (!applies || method !== only) return false;
    this.#count++;
    return nth?.includes(this.#count) ?? true;
  }

  /** The fault, if it is drawn. */
  draw(seed: number, ...parts: readonly number[]): Fault | undefined {
    const { probability = 1, ms } = this.#rule;
    if (draw(seed, 0, ...parts) / 2 ** 32 >= probability) return undefined;
    return { kind: pick(this.#kinds, draw(seed, 1, ...parts)), ms };
  }
}
