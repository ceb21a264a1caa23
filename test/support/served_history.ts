import { itemId } from "../../src/demo/sample/ids.ts";
import { sampleProject } from "../../src/demo/sample/sample_project.ts";
import type { Manifest } from "../../src/snapshot/manifest.ts";
import { manifestText, withDigest } from "../../src/snapshot/manifest_digest.ts";
import { isObject } from "../../src/text/json.ts";
import { exportedToMemory } from "./served.ts";
import { MemoryStorage } from "./memory_storage.ts";

/** A text that would run in a browser, were it taken for more than a text. */
export const HOSTILE =
  `"'><script src=//evil.example/x.js></script><script>window.ran=1</script><img src=x onerror=window.ran=1>{{1}}<!--`;
/** The record in whose fields that text is. */
export const HOSTILE_RECORD = itemId("notice-hostile");
/** A record that changes from snapshot to snapshot. */
export const CHANGING_RECORD = itemId("article-candle");
/** A record that the later snapshots haven't. */
export const GONE_RECORD = itemId("article-silence");

/** When the snapshots were made. */
const TIMES = [[2026, 2, 12], [2026, 3, 3], [2026, 3, 28], [2026, 4, 2]] as const;

/**
 * The sample project over some months, as four snapshots of it: a text is changed and published, a record is
 * deleted, another one is made in whose every text is markup.
 *
 * @param storage Where they are put.
 */
export async function exportedHistory(storage = new MemoryStorage()): Promise<MemoryStorage> {
  let time = 0;
  const project = sampleProject({ clock: () => new Date(time) });
  const { items } = project.primary;
  const edits: readonly (() => void)[] = [
    () => {},
    () => {
      const title = { ...items.get(CHANGING_RECORD, "current")!.attributes.title as object };
      items.update(CHANGING_RECORD, { title: { ...title, en: "The lock keeper who sold time" } });
      items.publish(CHANGING_RECORD);
      const [notice] = items.records().filter(({ current }) => isNotice(current));
      items.put(hostile(notice!));
    },
    () => items.delete(GONE_RECORD),
    () => {
      const standfirst = {
        ...items.get(CHANGING_RECORD, "current")!.attributes.standfirst as object,
      };
      const en =
        "What a lock keeper does all day is wait. She has become very good at it, and says so.";
      items.update(CHANGING_RECORD, { standfirst: { ...standfirst, en } });
    },
  ];
  for (const [i, [year, month, day]] of TIMES.entries()) {
    time = Date.UTC(year, month, day, 3, 15);
    edits[i]!();
    copyAs(await exportedToMemory({ project, tables: false }), storage, time);
  }
  return storage;
}

type Stored = ReturnType<ReturnType<typeof sampleProject>["primary"]["items"]["records"]>[number];

const isNotice = ({ attributes }: Stored["current"]) => "urgency" in attributes;

/** A record in which each text is markup. */
function hostile({ current }: Stored): Stored {
  const attributes = Object.fromEntries(
    Object.entries(current.attributes).map(([key, value]) => {
      if (typeof value === "string" && !/^\d{4}-/.test(value)) return [key, HOSTILE];
      if (!isObject(value)) return [key, value];
      return [key, Object.fromEntries(Object.keys(value).map((locale) => [locale, HOSTILE]))];
    }),
  );
  const made = { ...current, id: HOSTILE_RECORD, attributes };
  return { current: made, published: made };
}

/** Copies a snapshot, as if it had been made at another time. */
function copyAs(from: MemoryStorage, to: MemoryStorage, time: number): void {
  for (const [key, bytes] of from.objects) {
    const own = key.replace(/(?<=\/snapshot_)\d+(?=\/)/, String(time / 1000));
    const name = own.slice(own.lastIndexOf("/") + 1);
    if (name === "latest.json") continue;
    const [startedAt, endedAt] = [0, 42_000].map((ms) => new Date(time + ms).toISOString());
    if (name === "canary.txt") to.objects.set(own, encode(`${endedAt}\n`));
    else if (name !== "manifest.json") to.objects.set(own, bytes);
    else {
      const manifest: Manifest = JSON.parse(new TextDecoder().decode(bytes));
      const sealed = withDigest({ ...manifest, startedAt: startedAt!, endedAt: endedAt! });
      to.objects.set(own, encode(manifestText(sealed)));
    }
  }
}

function encode(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}
