import { itemsHandler } from "./items_handler.ts";
import type { Answer } from "./answer.ts";
import type { ReadCall, ReadHandler } from "./read_call.ts";
import { fieldsHandler, itemTypesHandler } from "./schema_handlers.ts";
import { settingsHandler, tagsHandler } from "./settings_handlers.ts";
import { siteHandler } from "./site_handler.ts";
import { uploadsHandler } from "./uploads_handler.ts";

/** Who answers what, by the path's first segment; {@linkcode settingsHandler} answers the rest. */
export const READ_HANDLERS: Readonly<Record<string, ReadHandler>> = {
  "site": siteHandler,
  "item-types": itemTypesHandler,
  "fields": fieldsHandler,
  "fieldsets": fieldsHandler,
  "items": itemsHandler,
  "uploads": uploadsHandler,
  "upload-tags": tagsHandler,
  "upload-smart-tags": tagsHandler,
};

/**
 * Answers a request that reads.
 *
 * @param call The request.
 * @return `undefined` if there is no such endpoint.
 * @throws {ApiError} If it can't be answered as it asked for.
 */
export async function readAnswer(call: ReadCall): Promise<Answer | undefined> {
  return await (READ_HANDLERS[call.path[0] ?? ""] ?? settingsHandler)(call);
}
