import { EXIT, SluiceError } from "../error.ts";
import { shownAddress } from "../text/printable.ts";

/**
 * An export stopped because its time budget was over. Nothing is lost: an export with `resume` continues
 * from there.
 *
 * @example
 * ```ts no-eval
 * import { exportProject, LocalStorage, UnfinishedError } from "@sluice/datocms";
 *
 * const storage = new LocalStorage("./snapshots");
 * try {
 *   await exportProject({
 *     apiToken: Deno.env.get("DATOCMS_API_TOKEN")!,
 *     storage,
 *     resume: true,
 *     timeBudgetMs: 50_000,
 *   });
 * } catch (error) {
 *   if (!(error instanceof UnfinishedError)) throw error;
 *   console.log("to be resumed:", error.snapshot);
 * }
 * ```
 */
export class UnfinishedError extends SluiceError {
  /** The error's name. */
  override readonly name = "UnfinishedError";
  /** The address of the snapshot that isn't complete; `undefined` if none was begun. */
  readonly snapshot: string | undefined;
  /** Whether anything was done that needn't be done again; if not, another try will hardly get further. */
  readonly progressed: boolean;

  /**
   * Says where to continue.
   *
   * @param snapshot The address of the snapshot that isn't complete.
   * @param progressed Whether anything was done that needn't be done again.
   */
  constructor(snapshot?: string, progressed = snapshot !== undefined) {
    super(sentence(snapshot, progressed), EXIT.unfinished, {
      code: snapshot === undefined ? "time_budget_too_short" : "time_budget_over",
      facts: { snapshot: snapshot ?? null, progressed },
    });
    this.snapshot = snapshot;
    this.progressed = progressed;
  }
}

function sentence(snapshot: string | undefined, progressed: boolean): string {
  if (snapshot === undefined) {
    return "The time budget was used up before the export could begin: allow more.";
  }
  return progressed
    ? `The time budget is used up, and the snapshot at ${
      shownAddress(snapshot)
    } isn't complete yet.`
    : `The time budget was used up before anything new was added to the snapshot at ${
      shownAddress(snapshot)
    }.`;
}
