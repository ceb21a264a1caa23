import { EXIT, SluiceError } from "../error.ts";
import { printable } from "../text/printable.ts";

/** What somebody noted of a snapshot: values by name. */
export type Labels = Readonly<Record<string, string>>;

/** What a label's name is made of. */
const NAME = /^[A-Za-z0-9][\w.-]{0,62}$/;
/** The longest value, in UTF-16 code units. */
const LONGEST = 256;

/**
 * Whether a text is a label, or the name of one.
 *
 * @param text `name` or `name=value`.
 */
export function isLabel(text: string): boolean {
  const { name, value = "" } = parseLabel(text);
  return NAME.test(name) && isValue(value);
}

/**
 * Whether a snapshot has a label.
 *
 * @param labels The snapshot's labels.
 * @param label `name`, whatever its value is, or `name=value`.
 */
export function hasLabel(labels: Labels, label: string): boolean {
  const { name, value } = parseLabel(label);
  return Object.hasOwn(labels, name) && (value === undefined || labels[name] === value);
}

/**
 * Labels by name, out of the words of a command line.
 *
 * @param words Each is `name=value`; of several of one name, the last one counts.
 * @throws {SluiceError} If one has no value; the exit code is that of usage.
 */
export function labelsOf(words: readonly string[]): Labels {
  return Object.fromEntries(words.map((word) => {
    const { name, value } = parseLabel(word);
    if (value !== undefined) return [name, value];
    throw new SluiceError(
      `A label of a new snapshot is a name and a value, such as reason=upgrade, but is ${
        JSON.stringify(printable(word, 60))
      }.`,
      EXIT.usage,
    );
  }));
}

/**
 * Makes sure that labels can be written and asked for.
 *
 * @param labels The labels.
 * @throws {SluiceError} If they can't; the exit code is that of usage.
 */
export function assertLabels(labels: Labels): void {
  for (const [name, value] of Object.entries(labels)) {
    if (NAME.test(name) && typeof value === "string" && isValue(value)) continue;
    throw new SluiceError(
      "A label's name is made of up to 63 letters, digits and . _ -, and its value of up to " +
        `${LONGEST} characters of one line, but one is ${
          JSON.stringify(printable(`${name}=${value}`, 80))
        }.`,
      EXIT.usage,
    );
  }
}

/**
 * Labels as they are typed: `reason=upgrade`.
 *
 * @param labels The labels.
 */
export function labelWords(labels: Labels): string[] {
  return Object.entries(labels).map(([name, value]) => `${name}=${value}`);
}

function parseLabel(text: string): { readonly name: string; readonly value: string | undefined } {
  const end = text.indexOf("=");
  return end < 0
    ? { name: text, value: undefined }
    : { name: text.slice(0, end), value: text.slice(end + 1) };
}

function isValue(text: string): boolean {
  return text.length <= LONGEST && text.isWellFormed() && !/[\p{Cc}\p{Zl}\p{Zp}]/u.test(text);
}
