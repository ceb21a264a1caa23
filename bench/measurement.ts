/**
 * What all measurements share: how much is measured, what serves it, and the table that comes of it.
 *
 * @module
 */
import type { Served } from "./cases.ts";
import { type Ended, run, serve } from "./measured.ts";

/** Takes a twentieth of everything. */
export const QUICK = "--quick";

/** Where the project is served; the port above it is free, too. */
export const PORT = 8787;
export const URL_OF_API = `http://127.0.0.1:${PORT}`;

/** How much of what is measured is a part. */
const PART = Deno.args.includes(QUICK) ? 1 / 20 : 1;
/** How often what has a median is measured. */
export const ROUNDS = PART < 1 ? 1 : 3;
/** So many, or a part of them. */
export const some = (count: number): number => Math.ceil(count * PART);

/** What was measured. */
export interface Table {
  readonly title: string;
  /** What its columns mean, and what must be so. */
  readonly text: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly (string | number)[])[];
}

/** Serves a project while something is measured. */
export async function served<T>(options: Omit<Served, "port">, work: () => Promise<T>): Promise<T> {
  const project = { ...options.project, records: some(options.project.records) };
  await using _server = await serve("serve.ts", { port: PORT, ...options, project }, PORT);
  return await work();
}

/** Runs a module, and counts its requests. */
export async function counted(module: string, options: object): Promise<Ended & Requests> {
  await (await fetch(`${URL_OF_API}/bench`, { method: "DELETE" })).body?.cancel();
  const ended = await run(module, { url: URL_OF_API, ...options });
  return { ...ended, ...await (await fetch(`${URL_OF_API}/bench`)).json() };
}

interface Requests {
  readonly requests: number;
  readonly records: number;
  readonly refused: number;
}

/** The ids of one model, or of all: the API's filters take several in one, and blocks aren't meant. */
export async function modelIds(apiKey?: string): Promise<string> {
  const headers = {
    authorization: "Bearer demo",
    accept: "application/json",
    "x-api-version": "3",
  };
  const answer = await fetch(`${URL_OF_API}/item-types`, { headers });
  const { data } = await answer.json() as {
    data: { id: string; attributes: { api_key: string; modular_block: boolean } }[];
  };
  return data.filter(({ attributes: { api_key: key, modular_block: isBlock } }) => {
    return !isBlock && (apiKey === undefined || key === apiKey);
  }).map(({ id }) => id).join();
}

/** A number with as many digits as matter. */
export function round(number: number): number {
  return Number(number.toFixed(number < 10 ? 2 : 1));
}
