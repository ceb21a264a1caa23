import { addressSecrets } from "./address_secrets.ts";
import { printableJson } from "../printable.ts";
import { SecretFinder } from "./secret_finder.ts";

/** What is shown instead of a secret. */
const REDACTED = "[redacted]";

/** Where text goes. */
interface Output {
  write(text: string): void;
}

/**
 * Keeps secrets out of everything that Sluice itself says: texts for people, JSON for programs, errors.
 * Content isn't what it says.
 *
 * @example
 * ```ts
 * import { Secrets } from "./secrets.ts";
 *
 * const secrets = new Secrets(["correct horse battery"]);
 * console.assert(secrets.redact("/?key=correct%20horse%20battery") === "/?key=[redacted]");
 * ```
 */
export class Secrets {
  readonly #known = new Set<string>();
  readonly #sources: (() => Iterable<string>)[] = [];
  #finder: SecretFinder | undefined;

  /**
   * Knows some secrets.
   *
   * @param secrets The secrets; `undefined` and blank ones are left out.
   */
  constructor(secrets: Iterable<string | undefined> = []) {
    for (const secret of secrets) this.add(secret);
  }

  /** All secrets that are known, as they were given. */
  get known(): readonly string[] {
    this.#ask();
    return [...this.#known];
  }

  /**
   * Adds a secret.
   *
   * @param secret The secret; `undefined` and what is blank are left out.
   */
  add(secret: string | undefined): void {
    if (secret === undefined || secret.trim() === "" || this.#known.has(secret)) return;
    this.#known.add(secret);
    this.#finder = undefined;
  }

  /**
   * Adds the secrets in an address: the password and the values of its parameters.
   *
   * @param address The address; what isn't one has none.
   */
  addFrom(address: string | undefined): void {
    for (const secret of addressSecrets(address)) this.add(secret);
  }

  /**
   * Asks for secrets that become known later, each time before something is said.
   *
   * @param source Tells those that it knows so far.
   */
  follow(source: () => Iterable<string>): void {
    this.#sources.push(source);
  }

  /**
   * Replaces the secrets in a text.
   *
   * @param text The text.
   */
  redact(text: string): string {
    this.#ask();
    if (this.#known.size === 0) return text;
    this.#finder ??= new SecretFinder(this.#known);
    let redacted = "";
    let end = 0;
    for (const [from, to] of this.#finder.find(text)) {
      redacted += text.slice(end, from) + REDACTED;
      end = to;
    }
    return end === 0 ? text : redacted + text.slice(end);
  }

  /**
   * Replaces the secrets in the texts of a value; keys, numbers and words of Sluice's own stay, so that programs
   * can read it.
   *
   * @param value Something that JSON can hold.
   * @return The value itself if it holds no secrets, else a copy.
   */
  redactValue<T>(value: T): T;
  redactValue(value: unknown): unknown {
    if (typeof value === "string") return this.redact(value);
    if (Array.isArray(value)) {
      const redacted = value.map((each) => this.redactValue(each));
      return redacted.some((each, i) => each !== value[i]) ? redacted : value;
    }
    if (!isPlain(value)) return value;
    const redacted = Object.entries(value).map(([key, inner]) => {
      return [key, isOwnWord(key, inner) ? inner : this.redactValue(inner)] as const;
    });
    return redacted.some(([key, inner]) => inner !== value[key])
      ? Object.fromEntries(redacted)
      : value;
  }

  /**
   * Replaces the secrets in an error's message and stack, in what it holds and in its causes.
   *
   * @param error What was thrown.
   * @return The same error; another one of its name if its message can't be changed.
   */
  redactError(error: unknown): unknown {
    return this.#redactError(error, new Set());
  }

  #redactError(error: unknown, seen: Set<unknown>): unknown {
    if (!(error instanceof Error)) return this.redactValue(error);
    if (seen.has(error)) return error;
    seen.add(error);
    if (error instanceof DOMException) {
      const message = this.redact(error.message);
      return message === error.message ? error : new DOMException(message, error.name);
    }
    for (const key of new Set(["message", "stack", "cause", "errors", ...Object.keys(error)])) {
      const value = Reflect.get(error, key);
      const redacted = Array.isArray(value)
        ? value.map((each) => this.#redactError(each, seen))
        : this.#redactError(value, seen);
      const isSame = Array.isArray(value)
        ? (redacted as unknown[]).every((each, i) => each === value[i])
        : redacted === value;
      if (!isSame) {
        const { enumerable = false } = Object.getOwnPropertyDescriptor(error, key) ?? {};
        const property = { value: redacted, writable: true, configurable: true, enumerable };
        Reflect.defineProperty(error, key, property);
      }
    }
    return error;
  }

  /**
   * An output that never gets a secret. A text that is JSON stays JSON.
   *
   * @param output Where the text goes.
   */
  guard(output: Output): Output {
    return {
      write: (text) => {
        const value = jsonIn(text);
        if (value === undefined) return output.write(this.redact(text));
        const redacted = this.redactValue(value);
        const indent = /^\{\n( +)/.exec(text)?.[1]?.length;
        output.write(redacted === value ? text : `${printableJson(redacted, indent)}\n`);
      },
    };
  }

  #ask(): void {
    for (const source of this.#sources) for (const secret of source()) this.add(secret);
  }
}

function isPlain(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** What a text of JSON says; `undefined` if it isn't one. */
function jsonIn(text: string): object | undefined {
  if (!text.startsWith("{")) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** What stands at these keys is of a few words of Sluice's own, which a short secret may be one of. */
const WORDED = new Set([
  "type",
  "code",
  "status",
  "state",
  "step",
  "outcome",
  "resource",
  "version",
  "area",
  "name",
]);

function isOwnWord(key: string, value: unknown): boolean {
  return WORDED.has(key) && typeof value === "string" &&
    /^[a-z]{1,20}(?:[_:][a-z]{1,20}){0,4}$/.test(value);
}
