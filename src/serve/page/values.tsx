/** @jsxImportSource hono/jsx */
import type { Child } from "hono/jsx";
import type { Field, Item, Json } from "../../content/resource.ts";
import type { SchemaIndex } from "../../content/schema_index.ts";
import { isObject, type JsonObject } from "../../text/json.ts";
import { getOwn } from "../../text/own.ts";
import { Asset } from "./asset.tsx";
import type { Linked } from "./linked.ts";
import { Badge, language, line, lines, When } from "./parts.tsx";
import { Outside, StructuredText } from "./structured_text.tsx";
import { href } from "./view.ts";

/** What values are shown with. */
export interface ValueContext {
  /** Where the pages of the snapshot are. */
  readonly base: string;
  /** The schema. */
  readonly schema: SchemaIndex;
  /** The locale whose values are shown. */
  readonly locale: string | undefined;
  /** What they link to. */
  readonly linked: Linked;
  /** Fields of the record that differ from its other version. */
  readonly changed: ReadonlySet<string>;
  /** Where that difference is shown. */
  readonly changesHref: string;
}

/** Blocks within blocks that are shown; what is deeper is shown as JSON. */
const DEEPEST = 16;

/** The fields of a record or block, with their values. */
export function Fields({ item, context, depth = 0 }: {
  readonly item: Item;
  readonly context: ValueContext;
  readonly depth?: number;
}) {
  const { schema } = context;
  const attributes: JsonObject = isObject(item.attributes) ? item.attributes : {};
  const fields = schema.fields(item.relationships?.item_type?.data?.id ?? "");
  const known = new Set([
    "created_at",
    "updated_at",
    ...fields.map(({ attributes }) => attributes.api_key),
  ]);
  const others = Object.keys(attributes).filter((key) => !known.has(key));
  return (
    <dl class="fields">
      {fields.map((field) => (
        <FieldRow
          field={field}
          value={getOwn(attributes, field.attributes.api_key)}
          context={context}
          depth={depth}
        />
      ))}
      {others.map((key) => (
        <div class="field">
          <dt>
            <code>{line(key, 100)}</code>
          </dt>
          <dd>
            <Raw value={attributes[key]} />
          </dd>
        </div>
      ))}
    </dl>
  );
}

function FieldRow({ field, value, context, depth }: {
  readonly field: Field;
  readonly value: Json | undefined;
  readonly context: ValueContext;
  readonly depth: number;
}) {
  const { api_key: key, field_type: type, localized, label } = field.attributes;
  const isByLocale = localized && isObject(value);
  const locale = isByLocale ? context.locale ?? null : null;
  const own = isByLocale ? getOwn(value, context.locale ?? "") : value;
  return (
    <div class="field">
      <dt>
        <span class="label" dir="auto">{line(typeof label === "string" ? label : key, 100)}</span>
        <code>{line(key, 100)}</code>
        {isByLocale ? <Badge>{line(context.locale ?? "", 20)}</Badge> : null}
        {depth === 0 && context.changed.has(key)
          ? <a class="badge updated" href={context.changesHref}>not as published</a>
          : null}
      </dt>
      <dd {...language(locale)}>
        {own === undefined || own === null || own === ""
          ? <span class="soft" lang="en" dir="ltr">empty</span>
          : <Value type={type} value={own} context={context} depth={depth} />}
      </dd>
    </div>
  );
}

function Value({ type, value, context, depth }: {
  readonly type: string;
  readonly value: Json;
  readonly context: ValueContext;
  readonly depth: number;
}): Child {
  switch (type) {
    case "boolean":
      return typeof value === "boolean" ? (value ? "Yes" : "No") : <Raw value={value} />;
    case "integer":
    case "float":
      return typeof value === "number" ? String(value) : <Raw value={value} />;
    case "string":
    case "slug":
    case "text":
      return typeof value === "string"
        ? <div class="text">{lines(value)}</div>
        : <Raw value={value} />;
    case "date_time":
      return typeof value === "string" && !Number.isNaN(Date.parse(value))
        ? (
          <>
            <When at={value} /> <code class="soft">{line(value, 40)}</code>
          </>
        )
        : <Raw value={value} />;
    case "date":
      return typeof value === "string" && /^\d{4}-\d\d-\d\d$/.test(value)
        ? <When at={value} short />
        : <Raw value={value} />;
    case "color":
      return <Color value={value} />;
    case "json":
      return <Raw value={value} />;
    case "lat_lon":
      return isObject(value) && typeof value.latitude === "number" &&
          typeof value.longitude === "number"
        ? `${value.latitude}, ${value.longitude}`
        : <Raw value={value} />;
    case "video":
      return isObject(value)
        ? <Outside to={value.url}>{line(String(value.title ?? value.provider ?? "Video"))}</Outside>
        : <Raw value={value} />;
    case "seo":
      return isObject(value) ? <Seo value={value} context={context} /> : <Raw value={value} />;
    case "link":
      return <RecordLink id={value} context={context} />;
    case "links":
      return Array.isArray(value)
        ? (
          <ul class="chips">
            {value.map((id) => (
              <li>
                <RecordLink id={id} context={context} />
              </li>
            ))}
          </ul>
        )
        : <Raw value={value} />;
    case "file":
      return <FileValue value={value} context={context} />;
    case "gallery":
      return Array.isArray(value)
        ? (
          <div class="gallery">
            {value.map((one) => <FileValue value={one} context={context} />)}
          </div>
        )
        : <Raw value={value} />;
    case "single_block":
      return <Block block={value} context={context} depth={depth} />;
    case "rich_text":
      return Array.isArray(value)
        ? (
          <div class="blocks">
            {value.map((one) => <Block block={one} context={context} depth={depth} />)}
          </div>
        )
        : <Raw value={value} />;
    case "structured_text":
      return isObject(value)
        ? (
          <StructuredText
            value={value}
            parts={{
              block: (item, isInline) => (
                <Block block={item ?? null} context={context} depth={depth} isInline={isInline} />
              ),
              record: (id, words) => <RecordLink id={id ?? null} context={context} words={words} />,
            }}
          />
        )
        : <Raw value={value} />;
    default:
      return <Raw value={value} />;
  }
}

/** A value as JSON; text that is JSON is shown as that. */
export function Raw({ value, most = 20_000 }: { readonly value: unknown; readonly most?: number }) {
  let shown: unknown = value;
  if (typeof value === "string" && /^\s*[[{]/.test(value) && value.length < most) {
    try {
      shown = JSON.parse(value);
    } catch {
      // It is text, then.
    }
  }
  const text = typeof shown === "string" ? shown : JSON.stringify(shown, null, 2) ?? "";
  if (!text.includes("\n") && text.length < 120) return <code>{lines(text)}</code>;
  return (
    <pre tabindex={0} lang="en" dir="ltr">
      <code>{lines(text, most)}</code>
    </pre>
  );
}

function Block({ block, context, depth, isInline = false }: {
  readonly block: Json;
  readonly context: ValueContext;
  readonly depth: number;
  readonly isInline?: boolean;
}) {
  if (!isObject(block) || !isObject(block.attributes) || depth > DEEPEST) {
    return <Raw value={block} />;
  }
  const item = block as unknown as Item;
  const model = context.schema.itemType(item.relationships?.item_type?.data?.id ?? "");
  const name = model?.attributes.name ?? model?.attributes.api_key ?? "Block";
  return (
    <details class={isInline ? "block inline" : "block"} open={!isInline} lang="en" dir="ltr">
      <summary>
        <span class="label" dir="auto">{line(String(name), 100)}</span>
        <code>{line(String(item.id ?? ""), 60)}</code>
      </summary>
      <Fields item={item} context={context} depth={depth + 1} />
    </details>
  );
}

/** A link to a record of the same snapshot. */
function RecordLink({ id, context: { base, linked, locale }, words }: {
  readonly id: Json;
  readonly context: ValueContext;
  readonly words?: Child;
}) {
  if (typeof id !== "string") return <Raw value={id} />;
  const record = linked.records.get(id);
  const text = words ?? line(record?.title ?? id, 120);
  if (record === null) {
    return (
      <span class="gone">
        {text} <span class="soft">not in this snapshot</span>
      </span>
    );
  }
  return (
    <>
      <a
        class={words === undefined ? "chip" : undefined}
        href={href(`${base}/record`, { id, locale })}
      >
        {text}
        {words === undefined && record !== undefined
          ? <span class="soft">{line(record.model, 40)}</span>
          : null}
      </a>
    </>
  );
}

function FileValue({ value, context }: { readonly value: Json; readonly context: ValueContext }) {
  if (!isObject(value) || typeof value.upload_id !== "string") return <Raw value={value} />;
  const { upload_id: id, alt, title } = value;
  const asset = context.linked.assets.get(id);
  const [first] = [alt, title].filter((text) => typeof text === "string" && text !== "");
  return (
    <figure class="file">
      <Asset base={context.base} id={id} asset={asset} />
      {typeof first === "string" ? <figcaption dir="auto">{line(first)}</figcaption> : null}
    </figure>
  );
}

function Color({ value }: { readonly value: Json }) {
  const parts = isObject(value) ? [value.red, value.green, value.blue] : [];
  const isColor = parts.length === 3 && parts.every((part) => {
    return Number.isInteger(part) && Number(part) >= 0 && Number(part) <= 255;
  });
  if (!isColor) return <Raw value={value} />;
  const hex = `#${parts.map((part) => Number(part).toString(16).padStart(2, "0")).join("")}`;
  const alpha = isObject(value) && typeof value.alpha === "number" && value.alpha < 255
    ? `, ${Math.round(value.alpha / 2.55)} %`
    : "";
  return (
    <span class="color">
      <svg width="16" height="16" viewBox="0 0 16 16" aria-hidden="true">
        <rect width="16" height="16" rx="3" fill={hex} />
      </svg>{" "}
      <code>{hex}{alpha}</code>
    </span>
  );
}

function Seo({ value, context }: { readonly value: JsonObject; readonly context: ValueContext }) {
  const { title, description, image, twitter_card: card, no_index: isHidden } = value;
  const text = (one: Json | undefined) =>
    typeof one === "string" && one !== "" ? line(one, 1000) : null;
  return (
    <dl class="facts">
      {text(title) === null ? null : (
        <div>
          <dt lang="en">Title</dt>
          <dd>{text(title)}</dd>
        </div>
      )}
      {text(description) === null ? null : (
        <div>
          <dt lang="en">Description</dt>
          <dd>{text(description)}</dd>
        </div>
      )}
      {typeof image === "string"
        ? (
          <div>
            <dt lang="en">Image</dt>
            <dd>
              <Asset base={context.base} id={image} asset={context.linked.assets.get(image)} />
            </dd>
          </div>
        )
        : null}
      {text(card) === null ? null : (
        <div>
          <dt lang="en">Card</dt>
          <dd>{text(card)}</dd>
        </div>
      )}
      {isHidden === true
        ? (
          <div>
            <dt lang="en">Search engines</dt>
            <dd lang="en">kept out</dd>
          </div>
        )
        : null}
    </dl>
  );
}
