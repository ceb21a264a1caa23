const END_OF_HEAD = "\r\n\r\n";

/** Reads HTTP/1.1 requests from a connection: those with a body have to announce its length. */
export class RequestReader {
  readonly #connection: Deno.TcpConn;
  readonly #origin: string;
  readonly #buffer = new Uint8Array(16 * 1024);
  /** What was read and isn't used; one character is one byte. */
  #unused = "";

  /**
   * Reads nothing yet.
   *
   * @param connection The connection.
   * @param origin What the requests' paths are appended to.
   */
  constructor(connection: Deno.TcpConn, origin: string) {
    this.#connection = connection;
    this.#origin = origin;
  }

  /**
   * The next request, or `undefined` if no more come.
   *
   * @throws {TypeError} If what comes isn't a request.
   */
  async next(): Promise<Request | undefined> {
    let end: number;
    while ((end = this.#unused.indexOf(END_OF_HEAD)) < 0) {
      if (!await this.#read()) return undefined;
    }
    const [first = "", ...lines] = this.#unused.slice(0, end).split("\r\n");
    const [, method, path] = /^([A-Z]+) (\/\S*) HTTP\/1\.1$/.exec(first) ?? [];
    if (method === undefined) throw new TypeError(`Expected a request, but ${first} came`);
    const headers = new Headers(lines.map((line): [string, string] => {
      const [name = "", ...value] = line.split(":");
      return [name, value.join(":").trim()];
    }));
    const begin = end + END_OF_HEAD.length;
    const length = Number(headers.get("content-length") ?? 0);
    while (this.#unused.length < begin + length) {
      if (!await this.#read()) return undefined;
    }
    const body = Uint8Array.from(this.#unused.slice(begin, begin + length), (c) => c.charCodeAt(0));
    this.#unused = this.#unused.slice(begin + length);
    return new Request(this.#origin + path, { method, headers, ...(length > 0 ? { body } : {}) });
  }

  async #read(): Promise<boolean> {
    const size = await this.#connection.read(this.#buffer);
    this.#unused += String.fromCharCode(...this.#buffer.subarray(0, size ?? 0));
    return size !== null;
  }
}
