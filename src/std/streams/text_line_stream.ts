/** Options of {@linkcode TextLineStream}. */
export interface TextLineStreamOptions {
  /** Whether a lone `\r` ends a line too. @default {false} */
  allowCR?: boolean;
}

/**
 * Splits a stream of strings into lines, as `jsr:@std/streams/text-line-stream` does: `\n` and `\r\n`
 * end a line (with `allowCR` a lone `\r` does too), and the line comes without its ending.
 */
export class TextLineStream extends TransformStream<string, string> {
  #rest = "";

  /**
   * @param options What ends a line.
   */
  constructor(options: TextLineStreamOptions = {}) {
    const ending = options.allowCR ? /\r\n|\n|\r/ : /\r?\n/;
    super({
      transform: (chunk, controller) => {
        const text = this.#rest + chunk;
        // A "\r" at the very end may be the first half of "\r\n".
        const held = text.endsWith("\r") ? "\r" : "";
        const lines = (held ? text.slice(0, -1) : text).split(ending);
        this.#rest = lines.pop()! + held;
        for (const line of lines) controller.enqueue(line);
      },
      flush: (controller) => {
        if (this.#rest === "") return;
        const line = options.allowCR && this.#rest.endsWith("\r")
          ? this.#rest.slice(0, -1)
          : this.#rest;
        controller.enqueue(line);
      },
    });
  }
}
