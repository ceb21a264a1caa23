/** @jsxImportSource hono/jsx */
import { createdAt } from "../../content/attributes.ts";
import { inLocale } from "../../content/in_locale.ts";
import type { Item, ItemType, Version } from "../../content/resource.ts";
import type { SchemaIndex } from "../../content/schema_index.ts";
import { counted, formatCount } from "../../text/format.ts";
import { isObject } from "../../text/json.ts";
import { notThere } from "../failure.ts";
import { orderBy, type Wanted } from "../places.ts";
import { shown } from "../shelf.ts";
import { covers } from "../token.ts";
import { SnapshotLayout } from "./layout.tsx";
import { Badge, Empty, language, line, Menu, Pager, Status, When } from "./parts.tsx";
import { localeOfTitle, titleIn } from "./title.ts";
import { choice, href, pageNumber, param, type SnapshotView } from "./view.ts";

/** Records in a page. */
const PAGE = 50;
const ORDERS = ["newest", "oldest", "updated", "title"] as const;
const ORDER_NAMES = {
  newest: "Newest first",
  oldest: "Oldest first",
  updated: "Last changed first",
  title: "By title",
};
const STATUSES = ["draft", "updated", "published"] as const;

/** What is asked of a list of records. */
interface Asked {
  readonly model: ItemType;
  readonly version: Version;
  readonly text: string | undefined;
  readonly status: string | undefined;
  readonly locale: string | undefined;
  readonly order: typeof ORDERS[number];
}

/** The records of a model; without one, of the first that has any. */
export async function RecordsPage(view: SnapshotView) {
  const { opened, base, call: { signal, scope, service: { shelf } } } = view;
  const schema = await opened.snapshot.schema({ signal });
  const asked = askedOf(view, schema);
  if (asked === undefined) {
    return (
      <SnapshotLayout view={view} title="Records" tab="/records">
        <h1>Records</h1>
        <Empty>This snapshot has no records to look at.</Empty>
      </SnapshotLayout>
    );
  }
  const { model, version, locale } = asked;
  const key = model.attributes.api_key;
  const name = line(String(model.attributes.name ?? key), 100);
  const page = pageNumber(view);
  const from = (page - 1) * PAGE;
  const wanted: Wanted<Item> = {
    ...wantedOf(asked, schema),
    groups: [opened.content.recordBatches(key, version)],
  };
  const id = JSON.stringify(["page", key, version, asked.text, asked.status, locale, asked.order]);
  const places = await shelf.places(opened, id, wanted);
  const records = await shelf.slice(opened, places, wanted, [from, from + PAGE], signal);
  const query = {
    model: key,
    version: version === "published" && covers(scope, "preview") ? version : undefined,
    q: asked.text,
    status: asked.status,
    locale,
    sort: asked.order === "newest" ? undefined : asked.order,
  };
  const at = (page: number) => href(`${base}/records`, { ...query, page });
  return (
    <SnapshotLayout view={view} title={name} tab="/records" crumbs={[{ text: name }]}>
      <div class="title">
        <h1 dir="auto">{name}</h1>
        <ModelMenu view={view} schema={schema} own={key} />
      </div>
      <Filter asked={asked} schema={schema} isPreview={covers(scope, "preview")} />
      {records.length === 0 ? <Empty>No record is like that.</Empty> : (
        <table class="list">
          <caption class="hidden">
            {counted(places.count, "record")} of {name}, {ORDER_NAMES[asked.order]}
          </caption>
          <thead>
            <tr>
              <th scope="col">Title</th>
              <th scope="col">Status</th>
              <th scope="col">Changed</th>
              <th scope="col">Id</th>
            </tr>
          </thead>
          <tbody>
            {records.map((record) => (
              <tr>
                <th scope="row" {...language(localeOfTitle(record, schema, locale))}>
                  <a href={href(`${base}/record`, { id: record.id, locale })}>
                    {line(titleIn(record, schema, locale) ?? "Untitled", 160)}
                  </a>
                </th>
                <td data-label="Status">
                  {version === "published"
                    ? <Badge kind="published">published</Badge>
                    : <Status of={record.meta?.status} />}
                </td>
                <td data-label="Changed">
                  <When at={textOf(record.meta?.updated_at)} />
                </td>
                <td data-label="Id">
                  <code>{line(record.id, 60)}</code>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      <Pager
        from={from + 1}
        to={from + records.length}
        total={records.length === 0 ? 0 : places.count}
        before={page > 1 ? at(page - 1) : undefined}
        after={from + PAGE < places.count ? at(page + 1) : undefined}
      />
    </SnapshotLayout>
  );
}

function askedOf(view: SnapshotView, schema: SchemaIndex): Asked | undefined {
  const { opened: { content }, call: { scope } } = view;
  if (content.isTablesOnly) return undefined;
  const key = param(view, "model");
  const model = key === undefined
    ? schema.models[0]
    : schema.models.find(({ attributes }) => attributes.api_key === key);
  if (model === undefined) {
    if (key === undefined) return undefined;
    throw notThere(`model of records ${shown(key)} in this snapshot`);
  }
  const version = covers(scope, "preview")
    ? choice(view, "version", ["current", "published"])
    : "published";
  const locale = param(view, "locale");
  return {
    model,
    version,
    text: param(view, "q", 200),
    status: STATUSES.find((one) => one === param(view, "status")),
    locale: schema.locales.find((one) => one === locale),
    order: choice(view, "sort", ORDERS),
  };
}

function wantedOf(
  { text, status, locale, order }: Asked,
  schema: SchemaIndex,
): Omit<Wanted<Item>, "groups"> {
  const needle = text === undefined ? undefined : folded(text);
  const isDescending = order !== "oldest" && order !== "title";
  const keyOf = (record: Item) => {
    switch (order) {
      case "title":
        return folded(titleIn(record, schema, locale) ?? "\uffff");
      case "updated":
        return textOf(record.meta?.updated_at);
      default:
        return createdAt(record) || 0;
    }
  };
  return {
    entriesOf: (record) => [record],
    matches(record) {
      if (status !== undefined && record.meta?.status !== status) return false;
      if (locale !== undefined && !hasLocale(record, locale, schema)) return false;
      if (needle === undefined) return true;
      const own = locale === undefined ? record : inLocale(record, locale, schema);
      return folded(record.id).includes(needle) || holds(own.attributes, needle);
    },
    order: orderBy([{ keyOf, isDescending }]),
  };
}

/** Whether some text or number in a value has something in it; names of keys don't count. */
function holds(value: unknown, needle: string): boolean {
  const open: unknown[] = [value];
  while (open.length > 0) {
    const one = open.pop();
    if (typeof one === "string" || typeof one === "number") {
      if (folded(String(one)).includes(needle)) return true;
    } else if (Array.isArray(one)) { for (const each of one) open.push(each); }
    else if (isObject(one)) { for (const each of Object.values(one)) open.push(each); }
  }
  return false;
}

/** A text as it is looked for: whatever the case and the accents. */
function folded(text: string): string {
  return text.normalize("NFD").replace(/\p{Mn}/gu, "").toLowerCase();
}

function hasLocale({ attributes, relationships }: Item, locale: string, schema: SchemaIndex) {
  const fields = schema.fields(relationships.item_type.data.id);
  const localized = fields.filter(({ attributes }) => attributes.localized);
  if (localized.length === 0) return true;
  return localized.some(({ attributes: { api_key: key } }) => {
    const value = attributes[key];
    return isObject(value) && Object.hasOwn(value, locale) && value[locale] !== null;
  });
}

function textOf(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}

function ModelMenu({ view: { base, opened: { content: { manifest } } }, schema, own }: {
  readonly view: SnapshotView;
  readonly schema: SchemaIndex;
  readonly own: string;
}) {
  return (
    <Menu
      name=", choose another one"
      label={
        <>
          Models <span class="soft">{schema.models.length}</span>
        </>
      }
    >
      <ul>
        {schema.models.map(({ attributes: { api_key: key, name } }) => {
          const counts = manifest !== undefined && Object.hasOwn(manifest.records, key)
            ? manifest.records[key]
            : undefined;
          return (
            <li>
              <a
                href={href(`${base}/records`, { model: key })}
                aria-current={key === own ? "true" : undefined}
              >
                <span dir="auto">{line(String(name ?? key), 80)}</span>
                {counts?.current === undefined
                  ? null
                  : <span class="soft">{formatCount(counts.current.count)}</span>}
              </a>
            </li>
          );
        })}
      </ul>
    </Menu>
  );
}

function Filter({ asked, schema, isPreview }: {
  readonly asked: Asked;
  readonly schema: SchemaIndex;
  readonly isPreview: boolean;
}) {
  const { model, text, version, status, locale, order } = asked;
  return (
    <form class="filter" data-auto>
      <input type="hidden" name="model" value={model.attributes.api_key} />
      <label>
        <span>Text</span>
        <input
          type="search"
          name="q"
          value={text ?? ""}
          maxlength={200}
          placeholder="In any field"
        />
      </label>
      {isPreview
        ? (
          <Select
            name="version"
            label="Version"
            value={version}
            options={[["current", "Current"], ["published", "Published"]]}
          />
        )
        : null}
      <Select
        name="status"
        label="Status"
        value={status ?? ""}
        options={[["", "Any"], ...STATUSES.map((one) => [one, one] as const)]}
      />
      <Select
        name="locale"
        label="Locale"
        value={locale ?? ""}
        options={[["", "Any"], ...schema.locales.map((one) => [one, line(one, 30)] as const)]}
      />
      <Select
        name="sort"
        label="Order"
        value={order}
        options={ORDERS.map((one) => [one, ORDER_NAMES[one]] as const)}
      />
      <button type="submit">Apply</button>
    </form>
  );
}

function Select({ name, label, value, options }: {
  readonly name: string;
  readonly label: string;
  readonly value: string;
  readonly options: readonly (readonly [value: string, label: string])[];
}) {
  return (
    <label>
      <span>{label}</span>
      <select name={name}>
        {options.map(([one, text]) => <option value={one} selected={one === value}>{text}</option>)}
      </select>
    </label>
  );
}
