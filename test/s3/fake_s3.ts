import { Buffer } from "node:buffer";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import {
  type FakeS3Answer,
  FakeS3Error,
  FakeS3Objects,
  type FakeS3Request,
} from "./fake_s3_objects.ts";

/** What a fake does instead of what it is asked to. */
export interface Fault {
  /** The operation, as in `PutObject`; all if it isn't set. */
  readonly operation?: string;
  /** How many requests it befalls. @default {1} */
  readonly times?: number;
  /** How many requests of the operation it spares first. @default {0} */
  readonly after?: number;
  /**
   * - `stall`: no answer, until the fake is closed.
   * - `reset`: the connection breaks before anything is done.
   * - `lose`: the request is done, but the connection breaks before the answer.
   * - `truncate`: the connection breaks in the middle of the answer's body.
   * - `hang`: nothing more comes after the middle of the answer's body.
   * - otherwise the error, or whatever else, that is answered.
   */
  readonly effect: "stall" | "reset" | "lose" | "truncate" | "hang" | FakeS3Error | FakeS3Answer;
}

/** What a fake saw of a request. */
export interface SeenRequest {
  /** The operation, as in `PutObject`. */
  readonly operation: string;
  /** The object's key; for listings, the prefix. */
  readonly key: string;
  /** The request's headers. */
  readonly headers: Readonly<Record<string, string>>;
  /** The number of the part, for `UploadPart`. */
  readonly partNumber: number;
  /** The body's size in bytes. */
  readonly size: number;
}

/** What a fake is like. */
export interface FakeS3Options {
  /** The id of the access key that is let in. @default {"fake-key"} */
  readonly accessKeyId?: string;
  /** Which writes honour `If-None-Match`. @default {"all"} */
  readonly conditions?: "all" | "puts" | "none" | "unsupported";
  /**
   * What is deleted: several objects in a request, or one only (the error says how several are refused), or
   * nothing, as the credentials don't allow it. @default {"batches"}
   */
  readonly deletes?: "batches" | FakeS3Error | "none" | undefined;
  /** Whether other checksums than `Content-MD5` are refused. @default {false} */
  readonly refusesChecksums?: boolean;
  /** How it writes keys, as a server does on a disk that ignores case, or how letters are written. */
  readonly keys?: (key: string) => string;
  /** Whether it sends the whole of an object of which a part is asked for. @default {false} */
  readonly ignoresRanges?: boolean;
  /** Whether it lists everything, whatever is asked for. @default {false} */
  readonly ignoresPrefix?: boolean;
  /** What ETags are: of the content, or anything. @default {"md5"} */
  readonly etags?: "md5" | "random";
  /** Whether bytes must come with a checksum, as in a bucket with a retention period. @default {false} */
  readonly objectLock?: boolean;
  /** Entries in a page of a listing. @default {1000} */
  readonly pageSize?: number;
  /** The path of its endpoint, as in `/s3/v1`. @default {""} */
  readonly path?: string;
}

/** A small S3 server in this process, whose requests can be made to fail. */
export class FakeS3 implements AsyncDisposable {
  /** Where it listens. */
  readonly endpoint: string;
  /** What it keeps. */
  readonly objects: FakeS3Objects;
  /** What it was asked, in turn. */
  readonly requests: SeenRequest[] = [];
  /** Told of each request before it is done, with how many came so far. */
  onRequest: ((count: number) => void) | undefined;
  /** Requests that are neither answered nor broken off. */
  pending = 0;
  /** Answers that stopped in the middle. */
  hanging = 0;
  readonly #server: Server;
  readonly #path: string;
  readonly #delays = new Map<string, Promise<void>>();
  readonly #faults: { left: number; spared: number; fault: Fault }[] = [];
  #gate: { waiting: PromiseWithResolvers<void>; released: PromiseWithResolvers<void> } | undefined;

  private constructor(server: Server, port: number, options: FakeS3Options) {
    this.#server = server;
    this.#path = options.path ?? "";
    this.endpoint = `http://127.0.0.1:${port}${this.#path}`;
    this.objects = new FakeS3Objects(options);
  }

  /** Starts a fake on a free port, with the bucket `bucket`. */
  static async start(options: FakeS3Options = {}): Promise<FakeS3> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("No port to listen at.");
    const fake = new FakeS3(server, address.port, options);
    server.on("request", (request: IncomingMessage, response: ServerResponse) => {
      fake.#serve(request, response).catch((error) => {
        // A broken connection is the client's doing; all else is a mistake in here, which tests must see.
        if (!request.destroyed) response.writeHead(599).end(String(error));
      });
    });
    return fake;
  }

  /** Makes requests fail. */
  fail(fault: Fault): void {
    this.#faults.push({ left: fault.times ?? 1, spared: fault.after ?? 0, fault });
  }

  /** Makes no more requests fail. */
  relent(): void {
    this.#faults.length = 0;
  }

  /** How many requests of an operation came. */
  count(operation: string): number {
    return this.requests.filter((request) => request.operation === operation).length;
  }

  /** Makes the answers to an operation's requests wait. */
  delay(operation: string, until: Promise<void>): void {
    this.#delays.set(operation, until);
  }

  /** Makes the writes of bytes wait. */
  hold(): { readonly waiting: Promise<void>; readonly release: () => void } {
    const gate = {
      waiting: Promise.withResolvers<void>(),
      released: Promise.withResolvers<void>(),
    };
    this.#gate = gate;
    return {
      waiting: gate.waiting.promise,
      release: () => {
        this.#gate = undefined;
        gate.released.resolve();
      },
    };
  }

  /** Stops listening, as a server that was killed; what it keeps stays. */
  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  /** Listens again. */
  async restart(): Promise<void> {
    const port = Number(new URL(this.endpoint).port);
    await new Promise<void>((resolve) => this.#server.listen(port, "127.0.0.1", resolve));
  }

  /** Stops, and breaks all connections. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#gate?.released.resolve();
    if (this.#server.listening) await this.stop();
  }

  async #serve(message: IncomingMessage, response: ServerResponse): Promise<void> {
    this.pending++;
    response.on("close", () => this.pending--);
    const url = new URL(message.url ?? "/", this.endpoint);
    if (url.pathname.startsWith(this.#path)) url.pathname = url.pathname.slice(this.#path.length);
    const operation = operationOf(message.method ?? "", url);
    if (this.#gate && ["PutObject", "UploadPart"].includes(operation)) {
      this.#gate.waiting.resolve();
      await this.#gate.released.promise;
    }
    const effect = this.#faultFor(operation);
    const body = Buffer.concat(await Array.fromAsync(message));
    const [, bucket = "", key = ""] =
      /^\/([^/]*)\/?(.*)$/s.exec(decodeURIComponent(url.pathname)) ??
        [];
    const headers: Record<string, string> = {};
    for (const [name, value] of Object.entries(message.headers)) headers[name] = String(value);
    this.requests.push({
      operation,
      key: key || (url.searchParams.get("prefix") ?? ""),
      headers,
      partNumber: Number(url.searchParams.get("partNumber")),
      size: body.length,
    });
    this.onRequest?.(this.requests.length);
    if (effect === "stall") return;
    if (effect === "reset") return void message.socket.destroy();
    await this.#delays.get(operation);
    const request = { operation, bucket, key, query: url.searchParams, headers, body };
    const answer = effect instanceof FakeS3Error
      ? effect.toAnswer()
      : typeof effect === "object"
      ? effect
      : this.#answer(request);
    if (effect === "lose") return void message.socket.destroy();
    const own = {
      "content-length": `${answer.body.length}`,
      date: this.objects.now().toUTCString(),
    };
    response.writeHead(answer.status, { ...own, ...answer.headers });
    if (operation.startsWith("Head")) return void response.end();
    if (effect !== "truncate" && effect !== "hang") return void response.end(answer.body);
    response.write(answer.body.subarray(0, answer.body.length / 2), () => {
      if (effect === "truncate") message.socket.destroy();
      else this.hanging++;
    });
  }

  #answer(request: FakeS3Request): ReturnType<FakeS3Objects["answer"]> {
    try {
      return this.objects.answer(request);
    } catch (error) {
      if (error instanceof FakeS3Error) return error.toAnswer();
      throw error;
    }
  }

  #faultFor(operation: string): Fault["effect"] | undefined {
    const entry = this.#faults.find(({ left, fault }) =>
      left > 0 && (fault.operation ?? operation) === operation
    );
    if (entry === undefined) return undefined;
    if (entry.spared-- > 0) return undefined;
    entry.left--;
    return entry.fault.effect;
  }
}

/** How requests for a bucket's settings look. */
const SETTINGS = [
  "publicAccessBlock",
  "policyStatus",
  "policy",
  "acl",
  "versioning",
  "lifecycle",
  "encryption",
];

/** S3 tells its operations apart by method and query. */
function operationOf(method: string, { pathname, searchParams: query }: URL): string {
  const onObject = pathname.replace(/^\/[^/]*\/?/, "") !== "";
  switch (`${method} ${onObject ? "object" : "bucket"}`) {
    case "PUT object":
      return query.has("uploadId") ? "UploadPart" : "PutObject";
    case "POST object":
      return query.has("uploads") ? "CreateMultipartUpload" : "CompleteMultipartUpload";
    case "DELETE object":
      return query.has("uploadId") ? "AbortMultipartUpload" : "DeleteObject";
    case "GET object":
      return query.has("uploadId") ? "ListParts" : "GetObject";
    case "HEAD object":
      return "HeadObject";
    case "POST bucket":
      return query.has("delete") ? "DeleteObjects" : "Unknown";
    case "GET bucket":
      if (query.has("uploads")) return "ListMultipartUploads";
      for (const setting of SETTINGS) if (query.has(setting)) return `setting:${setting}`;
      return query.get("list-type") === "2" ? "ListObjectsV2" : "Unknown";
    default:
      return "Unknown";
  }
}
