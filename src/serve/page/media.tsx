/** @jsxImportSource hono/jsx */
import { concurrently } from "../../async/concurrently.ts";
import type { Upload } from "../../content/resource.ts";
import { formatBytes, formatCount } from "../../text/format.ts";
import { isObject } from "../../text/json.ts";
import type { SnapshotAsset } from "../../tools/open/assets.ts";
import { notThere } from "../failure.ts";
import { shown } from "../shelf.ts";
import { Asset, Outcome } from "./asset.tsx";
import { SnapshotLayout } from "./layout.tsx";
import { Copy, Empty, Facts, language, line, Pager, When } from "./parts.tsx";
import { safeHref } from "./structured_text.tsx";
import { Raw } from "./values.tsx";
import { href, pageNumber, param, type SnapshotView } from "./view.ts";

/** Uploads in a page. */
const PAGE = 48;
/** Those that are looked up at a time. */
const AT_A_TIME = 8;

/** The uploads, the newest first, with what became of their files. */
export async function MediaPage(view: SnapshotView) {
  const { opened, base, call: { service: { shelf }, signal } } = view;
  const rows = await shelf.uploads(opened);
  const page = pageNumber(view);
  const to = Math.max(0, rows.count - (page - 1) * PAGE);
  const uploads = (await rows.slice<Upload>(Math.max(0, to - PAGE), to, signal)).reverse();
  const assets = new Map<string, SnapshotAsset | null>();
  await concurrently(
    uploads.map(({ id }) => async (signal) => {
      assets.set(id, await opened.snapshot.asset(id, { signal }) ?? null);
    }),
    AT_A_TIME,
    signal,
  );
  const from = (page - 1) * PAGE;
  return (
    <SnapshotLayout view={view} title="Media" tab="/media" crumbs={[{ text: "Media" }]}>
      <h1>Media</h1>
      {uploads.length === 0 ? <Empty>There are no uploads here.</Empty> : null}
      <ul class="media">
        {uploads.map(({ id }) => (
          <li>
            <Asset base={base} id={id} asset={assets.get(id)} />
          </li>
        ))}
      </ul>
      <Pager
        from={from + 1}
        to={from + uploads.length}
        total={uploads.length === 0 ? 0 : rows.count}
        before={page > 1 ? href(`${base}/media`, { page: page - 1 }) : undefined}
        after={to > PAGE ? href(`${base}/media`, { page: page + 1 }) : undefined}
      />
    </SnapshotLayout>
  );
}

/** An upload: its file, what is known of it, and where it is used. */
export async function UploadPage(view: SnapshotView) {
  const { opened: { snapshot, content }, base, call: { signal } } = view;
  const id = param(view, "id") ?? "";
  const asset = await snapshot.asset(id, { signal });
  if (asset === undefined) throw notThere(`upload ${shown(id)} in this snapshot`);
  const { upload: { attributes }, file } = asset;
  const name = line(String(attributes.filename ?? id), 160);
  const number = (value: unknown) => typeof value === "number" ? formatCount(value) : null;
  const [width, height] = [number(attributes.width), number(attributes.height)];
  const address = safeHref(attributes.url);
  const locales = content.manifest?.locales ?? [];
  const texts = isObject(attributes.default_field_metadata)
    ? attributes.default_field_metadata
    : {};
  const told = Object.entries(texts).flatMap(([locale, one]) => {
    if (!isObject(one)) return [];
    return (["title", "alt"] as const).flatMap((key) => {
      const value = one[key];
      return typeof value === "string" && value !== "" ? [{ locale, key, value }] : [];
    });
  });
  return (
    <SnapshotLayout
      view={view}
      title={name}
      tab="/media"
      crumbs={[{ text: "Media", href: `${base}/media` }, { text: name }]}
    >
      <h1>
        <bdi>{name}</bdi>
      </h1>
      <div class="split">
        <div>
          <Asset base={base} id={id} asset={asset} large />
          {told.length === 0 ? null : (
            <dl class="fields">
              {told.toSorted((a, b) => locales.indexOf(a.locale) - locales.indexOf(b.locale)).map((
                { locale, key, value },
              ) => (
                <div class="field">
                  <dt>
                    <span class="label">{key === "alt" ? "Alternative text" : "Title"}</span>
                    <span class="badge">{line(locale, 30)}</span>
                  </dt>
                  <dd {...language(locale)}>{line(value, 1000)}</dd>
                </div>
              ))}
            </dl>
          )}
          <details class="notes">
            <summary>As JSON</summary>
            <Raw value={asset.upload} />
          </details>
        </div>
        <aside class="side">
          <Facts
            of={[
              [
                "File",
                file === undefined
                  ? <Outcome asset={asset} />
                  : (
                    <a href={href(`${base}/asset`, { id, download: "1" })} download>
                      Download{file.size === undefined ? "" : `, ${formatBytes(file.size)}`}
                    </a>
                  ),
              ],
              [
                "Type",
                typeof attributes.mime_type === "string" ? line(attributes.mime_type, 80) : null,
              ],
              ["Size", width === null || height === null ? null : `${width} × ${height}`],
              ["MD5", file?.md5 === undefined ? null : <code>{file.md5}</code>],
              [
                "Id",
                <>
                  <code>{line(id, 60)}</code> <Copy text={id} label="Copy the upload's id" />
                </>,
              ],
              [
                "Uploaded",
                typeof attributes.created_at === "string"
                  ? <When at={attributes.created_at} />
                  : null,
              ],
              ["Stored at", file === undefined ? null : <code>{line(file.key, 300)}</code>],
              ["Was served at", address === undefined ? null : <code>{line(address, 300)}</code>],
            ]}
          />
          <ul class="links">
            <li>
              <a href={href(`${base}/referrers`, { id, type: "upload" })}>Where it is used</a>
            </li>
          </ul>
        </aside>
      </div>
    </SnapshotLayout>
  );
}
