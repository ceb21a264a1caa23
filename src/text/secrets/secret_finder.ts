import { secretForms } from "./secret_forms.ts";
import { placeOf, unescaped } from "./unescaped.ts";

/** From this length on a secret is found inside of words. */
const SHORTEST = 8;
/** From this length on a piece of a secret is one. */
const PIECE = 12;

/** Where something is in a text: its first character, and the one after its last. */
export type Span = readonly [from: number, to: number];

/**
 * Finds secrets in texts: in all their {@linkcode secretForms}, escaped or not, whole or in pieces of at least
 * twelve characters. A secret of less than eight characters is found only as a word of its own, and one that is
 * an address only as a whole.
 */
export class SecretFinder {
  readonly #pieces = new Set<string>();
  /** Whether a piece may begin with two characters: most of a text isn't looked up. */
  readonly #beginnings = new Uint8Array(1 << 16);
  readonly #wholes: string[] = [];
  readonly #words: RegExp | undefined;

  /**
   * @param secrets The secrets.
   */
  constructor(secrets: Iterable<string>) {
    const words: string[] = [];
    for (const secret of secrets) {
      const isWord = secret.trim().length < SHORTEST;
      // What an address begins with isn't a secret.
      const isWhole = /^[a-z][a-z0-9+.-]*:\/\//i.test(secret.trim());
      for (const form of secretForms(secret)) {
        if (isWord) {
          words.push(form);
          continue;
        }
        // What looks like an escape in a secret is taken for one wherever another character is escaped.
        for (const { text } of unescaped(form)) {
          if (text.length >= PIECE && !isWhole) this.#addPieces(text);
          else if (text.length >= SHORTEST) this.#wholes.push(text);
          else if (text !== form) words.push(text);
        }
      }
    }
    const any = words.toSorted((a, b) => b.length - a.length).map((word) => RegExp.escape(word));
    if (any.length > 0) {
      this.#words = new RegExp(
        `(?<![\\p{L}\\p{N}_/-])(?:${any.join("|")})(?![\\p{L}\\p{N}_/-])`,
        "gu",
      );
    }
  }

  /**
   * The places of secrets in a text, in order; none overlaps or touches another.
   *
   * @param text The text.
   */
  find(text: string): Span[] {
    const spans: Span[] = [];
    for (const view of unescaped(text)) {
      for (const [from, to] of this.#findIn(view.text)) {
        spans.push([placeOf(view, from), placeOf(view, to)]);
      }
    }
    return joined(spans);
  }

  *#findIn(text: string): Generator<Span, void> {
    for (let i = 0; i + PIECE <= text.length; i++) {
      if (this.#beginnings[beginning(text, i)] === 0) continue;
      if (this.#pieces.has(text.slice(i, i + PIECE))) yield [i, i + PIECE];
    }
    for (const whole of this.#wholes) {
      for (let at = text.indexOf(whole); at >= 0; at = text.indexOf(whole, at + 1)) {
        yield [at, at + whole.length];
      }
    }
    if (this.#words === undefined) return;
    for (const { 0: word, index } of text.matchAll(this.#words)) yield [index, index + word.length];
  }

  #addPieces(form: string): void {
    for (let i = 0; i + PIECE <= form.length; i++) {
      this.#pieces.add(form.slice(i, i + PIECE));
      this.#beginnings[beginning(form, i)] = 1;
    }
  }
}

function beginning(text: string, at: number): number {
  return (text.charCodeAt(at) * 257 + text.charCodeAt(at + 1)) & 0xffff;
}

function joined(spans: readonly Span[]): Span[] {
  const all: [number, number][] = [];
  for (const [from, to] of spans.toSorted((a, b) => a[0] - b[0])) {
    const last = all.at(-1);
    if (last !== undefined && from <= last[1]) last[1] = Math.max(last[1], to);
    else all.push([from, to]);
  }
  return all;
}
