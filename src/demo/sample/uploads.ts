import type { JsonObject, Upload } from "../../content/resource.ts";
import { bytesAsset, type DemoAsset } from "../../simulator/project.ts";
import { newUpload } from "../../simulator/new_upload.ts";
import { ref } from "../../simulator/schema_builder.ts";
import {
  candleLock,
  ESCAPE,
  heron,
  KEEPERS_RULES,
  lockBell,
  OLD_PLAN,
  passageMap,
  ripple,
  TIMETABLE,
  WATER_LEVELS,
  WORDMARK,
} from "./files/contents.ts";
import { collectionId, SITE_ID, uploadId } from "./ids.ts";
import { LOCALES } from "./schema.ts";

/** An upload, as short as it can be told. */
interface UploadSketch {
  readonly key: string;
  readonly filename: string;
  /** What stands in the path in place of the filename, if it isn't the same. */
  readonly slug?: string;
  readonly bytes: string | (() => Uint8Array<ArrayBuffer>);
  readonly type: string;
  /** When it was uploaded, in ISO 8601. */
  readonly created: string;
  readonly collection?: string;
  /** The alternative text in English. */
  readonly alt?: string;
  readonly attributes?: JsonObject;
  /** The name of the threat that made DatoCMS take its bytes away. */
  readonly threat?: string;
}

function sketches(): UploadSketch[] {
  return [
    {
      key: "old-plan",
      filename: "conca-1931.svg",
      bytes: OLD_PLAN,
      type: "image/svg+xml",
      created: "2016-04-12T10:00:00.000Z",
      collection: "archive",
      // Uploads of that age have no digest.
      attributes: { md5: null, width: 100, height: 40, copyright: "1931, nobody left to ask" },
    },
    {
      key: "wordmark",
      filename: "slackwater.svg",
      bytes: WORDMARK,
      type: "image/svg+xml",
      created: "2025-02-01T07:30:00.000Z",
      alt: "Slackwater, in yellow on dark blue",
      attributes: { width: 240, height: 60, tags: ["brand"] },
    },
    {
      key: "candle-lock",
      filename: "candle-lock.png",
      bytes: candleLock,
      type: "image/png",
      created: "2025-02-02T06:41:12.000Z",
      collection: "photographs",
      alt: "Wooden gates, still water, a lit window",
      attributes: {
        width: 96,
        height: 64,
        author: "Iara Nogueira",
        tags: ["locks", "morning"],
        smart_tags: ["water", "wood"],
        colors: [{ red: 74, green: 92, blue: 60, alpha: 255 }],
        exif_info: { model: "Floating No. 2", iso: 100 },
      },
    },
    {
      key: "heron-at-dawn",
      filename: "heron.png",
      bytes: () => heron([236, 200, 190]),
      type: "image/png",
      created: "2025-02-02T06:55:40.000Z",
      collection: "photographs",
      alt: "A heron under a pink sky",
      attributes: {
        width: 48,
        height: 64,
        tags: ["herons", "morning"],
        smart_tags: ["bird", "water"],
      },
    },
    {
      key: "heron-at-dusk",
      filename: "heron.png",
      bytes: () => heron([58, 48, 86]),
      type: "image/png",
      created: "2025-02-02T19:21:03.000Z",
      collection: "photographs",
      alt: "The same heron under a violet sky",
      attributes: {
        width: 48,
        height: 64,
        tags: ["herons", "evening"],
        smart_tags: ["bird", "water"],
      },
    },
    {
      key: "ripple",
      filename: "ripple.gif",
      bytes: ripple,
      type: "image/gif",
      created: "2025-02-03T15:00:00.000Z",
      collection: "photographs",
      alt: "Rings of brown water",
      attributes: { width: 64, height: 64, author: "Iara Nogueira", smart_tags: ["water"] },
    },
    {
      key: "lock-bell",
      filename: "lock bell.wav",
      slug: "lock-bell.wav",
      bytes: lockBell,
      type: "audio/wav",
      created: "2025-02-05T10:00:00.000Z",
      attributes: { duration: 1, notes: "Once. Twice means fire." },
    },
    {
      key: "map",
      filename: "le-sette-sorelle-è-qui.pdf",
      slug: "le-sette-sorelle-e-qui.pdf",
      bytes: passageMap,
      type: "application/pdf",
      created: "2025-02-12T08:00:00.000Z",
      attributes: { tags: ["locks"] },
    },
    {
      key: "levels",
      filename: "water-levels.csv",
      bytes: WATER_LEVELS,
      type: "text/csv",
      created: "2026-01-06T07:00:00.000Z",
    },
    {
      key: "timetable",
      filename: "timetable.json",
      bytes: TIMETABLE,
      type: "application/json",
      created: "2026-01-06T07:05:00.000Z",
    },
    {
      key: "rules",
      filename: "RULES.TXT",
      bytes: KEEPERS_RULES,
      type: "text/plain",
      created: "2026-01-06T07:10:00.000Z",
      collection: "archive",
    },
    {
      key: "tickets",
      filename: "free-passage-tickets.zip",
      bytes: "Not tickets.\n",
      type: "application/zip",
      created: "2026-01-19T03:14:15.000Z",
      threat: "Trojan.Gongoozler.7",
    },
    {
      key: "escape",
      filename: "../../../escape.txt",
      slug: "..%2F..%2F..%2Fescape.txt",
      bytes: ESCAPE,
      type: "text/plain",
      created: "2026-01-19T03:20:00.000Z",
    },
  ];
}

/** Files that were made, by the key of their upload: nobody changes their bytes. */
const FILES = new Map<string, DemoAsset>();

function fileOf({ key, bytes, type }: UploadSketch): DemoAsset {
  let file = FILES.get(key);
  if (file === undefined) {
    const content = typeof bytes === "string" ? new TextEncoder().encode(bytes) : bytes();
    file = bytesAsset(content, type);
    FILES.set(key, file);
  }
  return file;
}

/** The uploads of the sample project, oldest first, and their bytes by path. */
export function sampleUploads(): { uploads: Upload[]; assets: Map<string, DemoAsset> } {
  const uploads: Upload[] = [];
  const assets = new Map<string, DemoAsset>();
  for (const sketch of sketches()) {
    const asset = fileOf(sketch);
    const upload = uploadOf(sketch, asset);
    uploads.push(upload);
    if (!sketch.threat) assets.set(upload.attributes.path, asset);
  }
  return { uploads, assets };
}

function uploadOf(sketch: UploadSketch, asset: DemoAsset): Upload {
  const { key, filename, slug = filename, created, collection, threat, alt = null } = sketch;
  const second = Math.floor(Date.parse(created) / 1000);
  const upload = newUpload(uploadId(key), `/${SITE_ID}/${second}-${slug}`, filename, asset, {
    created_at: created,
    updated_at: created,
    default_field_metadata: Object.fromEntries(
      LOCALES.map((locale) => [locale, {
        alt: locale === "en" ? alt : null,
        title: null,
        custom_data: {},
        focal_point: null,
      }]),
    ),
    ...sketch.attributes,
  });
  return {
    ...upload,
    relationships: {
      creator: { data: ref("account", "52759") },
      upload_collection: {
        data: collection ? ref("upload_collection", collectionId(collection)) : null,
      },
    },
    meta: {
      antivirus: {
        status: threat ? "infected" : "clean",
        checked_at: threat ? created : "2026-03-27T18:51:00.000Z",
        threat_name: threat ?? null,
      },
    },
  };
}
