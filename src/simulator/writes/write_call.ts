import { type Answer, ApiError } from "../../cma_server/answer.ts";
import type { JsonObject, Relationship, ResourceIdentifier } from "../../content/resource.ts";
import { isObject } from "../../text/json.ts";
import type { Call } from "../cma/call.ts";
import type { MemoryEnvironment } from "../memory_environment.ts";
import type { MemoryProject } from "../memory_project.ts";
import { ref } from "../schema_builder.ts";

/** What becomes of the ids that clients choose for new blocks. */
export type BlockIds = "kept" | "refused" | "replaced";

/** A request that changes something. */
export interface WriteCall extends Call {
  /** The project that is changed. */
  readonly project: MemoryProject;
  /** The environment that is changed. */
  readonly environment: MemoryEnvironment;
  /** What becomes of the ids that clients choose for new blocks. */
  readonly blockIds: BlockIds;
  /** The server's own address, which uploads are sent to. */
  readonly origin: string;
  /** The request's body; `undefined` if it has none. */
  readonly content: unknown;
  /** The least time that jobs take, in milliseconds. */
  readonly jobMs: number;
}

/**
 * Answers the requests that change one kind of resource.
 *
 * @return The answer, or `undefined` if there is no such endpoint.
 */
export type Writer = (call: WriteCall) => Answer | undefined;

/** The resource that a request's body holds. */
export interface BodyData {
  /** Its id, if the client chose one. */
  readonly id: string | undefined;
  /** Its attributes. */
  readonly attributes: JsonObject;
  /** Its relationships. */
  readonly relationships: { readonly [name: string]: Relationship };
  /** Its `meta`. */
  readonly meta: JsonObject;
}

/**
 * The resource that a request's body holds.
 *
 * @param call The request.
 * @param type The type it must have.
 * @throws {ApiError} If it isn't there or not as it must be.
 */
export function bodyData({ content }: WriteCall, type: string): BodyData {
  const data = isObject(content) ? content.data : undefined;
  if (!isObject(data)) throw invalidFormat("data", "must be a resource");
  if (data.type !== type) throw invalidFormat("data.type", `must be ${type}`);
  if (data.id !== undefined && typeof data.id !== "string") {
    throw invalidFormat("data.id", "must be text");
  }
  const [attributes, relationships, meta] = ["attributes", "relationships", "meta"].map((name) => {
    const part = data[name] ?? {};
    if (isObject(part)) return part;
    throw invalidFormat(`data.${name}`, "must be an object");
  });
  for (const [name, each] of Object.entries(relationships!)) {
    if (!isObject(each) || each.data === undefined) {
      throw invalidFormat(`data.relationships.${name}`, "must have data");
    }
  }
  return {
    id: data.id,
    attributes: attributes!,
    relationships: relationships as unknown as BodyData["relationships"],
    meta: meta!,
  };
}

/**
 * Checks that an id which a client chose is one that the API takes: a UUID of version 4 in URL-safe base64.
 *
 * @param id The id.
 * @throws {ApiError} If it isn't.
 * @see {@link https://www.datocms.com/docs/content-management-api/errors#INVALID_ENTITY_ID}
 */
export function checkEntityId(id: string): void {
  if (isEntityId(id)) return;
  throw new ApiError(422, "INVALID_ENTITY_ID", { details: { id } });
}

/** Whether an id is a UUID of version 4 in URL-safe base64. */
function isEntityId(id: string): boolean {
  if (!/^[\w-]{22}$/.test(id)) return false;
  const bytes = Uint8Array.fromBase64(id, { alphabet: "base64url" });
  return bytes.length === 16 && bytes[6]! >> 4 === 4 && bytes[8]! >> 6 === 2;
}

/**
 * The id of a new resource.
 *
 * @param call The request.
 * @param id The id that the client chose, if any.
 * @param kind The resource's type.
 * @param isTaken Whether there is a resource with an id.
 * @throws {ApiError} If the id isn't one that the API takes, or is taken.
 */
export function newEntityId(
  { environment }: WriteCall,
  id: string | undefined,
  kind: string,
  isTaken: (id: string) => boolean,
): string {
  if (id === undefined) return environment.newId(kind);
  checkEntityId(id);
  if (isTaken(id)) throw invalidField("id", "VALIDATION_UNIQUENESS", { record_type: camel(kind) });
  return id;
}

function camel(kind: string): string {
  return kind.replace(/(?:^|_)([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

/**
 * A value that isn't as it has to be.
 *
 * @param field The attribute or field.
 * @param code What is wrong with it, such as `VALIDATION_REQUIRED`.
 * @param details What else there is to say.
 */
export function invalidField(field: string, code: string, details: JsonObject = {}): ApiError {
  return new ApiError(422, "INVALID_FIELD", { details: { field, code, ...details } });
}

/**
 * A body that isn't as it has to be.
 *
 * @param path Where it is wrong.
 * @param message What is wrong.
 */
export function invalidFormat(path: string, message: string): ApiError {
  return new ApiError(422, "INVALID_FORMAT", { details: { path, message } });
}

/**
 * Refuses attributes that there aren't.
 *
 * @param attributes The attributes of a body.
 * @param isKnown Whether there is an attribute.
 * @throws {ApiError} If there is one that isn't known.
 */
export function checkAttributes(attributes: JsonObject, isKnown: (name: string) => boolean): void {
  const unknown = Object.keys(attributes).filter((name) => !isKnown(name));
  if (unknown.length > 0) {
    throw new ApiError(422, "INVALID_ATTRIBUTES", { details: { extraneous_attributes: unknown } });
  }
}

/**
 * The only resource that a relationship of a body refers to; `undefined` if the body lacks it.
 *
 * @param data The body.
 * @param name The relationship's name.
 * @throws {ApiError} If it refers to several.
 */
export function oneOf(data: BodyData, name: string): ResourceIdentifier | null | undefined {
  const found = data.relationships[name]?.data;
  if (found === undefined || found === null || "id" in found) return found;
  throw new ApiError(422, "INVALID_RELATIONSHIP", { details: { relationship: name } });
}

/** Who writes: the API token, or the project's owner where there is no such token. */
export function writerOf({ environment: { settings } }: WriteCall): ResourceIdentifier {
  const tokens = settings.get("/access_tokens");
  const me = Array.isArray(tokens)
    ? tokens.find(({ attributes }) => attributes?.can_access_cma === true)
    : undefined;
  return me ? ref("access_token", me.id) : ref("account", "52759");
}
