import { type AssetIndexEntry, readAssetIndex } from "../../assets/asset_index.ts";
import type { Resource } from "../../content/resource.ts";
import { checkedBytes } from "../../snapshot/checked_reading.ts";
import { assetsPrefix } from "../../snapshot/layout.ts";
import { ASSET_FAILURE, type ManifestNote, type Tally } from "../../snapshot/manifest.ts";
import { readJson } from "../../snapshot/read_schema.ts";
import { ObjectNotFoundError } from "../../storage/storage.ts";
import { IdNumbers } from "../../text/id_numbers.ts";
import { isObject } from "../../text/json.ts";
import { printable } from "../../text/printable.ts";
import { safeName } from "../../text/safe_name.ts";
import { VERSION } from "../../version.ts";
import type { ContentFile } from "./contents.ts";
import { entryIn, joinedBytes, linesOf, recordLines, type Schedules } from "./dump_records.ts";
import type { Bytes, OpenedSource } from "./snapshot_source.ts";
import type { ZipEntry } from "./zip.ts";

/** What shapes a dump. */
export interface DumpShape {
  /** Whether asset files are in the dump. @default {Whether the snapshot has them} */
  readonly assets?: boolean | undefined;
  /** How large a file of lines gets, in bytes, before the next one is begun. @default {64 MiB} */
  readonly fileBytes?: number | undefined;
}

/** Lines are put together to pieces of this size (bytes): each one costs a compressor some time. */
const PIECE = 64 * 1024;
const FILE_BYTES = 64 * 1024 * 1024;
/** Notes of one kind that are kept. */
const MOST_NOTES = 1000;
/** From this size on, a file may need the larger form in a zip (bytes). */
const LARGE = 0xff000000;
const ENCODER = new TextEncoder();

/** The entries of a dump, and what was counted while they were read. */
export class DumpEntries {
  /** How many lines there are of each kind. */
  readonly counts = { records: 0, uploads: 0, uploadCollections: 0 };
  /** The asset files. */
  assets: Tally = { count: 0, bytes: 0 };
  readonly #missing: ManifestNote[] = [];
  readonly #more = new Map<string, number>();
  readonly #opened: OpenedSource;
  readonly #options: DumpShape;
  readonly #uploadIds = new IdNumbers();
  /** What the files of uploads are named after, by the uploads' numbers. */
  readonly #filenames: string[] = [];

  /**
   * @param opened The snapshot.
   * @param options What is in the dump.
   */
  constructor(opened: OpenedSource, options: DumpShape) {
    this.#opened = opened;
    this.#options = options;
  }

  /** What a dump of the project would have, but the snapshot doesn't. */
  get missing(): ManifestNote[] {
    const more = [...this.#more].filter(([, count]) => count > MOST_NOTES).map(([code, count]) => {
      return { code, message: `There are ${count - MOST_NOTES} more of these.` };
    });
    return [...this.#missing, ...more];
  }

  /**
   * The entries in their order; each has to be read before the next one.
   *
   * @throws {SluiceError} If something isn't as it was sealed.
   * @throws {StorageError} If something can't be read.
   */
  async *entries(): AsyncGenerator<ZipEntry, void> {
    const { source, manifest, schema: { models } } = this.#opened;
    // What failed in the export is missing here, too; each asset file is named when it is looked for.
    for (const { code, message } of manifest?.failures ?? []) {
      if (!code.startsWith(ASSET_FAILURE)) this.#addMissing(code, message);
    }
    const workflows = await this.#workflows();
    const usesWorkflows = models.some(({ relationships }) => relationships?.workflow?.data);
    if (usesWorkflows && workflows.length === 0) this.#addSkipped("workflows");
    const site = await readJson(source, `${source.found.prefix}/site.json`, source.signal);
    yield file("schema.json", JSON.stringify({ site, workflows: workflows.map(simplified) }));
    yield* this.#lines("records", "records", this.#records());
    yield* this.#lines("uploads", "uploads", this.#uploads());
    yield* this.#lines("upload-collections", "uploadCollections", this.#collections());
    const hasAssets = this.#options.assets !== false && await this.#hasAssets();
    if (hasAssets) yield* this.#assetFiles();
    const { attributes, id } = (site as { data: Resource }).data;
    const { environment = undefined } = manifest ?? {};
    const described = {
      format: "datocms-project-dump",
      version: 1,
      createdAt: source.readAt.toISOString(),
      pluginVersion: `sluice@${VERSION}`,
      site: {
        id,
        environment: environment?.id ?? source.found.environment ?? "main",
        primary: environment?.primary ?? source.found.environment === undefined,
      },
      locales: attributes?.locales,
      includesAssets: hasAssets,
      counts: this.counts,
    };
    yield file("manifest.json", `${JSON.stringify(described, null, 2)}\n`);
  }

  /** Files of lines in a folder, as many as their size asks for. */
  async *#lines(
    folder: string,
    kind: keyof DumpEntries["counts"],
    lines: AsyncGenerator<Bytes, void>,
  ): AsyncGenerator<ZipEntry, void> {
    const { fileBytes = FILE_BYTES } = this.#options;
    const { counts } = this;
    let held = await lines.next();
    async function* fileOfLines(): AsyncGenerator<Bytes, void> {
      let size = 0;
      let pieces: Bytes[] = [];
      let waiting = 0;
      while (!held.done && (size === 0 || size + held.value.length <= fileBytes)) {
        const line = held.value;
        size += line.length;
        waiting += line.length;
        pieces.push(line);
        counts[kind]++;
        if (waiting >= PIECE) {
          yield joinedBytes(pieces);
          pieces = [];
          waiting = 0;
        }
        held = await lines.next();
      }
      if (pieces.length > 0) yield joinedBytes(pieces);
    }
    try {
      for (let number = 1; !held.done; number++) {
        const name = `${folder}/${String(number).padStart(6, "0")}.jsonl`;
        yield { name, bytes: fileOfLines(), isCompressed: true };
      }
    } finally {
      await lines.return();
    }
  }

  async *#records(): AsyncGenerator<Bytes, void> {
    const { manifest, schema: { models } } = this.#opened;
    const schedules = await this.#schedules();
    const onMissing = (code: string, message: string) => this.#addMissing(code, message);
    for (const { attributes: { api_key: key } } of models) {
      const all = manifest?.records ?? {};
      const has = Object.hasOwn(all, key) ? all[key] : undefined;
      if (manifest !== undefined && has?.current === undefined) {
        this.#addMissing(
          "records_skipped",
          `The snapshot was exported without the records of ${key}.`,
        );
        continue;
      }
      yield* recordLines(this.#opened, key, { ...schedules, onMissing });
    }
  }

  async *#uploads(): AsyncGenerator<Bytes, void> {
    const { source, batches, manifest } = this.#opened;
    const own = batches.folders.get("uploads") ?? [];
    if (manifest !== undefined && isSkipped(manifest.resources.uploads)) {
      this.#addSkipped("uploads");
    }
    for (const { path } of own) {
      for await (const line of linesOf(source.lines(path))) {
        const upload = entryIn(line, path) as unknown as Resource;
        const { filename } = upload.attributes ?? {};
        if (typeof filename === "string") {
          this.#filenames[this.#uploadIds.add(upload.id)] = filename;
        }
        yield ENCODER.encode(`${JSON.stringify(simplified(upload))}\n`);
      }
    }
  }

  async *#collections(): AsyncGenerator<Bytes, void> {
    const collections = await this.#opened.source.data("settings/upload_collections.json");
    if (collections === undefined) this.#addSkipped("upload_collections");
    for (const collection of resourcesIn(collections)) {
      yield ENCODER.encode(`${JSON.stringify(simplified(collection))}\n`);
    }
  }

  async #schedules(): Promise<{ publications: Schedules; unpublishings: Schedules }> {
    const all = resourcesIn(await this.#opened.source.data("settings/schedules.json"));
    const byRecord = (wanted: string): Schedules =>
      new Map(
        all.filter(({ type }) => type === wanted).map((schedule) => {
          const record = schedule.relationships?.item?.data;
          return [isObject(record) ? String(record.id) : "", schedule];
        }),
      );
    return {
      publications: byRecord("scheduled_publication"),
      unpublishings: byRecord("scheduled_unpublishing"),
    };
  }

  async #workflows(): Promise<Resource[]> {
    const { source } = this.#opened;
    const workflows: Resource[] = [];
    for await (const page of source.list(`${source.found.prefix}/workflows/`)) {
      for (const { key } of page) {
        const data = await source.data(key.slice(source.found.prefix.length + 1));
        workflows.push(...resourcesIn([data]));
      }
    }
    return workflows;
  }

  async #hasAssets(): Promise<boolean> {
    const { source, manifest } = this.#opened;
    if (manifest !== undefined) return manifest.assets !== undefined;
    const prefix = `${assetsPrefix(source.found.project)}/`;
    for await (const page of source.storage.list(prefix, { signal: source.signal })) {
      if (page.length > 0) return true;
    }
    return false;
  }

  async *#assetFiles(): AsyncGenerator<ZipEntry, void> {
    for await (const { upload_id: id, key, size, md5, outcome, reason } of this.#assetList()) {
      this.#opened.source.signal.throwIfAborted();
      const filename = this.#filenames[this.#uploadIds.numberOf(id) ?? -1];
      if (size === null || md5 === null || filename === undefined) {
        // What DatoCMS itself doesn't serve no dump could have.
        if (outcome !== "withdrawn" && outcome !== "not_served") {
          this.#addMissingAsset(id, reason ?? "the snapshot doesn't have it");
        }
        continue;
      }
      yield* this.#assetFile(id, filename, key, { size, algorithm: "md5", digest: md5 });
    }
  }

  async *#assetFile(
    id: string,
    filename: string,
    key: string,
    expected: Omit<ContentFile, "key">,
  ): AsyncGenerator<ZipEntry, void> {
    const { source, source: { storage, signal } } = this.#opened;
    const body = await storage.get(key, { signal }).catch((error) => {
      if (!(error instanceof ObjectNotFoundError)) throw error;
      this.#addMissingAsset(id, "the file isn't there");
      return undefined;
    });
    if (body === undefined) return;
    let isLeftOut = false;
    yield {
      name: `assets/${segment(id)}/${segment(filename)}`,
      bytes: source.counted(
        checkedBytes(body, expected, (what) => new DamagedAssetError(what)),
      ),
      isLarge: expected.size >= LARGE,
      isLeftOut: (error) => {
        if (!(error instanceof DamagedAssetError)) return false;
        this.#addMissingAsset(id, error.message);
        isLeftOut = true;
        return true;
      },
    };
    if (isLeftOut) return;
    const { count, bytes } = this.assets;
    this.assets = { count: count + 1, bytes: bytes + expected.size };
  }

  async *#assetList(): AsyncGenerator<AssetIndexEntry, void> {
    const { source, batches, manifest } = this.#opened;
    const prefix = assetsPrefix(source.found.project);
    if (manifest?.assets !== undefined) {
      const key = `${source.found.prefix}/${manifest.assets.index}`;
      for await (const page of readAssetIndex(source, key, prefix, source.signal)) yield* page;
      return;
    }
    // No list says where files are: the uploads do.
    for (const batch of batches.folders.get("uploads") ?? []) {
      for await (const line of linesOf(source.lines(batch.path))) {
        const { id, attributes } = entryIn(line, batch.path) as unknown as Resource;
        const { filename, path, size, md5 } = attributes ?? {};
        if (typeof filename !== "string") continue;
        const isKnown = typeof path === "string" && typeof md5 === "string" &&
          typeof size === "number";
        const name = isKnown ? path.slice(path.lastIndexOf("/") + 1) : "";
        const file = isKnown ? { size, md5: md5.toLowerCase() } : { size: null, md5: null };
        yield { upload_id: id, key: `${prefix}/${safeName(name)}`, ...file };
      }
    }
  }

  #addMissingAsset(id: string, why: string): void {
    this.#addMissing(
      ASSET_FAILURE,
      `The file of upload ${printable(id, 60)} is left out: ${printable(why, 200)}.`,
    );
  }

  #addSkipped(resource: string): void {
    const tally = this.#opened.manifest?.resources[resource];
    const why = isSkipped(tally) ? `: ${printable(tally.skipped.replace(/\.$/, ""))}` : "";
    this.#addMissing("resource_skipped", `The snapshot doesn't have ${resource}${why}.`);
  }

  #addMissing(code: string, message: string): void {
    const count = (this.#more.get(code) ?? 0) + 1;
    this.#more.set(code, count);
    if (count <= MOST_NOTES) this.#missing.push({ code, message });
  }
}

/** An asset file isn't what it was when the snapshot was sealed. */
class DamagedAssetError extends Error {}

function isSkipped(tally: unknown): tally is { skipped: string } {
  return isObject(tally) && typeof tally.skipped === "string";
}

function file(name: string, text: string): ZipEntry {
  return { name, bytes: ReadableStream.from([ENCODER.encode(text)]), isCompressed: true };
}

/** A resource in the form in which DatoCMS's client gives it: without the levels of JSON:API. */
function simplified({ id, type, attributes, relationships, meta }: Resource): object {
  const related = Object.entries(relationships ?? {}).map(([name, value]) => [name, value?.data]);
  return {
    id,
    type,
    ...attributes,
    ...Object.fromEntries(related),
    ...(meta !== undefined && { meta }),
  };
}

function resourcesIn(data: unknown): Resource[] {
  const all: readonly unknown[] = Array.isArray(data) ? data : [];
  return all.filter((each) => isObject(each) && typeof each.id === "string") as Resource[];
}

/** A name as one segment of a path; programs that read dumps look for it by the same rule. */
function segment(name: string): string {
  const safe = name.replace(/[/\\]/g, "_").toWellFormed();
  return /^\.{0,2}$/.test(safe) ? `_${safe}` : safe;
}
