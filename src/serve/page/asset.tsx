/** @jsxImportSource hono/jsx */
import { formatBytes } from "../../text/format.ts";
import type { SnapshotAsset } from "../../tools/open/assets.ts";
import { Badge, line } from "./parts.tsx";
import { href, isSafeImage } from "./view.ts";

/** Larger files aren't shown among others (bytes): a page would take long. */
const SHOWN = 3_000_000;

/** An asset: how it looks if a browser may show that, its name, and what became of its file. */
export function Asset({ base, id, asset, large = false }: {
  /** Where the pages of the snapshot are. */
  readonly base: string;
  /** The upload's id. */
  readonly id: string;
  /** What is known of it; `null` if the snapshot hasn't it, `undefined` if nobody looked. */
  readonly asset: SnapshotAsset | null | undefined;
  /** Whether it is shown alone. */
  readonly large?: boolean;
}) {
  const attributes = asset?.upload.attributes;
  const name = line(String(attributes?.filename ?? id), 100);
  if (asset === null) {
    return (
      <span class="gone">
        <code>{line(id, 60)}</code> <span class="soft">not in this snapshot</span>
      </span>
    );
  }
  const size = asset?.file?.size;
  const isShown = asset?.file !== undefined && isSafeImage(attributes?.mime_type) &&
    (large || (size ?? 0) <= SHOWN);
  return (
    <span class={large ? "asset large" : "asset"}>
      {isShown
        ? <img src={href(`${base}/asset`, { id })} alt="" loading={large ? "eager" : "lazy"} />
        : <span class="glyph" aria-hidden="true">{kindOf(attributes?.mime_type, name)}</span>}
      <span class="asset-name">
        {large ? <bdi>{name}</bdi> : (
          <a href={href(`${base}/upload`, { id })}>
            <bdi>{name}</bdi>
          </a>
        )}
        <Outcome asset={asset} />
      </span>
    </span>
  );
}

/** What became of an asset's file. */
export function Outcome({ asset }: { readonly asset: SnapshotAsset | undefined }) {
  if (asset === undefined) return null;
  const { file, reason } = asset;
  if (file !== undefined) {
    return <span class="soft">{file.size === undefined ? "saved" : formatBytes(file.size)}</span>;
  }
  return (
    <span class="outcome">
      <Badge kind="bad">no file</Badge>
      {reason === undefined ? null : <span class="soft" dir="auto">{line(reason, 300)}</span>}
    </span>
  );
}

function kindOf(type: unknown, name: string): string {
  const ending = /\.([a-z0-9]{1,5})$/i.exec(name)?.[1];
  return (ending ?? (typeof type === "string" ? line(type.split("/")[0]!, 5) : "file"))
    .toUpperCase();
}
