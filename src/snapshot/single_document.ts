import { TextLineStream } from "@std/streams/text-line-stream";
import * as z from "zod";
import type { Page, Resource, Version } from "../content/resource.ts";
import { isObject, parseJson } from "../text/json.ts";
import type { SnapshotStatus } from "./manifest.ts";

/** What a single document says of itself first. */
export interface SingleMeta {
  /** The version of the document's form. */
  readonly schemaVersion: 1;
  /** When what is in it was read from the API, in ISO 8601. */
  readonly exportedAt: string;
  /** The project's id. */
  readonly projectId: string;
  /** The environment's id; `null` if the API didn't tell the primary one's. */
  readonly environment: string | null;
  /** Which version of each record is in it. */
  readonly view: Version;
  /** What it was made of: the kind of API, and the snapshot if it was one. */
  readonly source: { readonly kind: string; readonly snapshot?: string | undefined };
  /** Whether the snapshot had all that was asked for. */
  readonly status: SnapshotStatus;
  /** What wrote the document. */
  readonly tool: { readonly name: string; readonly version: string };
}

/** What a single document says last. */
export interface SingleEnd {
  /** How many records are in it. */
  readonly records: number;
  /** How many uploads are in it. */
  readonly uploads: number;
  /** What changed while it was read from the API and may be older or newer than the rest, in a sentence each. */
  readonly changed?: readonly string[] | undefined;
  /** That the document was written to its end. */
  readonly complete: true;
}

/** A part of a single document, in the order in which they come. */
export type SinglePart =
  | { readonly part: "meta"; readonly value: SingleMeta }
  | { readonly part: "project"; readonly value: Resource | null }
  /** Models, each with its fields and fieldsets. */
  | { readonly part: "models"; readonly entries: Page<{ data: Resource; included?: Resource[] }> }
  | { readonly part: "uploads" | "contents"; readonly entries: Page<Resource> }
  | { readonly part: "end"; readonly value: SingleEnd };

/** Options of {@linkcode readSingleDocument}. */
export interface ReadSingleOptions {
  /**
   * Whether an entry's JSON text may be one that is wanted. Others are counted, and not parsed: that takes a fraction
   * of the time. @default {All are}
   */
  readonly may?: ((part: "models" | "uploads" | "contents", text: string) => boolean) | undefined;
  /** Aborts it. */
  readonly signal?: AbortSignal | undefined;
}

const count = z.number().int().nonnegative();
const metaSchema = z.looseObject({
  schemaVersion: z.literal(1),
  exportedAt: z.iso.datetime(),
  projectId: z.string(),
  environment: z.string().nullable(),
  view: z.enum(["current", "published"]),
  source: z.looseObject({ kind: z.string(), snapshot: z.string().optional() }),
  status: z.enum(["complete", "partial"]),
  tool: z.looseObject({ name: z.string(), version: z.string() }),
});
const endSchema = z.looseObject({
  records: count,
  uploads: count,
  changed: z.array(z.string()).optional(),
  complete: z.literal(true),
});

/** Entries in a page. */
const PAGE = 100;
const LISTS = ["models", "uploads", "contents"] as const;
/** The bytes that gzip begins with. */
const GZIP = [0x1f, 0x8b];

/**
 * Reads a single document, compressed or not, page by page: each of its elements is on a line of its own. What was
 * read counts only when `end` has come: a document without it was cut off.
 *
 * @param bytes The document.
 * @param options Which entries are wanted, and what aborts it.
 * @return Its parts in their order; those that are lists come in pages.
 * @throws {SyntaxError} If it isn't a single document, it isn't whole, or its `end` counts others than are in it.
 * @throws The signal's reason.
 *
 * @example
 * ```ts no-eval
 * import { readSingleDocument } from "@sluice/datocms/snapshot";
 *
 * const file = await Deno.open("project.json.gz");
 * for await (const each of readSingleDocument(file.readable)) {
 *   if (each.part === "contents") for (const { id } of each.entries) console.log(id);
 * }
 * ```
 */
export async function* readSingleDocument(
  bytes: ReadableStream<Uint8Array<ArrayBuffer>>,
  { may = () => true, signal }: ReadSingleOptions = {},
): AsyncGenerator<SinglePart, void> {
  const lines = linesOf(bytes);
  try {
    yield { part: "meta", value: await valueOn(lines, '{"meta":', metaSchema) };
    yield { part: "project", value: await valueOn(lines, '"project":', z.any()) };
    const counts = { models: 0, uploads: 0, contents: 0 };
    for (const part of LISTS) {
      const opening = await lineOf(lines);
      if (opening !== `"${part}":[`) throw wrong(`a list of ${part}`);
      const wanted = (text: string) => {
        if (counts[part]++ % PAGE === 0) signal?.throwIfAborted();
        return may(part, text);
      };
      for await (const entries of pagesOf(lines, part, wanted)) {
        yield { part, entries: entries as unknown[] } as SinglePart;
      }
    }
    const end = await valueOn(lines, '"end":', endSchema, "}");
    if (end.records !== counts.contents || end.uploads !== counts.uploads) {
      throw new SyntaxError(
        `The document has ${counts.contents} records and ${counts.uploads} uploads, but its end ` +
          `counts ${end.records} and ${end.uploads}`,
      );
    }
    if (!(await lines.next()).done) throw wrong("nothing after the end");
    yield { part: "end", value: end };
  } finally {
    await lines.return();
  }
}

async function* pagesOf(
  lines: AsyncGenerator<string, void>,
  part: string,
  wanted: (text: string) => boolean,
): AsyncGenerator<JsonEntry[], void> {
  let page: JsonEntry[] = [];
  for (let isLast = false;;) {
    const line = await lineOf(lines);
    if (line === "],") break;
    if (isLast) throw wrong(`the end of the ${part}`);
    isLast = !line.endsWith(",");
    const text = isLast ? line : line.slice(0, -1);
    if (!wanted(text)) continue;
    page.push(parsed(text, `an entry of ${part}`));
    if (page.length < PAGE) continue;
    yield page;
    page = [];
  }
  if (page.length > 0) yield page;
}

type JsonEntry = ReturnType<typeof parsed>;

function parsed(line: string, what: string) {
  const value = jsonOf(line, what);
  if (!isObject(value)) throw wrong(what);
  return value;
}

/** The value of a key that is on a line of its own, with what begins and ends that line. */
async function valueOn<T>(
  lines: AsyncGenerator<string, void>,
  key: string,
  schema: z.ZodType<T>,
  ending = ",",
): Promise<T> {
  const line = await lineOf(lines);
  if (!line.startsWith(key) || !line.endsWith(ending)) throw wrong(key);
  const { data, success } = schema.safeParse(jsonOf(line.slice(key.length, -ending.length), key));
  if (!success) throw wrong(key);
  return data;
}

function jsonOf(line: string, what: string): unknown {
  try {
    return parseJson(line);
  } catch (error) {
    throw wrong(what, error);
  }
}

async function lineOf(lines: AsyncGenerator<string, void>): Promise<string> {
  const { done, value } = await lines.next();
  if (done) throw new SyntaxError("The document has no end: it was cut off");
  return value;
}

function wrong(what: string, cause?: unknown): SyntaxError {
  return new SyntaxError(
    `Expected ${what} in the document, on a line of its own: it was cut off or changed, or isn't one`,
    { cause },
  );
}

async function* linesOf(
  bytes: ReadableStream<Uint8Array<ArrayBuffer>>,
): AsyncGenerator<string, void> {
  const reader = bytes.getReader();
  const first: number[] = [];
  const begun: Uint8Array<ArrayBuffer>[] = [];
  while (first.length < GZIP.length) {
    const { done, value } = await reader.read();
    if (done) break;
    begun.push(value);
    first.push(...value.subarray(0, GZIP.length));
  }
  const isGzip = GZIP.every((byte, i) => first[i] === byte);
  const all = new ReadableStream<Uint8Array<ArrayBuffer>>({
    async pull(controller) {
      const next = begun.shift();
      if (next !== undefined) return controller.enqueue(next);
      const { done, value } = await reader.read();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    cancel: (reason) => reader.cancel(reason),
  });
  const plain = isGzip ? all.pipeThrough(new DecompressionStream("gzip")) : all;
  const text = plain.pipeThrough(new TextDecoderStream("utf-8", { fatal: true }));
  try {
    yield* text.pipeThrough(new TextLineStream());
  } catch (error) {
    // Broken gzip, or broken UTF-8.
    if (!(error instanceof TypeError)) throw error;
    throw new SyntaxError("The document has no end: it was cut off, or changed", { cause: error });
  }
}
