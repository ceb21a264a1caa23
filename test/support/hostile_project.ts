import type { JsonObject, Resource, Site, Upload } from "../../src/content/resource.ts";
import { MemoryProject } from "../../src/simulator/memory_project.ts";
import type { StoredItem } from "../../src/simulator/stored_item.ts";
import { newUpload } from "../../src/simulator/new_upload.ts";
import {
  buildSchema,
  itemTypeId,
  type ModelSketch,
  ref,
} from "../../src/simulator/schema_builder.ts";
import { completeSettings } from "../../src/simulator/settings_paths.ts";

/** Moves the cursor, sets a title, fakes a line, reorders text, hides text, and is long. */
export const NASTY =
  `\x1b[2J\x1b[41m\x1b]0;owned\x07\x9b2J\r\nFAKE: complete.\u2028\u2029\u202e\u2066\u200f\u061c\0\x7f\x85` +
  "\u200b\u200d\u2060\ufeff\u00ad\u180e\u3164\u{e0001}\u{e0041}\u{e0100}" +
  "long ".repeat(200);

/** Texts that mean something to some file system, or to code that makes paths or objects of them. */
export const NAMES = [
  "../../../outside",
  "..",
  "..\\..\\outside",
  "..%2F..%2Foutside",
  "%2e%2e%2foutside",
  "/etc/outside",
  "C:\\outside",
  "\\\\host\\share",
  "file:///outside",
  "con",
  "NUL.txt",
  "aux .json",
  "com¹",
  "nul\0byte",
  "a\u2028b",
  "trailing.",
  "trailing ",
  ".hidden",
  "Twin",
  "twin",
  "straße",
  "strasse",
  "é",
  "e\u0301",
  "\ud800",
  "__proto__",
  "constructor",
  "toString",
  "manifest.json",
  `long${"é".repeat(2000)}`,
  NASTY,
];

const TIME = "2026-01-01T00:00:00.000Z";

/** The same text at each of the names, as an object that has them as keys of its own. */
function byName<T>(value: (name: string, i: number) => T): Record<string, T> {
  return Object.fromEntries(NAMES.map((name, i) => [name, value(name, i)]));
}

/** The names of a model's text fields: the first model has all, the others some, or much would be long. */
function fieldNames(model: number): readonly string[] {
  return model === 0 ? NAMES : [0, 1, 2].map((i) => NAMES[(model * 3 + i) % NAMES.length]!);
}

/**
 * A project in which every text that editors and developers choose, and every id that makes a path, is
 * hostile.
 *
 * @param files The address where files are served, without a slash at its end.
 */
export function hostileProject(files: string): MemoryProject {
  const locales = ["en", NASTY, "__proto__", "../it"];
  const models = byName((name, i): ModelSketch => ({
    name: name + NASTY,
    fields: Object.fromEntries([
      ...fieldNames(i).map((name) =>
        [name, { type: "string", label: NASTY, hint: NASTY, localized: true }] as const
      ),
      ["json", { type: "json", label: NASTY }],
      ["body", { type: "structured_text", label: NASTY }],
      ["odd", { type: NASTY, label: NASTY }],
    ]),
    fieldsets: [NASTY],
  }));
  const schema = buildSchema(models, locales);
  const settings = Object.fromEntries(
    ["/plugins", "/workflows", "/roles", "/menu-items", "/webhooks", "/upload-collections"].map(
      (path) => [path, NAMES.map((name) => setting(path.slice(1).replace(/s$/, ""), name))],
    ),
  );
  const uploads = NAMES.map((name, i) => upload(files, name, i));
  return new MemoryProject(
    [{
      resource: { id: "main", type: "environment", attributes: {}, meta: { primary: true } },
      site: site(schema.itemTypes),
      ...schema,
      settings: completeSettings(settings),
      records: NAMES.map((name, i) => record(name, i)),
      uploads,
    }],
    new Map(),
  );

  function site(itemTypes: readonly Resource[]): Site {
    return {
      id: `../../outside${NASTY}`,
      type: "site",
      attributes: {
        name: NASTY,
        domain: NASTY.repeat(100),
        imgix_host: "169.254.169.254",
        locales,
      },
      relationships: { item_types: { data: itemTypes.map(({ id }) => ref("item_type", id)) } },
    };
  }

  function record(name: string, i: number): StoredItem {
    const value = Object.fromEntries(locales.map((locale) => [locale, NASTY]));
    const values = Object.fromEntries(fieldNames(i).map((name) => [name, value]));
    const attributes: JsonObject = {
      ...values,
      json: i % 8 === 1 ? "[".repeat(1e5) + "]".repeat(1e5) : `{"${NASTY}`,
      body: {
        schema: NASTY,
        document: { type: NASTY, children: [{ type: "span", value: NASTY }] },
      },
      odd: NASTY,
      created_at: TIME,
      updated_at: TIME,
    };
    const current = {
      id: `${name}${i}`,
      type: "item" as const,
      attributes,
      relationships: { item_type: { data: ref("item_type", itemTypeId(name)) } },
      meta: { created_at: TIME, updated_at: TIME, status: NASTY, current_version: NASTY },
    };
    return i % 2 === 0 ? { current } : { current, published: current };
  }
}

function setting(type: string, name: string): Resource {
  const attributes = { api_key: name, name: NASTY, label: NASTY, url: NASTY, title: NASTY };
  return { id: name, type: type.replaceAll("-", "_"), attributes, relationships: {} };
}

/** Some of the files are there, some elsewhere, some nowhere. */
function upload(files: string, name: string, i: number): Upload {
  const asset = { size: 5, md5: "5d41402abc4b2a76b9719d911017c592", contentType: NASTY };
  const made = newUpload(`${name}${i}`, `/1/${name}`, name, asset, {
    url: [`${files}/hello`, `http://169.254.169.254/${NASTY}`, NASTY, `${files}/${NASTY}`][i % 4]!,
    created_at: TIME,
    updated_at: TIME,
    tags: [NASTY],
    notes: NASTY,
  });
  const antivirus = { status: "infected", checked_at: TIME, threat_name: NASTY };
  return i % 8 === 7 ? { ...made, meta: { antivirus } } : made;
}
