/** How asset files are served. */
export interface AssetServed {
  readonly port: number;
  /** How long each answer takes, in milliseconds. */
  readonly latencyMs: number;
  /** How large each file is. */
  readonly bytes: number;
  /** Where the certificate and its key are. */
  readonly cert: string;
  readonly key: string;
}

/** The bytes of a file. */
export function assetBytes(number: number, size: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(size).fill(number % 251);
  new DataView(bytes.buffer).setUint32(0, number);
  return bytes;
}
