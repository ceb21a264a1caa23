import { randomBytes } from "node:crypto";
import type { Signer } from "../sign.ts";

/** How long a login is good, in milliseconds. */
const LOGIN_MS = 8 * 3_600_000;
const PURPOSE = { session: "session", form: "form" };

/** Somebody who has logged in with a token. */
export interface Session {
  /** The token's id. */
  readonly tokenId: string;
  /** What forms of theirs carry, so that no other website can send them. */
  readonly formToken: string;
  /** What the signature in their cookie is of. */
  readonly signed: string;
}

/** Who has logged in: a signed cookie says it, and nothing is kept here. */
export class Sessions {
  readonly #signer: Signer;
  readonly #now: () => number;
  readonly #isSecure: boolean;

  /**
   * @param signer Signs the cookies.
   * @param publicUrl The address that browsers reach the server at.
   * @param now The time in milliseconds since 1970.
   */
  constructor(signer: Signer, publicUrl: string, now: () => number) {
    this.#signer = signer;
    this.#now = now;
    this.#isSecure = publicUrl.startsWith("https:");
  }

  /**
   * The cookie of somebody who logs in.
   *
   * @param tokenId The id of the token that they have.
   * @return The header `Set-Cookie`.
   */
  begin(tokenId: string): string {
    const expires = Math.floor((this.#now() + LOGIN_MS) / 1000);
    const text = `${tokenId}.${expires}.${randomBytes(12).toString("base64url")}`;
    const value = `${text}.${this.#signer.sign(PURPOSE.session, text)}`;
    return this.#cookie(value, LOGIN_MS / 1000);
  }

  /** The cookie of somebody who logs out. */
  end(): string {
    return this.#cookie("", 0);
  }

  /**
   * Who sends a request.
   *
   * @param request The request.
   * @return `undefined` if they haven't logged in here, or too long ago.
   */
  of(request: Request): Session | undefined {
    const cookies = (request.headers.get("cookie") ?? "").split(";").map((one) => one.trim());
    const own = cookies.find((one) => one.startsWith(`${this.#name}=`));
    const [, text, tokenId, expires, signature] =
      /^[^=]+=(([\w-]{1,64})\.(\d{1,12})\.[\w-]{16})\.([\w-]{43})$/.exec(own ?? "") ?? [];
    if (text === undefined || tokenId === undefined || signature === undefined) return undefined;
    if (!this.#signer.verifies(PURPOSE.session, text, signature)) return undefined;
    if (this.#now() >= Number(expires) * 1000) return undefined;
    return { tokenId, formToken: this.#signer.sign(PURPOSE.form, text), signed: text };
  }

  /**
   * Whether a form comes from a page that was sent to this session.
   *
   * @param session The session.
   * @param formToken What the form carries.
   */
  hasSent({ signed }: Session, formToken: string): boolean {
    return this.#signer.verifies(PURPOSE.form, signed, formToken);
  }

  /** What the form to log in carries: it is good for a day. */
  loginToken(): string {
    const expires = String(Math.floor((this.#now() + 3 * LOGIN_MS) / 1000));
    return `${expires}.${this.#signer.sign(PURPOSE.form, `login ${expires}`)}`;
  }

  /**
   * Whether a form to log in was sent here.
   *
   * @param loginToken What the form carries.
   */
  hasSentLogin(loginToken: string): boolean {
    const [, expires, signature] = /^(\d{1,12})\.([\w-]{43})$/.exec(loginToken) ?? [];
    if (expires === undefined || signature === undefined) return false;
    return this.#now() < Number(expires) * 1000 &&
      this.#signer.verifies(PURPOSE.form, `login ${expires}`, signature);
  }

  get #name(): string {
    return this.#isSecure ? "__Host-sluice" : "sluice";
  }

  #cookie(value: string, seconds: number): string {
    const flags = `Path=/; HttpOnly; SameSite=Strict; Max-Age=${seconds}`;
    return `${this.#name}=${value}; ${flags}${this.#isSecure ? "; Secure" : ""}`;
  }
}

/**
 * Whether a form was sent by a page of this server, as far as the browser says it.
 *
 * @param request The request.
 * @param publicUrl The address that browsers reach the server at.
 */
export function isFromHere(request: Request, publicUrl: string): boolean {
  const origin = URL.parse(request.headers.get("origin") ?? "");
  if (origin === null) return false;
  const own = new URL(publicUrl);
  // On this machine it goes by several names: which of them are its own was asked before.
  return origin.origin === own.origin ||
    (own.protocol === "http:" && origin.protocol === "http:" &&
      origin.host === request.headers.get("host"));
}
