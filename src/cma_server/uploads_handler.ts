import { type Answer, notFound, ok } from "./answer.ts";
import type { ReadCall } from "./read_call.ts";
import {
  commaList,
  invalidFilter,
  isTree,
  parseFilters,
  parseOrder,
  parsePage,
  text,
  textFilters,
} from "./parameters.ts";

/** The columns that uploads can be filtered and ordered by. */
const COLUMNS: ReadonlySet<string> = new Set([
  "id",
  "_created_at",
  "_updated_at",
  "type",
  "size",
  "width",
  "height",
  "md5",
  "format",
  "filename",
  "basename",
  "mime_type",
  "author",
  "copyright",
  "notes",
]);

/**
 * `GET /uploads` and `/uploads/:id`.
 *
 * @param call The request.
 * @see {@link https://www.datocms.com/docs/content-management-api/resources/upload/instances}
 */
export async function uploadsHandler(call: ReadCall): Promise<Answer | undefined> {
  const { method, path, parameters, environment, takesAllFilters } = call;
  if (method !== "GET" || path.length > 2) return undefined;
  const id = path[1];
  if (id !== undefined) {
    const upload = await environment.uploads.get(id);
    if (!upload) throw notFound();
    return ok(upload);
  }
  for (const key of Object.keys(isTree(parameters.filter) ? parameters.filter : {})) {
    if (key === "query" && takesAllFilters) continue;
    if (key !== "ids" && key !== "fields") throw invalidFilter({ filter: key });
  }
  const isColumn = (column: string) => COLUMNS.has(column);
  const { total, page } = await environment.uploads.list({
    ids: commaList(parameters, "filter", "ids"),
    filters: [
      ...textFilters(parameters),
      ...parseFilters(parameters, isColumn, takesAllFilters),
    ],
    orderBy: parseOrder(parameters, isColumn),
    locale: text(parameters, "locale"),
    ...parsePage(parameters, { default: 30, max: 500 }),
  });
  return ok(page, { meta: { total_count: total } });
}
