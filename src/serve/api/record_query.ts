import type { Field, Item } from "../../content/resource.ts";
import type { SchemaIndex } from "../../content/schema_index.ts";
import { isObject } from "../../text/json.ts";
import { invalid } from "../failure.ts";
import { orderBy, type OrderKey, type Wanted } from "../places.ts";
import { shown } from "../shelf.ts";

/** What a parameter that filters records is called: `filter[title]` or `filter[title][neq]`. */
export const FILTER = /^filter\[([^[\]]{1,200})\](?:\[([a-z]+)\])?$/;
const OPERATORS = ["eq", "neq", "in", "exists", "lt", "lte", "gt", "gte"] as const;
type Operator = typeof OPERATORS[number];
/** What is known of each record, beside its fields. */
const META = ["id", "_status", "_created_at", "_updated_at", "_published_at"];

/** What records are looked for by. */
export interface RecordQuery {
  /** What names it among all. */
  readonly key: string;
  /** Whether a record is one, and what they are ordered by. */
  readonly wanted: Pick<Wanted<Item>, "matches" | "order">;
}

/**
 * Reads what records are looked for by: filters of fields, and an order.
 *
 * @param params The query.
 * @param order The parameter `order`: a field, or `-` and a field, after each other with commas.
 * @param model The model: its fields, and the locale whose values count; of localized fields, any locale's otherwise.
 * @return `undefined` if it is all of them, as they are.
 * @throws {ServeError} If there is no such field or operator.
 */
export function parseRecordQuery(
  params: URLSearchParams,
  order: string | undefined,
  { schema, id, locale }: {
    readonly schema: SchemaIndex;
    readonly id: string;
    readonly locale: string | undefined;
  },
): RecordQuery | undefined {
  const fields = new Map(schema.fields(id).map((field) => [field.attributes.api_key, field]));
  const valuesOf = (name: string, parameter: string) => reader(name, fields, parameter, locale);
  const filters = [...params].flatMap(([parameter, value]) => {
    const [, name, operator = "eq"] = FILTER.exec(parameter) ?? [];
    if (name === undefined) return [];
    if (!isOperator(operator)) {
      throw invalid(parameter, `The operators of filter are ${OPERATORS.join(", ")}.`);
    }
    return [{ values: valuesOf(name, parameter), isOne: comparison(operator, value, parameter) }];
  });
  const orders = (order === undefined ? [] : order.split(",")).map((text) => {
    const isDescending = text.startsWith("-");
    const values = valuesOf(text.replace(/^-/, ""), "order");
    return { isDescending, keyOf: (item: Item) => keyOf(values(item)) };
  });
  if (filters.length === 0 && orders.length === 0) return undefined;
  const asked = [...params].filter(([name]) => FILTER.test(name)).sort();
  return {
    key: JSON.stringify([asked, order, locale]),
    wanted: {
      matches: (item) => filters.every(({ values, isOne }) => isOne(values(item))),
      order: orderBy(orders),
    },
  };
}

function isOperator(text: string): text is Operator {
  return (OPERATORS as readonly string[]).includes(text);
}

/** Reads the values of a record that count: of localized fields, each locale's or the one that is asked for. */
function reader(
  name: string,
  fields: ReadonlyMap<string, Field>,
  parameter: string,
  locale: string | undefined,
): (item: Item) => readonly unknown[] {
  if (META.includes(name)) {
    return (item) => [name === "id" ? item.id : item.meta?.[name.slice(1)] ?? null];
  }
  const field = fields.get(name);
  if (field === undefined) {
    throw invalid(
      parameter,
      `The model has no field ${shown(name)}; of each record there are ${META.join(", ")}, too.`,
    );
  }
  return ({ attributes }) => {
    const value = attributes[name] ?? null;
    if (!field.attributes.localized || !isObject(value)) return [value];
    return locale === undefined ? Object.values(value) : [value[locale] ?? null];
  };
}

/** Whether one of the values is as it must be; for what must not be, whether none is. */
function comparison(
  operator: Operator,
  text: string,
  parameter: string,
): (values: readonly unknown[]) => boolean {
  switch (operator) {
    case "eq":
      return (values) => values.some((value) => entriesOf(value).includes(text));
    case "neq":
      return (values) => !values.some((value) => entriesOf(value).includes(text));
    case "in": {
      const some = text.split(",");
      return (values) => values.some((value) => entriesOf(value).some((one) => some.includes(one)));
    }
    case "exists": {
      if (text !== "true" && text !== "false") throw invalid(parameter, "exists is true or false.");
      return (values) => values.some((value) => entriesOf(value).length > 0) === (text === "true");
    }
    default: {
      const sign = operator.startsWith("l") ? -1 : 1;
      const isEqual = operator.endsWith("e");
      return (values) =>
        values.some((value) => {
          const compared = typeof value === "number"
            ? Math.sign(value - Number(text))
            : typeof value === "string"
            ? value === text ? 0 : value < text ? -1 : 1
            : NaN;
          return compared === sign || (isEqual && compared === 0);
        });
    }
  }
}

/** What a value is compared as: the entries of a list; nothing if there is none, or it is empty. */
function entriesOf(value: unknown): string[] {
  const values: readonly unknown[] = Array.isArray(value) ? value : [value];
  return values.flatMap((one) => {
    if (one === null || one === undefined || one === "") return [];
    if (typeof one === "string") return [one];
    if (isObject(one)) {
      const id = one.upload_id ?? one.id;
      return [typeof id === "string" ? id : JSON.stringify(one)];
    }
    return [JSON.stringify(one)];
  });
}

function keyOf(values: readonly unknown[]): OrderKey {
  const value = values.find((one) => one !== null);
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") {
    return value;
  }
  return entriesOf(value)[0] ?? null;
}
