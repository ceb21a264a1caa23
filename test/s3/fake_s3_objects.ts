import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import type { FakeS3Options } from "./fake_s3.ts";

/** A request as S3 understands it. */
export interface FakeS3Request {
  readonly operation: string;
  readonly bucket: string;
  readonly key: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** What S3 answers. */
export interface FakeS3Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** An object that is kept. */
export interface FakeObject {
  readonly bytes: Buffer;
  readonly etag: string;
  readonly modifiedAt: Date;
  /** The headers that S3 keeps, metadata included. */
  readonly kept: Readonly<Record<string, string>>;
}

/** An upload that isn't completed. */
export interface FakeUpload {
  readonly key: string;
  readonly kept: Readonly<Record<string, string>>;
  startedAt: Date;
  /** The algorithm of the parts' checksums, which are refused if it wasn't named. */
  readonly checksum?: string | undefined;
  readonly parts: Map<
    number,
    { readonly bytes: Buffer; readonly etag: string; readonly crc32: string | undefined }
  >;
}

/** An error as S3 answers it. */
export class FakeS3Error extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly headers: Readonly<Record<string, string>> = {},
    readonly details = "",
    message = "a fake's",
  ) {
    super(message);
  }

  toAnswer(): FakeS3Answer {
    const inner = `<Code>${this.code}</Code><Message>${this.message}</Message>${this.details}`;
    return xml(`<Error>${inner}</Error>`, this.status, this.headers);
  }
}

const MIN_PART = 5 * 1024 * 1024;
const KEPT =
  /^(content-type|content-disposition|x-amz-meta-.*|x-amz-storage-class|x-amz-server-side.*)$/;

/** What a fake S3 keeps in its bucket `bucket`, and how it answers. */
export class FakeS3Objects {
  /** The objects by key. */
  readonly all = new Map<string, FakeObject>();
  /** The bucket's settings, as XML or an error, by `setting:acl`; others aren't implemented. */
  readonly settings = new Map<string, string | FakeS3Error>();
  /** The unfinished uploads by id. */
  readonly uploads = new Map<string, FakeUpload>();
  /** How far the server's clock is ahead, in milliseconds. */
  aheadMs = 0;
  readonly #options: FakeS3Options;
  #count = 0;

  constructor(options: FakeS3Options) {
    this.#options = options;
  }

  /** The time by the server's clock. */
  now(): Date {
    return new Date(Date.now() + this.aheadMs);
  }

  /** Does what is asked. */
  answer(asked: FakeS3Request): FakeS3Answer {
    const request = { ...asked, key: this.#form(asked.key) };
    assertSigned(request, this.#options.accessKeyId);
    assertIntact(request);
    if (this.#options.objectLock) assertChecksum(request);
    if (this.#options.refusesChecksums) assertNoChecksum(request);
    if (request.bucket !== "bucket") throw new FakeS3Error(404, "NoSuchBucket");
    switch (request.operation) {
      case "PutObject":
        return this.#put(request);
      case "GetObject":
      case "HeadObject":
        return this.#get(request);
      case "DeleteObjects":
        return this.#deleteAll(request);
      case "DeleteObject":
        if (this.#options.deletes === "none") throw new FakeS3Error(403, "AccessDenied");
        this.all.delete(request.key);
        return { status: 204, headers: {}, body: Buffer.alloc(0) };
      case "ListObjectsV2":
        return this.#list(request);
      case "CreateMultipartUpload":
        return this.#create(request);
      case "UploadPart":
        return this.#uploadPart(request);
      case "CompleteMultipartUpload":
        return this.#complete(request);
      case "AbortMultipartUpload":
        this.#upload(request);
        this.uploads.delete(request.query.get("uploadId") ?? "");
        return { status: 204, headers: {}, body: Buffer.alloc(0) };
      case "ListParts":
        this.#upload(request);
        return xml("<ListPartsResult/>");
      case "ListMultipartUploads":
        return this.#listUploads(request);
      default:
        return this.#setting(request.operation);
    }
  }

  #setting(operation: string): FakeS3Answer {
    const setting = this.settings.get(operation) ?? new FakeS3Error(501, "NotImplemented");
    if (setting instanceof FakeS3Error) throw setting;
    if (!setting.startsWith("{")) return xml(setting);
    return { status: 200, headers: {}, body: Buffer.from(setting) };
  }

  #put({ key, headers, body }: FakeS3Request): FakeS3Answer {
    this.#assertCondition(key, headers, "puts");
    const etag = `"${this.#etagOf(body)}"`;
    this.all.set(key, { bytes: body, etag, modifiedAt: this.now(), kept: keptOf(headers) });
    return { status: 200, headers: { etag }, body: Buffer.alloc(0) };
  }

  #get({ key, headers: { range, "if-match": match } }: FakeS3Request): FakeS3Answer {
    const object = this.all.get(key);
    if (object === undefined) throw new FakeS3Error(404, "NoSuchKey");
    const { bytes, etag, modifiedAt, kept } = object;
    if (match !== undefined && match !== etag) throw new FakeS3Error(412, "PreconditionFailed");
    const headers = { ...kept, etag, "last-modified": modifiedAt.toUTCString() };
    const [, from, last] = /^bytes=(\d+)-(\d*)$/.exec(range ?? "") ?? [];
    if (from === undefined || this.#options.ignoresRanges) {
      return { status: 200, headers, body: bytes };
    }
    if (Number(from) >= bytes.length) throw new FakeS3Error(416, "InvalidRange");
    const end = Math.min(last === "" ? Infinity : Number(last) + 1, bytes.length);
    const content = `bytes ${from}-${end - 1}/${bytes.length}`;
    const body = bytes.subarray(Number(from), end);
    return { status: 206, headers: { ...headers, "content-range": content }, body };
  }

  #form(key: string): string {
    return this.#options.keys?.(key) ?? key;
  }

  #etagOf(body: Buffer): string {
    return this.#options.etags === "random" ? crypto.randomUUID().replaceAll("-", "") : md5(body);
  }

  #deleteAll({ headers, body }: FakeS3Request): FakeS3Answer {
    const { deletes = "batches" } = this.#options;
    if (deletes instanceof FakeS3Error) throw deletes;
    if (!headers["content-md5"]) throw new FakeS3Error(400, "InvalidRequest");
    const keys = elementsOf(`${body}`, "Key").map((key) => this.#form(key));
    if (keys.length === 0 || keys.length > 1000) throw new FakeS3Error(400, "MalformedXML");
    const isQuiet = elementsOf(`${body}`, "Quiet")[0] === "true";
    const results = keys.map((key) => {
      if (deletes === "none" || /^locked\/|-locked\.txt$/.test(key)) {
        return `<Error><Key>${
          escape(key)
        }</Key><Code>AccessDenied</Code><Message>no</Message></Error>`;
      }
      this.all.delete(key);
      return isQuiet ? "" : `<Deleted><Key>${escape(key)}</Key></Deleted>`;
    });
    return xml(`<DeleteResult>${results.join("")}</DeleteResult>`);
  }

  #list({ query }: FakeS3Request): FakeS3Answer {
    const after = query.get("continuation-token") ?? query.get("start-after") ?? "";
    const { ignoresPrefix } = this.#options;
    const prefix = ignoresPrefix ? "" : this.#form(query.get("prefix") ?? "");
    const delimiter = query.get("delimiter") ?? "";
    const rolled = [...this.all.keys()].map((key) => {
      const end = delimiter ? key.indexOf(delimiter, prefix.length) : -1;
      return key.startsWith(prefix) && end >= 0 ? key.slice(0, end + 1) : key;
    });
    const keys = this.#page([...new Set(rolled)], prefix, after);
    const contents = keys.page.map((key) => {
      if (!this.all.has(key)) {
        return `<CommonPrefixes><Prefix>${escape(key)}</Prefix></CommonPrefixes>`;
      }
      const { bytes, etag, modifiedAt } = this.all.get(key)!;
      return `<Contents><Key>${escape(key)}</Key><LastModified>${modifiedAt.toISOString()}` +
        `</LastModified><ETag>${escape(etag)}</ETag><Size>${bytes.length}</Size></Contents>`;
    });
    const token = keys.next &&
      `<NextContinuationToken>${escape(keys.next)}</NextContinuationToken>`;
    return xml(
      `<ListBucketResult><IsTruncated>${keys.next !== ""}</IsTruncated>${token}${
        contents.join("")
      }</ListBucketResult>`,
    );
  }

  #listUploads({ query }: FakeS3Request): FakeS3Answer {
    const byKey = new Map([...this.uploads].map(([id, upload]) => [`${upload.key} ${id}`, id]));
    const marker = query.get("key-marker") ?? "";
    const after = marker && `${marker} ${query.get("upload-id-marker")}`;
    const names = this.#page([...byKey.keys()], query.get("prefix") ?? "", after);
    const uploads = names.page.map((name) => {
      const id = byKey.get(name) ?? "";
      const { key, startedAt } = this.uploads.get(id)!;
      return `<Upload><Key>${escape(key)}</Key><UploadId>${id}</UploadId><Initiated>` +
        `${startedAt.toISOString()}</Initiated></Upload>`;
    });
    const nextId = byKey.get(names.next) ?? "";
    const next = names.next &&
      `<NextKeyMarker>${escape(this.uploads.get(nextId)!.key)}</NextKeyMarker>` +
        `<NextUploadIdMarker>${nextId}</NextUploadIdMarker>`;
    return xml(
      `<ListMultipartUploadsResult><IsTruncated>${names.next !== ""}</IsTruncated>${next}${
        uploads.join("")
      }</ListMultipartUploadsResult>`,
    );
  }

  #page(names: string[], prefix: string, after: string): { page: string[]; next: string } {
    const compare = (a: string, b: string): number => Buffer.from(a).compare(Buffer.from(b));
    const rest = names.filter((name) => name.startsWith(prefix) && compare(name, after) > 0)
      .sort(compare);
    const page = rest.slice(0, this.#options.pageSize ?? 1000);
    return { page, next: rest.length > page.length ? page.at(-1) ?? "" : "" };
  }

  #create({ key, headers }: FakeS3Request): FakeS3Answer {
    const id = `upload-${++this.#count}`;
    this.uploads.set(id, {
      key,
      kept: keptOf(headers),
      startedAt: this.now(),
      checksum: headers["x-amz-checksum-algorithm"],
      parts: new Map(),
    });
    return xml(
      `<InitiateMultipartUploadResult><UploadId>${id}</UploadId></InitiateMultipartUploadResult>`,
    );
  }

  #uploadPart(request: FakeS3Request): FakeS3Answer {
    const number = Number(request.query.get("partNumber"));
    if (!(number >= 1 && number <= 10_000)) throw new FakeS3Error(400, "InvalidArgument");
    const etag = `"${this.#etagOf(request.body)}"`;
    const upload = this.#upload(request);
    const crc32 = request.headers["x-amz-checksum-crc32"];
    if (upload.checksum !== (crc32 && "CRC32")) throw new FakeS3Error(400, "InvalidRequest");
    upload.parts.set(number, { bytes: request.body, etag, crc32 });
    const headers = { etag, ...(crc32 && { "x-amz-checksum-crc32": crc32 }) };
    return { status: 200, headers, body: Buffer.alloc(0) };
  }

  #complete(request: FakeS3Request): FakeS3Answer {
    const { key, kept, parts, checksum } = this.#upload(request);
    this.#assertCondition(key, request.headers, "all");
    const numbers = elementsOf(`${request.body}`, "PartNumber").map(Number);
    const etags = elementsOf(`${request.body}`, "ETag");
    const checksums = elementsOf(`${request.body}`, "ChecksumCRC32");
    if (numbers.length === 0) throw new FakeS3Error(400, "MalformedXML");
    if (checksum && checksums.length < numbers.length) throw new FakeS3Error(400, "InvalidRequest");
    const used = numbers.map((number, i) => {
      if (number <= (numbers[i - 1] ?? 0)) throw new FakeS3Error(400, "InvalidPartOrder");
      const part = parts.get(number);
      if (part === undefined || part.etag !== etags[i] || part.crc32 !== checksums[i]) {
        throw new FakeS3Error(400, "InvalidPart");
      }
      const last = i === numbers.length - 1;
      if (!last && part.bytes.length < MIN_PART) throw new FakeS3Error(400, "EntityTooSmall");
      return part;
    });
    const bytes = Buffer.concat(used.map((part) => part.bytes));
    const digests = used.map((part) => Buffer.from(part.etag.slice(1, -1), "hex"));
    const etag = `"${this.#etagOf(Buffer.concat(digests))}-${used.length}"`;
    this.all.set(key, { bytes, etag, modifiedAt: this.now(), kept });
    this.uploads.delete(request.query.get("uploadId") ?? "");
    return xml(
      `<CompleteMultipartUploadResult><ETag>${escape(etag)}</ETag></CompleteMultipartUploadResult>`,
    );
  }

  #upload({ key, query }: FakeS3Request): FakeUpload {
    const upload = this.uploads.get(query.get("uploadId") ?? "");
    if (upload?.key !== key) throw new FakeS3Error(404, "NoSuchUpload");
    return upload;
  }

  #assertCondition(
    key: string,
    headers: FakeS3Request["headers"],
    since: "puts" | "all",
  ): void {
    const { "if-none-match": noneMatch, "if-match": match } = headers;
    if (noneMatch === undefined && match === undefined) return;
    const { conditions = "all" } = this.#options;
    if (conditions === "unsupported") throw new FakeS3Error(501, "NotImplemented");
    if (conditions !== "all" && conditions !== since) return;
    const found = this.all.get(key);
    if (match !== undefined && found === undefined) throw new FakeS3Error(404, "NoSuchKey");
    const isRefused = match === undefined ? found !== undefined : match !== found?.etag;
    if (isRefused) throw new FakeS3Error(412, "PreconditionFailed");
  }
}

/** Checks that a request is signed by the one who may use this fake. The signature itself isn't checked. */
function assertSigned({ headers }: FakeS3Request, accessKeyId = "fake-key"): void {
  const [, user] = /^AWS4-HMAC-SHA256 Credential=([^/]*)\/.*Signature=[0-9a-f]{64}$/
    .exec(headers["authorization"] ?? "") ?? [];
  if (user === undefined) throw new FakeS3Error(403, "AccessDenied");
  if (user !== accessKeyId) throw new FakeS3Error(403, "InvalidAccessKeyId");
}

/** Checks the body against the checksums that came with it. */
function assertIntact({ headers, body }: FakeS3Request): void {
  const sha256 = headers["x-amz-content-sha256"] ?? "";
  if (/^[0-9a-f]{64}$/.test(sha256)) {
    const actual = createHash("sha256").update(body).digest("hex");
    if (sha256 !== actual) throw new FakeS3Error(400, "XAmzContentSHA256Mismatch");
  } else if (sha256 !== "UNSIGNED-PAYLOAD") throw new FakeS3Error(501, "NotImplemented");
  const md5Header = headers["content-md5"];
  if (md5Header && md5Header !== createHash("md5").update(body).digest("base64")) {
    throw new FakeS3Error(400, "BadDigest");
  }
  const crcHeader = headers["x-amz-checksum-crc32"];
  if (crcHeader) {
    const crc = Buffer.alloc(4);
    crc.writeUInt32BE(crc32(body));
    if (crc.toString("base64") !== crcHeader) throw new FakeS3Error(400, "BadDigest");
  }
}

/** Refuses bytes that come without a checksum, as buckets with a retention period do. */
function assertChecksum({ operation, headers }: FakeS3Request): void {
  if (operation !== "PutObject" && operation !== "UploadPart") return;
  if (headers["content-md5"] || headers["x-amz-checksum-crc32"]) return;
  const message =
    "Content-MD5 HTTP header is required for Put Object requests with Object Lock parameters";
  throw new FakeS3Error(400, "InvalidRequest", {}, "", message);
}

/** Refuses checksums that it doesn't know, as some servers that aren't AWS do. */
function assertNoChecksum({ headers }: FakeS3Request): void {
  if (Object.keys(headers).some((name) => /^x-amz-(sdk-)?checksum/.test(name))) {
    throw new FakeS3Error(400, "InvalidArgument");
  }
}

function keptOf(headers: FakeS3Request["headers"]): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => KEPT.test(name)));
}

function md5(bytes: Uint8Array): string {
  return createHash("md5").update(bytes).digest("hex");
}

function xml(inner: string, status = 200, headers: Record<string, string> = {}): FakeS3Answer {
  return {
    status,
    headers: { "content-type": "application/xml", ...headers },
    body: Buffer.from(`<?xml version="1.0" encoding="UTF-8"?>\n${inner}`),
  };
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&apos;",
};

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => ENTITIES[sign] ?? sign);
}

/** The texts of all elements of a name. */
function elementsOf(text: string, name: string): string[] {
  return [...text.matchAll(new RegExp(`<${name}>([^<]*)</${name}>`, "g"))]
    .map(([, inner = ""]) => unescape(inner));
}

function unescape(text: string): string {
  for (const [sign, entity] of Object.entries(ENTITIES).toReversed()) {
    text = text.replaceAll(entity, sign);
  }
  return text;
}
