import { createHash } from "node:crypto";
import { notThere } from "../failure.ts";
import icon from "./icon.svg" with { type: "text" };
import script from "./script.js" with { type: "text" };
import style from "./style.css" with { type: "text" };

/** What pages need besides their markup. */
const FILES: ReadonlyMap<string, { readonly text: string; readonly type: string }> = new Map([
  ["style.css", { text: style, type: "text/css; charset=utf-8" }],
  ["script.js", { text: script, type: "text/javascript; charset=utf-8" }],
  ["icon.svg", { text: icon, type: "image/svg+xml" }],
]);
const HREFS = new Map(Array.from(FILES, ([name, { text }]) => {
  const digest = createHash("sha256").update(text).digest("base64url").slice(0, 12);
  return [name, `/page/${name}?v=${digest}`];
}));

/**
 * The address of a file that pages need. It is another one when the file changes.
 *
 * @param name The file's name.
 */
export function fileHref(name: "style.css" | "script.js" | "icon.svg"): string {
  return HREFS.get(name)!;
}

/**
 * Answers with a file that pages need.
 *
 * @param name The file's name.
 * @throws {ServeError} If there is none.
 */
export function fileOfPage(name: string): Response {
  const file = FILES.get(name);
  if (file === undefined) throw notThere("such file");
  return new Response(file.text, {
    headers: { "Content-Type": file.type, "Cache-Control": "public, max-age=31536000, immutable" },
  });
}
