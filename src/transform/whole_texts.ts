/**
 * Gives texts in one piece, and equal texts as the same one. A text that was put together is kept as its
 * parts, and `JSON.stringify` takes twice the time for a row that has one.
 */
export class WholeTexts {
  readonly #known = new Map<string, string>();

  /**
   * The same text in one piece.
   *
   * @param text The text.
   */
  of(text: string): string {
    let whole = this.#known.get(text);
    if (whole === undefined) {
      // Joining two texts copies them.
      whole = [text.slice(0, 1), text.slice(1)].join("");
      this.#known.set(text, whole);
    }
    return whole;
  }
}
