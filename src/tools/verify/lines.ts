/** What came of a text's lines. */
export interface Lines {
  /** How many entries were in them. */
  readonly entries: number | undefined;
  /** What was wrong first; `undefined` if nothing was. */
  readonly unparsable: string | undefined;
}

/** No line, and no text that is read whole, is longer than this in UTF-16 units: no record is half as large. */
export const LONGEST_TEXT: number = 64 * 1024 * 1024;

/**
 * Takes pieces of a text apart into lines, each of which is parsed as soon as it is there.
 *
 * @example
 * ```ts
 * import { LineParser } from "./lines.ts";
 *
 * const lines = new LineParser((line) => JSON.parse(line).length);
 * lines.push(new TextEncoder().encode('["a","b"]\n'));
 * console.assert(lines.end().entries === 2);
 * ```
 */
export class LineParser {
  readonly #parse: (line: string) => number;
  #decoder = new TextDecoder("utf-8", { fatal: true });
  /** The pieces of the line that isn't whole yet, and their length. */
  #rest: string[] = [];
  #restLength = 0;
  #lines = 0;
  #entries = 0;
  /** What is wrong first, and in how many more lines something is. */
  #unparsable: string | undefined;
  #more = 0;
  #isGivenUp = false;

  /**
   * @param parse Takes a line without its end, and says how many entries are in it.
   */
  constructor(parse: (line: string) => number) {
    this.#parse = parse;
  }

  /** Takes the next piece. */
  push(chunk: Uint8Array<ArrayBuffer>): void {
    if (this.#isGivenUp) return;
    const text = this.#decode(chunk);
    let start = 0;
    for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n", start)) {
      const line = text.slice(start, end);
      start = end + 1;
      this.#take(this.#rest.length === 0 ? line : this.#rest.join("") + line);
      if (this.#rest.length > 0) this.#rest = [];
      this.#restLength = 0;
    }
    if (start === text.length) return;
    this.#rest.push(text.slice(start));
    this.#restLength += text.length - start;
    this.#isGivenUp = this.#restLength > LONGEST_TEXT;
  }

  /** What came of the lines, when all pieces were taken. */
  end(): Lines {
    const hasRest = this.#rest.length > 0 || this.#decode() !== "";
    if (hasRest) this.#note(`line ${this.#lines + 1} has no end`);
    const more = this.#more === 0 ? "" : `, nor are ${this.#more} more lines`;
    const unparsable = this.#unparsable === undefined ? undefined : this.#unparsable + more;
    return { entries: this.#entries, unparsable };
  }

  #take(line: string): void {
    this.#lines++;
    try {
      this.#entries += this.#parse(line);
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      if (this.#unparsable !== undefined) this.#more++;
      this.#note(`line ${this.#lines} isn't JSON`);
    }
  }

  #decode(chunk?: Uint8Array<ArrayBuffer>): string {
    try {
      return this.#decoder.decode(chunk, { stream: chunk !== undefined });
    } catch {
      this.#note(`it isn't UTF-8 after line ${this.#lines}`);
      // The other lines may be whole.
      this.#decoder = new TextDecoder("utf-8");
      return this.#decoder.decode(chunk, { stream: chunk !== undefined });
    }
  }

  #note(what: string): void {
    this.#unparsable ??= what;
  }
}
