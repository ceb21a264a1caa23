import type { Problem } from "../error.ts";

/**
 * How a check ended: `ok`; `warning`, an export works but something should be different; `problem`, an
 * export fails or misses what was asked for; `unknown`, it couldn't be found out.
 */
export type CheckStatus = "ok" | "warning" | "problem" | "unknown";

/** What was checked, and how it is; the code and the facts are those of the problem, if there is one. */
export interface DoctorCheck extends Problem {
  /** What it is about. */
  readonly area: "source" | "destination";
  /** A stable name, as in `token`, `resource:records` or `versioning`. */
  readonly name: string;
  /** How it is. */
  readonly status: CheckStatus;
  /** One sentence. */
  readonly message: string;
  /** The command or policy statement that puts it right, if there is one. */
  readonly fix?: string | undefined;
}
