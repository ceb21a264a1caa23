import { Buffer } from "node:buffer";
import { crc32 } from "node:zlib";
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import * as z from "zod";
import { EXIT, SluiceError } from "../error.ts";

/**
 * What a token may see. `read`: published versions, models, uploads and asset files. `preview`: also current versions,
 * manifests and whole snapshots. `admin`: also who works on the project: users, roles, tokens, webhooks.
 */
export const SCOPES = ["read", "preview", "admin"] as const satisfies readonly Scope[];

/** One of {@linkcode SCOPES}: each may see what those before it see. */
export type Scope = "read" | "preview" | "admin";

/** What is kept of a token: nobody can tell the token from it. */
export interface ServeToken {
  /** What it is revoked by. */
  readonly id: string;
  /** What people call it. */
  readonly name: string;
  /** What it may see. */
  readonly scope: Scope;
  /** The ids of the only projects that it may see; `null` for all. */
  readonly projects: readonly string[] | null;
  /** When it was made, in ISO 8601. */
  readonly createdAt: string;
  /** When it ends, in ISO 8601; `null` if it doesn't. */
  readonly expiresAt: string | null;
  /** SHA-256 of the token, in hexadecimal. */
  readonly sha256: string;
}

/** What a new token is to be. */
export interface NewToken {
  /** What people call it. */
  readonly name: string;
  /** What it may see. */
  readonly scope: Scope;
  /** The ids of the only projects that it may see. @default {All} */
  readonly projects?: readonly string[] | undefined;
  /** For how long it is good, in milliseconds. @default {Until it is revoked} */
  readonly forMs?: number | undefined;
  /** The time now. @default {The machine's} */
  readonly now?: Date | undefined;
}

/** A token that was made. */
export interface CreatedToken {
  /** The token itself, which is kept nowhere. */
  readonly token: string;
  /** What is kept of it. */
  readonly kept: ServeToken;
}

const tokenSchema: z.ZodType<ServeToken> = z.object({
  id: z.string().min(1),
  name: z.string(),
  scope: z.enum(SCOPES),
  projects: z.array(z.string()).nullable(),
  createdAt: z.iso.datetime(),
  expiresAt: z.iso.datetime().nullable(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});
const tokensSchema = z.object({ tokens: z.array(tokenSchema) });

const BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/** Random characters of a token: 238 bits. */
const RANDOM = 40;
/** Characters that tell a mistyped token from a wrong one. */
const CHECK = 6;
const FORM = new RegExp(`^(?:PREVIEW_)?slu_[0-9A-Za-z]{${RANDOM + CHECK}}$`);

/**
 * Makes a token.
 *
 * @param wanted What it is to be.
 *
 * @example
 * ```ts no-eval
 * import { createToken, snapshotHandler } from "@sluice/datocms/serve";
 * import { LocalStorage } from "@sluice/datocms";
 *
 * const { token, kept } = createToken({ name: "website", scope: "read" });
 * const handler = snapshotHandler(new LocalStorage("./backups"), {
 *   publicUrl: "http://127.0.0.1:8080",
 *   tokens: [kept],
 * });
 * const response = await handler(
 *   new Request("http://127.0.0.1:8080/api/v1/projects", {
 *     headers: { Authorization: `Bearer ${token}` },
 *   }),
 * );
 * console.assert(response.status === 200);
 * ```
 */
export function createToken(
  { name, scope, projects, forMs, now = new Date() }: NewToken,
): CreatedToken {
  let random = "";
  while (random.length < RANDOM) {
    // Bytes from 248 on would make the first characters more frequent.
    for (const byte of randomBytes(RANDOM)) if (byte < 248) random += BASE62[byte % 62];
  }
  random = random.slice(0, RANDOM);
  const prefix = scope === "preview" ? "PREVIEW_" : "";
  const token = `${prefix}slu_${random}${checksum(random)}`;
  const expiresAt = forMs === undefined ? null : new Date(now.getTime() + forMs).toISOString();
  const kept: ServeToken = {
    // It begins with a letter: command lines take 12e3 for a number.
    id: `t${hashOf(token).toString("hex").slice(0, 11)}`,
    name,
    scope,
    projects: projects ?? null,
    createdAt: now.toISOString(),
    expiresAt,
    sha256: hashOf(token).toString("hex"),
  };
  return { token, kept };
}

/**
 * Which of some tokens a text is. Takes the same time for each text of the right form.
 *
 * @param text What was sent.
 * @param tokens The tokens.
 * @return `undefined` if it is none of them; whether it has expired isn't asked here.
 */
export function findToken(text: string, tokens: readonly ServeToken[]): ServeToken | undefined {
  if (!FORM.test(text) || checksum(text.slice(-RANDOM - CHECK, -CHECK)) !== text.slice(-CHECK)) {
    return undefined;
  }
  const hash = hashOf(text);
  let found: ServeToken | undefined;
  for (const token of tokens) {
    if (timingSafeEqual(hash, Buffer.from(token.sha256, "hex"))) found = token;
  }
  return found;
}

/**
 * Whether a token is good yet.
 *
 * @param token What is kept of it.
 * @param now The time in milliseconds since 1970.
 */
export function isGood({ expiresAt }: ServeToken, now: number): boolean {
  return expiresAt === null || now < Date.parse(expiresAt);
}

/**
 * Whether a scope has all that another one has.
 *
 * @param scope The scope.
 * @param needed The other one.
 */
export function covers(scope: Scope, needed: Scope): boolean {
  return SCOPES.indexOf(scope) >= SCOPES.indexOf(needed);
}

/**
 * Reads what is kept of tokens.
 *
 * @param text JSON, as {@linkcode tokensText} writes it.
 * @param from Where it comes from, for people: a file's name or a variable's.
 * @throws {SluiceError} If it isn't that; nothing of it is shown.
 */
export function parseTokens(text: string, from: string): readonly ServeToken[] {
  try {
    return tokensSchema.parse(JSON.parse(text)).tokens;
  } catch (error) {
    throw new SluiceError(
      `${from} must hold tokens as sluice serve token create writes them, but doesn't: make it anew.`,
      EXIT.usage,
      { cause: error },
    );
  }
}

/**
 * What is kept of tokens, as JSON.
 *
 * @param tokens The tokens.
 */
export function tokensText(tokens: readonly ServeToken[]): string {
  return `${JSON.stringify({ tokens }, null, 2)}\n`;
}

function hashOf(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

function checksum(random: string): string {
  let rest = crc32(random);
  let text = "";
  for (let i = 0; i < CHECK; i++) {
    text = BASE62[rest % 62] + text;
    rest = Math.floor(rest / 62);
  }
  return text;
}
