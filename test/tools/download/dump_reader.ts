// A reader of the zip that DatoCMS's content tools take, written from the description of the form alone:
// `datocms-project-dump` version 1. It never looks at how Sluice writes one, and is as strict as it can be.

/** A record of a dump: both versions side by side. */
export interface DumpRecord {
  readonly id: string;
  readonly current: Readonly<Record<string, unknown>>;
  readonly published: Readonly<Record<string, unknown>> | null;
  readonly scheduledPublication: unknown;
  readonly scheduledUnpublishing: unknown;
}

/** A resource in the client's simplified form. */
type Resource = Readonly<Record<string, unknown>> & { readonly id: string };

/** Everything that a dump holds. */
export interface Dump {
  readonly site: Readonly<Record<string, unknown>>;
  readonly workflows: readonly unknown[];
  readonly records: ReadonlyMap<string, DumpRecord>;
  readonly uploads: ReadonlyMap<string, Resource>;
  readonly collections: ReadonlyMap<string, Resource>;
  readonly assets: ReadonlyMap<string, { readonly filename: string; readonly bytes: Uint8Array }>;
  readonly manifest: Readonly<Record<string, unknown>>;
}

const largestEntry = 64 * 1024 * 1024;
const recordKeys = ["current", "id", "published", "scheduledPublication", "scheduledUnpublishing"];

/** Reads a dump's entries, in their order. Throws an Error that says what isn't as the form wants it. */
export function readDump(entries: readonly (readonly [string, Uint8Array])[]): Dump {
  const names = entries.map(([name]) => name);
  if (names.at(-1) !== "manifest.json") {
    throw new Error(`manifest.json has to be the last entry, ${names.at(-1)} is`);
  }
  let schema: Record<string, unknown> | undefined;
  let manifest: Record<string, unknown> = {};
  const numbered = new Map<string, string[]>();
  const records = new Map<string, DumpRecord>();
  const uploads = new Map<string, Resource>();
  const collections = new Map<string, Resource>();
  const assets = new Map<string, { filename: string; bytes: Uint8Array }>();
  for (const [name, bytes] of entries) {
    const asset = /^assets\/([^/]+)\/([^/]+)$/.exec(name);
    const lines = /^(records|uploads|upload-collections)\/(\d{6})\.jsonl$/.exec(name);
    if (asset) {
      const [, id, filename] = asset as unknown as [string, string, string];
      if (assets.has(id)) throw new Error(`upload ${id} has two files`);
      assets.set(id, { filename, bytes });
    } else if (lines) {
      const [, kind, number] = lines as unknown as [string, string, string];
      if (bytes.length > largestEntry) throw new Error(`${name} is larger than 64 MB`);
      numbered.set(kind, [...numbered.get(kind) ?? [], number]);
      for (const line of linesOf(name, bytes)) {
        if (kind === "records") add(records, asRecord(name, line), name);
        else add(kind === "uploads" ? uploads : collections, asResource(name, line), name);
      }
    } else if (name === "schema.json") {
      schema = asObject(name, JSON.parse(text(bytes)));
    } else if (name === "manifest.json") {
      manifest = asObject(name, JSON.parse(text(bytes)));
    } else {
      throw new Error(`${name} has no place in a dump`);
    }
  }
  for (const [kind, numbers] of numbered) {
    const first = Number(numbers[0]);
    if (first > 1 || numbers.some((number, at) => Number(number) !== first + at)) {
      throw new Error(`${kind}/ is numbered ${numbers.join(", ")}`);
    }
  }
  if (!schema) throw new Error("there is no schema.json");
  if (!Array.isArray(schema["workflows"])) throw new Error("schema.json has no list of workflows");
  for (const id of assets.keys()) {
    if (!uploads.has(id)) throw new Error(`assets/${id}/ belongs to no upload`);
  }
  checkManifest(manifest, { records: records.size, uploads: uploads.size });
  return {
    site: asObject("schema.json's site", schema["site"]),
    workflows: schema["workflows"],
    records,
    uploads,
    collections,
    assets,
    manifest,
  };
}

function text(bytes: Uint8Array): string {
  return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
}

function linesOf(name: string, bytes: Uint8Array): unknown[] {
  const whole = text(bytes);
  if (whole !== "" && !whole.endsWith("\n")) throw new Error(`${name}'s last line is cut`);
  return whole.split("\n").slice(0, -1).map((line) => JSON.parse(line));
}

function asObject(name: string, value: unknown): Record<string, unknown> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>;
  }
  throw new Error(`${name} is no object`);
}

function asRecord(name: string, line: unknown): DumpRecord {
  const record = asObject(name, line);
  const keys = Object.keys(record).sort();
  if (keys.join() !== recordKeys.join()) throw new Error(`a line of ${name} has the keys ${keys}`);
  for (const version of [record["current"], record["published"]]) {
    if (version === null && version === record["published"]) continue;
    const { id } = asObject(name, version);
    if (id !== record["id"]) throw new Error(`${name}: ${id} in the line of ${record["id"]}`);
  }
  return record as unknown as DumpRecord;
}

/** A resource in the client's simplified form: what JSON:API calls attributes stands beside the id. */
function asResource(
  name: string,
  value: unknown,
): Resource {
  const resource = asObject(name, value);
  if (typeof resource["id"] !== "string" || resource["id"] === "") {
    throw new Error(`a line of ${name} has no id`);
  }
  if ("attributes" in resource || "relationships" in resource) {
    throw new Error(`${name}: ${resource["id"]} isn't in the client's simplified form`);
  }
  return resource as Resource;
}

function add<T extends { readonly id: string }>(to: Map<string, T>, one: T, name: string): void {
  if (to.has(one.id)) throw new Error(`${name}: ${one.id} is there twice`);
  to.set(one.id, one);
}

/** The manifest names the form and its version somewhere, and counts of records and uploads under their names. */
function checkManifest(
  manifest: Readonly<Record<string, unknown>>,
  found: Readonly<Record<"records" | "uploads", number>>,
): void {
  const values = Object.values(manifest);
  if (!values.includes("datocms-project-dump")) {
    throw new Error("the manifest doesn't name the form");
  }
  if (!values.includes(1)) throw new Error("the manifest doesn't name version 1");
  const told = new Map<string, number>();
  const collect = (value: Readonly<Record<string, unknown>>) => {
    for (const [key, one] of Object.entries(value)) {
      if (typeof one === "number") told.set(key, one);
      else if (typeof one === "object" && one !== null) collect(one as Record<string, unknown>);
    }
  };
  collect(manifest);
  for (const [kind, wanted] of Object.entries(found)) {
    const count = told.get(kind);
    if (count !== wanted) throw new Error(`the manifest has ${count} ${kind}, the dump ${wanted}`);
  }
}
