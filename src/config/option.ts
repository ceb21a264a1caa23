import * as z from "zod";
import type { ExportOptions } from "../export/options.ts";
import type { OpenStorageOptions } from "../storage/open_storage.ts";
import { isDuration } from "../text/duration.ts";

/** What an option of this type is, and so how text becomes its value. */
type KindOf<T> = T extends boolean ? "switch"
  : T extends number ? "number"
  : T extends string ? "text"
  : "list";

/** The parts of a list of options, in its order. */
export const HEADINGS = [
  "Project",
  "Snapshots",
  "Selection",
  "Destination",
  "Assets",
  "Snapshot",
  "Restore",
  "Run",
  "Schedule",
  "Serve",
] as const;

/** All that is known of an option; its key names its flag, its variable and its entry in a file. */
export interface OptionInfo {
  /** The part of a list of options that it belongs to. */
  readonly heading: typeof HEADINGS[number];
  /** What it is: a `switch` has no value on the command line, a `list` is separated by commas. */
  readonly kind: "switch" | "number" | "text" | "list";
  /** Checks its value, and gives its default. */
  readonly schema: z.ZodType;
  /** One letter that stands for it on the command line. */
  readonly alias?: string;
  /** The environment variable. @default {"SLUICE_" and its name, as in SLUICE_ASSET_HOST} */
  readonly env?: string;
  /**
   * How it is written on the command line of one command, which others write for another option.
   *
   * @default {"--" and its name, as in --asset-host}
   */
  readonly ownFlag?: { readonly command: string; readonly name: `--${string}` };
  /** What stands for its value in a list of options. */
  readonly placeholder?: string;
  /** All values that it, or each entry of its list, can have. */
  readonly choices?: readonly string[];
  /** Whether it can be turned off, as a switch can: `--no-assets`. Its value is `false` then. */
  readonly canBeOff?: true;
  /** What a value must be: "… must be …". */
  readonly expects: string;
  /** What it does. */
  readonly help: string;
  /** Whether its value is never shown and never read from a file. */
  readonly secret?: true;
  /** Whether a file can't hold it. */
  readonly notInFile?: true;
  /** What it is the path of, if it can be one: `~` at its start is the home directory. */
  readonly path?: "file" | "directory";
  /** The name of the option whose variable, or entry in a file, counts if this one has neither. */
  readonly orElse?: "to";
  /**
   * Whether an empty variable is an error: an unset secret of a CI would otherwise choose another project,
   * another place or everything.
   */
  readonly neverEmpty?: true;
  /** What its value is among the options of an export. @default Nothing */
  readonly toExport?: (value: never) => Partial<ExportOptions>;
  /** What its value is among the options of S3. @default Nothing */
  readonly toS3?: (value: never) => NonNullable<OpenStorageOptions["s3"]>;
}

/** An option whose kind and library options go with what its schema gives. */
export interface Option<Schema extends z.ZodType> extends OptionInfo {
  readonly kind: KindOf<NonNullable<z.output<Schema>>>;
  readonly schema: Schema;
  readonly toExport?: (value: NonNullable<z.output<Schema>>) => Partial<ExportOptions>;
  readonly toS3?: (
    value: NonNullable<z.output<Schema>>,
  ) => NonNullable<OpenStorageOptions["s3"]>;
}

type Switch = z.ZodDefault<z.ZodBoolean>;

/**
 * The options of one heading.
 *
 * @param heading The heading.
 */
export function under(heading: OptionInfo["heading"]): {
  option<Schema extends z.ZodType>(entry: Omit<Option<Schema>, "heading">): Option<Schema>;
  onOff(
    isOn: boolean,
    entry: Pick<OptionInfo, "help"> & Pick<Option<Switch>, "toExport">,
  ): Option<Switch>;
} {
  return {
    option: (entry) => ({ ...entry, heading }),
    onOff: (isOn, entry) => {
      const schema = z.boolean().default(isOn);
      return { ...entry, heading, kind: "switch", schema, expects: "true or false" };
    },
  };
}

/** Goes into a header: a line break would end it, and anything but ASCII can't be sent. */
export const headerValue: z.ZodString = z.string().regex(/^[\x21-\x7e]+$/);
/** A name without spaces. */
export const name: z.ZodString = z.string().regex(/^\S+$/);
/** Names, at least one. */
export const names: z.ZodArray<z.ZodString> = z.array(name).min(1);
/** A time such as 50s. */
export const duration: z.ZodString = z.string().refine(isDuration);
/** What a {@linkcode duration} must be. */
export const DURATION = "a time with units, such as 50s, 10m or 1h30m";

/**
 * `ndjson or csv`; `text, markdown or html`.
 *
 * @param choices The words.
 */
export function oneOf(choices: readonly string[]): string {
  return `${choices.slice(0, -1).join(", ")} or ${choices.at(-1)}`;
}

/**
 * Whether a text is the address of something that is reached over HTTP, without a query.
 *
 * @param text The text.
 */
export function isHttpUrl(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && /^https?:$/.test(url.protocol) && url.search === "" && url.hash === "";
}
