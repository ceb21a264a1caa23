import type { ExportEvent } from "../../export/events.ts";
import type { ProgressState } from "../../report/progress_state.ts";

/** Shows progress somewhere, until it is disposed. */
export interface ProgressView extends Disposable {
  /**
   * Shows what happened.
   *
   * @param event What happened.
   * @param state How far the export is after it.
   */
  show(event: ExportEvent, state: ProgressState): void;
  /**
   * Shows a sentence of the command's own.
   *
   * @param text The sentence.
   */
  say(text: string): void;
}
