import type { JsonObject, Upload } from "../content/resource.ts";
import type { DemoAsset } from "./project.ts";

/**
 * An upload with every attribute that the API answers with.
 *
 * @param id The upload's id.
 * @param path The upload's path.
 * @param filename The file's name as it was uploaded.
 * @param asset The file's bytes.
 * @param attributes Attributes that replace the ones made up.
 */
export function newUpload(
  id: string,
  path: string,
  filename: string,
  asset: Pick<DemoAsset, "size" | "md5" | "contentType">,
  attributes: JsonObject = {},
): Upload {
  const dot = filename.lastIndexOf(".");
  return {
    id,
    type: "upload",
    attributes: {
      size: asset.size,
      width: null,
      height: null,
      path,
      format: dot > 0 ? filename.slice(dot + 1) : null,
      author: null,
      notes: null,
      copyright: null,
      default_field_metadata: {},
      is_image: asset.contentType.startsWith("image/"),
      created_at: null,
      updated_at: null,
      url: `https://www.datocms-assets.com${path}`,
      tags: [],
      filename,
      basename: dot > 0 ? filename.slice(0, dot) : filename,
      exif_info: {},
      mime_type: asset.contentType,
      colors: [],
      smart_tags: [],
      duration: null,
      frame_rate: null,
      mux_playback_id: null,
      mux_mp4_highest_res: null,
      blurhash: null,
      thumbhash: null,
      md5: asset.md5,
      ...attributes,
    },
    relationships: { upload_collection: { data: null } },
    meta: {
      antivirus: { status: "clean", checked_at: "2026-03-27T18:51:00.000Z", threat_name: null },
    },
  };
}
