import * as z from "zod";
import type { MaxDelete } from "../../export/assets/max_delete.ts";
import { EXPORT_DEFAULTS } from "../../export/export_settings.ts";
import type { AssetMode } from "../../export/options.ts";
import { isHttpUrl, under } from "../option.ts";

/** What can become of asset files no longer used by any upload. */
export const ASSET_MODES = ["keep", "sync"] as const satisfies readonly AssetMode[];

const { option } = under("Assets");

/** What becomes of asset files. */
export const ASSETS = {
  assets: option({
    kind: "text",
    schema: z.union([z.enum(ASSET_MODES), z.literal(false)]).default(EXPORT_DEFAULTS.assets),
    placeholder: "<mode>",
    choices: ASSET_MODES,
    canBeOff: true,
    expects: `${ASSET_MODES.join(", ")} or false`,
    help:
      "What to do with asset files no longer used by any upload: keep them, or delete them once " +
      "the snapshot is complete (sync). With --no-assets (or false), no asset files are downloaded " +
      "or deleted; their metadata is still exported.",
    toExport: (assets) => ({ assets }),
  }),
  maxDelete: option({
    kind: "text",
    schema: z.union([
      z.number().int().nonnegative(),
      z.string().regex(/^\d{1,9}$/).transform(Number),
      z.custom<MaxDelete>((value) => {
        return typeof value === "string" && /^(100|\d{1,2}(\.\d+)?)%$/.test(value);
      }),
    ]).optional(),
    placeholder: "<n|n%>",
    expects: "a number of files, or a share of them such as 10%",
    help: "Maximum number of files that --assets sync may delete; if there are more, it deletes " +
      "none. Default: 100 files or 10 %, whichever is more.",
    toExport: (maxDelete) => ({ maxDelete }),
  }),
};

/** How asset files are fetched. */
export const ASSET_SOURCE = {
  assetHost: option({
    kind: "text",
    schema: z.string().refine(isHttpOrigin).optional(),
    placeholder: "<origin>",
    expects: "an http or https origin such as https://assets.example.com, without a path",
    help: "Origin to download asset files from, instead of the host in their URLs.",
    toExport: (assetHost) => ({ assetHost }),
  }),
};

function isHttpOrigin(text: string): boolean {
  const url = URL.parse(text);
  return isHttpUrl(text) && url!.pathname === "/" && url!.username === "" && url!.password === "";
}
