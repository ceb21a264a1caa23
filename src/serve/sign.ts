import { Buffer } from "node:buffer";
import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";

/** Signs what clients carry back and forth, so that nobody else can make it up. */
export class Signer {
  readonly #secrets: readonly string[];

  /**
   * @param secrets The first one signs; what any of them has signed is taken.
   */
  constructor(secrets: readonly string[] = []) {
    this.#secrets = secrets.length > 0 ? secrets : [randomBytes(32).toString("hex")];
  }

  /**
   * The signature of a text.
   *
   * @param purpose What it is for: the same text for something else has another one.
   * @param text The text.
   */
  sign(purpose: string, text: string): string {
    return macOf(this.#secrets[0]!, purpose, text).toString("base64url");
  }

  /**
   * Whether a text has this signature. Takes the same time for each signature of the right length.
   *
   * @param purpose What it is for.
   * @param text The text.
   * @param signature The signature.
   */
  verifies(purpose: string, text: string, signature: string): boolean {
    const given = Buffer.from(signature, "base64url");
    // Other spellings of the same bytes aren't ours.
    if (given.toString("base64url") !== signature) return false;
    let isOne = false;
    for (const secret of this.#secrets) {
      const own = macOf(secret, purpose, text);
      if (own.length === given.length && timingSafeEqual(own, given)) isOne = true;
    }
    return isOne;
  }
}

function macOf(secret: string, purpose: string, text: string): Buffer {
  return createHmac("sha256", secret).update(`${purpose}\n${text}`).digest();
}
