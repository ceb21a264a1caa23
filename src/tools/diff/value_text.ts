import { isObject, type Json } from "../../text/json.ts";

/**
 * A value as people read it: the text of a structured text, what a block holds, or JSON.
 *
 * @param value The value.
 */
export function valueText(value: Json): string {
  if (typeof value === "string") return value;
  if (isObject(value)) {
    const text = textOf(value);
    if (text !== undefined) return text;
    if (value.type === "item" && isObject(value.attributes)) {
      return attributesText(value.attributes);
    }
  }
  if (Array.isArray(value) && value.some((one) => isObject(one) && one.type === "item")) {
    return value.map(valueText).join("\n");
  }
  return JSON.stringify(value);
}

function attributesText(attributes: { readonly [key: string]: Json }): string {
  return Object.entries(attributes)
    .filter(([key, value]) => value !== null && key !== "created_at" && key !== "updated_at")
    .map(([key, value]) => `${key}: ${valueText(value)}`).join(", ");
}

/** The text of a node of a structured text, or of all of it. */
function textOf(value: { readonly [key: string]: Json }): string | undefined {
  if (isObject(value.document)) return textOf(value.document);
  if (value.type === "span" && typeof value.value === "string") return value.value;
  if (value.type === "code" && typeof value.code === "string") return value.code;
  if (!Array.isArray(value.children)) return undefined;
  const isBlock = value.type === "root" || value.type === "list" || value.type === "blockquote";
  return value.children.map((child) => {
    if (!isObject(child)) return "";
    return textOf(child) ?? (child.item === undefined ? "" : ` [${valueText(child.item)}] `);
  }).join(isBlock ? "\n" : "");
}
