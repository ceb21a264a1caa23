import type { SourceSettings } from "../export/export_settings.ts";
import { findCopies } from "../export/freeze_leftovers.ts";
import { CmaClient } from "../source/datocms/cma_client.ts";
import { CmaError } from "../source/datocms/cma_error.ts";
import { destroyEnvironment, listEnvironments } from "../source/datocms/environments.ts";
import { fewNames } from "../text/printable.ts";
import type { DoctorCheck } from "./check.ts";

/** How long a copy is tried to be deleted, in milliseconds. */
const DESTROY_MS = 30_000;

/**
 * Looks for the temporary copies of environments that killed frozen exports left, and deletes them if
 * asked to: they count as sandbox environments.
 *
 * @param settings Which project.
 * @param clean Whether those are deleted that no export can be reading any more.
 * @return The checks; none if there are no copies, or the API token may not list environments.
 * @throws The signal's reason.
 */
export async function checkCopies(
  settings: SourceSettings,
  clean: boolean,
): Promise<DoctorCheck[]> {
  const { signal = new AbortController().signal } = settings;
  const client = new CmaClient({ ...settings, environment: undefined });
  try {
    const { environments, now } = await listEnvironments(client, signal);
    const { stale, young, edited } = findCopies(environments, now);
    return [
      ...(clean ? await deleteAll(client, stale, signal) : found(stale)),
      ...reports(
        "warning",
        edited,
        "left by killed exports, and changed by somebody since",
        byHand,
      ),
      ...reports("ok", young, "may be read by exports that run"),
    ];
  } catch (error) {
    if (!(error instanceof CmaError)) throw error;
    return error.isForbidden
      ? []
      : [{ ...report("unknown", error.message), code: error.code, facts: error.facts }];
  }
}

function found(ids: readonly string[]): DoctorCheck[] {
  const left = reports("warning", ids, "left by killed exports");
  return left.map((check) => ({ ...check, code: "copies_left" }));
}

async function deleteAll(
  client: CmaClient,
  ids: readonly string[],
  signal: AbortSignal,
): Promise<DoctorCheck[]> {
  const deleted: string[] = [];
  const problems: DoctorCheck[] = [];
  for (const id of ids) {
    try {
      await destroyEnvironment(client, id, DESTROY_MS, signal);
      deleted.push(id);
    } catch (error) {
      if (!(error instanceof CmaError)) throw error;
      problems.push(
        ...reports(
          "problem",
          [id],
          `can't be deleted (${error.message.replace(/\.$/, "")})`,
          byHand,
        ),
      );
    }
  }
  return [...reports("ok", deleted, "left by killed exports, and deleted now"), ...problems];
}

function reports(
  status: DoctorCheck["status"],
  ids: readonly string[],
  what: string,
  fix?: (ids: readonly string[]) => string,
): DoctorCheck[] {
  if (ids.length === 0) return [];
  const copies = ids.length === 1 ? "copy of an environment" : "copies of environments";
  return [report(status, `Temporary ${copies}, ${fewNames(ids)}: ${what}.`, fix?.(ids))];
}

function byHand(ids: readonly string[]): string {
  return `npx datocms environments:destroy ${ids[0]}`;
}

function report(status: DoctorCheck["status"], message: string, fix?: string): DoctorCheck {
  const check = { area: "source", name: "temporary_copies", status, message } as const;
  return { ...check, ...(fix !== undefined && { fix }) };
}
