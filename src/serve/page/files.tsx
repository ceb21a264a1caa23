/** @jsxImportSource hono/jsx */
import { formatBytes } from "../../text/format.ts";
import { covers } from "../token.ts";
import { scopeOfObject } from "../visibility.ts";
import { SnapshotLayout } from "./layout.tsx";
import { Empty, line, Pager } from "./parts.tsx";
import { href, pageNumber, param, type SnapshotView } from "./view.ts";

/** Files in a page. */
const PAGE = 100;

/** The objects of a snapshot that may be seen, to download each by itself. */
export function FilesPage(view: SnapshotView) {
  const { opened: { content: { sizes, manifest } }, base, call: { scope } } = view;
  const text = param(view, "q", 200)?.toLowerCase();
  const paths = [...sizes.keys()].filter((path) => {
    return covers(scope, scopeOfObject(path)) &&
      (text === undefined || path.toLowerCase().includes(text));
  }).sort();
  const page = pageNumber(view);
  const from = (page - 1) * PAGE;
  const own = paths.slice(from, from + PAGE);
  const sums = new Map(manifest?.objects.map(({ path, sha256 }) => [path, sha256]));
  const at = (page: number) => href(`${base}/files`, { q: text, page });
  return Promise.resolve(
    <SnapshotLayout view={view} title="Files" tab="/files" crumbs={[{ text: "Files" }]}>
      <h1>Files</h1>
      <form class="filter">
        <label class="grow">
          <span>Path</span>
          <input type="search" name="q" value={text ?? ""} maxlength={200} />
        </label>
        <button type="submit">Filter</button>
      </form>
      {own.length === 0 ? <Empty>No file is like that.</Empty> : (
        <table class="list files">
          <caption class="hidden">Files of this snapshot</caption>
          <thead>
            <tr>
              <th scope="col">Path</th>
              <th scope="col" class="number">Size</th>
              <th scope="col">SHA-256</th>
            </tr>
          </thead>
          <tbody>
            {own.map((path) => (
              <tr>
                <th scope="row">
                  <a href={href(`${base}/file`, { path })} download>
                    <code>{line(path, 300)}</code>
                  </a>
                </th>
                <td class="number" data-label="Size">{formatBytes(sizes.get(path) ?? 0)}</td>
                <td data-label="SHA-256">
                  {sums.has(path)
                    ? <code class="soft">{sums.get(path)!.slice(0, 16)}…</code>
                    : null}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      <Pager
        from={from + 1}
        to={from + own.length}
        total={own.length === 0 ? 0 : paths.length}
        before={page > 1 ? at(page - 1) : undefined}
        after={from + PAGE < paths.length ? at(page + 1) : undefined}
      />
    </SnapshotLayout>,
  );
}
