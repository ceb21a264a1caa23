import { CANARY } from "../../snapshot/layout.ts";
import { safeApiKey } from "../../text/safe_name.ts";
import { isObject } from "../../text/json.ts";
import type { Check } from "./check.ts";
import type { Listed, ReaderOf } from "./check_sealed.ts";
import { batchOf } from "./known_ids.ts";

/**
 * Checks a Project Export of DatoCMS, which has no manifest, as far as it can be: that the project and its models
 * are there, that no batch lacks between others, and that each file can be read and is of its form.
 *
 * @param check The verification.
 * @param listed What is there.
 * @param level Whether files are read, or only looked at.
 * @param readerOf What reads an object's entries: those of which one does are read, whatever the sample.
 * @throws {StorageError} If something can't be read.
 */
export async function checkProjectExport(
  check: Check,
  listed: Listed,
  level: "manifest" | "data",
  readerOf: ReaderOf = () => undefined,
): Promise<void> {
  if (!listed.has("site.json")) check.add("missing", "site.json", "it describes the project");
  const models = [...listed.keys()].filter((path) => /^models\/[^/]+\.json$/.test(path));
  if (models.length === 0) check.add("missing", "models", "there is no file of a model");
  checkNumbers(check, listed);
  const own = [...listed].filter(([path]) => path !== CANARY);
  if (level === "manifest") {
    for (const [path, size] of own) {
      check.count(size);
      if (size === 0) check.add("truncated", path, "it is empty");
    }
    return;
  }
  const read = own.filter(([path]) => readerOf(path) !== undefined || check.isRead(path));
  check.expect(read.reduce((sum, [, size]) => sum + size, 0));
  const apiKeys = new Set<string>();
  await check.each(read, async ([path]) => {
    const found = await check.readExpected({ path }, readerOf(path));
    if (!/^models\//.test(path) || !isObject(found?.value)) return;
    const { data } = found.value;
    const attributes = isObject(data) ? data.attributes : undefined;
    if (isObject(attributes) && typeof attributes.api_key === "string") {
      apiKeys.add(attributes.api_key).add(safeApiKey(attributes.api_key));
    } else check.add("unparsable", path, "it isn't a model");
  });
  if (check.sample !== undefined) return;
  const folders = new Set<string>();
  for (const path of listed.keys()) {
    const batch = batchOf(path);
    if (batch !== undefined && batch !== "uploads") folders.add(batch.model);
  }
  for (const model of folders) {
    if (!apiKeys.has(model)) check.add("missing", `models/${model}.json`, "it has records");
  }
}

/** Batches are numbered one after the other. */
function checkNumbers(check: Check, listed: Listed): void {
  const numbers = new Map<string, number[]>();
  for (const path of listed.keys()) {
    const [, start, number, end] = /^((?:records|uploads)\/.*_)(\d{3,15})(\.\w+)$/.exec(path) ?? [];
    if (start === undefined) continue;
    const folder = `${start}*${end}`;
    numbers.set(folder, [...numbers.get(folder) ?? [], Number(number)]);
  }
  for (const [folder, own] of numbers) {
    own.sort((a, b) => a - b);
    own.forEach((number, i) => {
      const before = own[i - 1];
      if (before === undefined || number === before + 1) return;
      const path = folder.replace("*", String(before + 1).padStart(3, "0"));
      check.add(
        "missing",
        path,
        `there are those before and after it (${number - before - 1} lack)`,
      );
    });
  }
}
