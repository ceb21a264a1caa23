/** What {@linkcode parseArgs} does with an argument that no option describes; `false` drops it. */
export type UnknownArgument = (
  arg: string,
  key?: string,
  value?: unknown,
) => unknown;

/** Options of {@linkcode parseArgs}. */
export interface ParseOptions<
  Booleans extends string = string,
  Strings extends string = string,
  Collected extends string = string,
  Negatable extends string = string,
  DoubleDash extends boolean | undefined = boolean | undefined,
> {
  /** Whether what follows `--` comes in `"--"` of its own instead of in `_`. @default {false} */
  "--"?: DoubleDash;
  /** Other names of options: whichever is given, all of them are set. @default {{}} */
  alias?: Readonly<Record<string, string | readonly string[]>>;
  /**
   * Options without a value; they are `false` if not given. `true` makes every `--option` without an
   * equals sign such a one.
   *
   * @default {false}
   */
  boolean?: boolean | Booleans | readonly Booleans[];
  /** Values of what isn't given. @default {{}} */
  default?: Readonly<Record<string, unknown>>;
  /** Whether everything after the first argument that isn't an option goes to `_`. @default {false} */
  stopEarly?: boolean;
  /** Options whose values stay text even if they look like numbers; `_` for all others. @default {[]} */
  string?: Strings | readonly Strings[];
  /** Options whose values are collected in a list; of others, the last value counts. @default {[]} */
  collect?: Collected | readonly Collected[];
  /** Options that `--no-OPTION` sets to `false`. @default {[]} */
  negatable?: Negatable | readonly Negatable[];
  /** Asked about arguments that no option describes. @default {(arg) => arg} */
  unknown?: UnknownArgument;
}

/** What {@linkcode parseArgs} returns: the options' values by name, and all other arguments in `_`. */
export type Args<
  Booleans extends string = never,
  Strings extends string = never,
  Collected extends string = never,
  Negatable extends string = never,
  DoubleDash extends boolean | undefined = undefined,
> =
  & Record<string, unknown>
  & { [Name in Exclude<Booleans, Collected>]: boolean }
  & { [Name in Extract<Booleans, Collected>]: boolean[] }
  & {
    [Name in Exclude<Strings, Collected>]?:
      | string
      | NegatedValue<Name, Negatable>;
  }
  & {
    [Name in Extract<Strings, Collected>]:
      | string[]
      | NegatedValue<Name, Negatable>;
  }
  & {
    /** The arguments that are neither an option nor its value. */
    _: (string | number)[];
  }
  & (true extends DoubleDash ? { "--": string[] } : unknown);

type NegatedValue<Name, Negatable> = Name extends Negatable ? false : never;

/**
 * Parses command line arguments, as `jsr:@std/cli/parse-args` does: that package's own tests pass with it.
 * Only the types of values that nobody declared are stricter, `unknown` where they are `any` there.
 *
 * Values that look like numbers become numbers, unless the option is a `string` one. Of a name with dots,
 * such as `--a.b`, each part names an object in the one before.
 *
 * @param args The arguments.
 * @param options Which options there are.
 * @return The options' values, and the other arguments.
 * @throws {TypeError} If an alias is `undefined`.
 *
 * @example
 * ```ts
 * import { parseArgs } from "@std/cli/parse-args";
 *
 * const args = parseArgs(["--to", "42", "--no-color", "export"], {
 *   string: ["to"],
 *   boolean: ["color"],
 *   negatable: ["color"],
 * });
 * console.assert(args.to === "42" && args.color === false && args._[0] === "export");
 * ```
 */
export function parseArgs<
  Booleans extends string = never,
  Strings extends string = never,
  Collected extends string = never,
  Negatable extends string = never,
  DoubleDash extends boolean | undefined = undefined,
>(
  args: string[],
  options: ParseOptions<Booleans, Strings, Collected, Negatable, DoubleDash> = {},
): Args<Booleans, Strings, Collected, Negatable, DoubleDash> {
  const end = args.includes("--") ? args.indexOf("--") : args.length;
  const parser = new Parser(options, args.slice(0, end));
  parser.run();
  const rest = args.slice(end + 1);
  if (options["--"]) parser.values["--"] = rest;
  else parser.positional.push(...rest);
  return parser.values as Args<
    Booleans,
    Strings,
    Collected,
    Negatable,
    DoubleDash
  >;
}

type Value = string | boolean;

/** The state of one call. */
class Parser {
  readonly positional: (string | number)[] = [];
  readonly values: Record<string, unknown> = { _: this.positional };
  readonly #options: ParseOptions;
  readonly #args: readonly string[];
  readonly #aliases = new Map<string, readonly string[]>();
  readonly #booleans: ReadonlySet<string>;
  readonly #strings: ReadonlySet<string>;
  readonly #collected: ReadonlySet<string>;
  readonly #negatable: ReadonlySet<string>;
  #next = 0;

  constructor(options: ParseOptions, args: readonly string[]) {
    this.#options = options;
    this.#args = args;
    for (const [name, others] of Object.entries(options.alias ?? {})) {
      if (others === undefined) {
        throw new TypeError("Alias value must be defined");
      }
      const names = [name, ...[others].flat()];
      for (const each of names) {
        this.#aliases.set(
          each,
          names.filter((other) => other !== each),
        );
      }
    }
    const { boolean = [], string = [], collect = [], negatable = [] } = options;
    this.#booleans = this.#withAliases(
      typeof boolean === "boolean" ? [] : boolean,
    );
    this.#strings = this.#withAliases(string);
    this.#collected = this.#withAliases(collect);
    this.#negatable = this.#withAliases(negatable);
  }

  run(): void {
    const { stopEarly = false, unknown } = this.#options;
    while (this.#next < this.#args.length) {
      const arg = this.#args[this.#next++]!;
      if (/^--./s.test(arg)) this.#long(arg);
      else if (/^-./s.test(arg)) this.#short(arg);
      else {
        if (unknown?.(arg) !== false) {
          this.positional.push(this.#strings.has("_") ? arg : numberIfOne(arg));
        }
        if (stopEarly) {
          this.positional.push(...this.#args.slice(this.#next));
          break;
        }
      }
    }
    this.#fillIn();
  }

  /** `--name`, `--name value`, `--name=value` or `--no-name`. */
  #long(arg: string): void {
    const [, negated = "", name = "", value] = /^--(no-)?(.+?)(?:=(.*))?$/s.exec(arg)!;
    if (value !== undefined) {
      return this.#set(
        name,
        this.#booleans.has(name) ? value !== "false" : value,
        arg,
      );
    }
    if (negated !== "" && this.#negatable.has(name)) {
      return this.#set(name, false, arg, false);
    }
    this.#setFromNext(negated + name, arg, (next) => {
      return this.#options.boolean !== true && !next.startsWith("-");
    });
  }

  /** `-x`, `-x value`, `-x=value`, `-x5`, `-xyz`. */
  #short(arg: string): void {
    const letters = arg.slice(1);
    for (let i = 0; i < letters.length - 1; i++) {
      const letter = letters[i]!;
      const rest = letters.slice(i + 1);
      if (rest === "-") return this.#set(letter, rest, arg);
      const isLetter = /[A-Za-z]/.test(letter);
      const assigned = isLetter
        ? /^=(.*)|=(.+)/s.exec(rest)?.slice(1).find((text) => text !== undefined)
        : undefined;
      if (assigned !== undefined) return this.#set(letter, assigned, arg);
      const isValue = isLetter && /-?\d+(\.\d*)?(e-?\d+)?$/.test(rest);
      // Anything but a letter begins a value, if it isn't the last character.
      if (isValue || (rest.length > 1 && /\W/.test(rest[0]!))) {
        return this.#set(letter, rest, arg);
      }
      this.#set(letter, this.#strings.has(letter) ? "" : true, arg);
    }
    this.#setFromNext(letters.at(-1)!, arg, (next) => !/^--?[^-]/.test(next));
  }

  /** Sets an option that has no value of its own: it may be the next argument. */
  #setFromNext(
    name: string,
    arg: string,
    isValue: (next: string) => boolean,
  ): void {
    const next = this.#args[this.#next];
    const isBoolean = [name, ...this.#aliases.get(name) ?? []].some((one) => {
      return this.#booleans.has(one);
    });
    if (next && !isBoolean && isValue(next)) {
      this.#next++;
      this.#set(name, next, arg);
    } else if (next === "true" || next === "false") {
      this.#next++;
      this.#set(name, next === "true", arg);
    } else this.#set(name, this.#strings.has(name) ? "" : true, arg);
  }

  #set(name: string, given: Value, arg: string, collect = true): void {
    const { boolean, unknown } = this.#options;
    const isKnown = this.#booleans.has(name) || this.#strings.has(name) ||
      this.#collected.has(name) || this.#aliases.has(name) ||
      (boolean === true && /^--[^=]+$/.test(arg));
    if (!isKnown && unknown?.(arg, name, given) === false) return;
    const isText = typeof given !== "string" || this.#strings.has(name);
    const value = isText ? given : numberIfOne(given);
    for (const each of [name, ...this.#aliases.get(name) ?? []]) {
      const [holder, key] = this.#holderOf(each);
      const before = holder[key];
      if (!collect || !this.#collected.has(name)) holder[key] = value;
      else if (Array.isArray(before)) before.push(value);
      else holder[key] = before ? [before, value] : [value];
    }
  }

  /** The object that holds an option's value, and the value's key in there. */
  #holderOf(name: string): readonly [Record<string, unknown>, string] {
    const parts = name.split(".");
    const key = parts.pop()!;
    let holder = this.values;
    for (const part of parts) {
      const inner = Object.hasOwn(holder, part) ? holder[part] : undefined;
      if (isRecord(inner)) holder = inner;
      else {
        const made: Record<string, unknown> = {};
        define(holder, part, made);
        holder = made;
      }
    }
    // What every object inherits isn't there.
    if (!Object.hasOwn(holder, key)) define(holder, key, undefined);
    return [holder, key];
  }

  /** Values of the options that weren't given. */
  #fillIn(): void {
    const missing = (name: string) => {
      let holder: unknown = this.values;
      return !name.split(".").every((part) => {
        if (!isRecord(holder) || !Object.hasOwn(holder, part)) return false;
        holder = holder[part];
        return true;
      });
    };
    const set = (name: string, value: unknown) => {
      const [holder, key] = this.#holderOf(name);
      holder[key] = value;
    };
    for (const [name, value] of Object.entries(this.#options.default ?? {})) {
      if (!missing(name)) continue;
      for (const each of [name, ...this.#aliases.get(name) ?? []]) {
        set(each, value);
      }
    }
    for (const name of this.#booleans) {
      if (missing(name)) set(name, this.#collected.has(name) ? [] : false);
    }
    for (const name of this.#strings) {
      if (missing(name) && this.#collected.has(name)) set(name, []);
    }
  }

  #withAliases(names: string | readonly string[]): ReadonlySet<string> {
    const given = [names].flat().filter((name) => name !== "");
    return new Set(
      given.flatMap((name) => [name, ...this.#aliases.get(name) ?? []]),
    );
  }
}

function numberIfOne(text: string): string | number {
  return /\S/.test(text) && Number.isFinite(Number(text)) ? Number(text) : text;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Sets a property of the object's own, whatever its name: `__proto__` is one like the others. */
function define(holder: Record<string, unknown>, key: string, value: unknown): void {
  Object.defineProperty(holder, key, {
    value,
    writable: true,
    enumerable: true,
    configurable: true,
  });
}
