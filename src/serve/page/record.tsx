/** @jsxImportSource hono/jsx */
import type { Item } from "../../content/resource.ts";
import type { SchemaIndex } from "../../content/schema_index.ts";
import { counted } from "../../text/format.ts";
import { isObject } from "../../text/json.ts";
import { shellWord } from "../../text/printable.ts";
import type { FieldChange } from "../../tools/diff/changes.ts";
import { compareItems } from "../../tools/diff/compare_items.ts";
import { SchemaPair } from "../../tools/diff/schema_pair.ts";
import type { SnapshotRecord } from "../../tools/open/scan.ts";
import { notThere } from "../failure.ts";
import { shown } from "../shelf.ts";
import { covers } from "../token.ts";
import { FieldChanges } from "./changes.tsx";
import { SnapshotLayout } from "./layout.tsx";
import { linkedOf } from "./linked.ts";
import { Copy, Facts, language, line, Status, When } from "./parts.tsx";
import { localeOfTitle, titleIn } from "./title.ts";
import { Fields, Raw } from "./values.tsx";
import { href, param, type SnapshotView } from "./view.ts";

const VIEWS = ["current", "published", "changes", "json"] as const;
type Shown = typeof VIEWS[number];

/** A record of a snapshot, as somebody may see it. */
export interface SeenRecord {
  /** Its id. */
  readonly id: string;
  /** Its model's `api_key`. */
  readonly model: string;
  /** Its current version, if it may be seen. */
  readonly current: Item | undefined;
  /** Its published version. */
  readonly published: Item | undefined;
}

/**
 * The record that a page names, as far as it may be seen.
 *
 * @param view The page.
 * @throws {ServeError} If there is none.
 */
export async function recordOf(
  { opened: { snapshot }, call: { scope, signal } }: SnapshotView,
  id: string,
): Promise<SeenRecord | undefined> {
  const record: SnapshotRecord | undefined = await snapshot.record(id, { signal });
  if (record === undefined) return undefined;
  const current = covers(scope, "preview") ? record.current : undefined;
  const { model, published } = record;
  return current ?? published ? { id, model, current, published } : undefined;
}

/** A record: its fields in a locale, where its versions differ, and how it is put back. */
export async function RecordPage(view: SnapshotView) {
  const { opened, base, call: { signal } } = view;
  const id = param(view, "id") ?? "";
  const record = await recordOf(view, id);
  if (record === undefined) throw notThere(`record ${shown(id)} in this snapshot`);
  const { current, published, model } = record;
  const schema = await opened.snapshot.schema({ signal });
  const asked = param(view, "locale");
  const newest = (current ?? published)!;
  const own = localesOf(newest, schema);
  const locale = own.find((one) => one === asked) ?? own[0];
  const changes = current !== undefined && published !== undefined
    ? compareItems(published, current, {
      schemas: new SchemaPair(schema, schema),
      path: [],
      locale: null,
    })
    : [];
  const views = VIEWS.filter((one) => {
    if (one === "changes") return changes.length > 0;
    return one === "json" || record[one] !== undefined;
  });
  const name = param(view, "view");
  const shownView = views.find((one) => one === name) ?? views[0]!;
  const item = shownView === "published" ? published! : newest;
  const at = (query: { readonly view?: Shown; readonly locale?: string | undefined }) => {
    return href(`${base}/record`, { id, locale: asked, view: shownView, ...query });
  };
  const title = titleIn(item, schema, locale) ?? id;
  const modelName = schema.itemTypeOf(item)?.attributes.name ?? model;
  return (
    <SnapshotLayout
      view={view}
      title={title}
      tab="/records"
      crumbs={[
        { text: String(modelName), href: href(`${base}/records`, { model }) },
        { text: title },
      ]}
    >
      <h1 {...language(localeOfTitle(item, schema, locale))}>{line(title, 200)}</h1>
      <div class="under">
        <Status of={newest.meta?.status} /> <code>{line(id, 80)}</code>
        <Copy text={id} label="Copy the record's id" />
        {shownView === "json" || own.length < 2
          ? null
          : (
            <nav class="tabs inline" aria-label="Locales">
              {own.map((one) => (
                <a href={at({ locale: one })} aria-current={one === locale ? "page" : undefined}>
                  {line(one, 30)}
                </a>
              ))}
            </nav>
          )}
      </div>
      <div class="split">
        <div>
          <nav class="tabs inline" aria-label="Versions">
            {views.map((one) => (
              <a href={at({ view: one })} aria-current={one === shownView ? "page" : undefined}>
                {viewName(one, changes)}
              </a>
            ))}
          </nav>
          {shownView === "json"
            ? <Raw value={{ current, published }} most={200_000} />
            : shownView === "changes"
            ? (
              <>
                <p class="soft">From what was public to the current version.</p>
                <FieldChanges of={changes} />
              </>
            )
            : (
              <Fields
                item={item}
                context={{
                  base,
                  schema,
                  locale,
                  linked: await linkedOf(view, [item], schema, locale),
                  changed: new Set(changes.map(({ path }) => path.split("/")[0]!)),
                  changesHref: at({ view: "changes" }),
                }}
              />
            )}
        </div>
        <RecordSide view={view} record={record} />
      </div>
    </SnapshotLayout>
  );
}

function viewName(view: Shown, changes: readonly FieldChange[]): string {
  switch (view) {
    case "current":
      return "Current";
    case "published":
      return "Published";
    case "changes":
      return counted(changes.length, "difference");
    case "json":
      return "JSON";
  }
}

/** The locales that a record has values in, in the project's order; none if nothing of it is localized. */
function localesOf({ attributes, relationships }: Item, schema: SchemaIndex): string[] {
  const found = new Set<string>();
  for (const field of schema.fields(relationships.item_type.data.id)) {
    const value = attributes[field.attributes.api_key];
    if (!field.attributes.localized || !isObject(value)) continue;
    for (const locale of Object.keys(value)) found.add(locale);
  }
  const known = schema.locales.filter((locale) => found.has(locale));
  return [...known, ...[...found].filter((locale) => !known.includes(locale))];
}

function RecordSide({ view: { base, opened: { found, content } }, record }: {
  readonly view: SnapshotView;
  readonly record: SeenRecord;
}) {
  const { id, current, published, model } = record;
  const { meta } = (current ?? published)!;
  const text = (value: unknown) => typeof value === "string" ? value : null;
  const when = (value: unknown) => text(value) === null ? null : <When at={text(value)} />;
  const restore = `sluice restore ${shellWord(found.name)} --records ${shellWord(id)}`;
  const project = content.manifest?.project.id ?? found.project;
  return (
    <aside class="side">
      <Facts
        of={[
          ["Model", <a href={href(`${base}/records`, { model })}>{line(model, 80)}</a>],
          ["Created", when(meta?.created_at)],
          ["Changed", when(meta?.updated_at)],
          ["Published", when(meta?.published_at)],
          [
            "Version",
            text(meta?.current_version) === null
              ? null
              : <code>{line(text(meta?.current_version)!, 60)}</code>,
          ],
        ]}
      />
      <ul class="links">
        <li>
          <a href={href(`${base}/history`, { id })}>Its history over snapshots</a>
        </li>
        <li>
          <a href={href(`${base}/referrers`, { id })}>What refers to it</a>
        </li>
      </ul>
      <h2>Put it back</h2>
      <p class="soft">In the project {line(project, 80)}, as it is in this snapshot:</p>
      <Command text={`${restore} --into new:rescue`} />
      <p class="soft">That makes a sandbox to look at. Where it was changed or deleted:</p>
      <Command text={`${restore} --into primary --conflicts overwrite`} />
    </aside>
  );
}

/** A command to copy. */
function Command({ text }: { readonly text: string }) {
  return (
    <div class="command">
      <code tabindex={0}>{line(text, 600)}</code>
      <Copy text={text} label={`Copy the command: ${line(text, 200)}`} />
    </div>
  );
}
