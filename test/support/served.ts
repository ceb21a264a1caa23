import { sampleProject } from "../../src/demo/sample/sample_project.ts";
import { exportProject } from "../../src/export/export.ts";
import type { ExportOptions } from "../../src/export/options.ts";
import { snapshotHandler } from "../../src/serve/handler.ts";
import type { ServeOptions } from "../../src/serve/options.ts";
import { createToken, type Scope } from "../../src/serve/token.ts";
import { startDemoCma } from "../../src/simulator/server.ts";
import type { DemoProject } from "../../src/simulator/project.ts";
import type { Storage } from "../../src/storage/storage.ts";
import { sourceOf } from "./exported.ts";
import { serveHttp, type TestServer } from "./http_server.ts";
import { MemoryStorage } from "./memory_storage.ts";

/** A server of snapshots. */
export interface Served extends TestServer {
  /** A token of each scope. */
  readonly tokens: Readonly<Record<Scope, string>>;
  /** What was answered with an error of the server's own. */
  readonly errors: unknown[];
  /** Asks for something. */
  ask(path: string, options?: RequestInit & { readonly scope?: Scope }): Promise<Response>;
  /** Asks for something, and says with which status it was answered. */
  status(path: string, options?: RequestInit & { readonly scope?: Scope }): Promise<number>;
}

/**
 * Exports a project to memory.
 *
 * @param options How, and the project. @default {The sample}
 * @return Where the snapshot is.
 */
export async function exportedToMemory(
  { project = sampleProject(), storage = new MemoryStorage(), ...options }:
    & { readonly project?: DemoProject; readonly storage?: MemoryStorage }
    & Partial<Omit<ExportOptions, "storage">> = {},
): Promise<MemoryStorage> {
  await using cma = startDemoCma({ project, rateLimit: false });
  await exportProject({ ...sourceOf(cma), storage, ...options });
  return storage;
}

/**
 * Serves snapshots on 127.0.0.1.
 *
 * @param storage Where they are.
 * @param options How.
 */
export function serveSnapshots(storage: Storage, options: Partial<ServeOptions> = {}): Served {
  const made = (["read", "preview", "admin"] as const).map((scope) => {
    return [scope, createToken({ name: scope, scope })] as const;
  });
  const errors: unknown[] = [];
  const ready = Promise.withResolvers<(request: Request) => Promise<Response>>();
  const server = serveHttp(async (request) => await (await ready.promise)(request));
  ready.resolve(snapshotHandler(storage, {
    publicUrl: server.url,
    ...options,
    tokens: [...made.map(([, { kept }]) => kept), ...options.tokens ?? []],
    rate: options.rate ?? { limit: 100_000, seconds: 60 },
    onError: options.onError ?? ((error) => errors.push(error)),
  }));
  const tokens = Object.fromEntries(made.map(([scope, { token }]) => [scope, token]));
  const ask: Served["ask"] = (path, { scope = "admin", headers, ...init } = {}) => {
    return fetch(new URL(path, server.url), {
      ...init,
      headers: { Authorization: `Bearer ${tokens[scope]}`, ...headers },
    });
  };
  return {
    url: server.url,
    tokens: tokens as Served["tokens"],
    errors,
    ask,
    async status(path, options) {
      const { status, body } = await ask(path, options);
      await body?.cancel();
      return status;
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
