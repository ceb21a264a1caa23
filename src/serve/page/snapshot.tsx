/** @jsxImportSource hono/jsx */
import { describeSnapshot } from "../../snapshot/snapshot_info.ts";
import type { ManifestNote } from "../../snapshot/manifest.ts";
import { counted, formatBytes, formatCount } from "../../text/format.ts";
import { covers } from "../token.ts";
import { SnapshotLayout } from "./layout.tsx";
import { Badge, Copy, Facts, line, State, took, When } from "./parts.tsx";
import { href, snapshotPath, type SnapshotView } from "./view.ts";

/** Notes of a kind that are shown. */
const SHOWN = 50;

/** What a snapshot says of itself, and what is in it. */
export async function SnapshotPage(view: SnapshotView) {
  const { opened: { found, snapshot, content }, base, project, environment, seconds, call } = view;
  const { storage, manifest } = content;
  const { info } = await describeSnapshot(storage, found, call.signal);
  const models = await snapshot.models({ signal: call.signal });
  const rows = models.filter(({ model }) => !model.attributes.modular_block).map(
    ({ model, fields }) => {
      const key = model.attributes.api_key;
      const counts = manifest !== undefined && Object.hasOwn(manifest.records, key)
        ? manifest.records[key]
        : undefined;
      return { key, name: String(model.attributes.name ?? key), fields: fields.length, counts };
    },
  );
  const older = seconds.find((one) => one < Number(/\d+$/.exec(found.id)?.[0]));
  const segmentOf = (id: string) => snapshotPath(project, id, environment).split("/").at(-1)!;
  return (
    <SnapshotLayout view={view} title={`Snapshot ${found.id}`} tab="">
      <h1>
        Snapshot of <When at={info.createdAt} />
      </h1>
      <div class="split">
        <div>
          {manifest === undefined ? null : (
            <>
              <Notes title="Failures" kind="bad" notes={manifest.failures} />
              <Notes title="Findings" notes={manifest.findings} />
              <Notes title="Warnings" notes={manifest.warnings} />
            </>
          )}
          <h2>Records</h2>
          {content.isTablesOnly
            ? <p class="empty">It was exported as tables only: it has no records to look at.</p>
            : (
              <table class="list">
                <caption class="hidden">Models and how many records they have</caption>
                <thead>
                  <tr>
                    <th scope="col">Model</th>
                    <th scope="col" class="number">Records</th>
                    <th scope="col" class="number">Published</th>
                    <th scope="col" class="number">Fields</th>
                  </tr>
                </thead>
                <tbody>
                  {rows.map(({ key, name, fields, counts }) => (
                    <tr>
                      <th scope="row">
                        <a href={href(`${base}/records`, { model: key })} dir="auto">
                          {line(name, 100)}
                        </a>{" "}
                        <code>{line(key, 80)}</code>
                      </th>
                      <td class="number" data-label="Records">{countOf(counts?.current)}</td>
                      <td class="number" data-label="Published">{countOf(counts?.published)}</td>
                      <td class="number" data-label="Fields">{fields}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            )}
        </div>
        <aside class="side">
          <Facts
            of={[
              ["State", <State of={info.state} />],
              [
                "Name",
                <>
                  <code>{found.name}</code>{" "}
                  <Copy text={found.name} label="Copy the snapshot's name" />
                </>,
              ],
              ["Began", <When at={info.createdAt} />],
              ["Took", info.durationMs === null ? null : took(info.durationMs)],
              ["Records", info.records === null ? null : formatCount(info.records)],
              [
                "Asset files",
                info.assets === null
                  ? null
                  : `${formatCount(info.assets.count)}, ${formatBytes(info.assets.bytes)}`,
              ],
              [
                "Failed assets",
                manifest?.assets === undefined || manifest.assets.failed === 0
                  ? null
                  : <Badge kind="bad">{formatCount(manifest.assets.failed)}</Badge>,
              ],
              ["Own size", info.bytes === null ? null : formatBytes(info.bytes)],
              ["Locales", manifest === undefined ? null : line(manifest.locales.join(", "), 200)],
              [
                "Made by",
                `${info.tool.name === "sluice" ? "Sluice" : "DatoCMS"} ${info.tool.version ?? ""}`,
              ],
            ]}
          />
          <h2>What else</h2>
          <ul class="links">
            {older === undefined || !covers(call.scope, "preview") ? null : (
              <li>
                <a
                  href={`/p/${project}/compare?s=${segmentOf(String(older))}&s=${
                    segmentOf(found.id)
                  }`}
                >
                  What has changed since the one before
                </a>
              </li>
            )}
            {content.isTablesOnly ? null : (
              <li>
                <a href={`${base}/download/published`} download>
                  Published content as one JSON file
                </a>
              </li>
            )}
            {content.isTablesOnly || !covers(call.scope, "preview") ? null : (
              <li>
                <a href={`${base}/download/current`} download>Current content as one JSON file</a>
              </li>
            )}
            {covers(call.scope, "admin")
              ? (
                <li>
                  <a href={`${base}/download/archive`} download>All of it as an archive</a>
                </li>
              )
              : null}
          </ul>
        </aside>
      </div>
    </SnapshotLayout>
  );
}

function countOf(tally: { readonly count: number } | undefined) {
  return tally === undefined ? <span class="soft">–</span> : formatCount(tally.count);
}

function Notes({ title, notes, kind }: {
  readonly title: string;
  readonly notes: readonly ManifestNote[];
  readonly kind?: string;
}) {
  if (notes.length === 0) return null;
  return (
    <details class={`notes ${kind ?? ""}`} open={kind !== undefined}>
      <summary>
        {title} <Badge kind={kind ?? ""}>{formatCount(notes.length)}</Badge>
      </summary>
      <ul>
        {notes.slice(0, SHOWN).map(({ code, message }) => (
          <li>
            <code>{line(code, 60)}</code> <span dir="auto">{line(message, 500)}</span>
          </li>
        ))}
        {notes.length > SHOWN
          ? (
            <li>
              {counted(notes.length - SHOWN, "more of them is", "more of them are")}{" "}
              in the manifest.
            </li>
          )
          : null}
      </ul>
    </details>
  );
}
