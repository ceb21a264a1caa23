/** @jsxImportSource hono/jsx */
import { counted, formatCount } from "../../text/format.ts";
import { referrersOf } from "../api/references.ts";
import { versionFor } from "../visibility.ts";
import { SnapshotLayout } from "./layout.tsx";
import { Badge, language, line } from "./parts.tsx";
import { localeOfTitle, titleIn } from "./title.ts";
import { choice, href, param, type SnapshotView } from "./view.ts";

/** Records that are named, at most. */
const MOST = 200;

/** The records that refer to a record or an upload, in links, blocks and texts. */
export async function ReferrersPage(view: SnapshotView) {
  const { call, opened, base } = view;
  const id = param(view, "id") ?? "";
  const type = choice(view, "type", ["item", "upload"]);
  const schema = await opened.snapshot.schema({ signal: call.signal });
  const version = versionFor(call.scope, undefined);
  const { found, total } = opened.content.isTablesOnly
    ? { found: [], total: 0 }
    : await referrersOf(call, opened, { type, id }, { version, most: MOST });
  return (
    <SnapshotLayout
      view={view}
      title={`What refers to ${id}`}
      tab={type === "item" ? "/records" : "/media"}
      crumbs={[
        { text: id, href: href(`${base}/${type === "item" ? "record" : "upload"}`, { id }) },
        { text: "What refers to it" },
      ]}
    >
      <h1>What refers to it</h1>
      <p class="soft" role="status">
        {total === 0 ? "No record" : counted(total, "record")} of this snapshot{" "}
        {total > 1 ? "refer" : "refers"} to <code>{line(id, 80)}</code>.
        {total > found.length ? ` The first ${formatCount(found.length)} are shown.` : null}
      </p>
      <ol class="results">
        {found.map((record) => (
          <li>
            <p>
              <a
                href={href(`${base}/record`, { id: record.id })}
                {...language(localeOfTitle(record, schema, undefined))}
              >
                {line(titleIn(record, schema, undefined) ?? "Untitled", 160)}
              </a>{" "}
              <Badge>{line(schema.itemTypeOf(record)?.attributes.api_key ?? "", 80)}</Badge>{" "}
              <code>{line(record.id, 80)}</code>
            </p>
          </li>
        ))}
      </ol>
      <p>
        <a href={href(`${base}/where`, { q: id })}>Where its id occurs as a text</a>
      </p>
    </SnapshotLayout>
  );
}
