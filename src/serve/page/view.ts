import { type FoundSnapshot, snapshotIn } from "../../snapshot/find_snapshot.ts";
import { SHOWN_TYPES } from "../bytes.ts";
import type { Call } from "../call.ts";
import { notThere } from "../failure.ts";
import { type OpenedSnapshot, shown } from "../shelf.ts";

/** What a page is made of. */
export interface View {
  /** The request. */
  readonly call: Call;
  /** What forms carry; `null` where nobody has to log in. */
  readonly formToken: string | null;
}

/** What a page of a snapshot is made of. */
export interface SnapshotView extends View {
  /** The project's id. */
  readonly project: string;
  /** The snapshot's name in addresses: its id or `latest`, and its environment. */
  readonly segment: string;
  /** Where its pages are, without a trailing slash. */
  readonly base: string;
  /** The snapshot. */
  readonly opened: OpenedSnapshot;
  /** The sandbox; `undefined` for the primary environment. */
  readonly environment: string | undefined;
  /** The times of all snapshots of the environment, in seconds since 1970, the newest first. */
  readonly seconds: readonly number[];
}

/** Values of a query; what isn't there is left out. */
export type Query = Readonly<Record<string, string | number | undefined>>;

/**
 * An address on this server.
 *
 * @param path Its path.
 * @param query What it asks for.
 */
export function href(path: string, query: Query = {}): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== "") params.append(name, String(value));
  }
  return params.size === 0 ? path : `${path}?${params}`;
}

/**
 * Where the snapshots of an environment are listed.
 *
 * @param project The project's id.
 * @param environment The sandbox; `undefined` for the primary environment.
 */
export function listPath(project: string, environment?: string): string {
  return href(`/p/${project}`, { environment });
}

/**
 * Where the pages of a snapshot are, without a trailing slash.
 *
 * @param project The project's id.
 * @param id The snapshot's id, or `latest`.
 * @param environment The sandbox; `undefined` for the primary environment.
 */
export function snapshotPath(project: string, id: string, environment?: string): string {
  return `/p/${project}/${environment === undefined ? id : `${id}:${environment}`}`;
}

/**
 * Where the pages of a snapshot are that a listing names, without a trailing slash.
 *
 * @param name Its name: `<project>/[<environment>/]<id>`.
 */
export function pathOfName(name: string): string {
  const parts = name.split("/");
  return snapshotPath(parts[0]!, parts.at(-1)!, parts.length > 2 ? parts[1] : undefined);
}

/**
 * When a snapshot was begun that a listing names, in milliseconds since 1970.
 *
 * @param name Its name.
 */
export function timeOfName(name: string): number {
  return Number(/\d+$/.exec(name)?.[0]) * 1000;
}

/**
 * Opens the snapshot of a page.
 *
 * @param view What the page is made of.
 * @throws {ServeError} If there is none, or it isn't sealed.
 */
export async function snapshotView(view: View): Promise<SnapshotView> {
  const { call: { params: { project = "", snapshot: segment = "" }, service: { shelf }, signal } } =
    view;
  const found = await findNamed(view.call, segment);
  const [opened, folders] = [await shelf.open(found, signal), await shelf.foldersOf(project)];
  const folder = folders.find(({ environment }) => environment === found.environment);
  return {
    ...view,
    project,
    segment,
    base: `/p/${project}/${segment}`,
    opened,
    environment: found.environment,
    seconds: (folder?.seconds ?? []).toSorted((a, b) => b - a),
  };
}

/**
 * Finds a snapshot that an address names.
 *
 * @param call The request.
 * @param segment An id or `latest`; of a sandbox, `:` and its name follow.
 * @throws {ServeError} If there is none.
 */
export async function findNamed(
  { params: { project = "" }, service: { shelf }, signal }: Call,
  segment: string,
): Promise<FoundSnapshot> {
  const [, name, sandbox] = /^([\w-]+)(?::([\w-]+))?$/.exec(segment) ?? [];
  if (name === undefined) throw notThere(`snapshot ${shown(segment)}`);
  if (!/^\d+$/.test(name)) return await shelf.find(project, name, sandbox, signal);
  const folders = await shelf.foldersOf(project);
  const folder = folders.find(({ environment, seconds }) => {
    return environment === sandbox && seconds.includes(Number(name));
  });
  if (folder === undefined) {
    throw notThere(`snapshot ${shown(segment)} of project ${shown(project)}`);
  }
  return snapshotIn(folder, Number(name));
}

/**
 * A parameter of the address, if it is there.
 *
 * @param view What the page is made of.
 * @param name Its name.
 * @param most The most characters of it.
 */
export function param({ call: { url } }: View, name: string, most = 300): string | undefined {
  const value = url.searchParams.get(name)?.trim().slice(0, most);
  return value === "" ? undefined : value;
}

/**
 * A parameter that is a whole number above 0; 1 if it isn't.
 *
 * @param view What the page is made of.
 * @param name Its name.
 */
export function pageNumber(view: View, name = "page"): number {
  const value = Number(param(view, name, 7));
  return Number.isSafeInteger(value) && value > 0 ? value : 1;
}

/**
 * One of several values that a parameter may have.
 *
 * @param view What the page is made of.
 * @param name Its name.
 * @param values The values; the first one is taken if it has none of them.
 */
export function choice<T extends string>(
  view: View,
  name: string,
  values: readonly [T, ...T[]],
): T {
  const value = param(view, name);
  return values.find((one) => one === value) ?? values[0];
}

/**
 * Whether a browser shows files of a type as an image, running nothing in them.
 *
 * @param type The MIME type, as whoever uploaded it said.
 */
export function isSafeImage(type: unknown): boolean {
  return typeof type === "string" && type.startsWith("image/") &&
    SHOWN_TYPES.has(type.toLowerCase());
}
