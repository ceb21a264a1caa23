import type { Item, Resource } from "../content/resource.ts";
import { readableSide } from "../tools/diff/diff_side.ts";
import type { ReadSnapshot } from "./changed_snapshot.ts";
import { KINDS } from "./schema/kinds.ts";
import { visitTexts, withTexts } from "./texts.ts";

/** A text in which something stands that is otherwise in the target. */
export interface Mention {
  /** The API's name of the type of what has the text, such as `item`. */
  readonly type: string;
  /** Its id in the target. */
  readonly id: string;
  /** What people call it, if anything: of a record, its model. */
  readonly name: string | null;
  /** The field or attribute. */
  readonly field: string;
  /** What stands there. */
  readonly found: readonly string[];
}

/** What texts mention. */
export interface Mentions {
  /** The texts, at most 1,000. */
  readonly mentions: readonly Mention[];
  /** How many more there are. */
  readonly moreMentions: number;
}

/** The most that are named. */
const MOST = 1000;
/** What of an upload people write. */
const OF_UPLOADS = ["notes", "copyright", "author", "tags", "default_field_metadata"] as const;

/**
 * Finds the texts of a snapshot that mention something: those of records in their current versions, of models,
 * settings and plugins, and what is said of uploads.
 *
 * @param of The snapshot.
 * @param find What a text mentions.
 * @param signal Aborts the reading.
 */
export async function mentionsIn(
  { snapshot, source }: ReadSnapshot,
  find: (text: string) => readonly string[],
  signal: AbortSignal,
): Promise<Mentions> {
  const mentions: Mention[] = [];
  let moreMentions = 0;
  const inTexts = (
    { type, id }: Resource,
    name: string | null,
    visit: (text: (text: string, field: string) => string) => void,
  ) => {
    const byField = new Map<string, Set<string>>();
    visit((text, field) => {
      for (const one of find(text)) {
        const own = byField.get(field);
        if (own) own.add(one);
        else byField.set(field, new Set([one]));
      }
      return text;
    });
    for (const [field, found] of byField) {
      if (mentions.length < MOST) mentions.push({ type, id, name, field, found: [...found] });
      else moreMentions++;
    }
  };
  const inResource = (one: Resource) => {
    const { api_key: key, name, label } = one.attributes ?? {};
    const called = [key, name, label].find((each) => typeof each === "string" && each !== "");
    inTexts(one, typeof called === "string" ? called : null, (text) => visitTexts(one, text));
  };
  const side = await readableSide(source, signal);
  const { schema } = side;
  inResource(await snapshot.site({ signal }));
  for (const model of schema.itemTypes) [model, ...schema.fields(model.id)].forEach(inResource);
  for (const { resource } of Object.values(KINDS)) {
    if (resource === undefined) continue;
    (await snapshot.settings(resource, { signal }) ?? []).forEach(inResource);
  }
  for await (const page of snapshot.uploads({ signal })) {
    for (const upload of page) {
      const { id, type, attributes } = upload;
      const own = OF_UPLOADS.map((name) => [name, attributes[name] ?? null]);
      const said = { id, type, attributes: Object.fromEntries(own) };
      const { filename } = attributes;
      inTexts(upload, typeof filename === "string" ? filename : null, (text) => {
        visitTexts(said, text);
      });
    }
  }
  for (const { attributes: { api_key: model } } of schema.models) {
    for (const path of side.records(model, "current")) {
      for await (const page of side.entries(path, signal)) {
        for (const item of page) {
          inTexts(item, model, (text) => void withTexts(item as Item, schema, text));
        }
      }
    }
  }
  return { mentions, moreMentions };
}
