/**
 * Reads a whole stream as text, as `jsr:@std/streams/to-text` does.
 *
 * @param stream A stream of bytes (UTF-8) or of strings.
 * @return The stream's content as one string.
 */
export async function toText(stream: ReadableStream): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of stream) {
    text += typeof chunk === "string" ? chunk : decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}
