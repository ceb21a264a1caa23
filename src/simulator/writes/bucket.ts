import { bytesAsset, type DemoAsset } from "../project.ts";
import type { MemoryProject } from "../memory_project.ts";

const PREFIX = "/upload-bucket";

/** MIME types by extension. */
const TYPES: Readonly<Record<string, string>> = {
  avif: "image/avif",
  csv: "text/csv",
  gif: "image/gif",
  ico: "image/vnd.microsoft.icon",
  jpeg: "image/jpeg",
  jpg: "image/jpeg",
  json: "application/json",
  mp3: "audio/mpeg",
  mp4: "video/mp4",
  pdf: "application/pdf",
  png: "image/png",
  svg: "image/svg+xml",
  txt: "text/plain",
  wav: "audio/wav",
  webm: "video/webm",
  webp: "image/webp",
  zip: "application/zip",
};

const BUCKETS = new WeakMap<MemoryProject, Bucket>();

/**
 * Where a project's files are sent before they are uploads.
 *
 * @param project The project.
 */
export function bucketOf(project: MemoryProject): Bucket {
  let bucket = BUCKETS.get(project);
  if (!bucket) BUCKETS.set(project, bucket = new Bucket());
  return bucket;
}

/** Keeps files that were sent to addresses which it gave. */
export class Bucket {
  readonly #files = new Map<string, DemoAsset | undefined>();

  /**
   * The address that a file may be sent to.
   *
   * @param origin The server's own address.
   * @param path The path that the file is to have.
   */
  addressOf(origin: string, path: string): string {
    if (!this.#files.has(path)) this.#files.set(path, undefined);
    return `${origin}${PREFIX}${path}?signature=${crypto.randomUUID()}`;
  }

  /**
   * The file that was sent to a path.
   *
   * @param path The path.
   */
  fileAt(path: string): DemoAsset | undefined {
    return this.#files.get(path);
  }

  /**
   * Takes a file. Whoever has the address may send it, without a token.
   *
   * @param request The request.
   * @param url Its URL.
   */
  async receive(request: Request, url: URL): Promise<Response> {
    const path = decodeURIComponent(url.pathname.slice(PREFIX.length));
    if (!this.#files.has(path) || !url.searchParams.has("signature")) {
      return new Response("AccessDenied\n", { status: 403 });
    }
    if (request.method !== "PUT") return new Response("MethodNotAllowed\n", { status: 405 });
    const announced = request.headers.get("content-length");
    // As S3 has it: a body in chunks isn't taken.
    if (announced === null) return new Response("MissingContentLength\n", { status: 411 });
    const bytes = await request.bytes();
    if (Number(announced) !== bytes.length) {
      return new Response("IncompleteBody\n", { status: 400 });
    }
    const extension = path.split(".").at(-1)!.toLowerCase();
    const type = TYPES[extension] ?? request.headers.get("content-type") ??
      "application/octet-stream";
    const asset = bytesAsset(bytes, type);
    this.#files.set(path, asset);
    return new Response(null, { status: 200, headers: { etag: `"${asset.md5}"` } });
  }
}

/**
 * Whether an address is one that files are sent to.
 *
 * @param url The address.
 */
export function isBucketPath(url: URL): boolean {
  return url.pathname.startsWith(`${PREFIX}/`);
}
