import type { Resource, Upload, Version } from "../../content/resource.ts";
import { type ChangedSince, changedSince } from "../../source/datocms/changed_since.ts";
import type { ListingVerdict } from "../../source/datocms/listing_check.ts";
import type { CmaClient } from "../../source/datocms/cma_client.ts";
import type { Journal } from "../journal.ts";

/** Changed resources of a kind that are brought up to date in a pass, at most. */
const MOST_CHANGED = 10_000;

/** A resource that changed. */
export interface ChangedResource {
  /** Its model's id, or `UPLOADS`. */
  readonly of: string;
  /** When it was created, in milliseconds since 1970. */
  readonly time: number;
  /** For each version that was found, a text that changes with each change of it. */
  readonly states: Readonly<Partial<Record<Version, string>>>;
  /** An upload is whole in the listing; a record has to be read again with its blocks. */
  readonly upload?: Upload;
}

/** Resources that changed, by id. */
export type ChangedResources = Map<string, ChangedResource>;

/**
 * Collects resources that changed, up to a limit; that there are more is a finding.
 *
 * @param parts What is read, and where it is noted what is missing.
 * @param changed Where they are put.
 * @param changes Which changes are looked for.
 * @param toChanged What is kept of a resource, which another of its versions may have been found of before;
 * nothing of one that tells too little.
 * @param signal Ends it.
 * @throws {CmaError} If the API refuses.
 */
export async function collectChanged(
  { client, journal }: { readonly client: CmaClient; readonly journal: Journal },
  changed: ChangedResources,
  changes: ChangedSince,
  toChanged: (
    resource: Resource,
    before: ChangedResource | undefined,
  ) => ChangedResource | undefined,
  signal: AbortSignal,
): Promise<void> {
  const onFallback = (message: string) => journal.addWarning("api_fallback", message);
  const onEnd = ({ state, announced, sent }: ListingVerdict) => {
    if (state === "whole") return;
    journal.addFinding(
      "changes_missing",
      `The API announced ${announced} resources of ${changes.path} that changed during the export, and ` +
        `sent ${sent}: the others are as they were when they were read.`,
    );
  };
  for await (const page of changedSince(client, changes, { signal, onFallback, onEnd })) {
    for (const resource of page) {
      if (changed.size >= MOST_CHANGED) break;
      const one = toChanged(resource, changed.get(resource.id));
      if (one) changed.set(resource.id, one);
    }
    if (changed.size < MOST_CHANGED) continue;
    journal.addFinding(
      "many_changes",
      `More than ${MOST_CHANGED} resources of ${changes.path} changed during the export: the others are ` +
        "as they were when they were read.",
    );
    return;
  }
}

/**
 * A time in a resource, in milliseconds since 1970; `NaN` if there is none.
 *
 * @param value What may be one.
 */
export function timeOf(value: unknown): number {
  return typeof value === "string" ? Date.parse(value) : NaN;
}
