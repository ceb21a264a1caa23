import type { Page } from "../content/resource.ts";
import type { Storage } from "../storage/storage.ts";
import { parseJson } from "../text/json.ts";
import { readText } from "./read_text.ts";

/** Entries in a page that is read back. */
const PAGE = 100;
/** No entry is longer than this (UTF-16 units): no record of the API is half as large. */
const LONGEST = 64 * 1024 * 1024;

/**
 * Reads a batch of the form `{ "data": [ … ] }` in pages, whoever wrote it: however its text is divided into
 * lines, no more than a page of it is in memory.
 *
 * @param storage Where the batch is.
 * @param key The batch's key.
 * @param signal Aborts the reading.
 * @throws {ObjectNotFoundError} If there is no such batch.
 * @throws {SyntaxError} If it isn't of this form.
 * @throws {TypeError} If it isn't UTF-8.
 * @throws The signal's reason.
 */
export async function* dataEntries<T>(
  storage: Pick<Storage, "get">,
  key: string,
  signal?: AbortSignal,
): AsyncGenerator<Page<T>, void> {
  const bytes = await readText(storage, key, signal);
  const scanner = new DataScanner();
  let page: T[] = [];
  for await (const text of bytes.pipeThrough(new TextDecoderStream("utf-8", { fatal: true }))) {
    for (const entry of scanner.scan(text)) {
      page.push(parseJson(entry) as T);
      if (page.length < PAGE) continue;
      yield page;
      // What is read already may hold many more pages.
      signal?.throwIfAborted();
      page = [];
    }
    if (scanner.isWrong) break;
  }
  if (scanner.isWrong || !scanner.isEnded) {
    throw new SyntaxError(`Expected {"data": [...]} with a list of objects in ${key}`);
  }
  if (page.length > 0) yield page;
}

const [QUOTE, BACKSLASH, COMMA, COLON] = [0x22, 0x5c, 0x2c, 0x3a];
const [OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = [0x5b, 0x5d, 0x7b, 0x7d];

/** Finds the texts of the objects in the list `data` of an object. */
export class DataScanner {
  /** Whether the text isn't of this form, as far as it was scanned. */
  isWrong = false;
  /** Where the entry began that was found last: how many characters were scanned before it. */
  entryStart = 0;
  /** How many characters were scanned before the text at hand. */
  #before = 0;
  /** How many objects and lists are open. */
  #depth = 0;
  #isInText = false;
  #isEscaped = false;
  /** The last text of the outermost object, as it is written. */
  #name = "";
  /** Whether the outermost object's list `data` is open, or was. */
  #data: "before" | "in" | "after" = "before";
  /** Whether that name was a key whose value comes next. */
  #isKey = false;
  /** What was scanned of an entry. */
  #entry = "";

  /** Whether the outermost object was there, to its end. */
  get isEnded(): boolean {
    return this.#data === "after" && this.#depth === 0;
  }

  /**
   * Scans some more text.
   *
   * @param text The text.
   */
  *scan(text: string): Generator<string, void> {
    // Where the entry begins, or continues, that is being scanned.
    let start = this.#isInEntry ? 0 : -1;
    for (let at = 0; at < text.length; at++) {
      const code = text.charCodeAt(at);
      if (this.#isInText) {
        this.#text(code, text[at]!);
        continue;
      }
      if (code <= 0x20) continue;
      const wasInEntry = this.#isInEntry;
      this.#step(code);
      if (this.isWrong) return;
      if (!wasInEntry && this.#isInEntry) start = at;
      if (!wasInEntry || this.#isInEntry) continue;
      this.entryStart = this.#before + start - this.#entry.length;
      yield this.#entry + text.slice(start, at + 1);
      this.#entry = "";
      start = -1;
    }
    this.#before += text.length;
    if (start < 0) return;
    this.#entry += text.slice(start);
    if (this.#entry.length > LONGEST) this.isWrong = true;
  }

  get #isInEntry(): boolean {
    return this.#data === "in" && this.#depth > 2;
  }

  #text(code: number, letter: string): void {
    if (this.#isEscaped) this.#isEscaped = false;
    else if (code === BACKSLASH) this.#isEscaped = true;
    else if (code === QUOTE) {
      this.#isInText = false;
      return;
    }
    if (this.#depth === 1 && this.#name.length < 8) this.#name += letter;
  }

  #step(code: number): void {
    if (this.#data === "in" && this.#depth === 2) {
      if (code !== OPEN_OBJECT && code !== CLOSE_LIST && code !== COMMA) this.isWrong = true;
    }
    if (this.#depth === 0 && (code !== OPEN_OBJECT || this.#data === "after")) this.isWrong = true;
    if (code === QUOTE) {
      this.#isInText = true;
      if (this.#depth === 1) this.#name = "";
    } else if (code === OPEN_OBJECT || code === OPEN_LIST) {
      const isData = this.#depth === 1 && this.#isKey && this.#name === "data";
      if (isData && this.#data === "before") {
        if (code === OPEN_LIST) this.#data = "in";
        else this.isWrong = true;
      }
      this.#depth++;
    } else if (code === CLOSE_OBJECT || code === CLOSE_LIST) {
      this.#depth--;
      if (this.#data === "in" && this.#depth === 1) this.#data = "after";
    }
    if (this.#depth === 1) this.#isKey = code === COLON;
  }
}
