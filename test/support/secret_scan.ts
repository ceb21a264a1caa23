import { Buffer } from "node:buffer";

/** Pieces of a secret of this length count as the secret. */
const PIECE = 12;
/** A shorter secret counts only as a word of its own. */
const SHORTEST = 8;
/** What is in base64 or hexadecimal in an address in JSON takes some turns to read. */
const MOST_TURNS = 4;

/**
 * Looks for secrets in bytes, by reading these in every way that they could be meant: escapes of addresses, JSON
 * and XML are resolved, base64 and hexadecimal numbers are decoded wherever they begin.
 *
 * @param bytes The bytes, or a text.
 * @param secrets The secrets, as they were given.
 * @return What was found and where; nothing if the bytes hold no secret, nor a piece of one.
 */
export function secretsIn(bytes: Uint8Array | string, secrets: readonly string[]): string[] {
  const given = typeof bytes === "string" ? bytes : new TextDecoder().decode(bytes);
  const texts = readingsOf(given);
  return [...new Set(secrets.flatMap((secret) => [secret, secret.trim(), bare(secret)]))]
    .filter((secret) => secret !== "")
    .flatMap((secret) => {
      for (const text of texts) {
        const at = placeOf(text, secret);
        if (at >= 0) {
          return [`${JSON.stringify(secret)} in ${JSON.stringify(text.slice(at - 60, at + 80))}`];
        }
      }
      return [];
    });
}

function bare(secret: string): string {
  return secret.replace(/^[\s"'`]+|[\s"'`]+$/g, "");
}

/** Where a secret, or a piece of it, is in a text; -1 if it isn't. */
function placeOf(text: string, secret: string): number {
  if (secret.length < SHORTEST) {
    const word = new RegExp(`(?<![\\w/-])${RegExp.escape(secret)}(?![\\w/-])`);
    return text.search(word);
  }
  if (secret.length < PIECE) return text.indexOf(secret);
  for (let i = 0; i + PIECE <= secret.length; i++) {
    const at = text.indexOf(secret.slice(i, i + PIECE));
    if (at >= 0) return at;
  }
  return -1;
}

function readingsOf(text: string): string[] {
  const all = [text];
  for (let turn = 0; turn < MOST_TURNS; turn++) {
    const next = withoutEscapes(all.at(-1)!);
    if (next === all.at(-1)) break;
    all.push(next);
  }
  return all.flatMap((each) => [each, ...decoded(each)]);
}

function withoutEscapes(text: string): string {
  return text
    .replace(/(?:%[0-9a-f]{2})+/gi, (run) => Buffer.from(run.replaceAll("%", ""), "hex").toString())
    .replace(
      /\\u\{?([0-9a-f]{4,6})\}?/gi,
      (_, hex) => String.fromCodePoint(parseInt(hex, 16) % 0x110000),
    )
    .replace(
      /\\(["'\\/nrt])/g,
      (_, sign) => ({ n: "\n", r: "\r", t: "\t" })[sign as string] ?? sign,
    )
    .replace(/&#x([0-9a-f]{1,5});/gi, (_, hex) => String.fromCodePoint(parseInt(hex, 16)))
    .replace(/&#(\d{1,6});/g, (_, number) => String.fromCodePoint(Number(number)))
    .replace(/&quot;/g, '"').replace(/&apos;/g, "'").replace(/&amp;/g, "&");
}

function decoded(text: string): string[] {
  return [
    ...(text.match(/[A-Za-z0-9+/_-]{8,}/g) ?? []).flatMap((run) =>
      [0, 1, 2, 3].map((from) => Buffer.from(run.slice(from), "base64").toString())
    ),
    ...(text.match(/[0-9a-f]{8,}/gi) ?? []).flatMap((run) =>
      [0, 1].map((from) => Buffer.from(run.slice(from), "hex").toString())
    ),
  ];
}

/**
 * A secret in every form that a program, a server or a person may write it in.
 *
 * @param secret The secret.
 */
export function spellingsOf(secret: string): Record<string, string> {
  const bytes = Buffer.from(secret);
  const escaped = JSON.stringify(secret).slice(1, -1);
  return {
    raw: secret,
    json: escaped,
    "json in json": JSON.stringify(escaped).slice(1, -1),
    percent: encodeURIComponent(secret),
    "percent, all of it": bytes.toString("hex").replace(/../g, "%$&"),
    "percent, twice": encodeURIComponent(encodeURIComponent(secret)),
    "percent in json": JSON.stringify({ url: `https://x/?y=${encodeURIComponent(secret)}` }),
    base64: bytes.toString("base64"),
    base64url: bytes.toString("base64url"),
    basic: Buffer.from(`user:${secret}`).toString("base64"),
    "base64 within others": Buffer.from(`{"k":"${secret}"}`).toString("base64"),
    "base64 in an address": encodeURIComponent(bytes.toString("base64")),
    hex: bytes.toString("hex"),
    HEX: bytes.toString("hex").toUpperCase(),
    unicode: [...secret].map((c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`).join(""),
    xml: secret.replaceAll("&", "&amp;").replaceAll('"', "&quot;").replaceAll("\n", "&#10;"),
    "a beginning": secret.slice(0, -1),
    "an end": secret.slice(1),
  };
}
