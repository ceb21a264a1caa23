import type { Version } from "../content/resource.ts";
import { ServeError } from "./failure.ts";
import { covers, type Scope } from "./token.ts";

/** Settings that say how content is arranged, and nothing of who works on it. */
const OF_CONTENT: ReadonlySet<string> = new Set([
  "environments",
  "item_type_filters",
  "menu_items",
  "plugins",
  "schedules",
  "schema_menu_items",
  "upload_collections",
  "upload_filters",
  "upload_smart_tags",
  "upload_tags",
  "workflows",
]);

/**
 * The scope that settings of a kind need. What isn't known to be of the content needs the highest.
 *
 * @param name The kind, such as `roles`.
 */
export function scopeOfSettings(name: string): Scope {
  return OF_CONTENT.has(name) ? "preview" : "admin";
}

/**
 * The scope that an object of a snapshot needs.
 *
 * @param path Its path in the snapshot.
 */
export function scopeOfObject(path: string): Scope {
  if (path === "site.json" || /^(?:models|uploads)\/|^records\/[^/]+\/published\//.test(path)) {
    return "read";
  }
  if (/^(?:records|tables)\//.test(path)) return "preview";
  const settings = /^settings\/([^/]+)\.json$/.exec(path)?.[1] ??
    /^(workflows|plugins)\//.exec(path)?.[1];
  return settings === undefined ? "admin" : scopeOfSettings(settings);
}

/**
 * The version of records that is meant.
 *
 * @param scope What may be seen.
 * @param asked What is asked for.
 * @throws {ServeError} If it may not be seen.
 */
export function versionFor(scope: Scope, asked: Version | undefined): Version {
  if (covers(scope, "preview")) return asked ?? "current";
  if (asked !== "current") return "published";
  throw forbidden("Current versions of records", "preview");
}

/**
 * The error of a token that may not see something.
 *
 * @param what What it is, as the beginning of a sentence.
 * @param needed The scope that it needs.
 */
export function forbidden(what: string, needed: Scope): ServeError {
  return new ServeError("FORBIDDEN", `${what} need a token of scope ${needed}.`);
}
