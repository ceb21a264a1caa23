/**
 * The exit codes of the `sluice` command.
 *
 * @example
 * ```ts
 * import { EXIT } from "@sluice/datocms";
 *
 * console.assert(EXIT.complete === 0 && EXIT.usage === 2);
 * ```
 */
export const EXIT = {
  /** The snapshot is complete. */
  complete: 0,
  /** The command failed. */
  failed: 1,
  /** The command line or the configuration is wrong, or the API refuses who asks: no retry helps. */
  usage: 2,
  /** The snapshot is complete but for failed assets or a resource that was asked for by name. */
  partial: 3,
  /** Stopped by the time budget; resume it. */
  unfinished: 4,
  /** Cancelled by the user. */
  cancelled: 130,
} as const;

/** One of {@linkcode EXIT}'s values. */
export type ExitCode = typeof EXIT[keyof typeof EXIT];

/** What is known of a problem: what its sentence names, and how many. */
export type Facts = Readonly<Record<string, string | number | boolean | null>>;

/** A problem for programs, beside the sentence for people. */
export interface Problem {
  /** A stable name of what is wrong, such as `time_budget_over`. */
  readonly code?: string | undefined;
  /** What is known of it. */
  readonly facts?: Facts | undefined;
}

/**
 * An error whose message is one sentence for the user: what was expected, what came, where it came
 * from and what to do. It is printed as it is, without a stack trace.
 *
 * The sentence is for whoever calls a function: it names no flag of a command line. Commands add the flag,
 * by the error's code.
 *
 * @example
 * ```ts
 * import { EXIT, SluiceError } from "@sluice/datocms";
 *
 * const error = new SluiceError("concurrency must be at least 1, but is 0.", EXIT.usage);
 * console.assert(error.exitCode === 2);
 * ```
 */
export class SluiceError extends Error {
  /** The error's name. */
  override readonly name: string = "SluiceError";
  /** The exit code that the command ends with. */
  readonly exitCode: ExitCode;
  /** A stable name of what is wrong, if somebody can do something about it. */
  readonly code: string | undefined;
  /** What is known of it. */
  readonly facts: Facts;

  /**
   * Makes the error.
   *
   * @param message One sentence for the user.
   * @param exitCode The exit code that the command ends with.
   * @param options The error's cause, code and facts.
   */
  constructor(
    message: string,
    exitCode: ExitCode = EXIT.failed,
    options: ErrorOptions & Problem = {},
  ) {
    super(message, options);
    this.exitCode = exitCode;
    this.code = options.code;
    this.facts = options.facts ?? {};
  }
}
