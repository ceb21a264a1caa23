import * as z from "zod";
import type { JsonObject } from "../text/json.ts";
import { VERSION } from "../version.ts";
import type { Route } from "./api/route.ts";
import { failure } from "./schemas.ts";

/** A part of a path that is chosen. */
const PARAMETER = /:(\w+)(?:\{.*?\})?/g;

/**
 * What the own API is, in OpenAPI 3.1.
 *
 * @param routes Its endpoints, by their whole paths.
 */
export function openApi(routes: readonly Route[]): JsonObject {
  const paths: Record<string, JsonObject> = {};
  for (const route of routes) {
    const path = route.path.replace(PARAMETER, "{$1}");
    const method = (route.method ?? "GET").toLowerCase();
    paths[path] = { ...paths[path], [method]: operation(route) };
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Sluice",
      version: VERSION,
      description:
        "Snapshots of DatoCMS projects. What a token's scope doesn't cover is left out, " +
        "or refused.",
    },
    paths,
    components: {
      securitySchemes: { token: { type: "http", scheme: "bearer" } },
      schemas: { Error: jsonSchema(failure) },
    },
    security: [{ token: [] }],
  };
}

function operation({ path, summary, scope, query, body, answers }: Route): JsonObject {
  const inPath = [...path.matchAll(PARAMETER)].map(([, name]) => ({
    name: name!,
    in: "path",
    required: true,
    schema: { type: "string" },
  }));
  const { properties = {}, required = [] } = jsonSchema(query, "input") as {
    properties?: Record<string, JsonObject>;
    required?: string[];
  };
  const inQuery = Object.entries(properties).map(([name, { description, ...schema }]) => ({
    name,
    in: "query",
    required: required.includes(name),
    ...(description !== undefined && { description }),
    schema: schema as JsonObject,
  }));
  const content: Record<string, JsonObject> = {};
  for (const [type, answer] of Object.entries(answers)) {
    content[type] = answer === "bytes"
      ? type === "application/json" ? { schema: {} } : {}
      : { schema: jsonSchema(answer) };
  }
  return {
    summary,
    description: `Needs a token of scope ${scope}, or one that covers it.`,
    parameters: [...inPath, ...inQuery] as JsonObject[],
    ...(body !== undefined && {
      requestBody: {
        required: true,
        content: { "application/json": { schema: jsonSchema(body, "input") } },
      },
    }),
    responses: {
      "200": { description: summary, content },
      default: {
        description: "Why there is no answer",
        content: { "application/json": { schema: { "$ref": "#/components/schemas/Error" } } },
      },
    },
  };
}

function jsonSchema(schema: z.ZodType, io: "input" | "output" = "output"): JsonObject {
  const { $schema: _, ...own } = z.toJSONSchema(schema, { io, unrepresentable: "any" });
  return own as JsonObject;
}
