import { isObject } from "../../text/json.ts";
import type { JsonObject } from "../../content/resource.ts";
import type { DemoAsset, DemoProject } from "../project.ts";

/**
 * Serves the bytes of assets as DatoCMS's CDN does. What was taken away for being infected isn't there
 * (404), and raw videos are refused (422) when the project says so. Images are optimized when the project
 * says so, and SVG is sanitized, unless the address asks for the file: then other bytes come.
 *
 * @param request The request.
 * @param url Its URL.
 * @param project The project.
 * @see {@link https://www.datocms.com/docs/content-management-api/resources/site#object-payload}
 * @see {@link https://www.datocms.com/docs/asset-api/asset-cdn-settings}
 */
export function serveAsset(request: Request, url: URL, project: DemoProject): Response {
  if (request.method !== "GET" && request.method !== "HEAD") {
    return plain(405, "Method not allowed");
  }
  const asset = project.asset(url.pathname) ?? project.asset(decoded(url.pathname));
  if (!asset) return plain(404, "Not found");
  if (asset.contentType.startsWith("video/") && rawVideosDisabled(project)) {
    return plain(422, "Serving raw videos is disabled for this project");
  }
  if (isProcessed(asset, url.searchParams, project)) {
    return plain(200, "What is left of the image");
  }
  return new Response(request.method === "HEAD" ? null : asset.body(), { headers: headers(asset) });
}

function headers(asset: DemoAsset): Record<string, string> {
  return {
    "content-type": asset.contentType,
    "content-length": String(asset.size),
    "etag": `"${asset.md5}"`,
    "cache-control": "public, max-age=31536000",
  };
}

function rawVideosDisabled(project: DemoProject): boolean {
  const { video } = cdnSettings(project);
  return isObject(video) && video.disable_serving_raw_videos === true;
}

/** Whether something else than the file is served. */
function isProcessed(
  { contentType }: DemoAsset,
  parameters: URLSearchParams,
  project: DemoProject,
): boolean {
  if (contentType === "image/svg+xml") return parameters.get("svg-sanitize") !== "false";
  const { image } = cdnSettings(project);
  return contentType.startsWith("image/") && isObject(image) && Object.keys(image).length > 0 &&
    parameters.get("skip-default-optimizations") !== "true";
}

function cdnSettings({ environments, primaryEnvironment }: DemoProject): JsonObject {
  const { site } = environments.get(primaryEnvironment) ?? {};
  const settings = site?.attributes.assets_cdn_default_settings;
  return isObject(settings) ? settings : {};
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

function plain(status: number, text: string): Response {
  return new Response(`${text}\n`, {
    status,
    headers: { "content-type": "text/plain; charset=utf-8" },
  });
}
