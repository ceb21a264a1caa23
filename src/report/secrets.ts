import type { TextOutput } from "./text_output.ts";

/** What is shown instead of a secret. */
const REDACTED = "[redacted]";
/** Anything shorter is no secret, and would be found in words that are none. */
const SHORTEST = 8;

/** Keeps secrets out of everything that is printed. */
export class Secrets {
  readonly #spellings = new Set<string>();

  /**
   * Adds a secret, as it is and as it looks in JSON and in a URL.
   *
   * @param secret The secret; `undefined` and what is too short for one are left out.
   */
  add(secret: string | undefined): void {
    if (secret === undefined || secret.length < SHORTEST) return;
    this.#spellings.add(secret);
    this.#spellings.add(JSON.stringify(secret).slice(1, -1));
    this.#spellings.add(encodeURIComponent(secret));
  }

  /**
   * Replaces the secrets in a text.
   *
   * @param text The text.
   */
  redact(text: string): string {
    let redacted = text;
    for (const spelling of this.#spellings) redacted = redacted.replaceAll(spelling, REDACTED);
    return redacted;
  }

  /**
   * An output that never gets a secret.
   *
   * @param output Where the text goes.
   */
  guard(output: TextOutput): TextOutput {
    return { write: (text) => output.write(this.redact(text)) };
  }
}
