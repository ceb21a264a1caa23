import { Buffer } from "node:buffer";
import type * as z from "zod";
import type { Storage } from "../storage/storage.ts";
import { invalid, ServeError } from "./failure.ts";
import type { Metrics } from "./metrics.ts";
import type { OpenedSnapshot, Shelf } from "./shelf.ts";
import type { Rate, RateLeft, RateWindows } from "./rate.ts";
import type { Signer } from "./sign.ts";
import type { Scope, ServeToken } from "./token.ts";

/** A body is no longer than this (bytes). */
const LARGEST_BODY = 64 * 1024;

/** What answers requests. */
export interface Service {
  /** The snapshots. */
  readonly shelf: Shelf;
  /** Signs cursors and addresses. */
  readonly signer: Signer;
  /** The base of all links, without a trailing slash. */
  readonly publicUrl: string;
  /** Whether nothing may be changed. */
  readonly isReadOnly: boolean;
  /** What names the snapshot that other services' clients see as the only one. */
  readonly frontSnapshot: string;
  /** Signs addresses at which the storage itself sends files, if it can and is to. */
  readonly presign: Storage["presign"] | undefined;
  /** How long signed addresses are good, in milliseconds. */
  readonly urlTtlMs: number;
  /** Counts single documents and archives, by project. */
  readonly exports: RateWindows;
  /** What was counted of requests. */
  readonly metrics: Metrics;
  /** The time now, in milliseconds since 1970. */
  readonly now: () => number;
}

/** What becomes of a request, as far as it is known. */
export interface Progress {
  /** The request; of `HEAD`, as if it were `GET`. */
  readonly request: Request;
  /** Its address. */
  readonly url: URL;
  /** Its id, as the client is told. */
  readonly requestId: string;
  /** The address that it comes from; `""` if nobody knows. */
  readonly from: string;
  /** The token that it came with, once that is known. */
  token: ServeToken | null;
  /** What is left of the token's rate, once that is known. */
  rate: Call["rate"];
  /** Which route answers it. */
  route: string | null;
  /** The parts of the path that the route names. */
  params: Readonly<Record<string, string>>;
  /** Says what went wrong, if not as JSON. */
  errorAnswer: ((error: ServeError, requestId: string) => Promise<Response> | Response) | null;
}

/** A request that may be answered. */
export interface Call {
  /** The request; of `HEAD`, as if it were `GET`. */
  readonly request: Request;
  /** Its address. */
  readonly url: URL;
  /** The parts of the path that a route names, decoded. */
  readonly params: Readonly<Record<string, string>>;
  /** What may be seen. */
  readonly scope: Scope;
  /** The token that it came with; `null` where none is needed. */
  readonly token: ServeToken | null;
  /** What is left of the token's rate; `null` without a token. */
  readonly rate: (Rate & RateLeft) | null;
  /** Its id, as the client is told. */
  readonly requestId: string;
  /** Aborted when the server stops; a client that is gone cancels the body of its answer. */
  readonly signal: AbortSignal;
  /** What answers it. */
  readonly service: Service;
}

/** A snapshot as a request names it. */
export interface NamedSnapshot extends OpenedSnapshot {
  /** Whether the name will always mean this one. */
  readonly isPinned: boolean;
}

/**
 * Reads the query of a request.
 *
 * @param call The request.
 * @param schema What it may hold.
 * @param others Names of parameters that are read elsewhere. @default {None}
 * @throws {ServeError} If it holds something else.
 */
export function queryOf<Schema extends z.ZodType>(
  call: Call,
  schema: Schema,
  others?: RegExp,
): z.output<Schema> {
  const params = [...call.url.searchParams].filter(([name]) => !others?.test(name));
  const names = params.map(([name]) => name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw invalid(twice, `The parameter ${quoted(twice)} is given twice.`);
  const { success, data, error } = schema.safeParse(Object.fromEntries(params));
  if (success) return data;
  const [issue] = error.issues;
  if (issue?.code === "unrecognized_keys") {
    const name = issue.keys[0] ?? "";
    throw invalid(name, `There is no parameter ${quoted(name)} here.`);
  }
  const name = String(issue?.path[0] ?? "");
  throw invalid(name, `The parameter ${quoted(name)} isn't as it must be: ${issue?.message}.`);
}

/**
 * The snapshot that a request's path names, opened.
 *
 * @param call The request.
 * @param param The part of the path that names it.
 * @throws {ServeError} If it isn't there, or isn't sealed.
 */
export async function snapshotOf(call: Call, param = "snapshot"): Promise<NamedSnapshot> {
  const { params: { project = "", [param]: name = "" }, url, signal, service: { shelf } } = call;
  const environment = url.searchParams.get("environment") ?? undefined;
  const found = await shelf.find(project, name, environment, signal);
  return { ...await shelf.open(found, signal), isPinned: found.id === name };
}

/**
 * The body of a request, as text.
 *
 * @param request The request.
 * @throws {ServeError} If it is too long.
 */
export async function bodyText(request: Request): Promise<string> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of request.body ?? []) {
    size += piece.length;
    if (size > LARGEST_BODY) {
      throw new ServeError("PAYLOAD_TOO_LARGE", `A body may have ${LARGEST_BODY} bytes at most.`);
    }
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString();
}

function quoted(text: string): string {
  return JSON.stringify(text.slice(0, 60));
}
