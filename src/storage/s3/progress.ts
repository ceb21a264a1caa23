import { printable } from "../../text/printable.ts";
import { StorageError } from "../storage.ts";

/**
 * Sees to it that a listing is of what was asked for, and comes to an end: where a server says that there is more, it must say where it
 * continues, and that must be somewhere else each time. It remembers one place only, which it moves on
 * less and less often, and so notices a circle of any length.
 *
 * @see {@link https://en.wikipedia.org/wiki/Cycle_detection#Brent's_algorithm}
 */
export class S3Progress {
  readonly #address: string;
  #first: string | undefined;
  #remembered: string | undefined;
  #steps = 0;
  #reach = 1;

  /**
   * Begins a listing.
   *
   * @param address What is listed, for error messages.
   */
  constructor(address: string) {
    this.#address = address;
  }

  /**
   * Checks a page that isn't the last one.
   *
   * @param next Where the server says that the listing continues.
   * @param first The page's first entry, if it has any.
   * @return Where the listing continues.
   * @throws {StorageError} If that isn't said, or if the listing was there before.
   */
  goOn(next: string | undefined, first: string | undefined): string {
    if (next === undefined) throw this.#endless("that there is more, but not where it continues");
    if (next === this.#remembered || (first !== undefined && first === this.#first)) {
      throw this.#endless("the same page again and again");
    }
    this.#first = first ?? this.#first;
    if (++this.#steps === this.#reach) {
      this.#remembered = next;
      this.#steps = 0;
      this.#reach *= 2;
    }
    return next;
  }

  /**
   * Checks an entry: it must be one of those that were asked for.
   *
   * @param key The entry's key, or what several have in common.
   * @param prefix What it must begin with.
   * @return The key, beginning so: some servers write letters with marks in another form.
   * @throws {StorageError} If it doesn't begin so. Whoever acted on it would touch other objects.
   */
  within(key: string, prefix: string): string {
    if (key.startsWith(prefix)) return key;
    const [form, start] = [key.normalize("NFC"), prefix.normalize("NFC")];
    if (form.startsWith(start)) return prefix + form.slice(start.length);
    throw this.#endless(`of keys elsewhere, such as ${JSON.stringify(printable(key, 200))}`);
  }

  #endless(what: string): StorageError {
    return new StorageError(
      `Can't list ${this.#address}, because the server says ${what}: check the endpoint, and the ` +
        "version of an S3 server that isn't AWS.",
    );
  }
}
