import { EXIT, SluiceError } from "../../error.ts";
import { IdNumbers } from "../../text/id_numbers.ts";
import { printable } from "../../text/printable.ts";
import type { Snapshot } from "../../tools/open.ts";

/**
 * Refuses what can't be made under its id. Numbers, as DatoCMS gave them until October 2023, were replaced before.
 *
 * @param made What has to be made.
 * @param isTaken Whether DatoCMS takes an id. @default Unless it is a number
 * @throws {SluiceError} If there is any.
 */
export function assertCreatable(
  made: Iterable<{ readonly type: string; readonly id: string }>,
  isTaken: (id: string) => boolean = (id) => !/^\d+$/.test(id),
): void {
  let first: { readonly type: string; readonly id: string } | undefined;
  let others = -1;
  for (const one of made) {
    if (isTaken(one.id)) continue;
    first ??= one;
    others++;
  }
  if (first === undefined) return;
  throw new SluiceError(
    `The ${first.type.replaceAll("_", " ")} ${
      printable(first.id, 30)
    } of the snapshot has an id under which DatoCMS makes nothing${
      others > 0 ? `, as have ${others} more` : ""
    }: expected 22 letters, digits, dashes and underscores.`,
    EXIT.usage,
    { code: "ids_refused" },
  );
}

/**
 * Whether an environment holds nothing that a snapshot doesn't hold: what an earlier restore has begun is so. The
 * snapshot's ids are held, at most 30 bytes for each as DatoCMS has them.
 *
 * @param target The environment.
 * @param snapshot The snapshot.
 * @param signal Aborts the reading.
 */
export async function holdsNothingElse(
  target: Snapshot,
  snapshot: Snapshot,
  signal: AbortSignal,
): Promise<boolean> {
  const known = new IdNumbers();
  for await (const ids of allIds(snapshot, signal)) for (const id of ids) known.add(id);
  for await (const ids of allIds(target, signal)) {
    if (ids.some((id) => known.numberOf(id) === undefined)) return false;
  }
  return true;
}

/** The ids of models, uploads and records. */
async function* allIds(
  snapshot: Snapshot,
  signal: AbortSignal,
): AsyncGenerator<readonly string[], void> {
  const idsOf = (all: readonly { readonly id: string }[]) => all.map(({ id }) => id);
  const models = await snapshot.models({ signal });
  yield idsOf(models.map(({ model }) => model));
  for await (const page of snapshot.uploads({ signal })) yield idsOf(page);
  for (const { model: { attributes: { api_key: key, modular_block: isBlock } } } of models) {
    if (isBlock) continue;
    for await (const page of snapshot.records(key, { signal })) yield idsOf(page);
  }
}
