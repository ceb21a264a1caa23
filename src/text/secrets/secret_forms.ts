import { Buffer } from "node:buffer";

/**
 * How a secret may look in a text, besides escapes of single characters: as it is, without what is around it
 * when it is pasted, in base64 (also within a longer text, as in `Basic`) and in hexadecimal.
 *
 * @param secret The secret.
 * @return The spellings, none of which is empty.
 *
 * @example
 * ```ts
 * import { secretForms } from "./secret_forms.ts";
 *
 * console.assert(secretForms(" abc\n").has("YWJj"));
 * ```
 */
export function secretForms(secret: string): Set<string> {
  const forms = new Set<string>();
  const pasted = secret.replace(/^[\s"'`]+|[\s"'`]+$/g, "");
  for (const each of new Set([secret, secret.trim(), pasted])) {
    const text = each.toWellFormed();
    const bytes = Buffer.from(text);
    forms.add(each).add(text.replaceAll(" ", "+"));
    // Escapes of an address are those of bytes.
    forms.add(bytes.toString("latin1"));
    const hex = bytes.toString("hex");
    forms.add(hex).add(hex.toUpperCase());
    forms.add(bytes.toString("base64")).add(bytes.toString("base64url"));
    for (const form of withinBase64(bytes)) {
      forms.add(form).add(form.replaceAll("+", "-").replaceAll("/", "_"));
    }
  }
  forms.delete("");
  return forms;
}

/** The characters that bytes have in base64 whatever stands around them: it depends on where they begin. */
function withinBase64(bytes: Buffer): string[] {
  return [0, 1, 2].map((before) => {
    const text = Buffer.concat([Buffer.alloc(before), bytes]).toString("base64");
    return text.slice(Math.ceil(before * 8 / 6), Math.floor((before + bytes.length) * 8 / 6));
  });
}
