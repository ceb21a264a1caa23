/** @jsxImportSource hono/jsx */
import { concurrently } from "../../async/concurrently.ts";
import { type DescribedSnapshot, describeSnapshot } from "../../snapshot/snapshot_info.ts";
import { snapshotIn } from "../../snapshot/find_snapshot.ts";
import { counted, formatBytes, formatCount } from "../../text/format.ts";
import { notThere } from "../failure.ts";
import { shown } from "../shelf.ts";
import { Layout } from "./layout.tsx";
import { ago, Badge, Empty, line, Pager, State, took, When } from "./parts.tsx";
import { href, listPath, pageNumber, param, snapshotPath, type View } from "./view.ts";

/** Snapshots in a page. */
const PAGE = 30;
/** Manifests that are read at a time. */
const AT_A_TIME = 8;

/** The snapshots of an environment, two of which can be compared. */
export async function SnapshotsPage(view: View) {
  const { call: { params: { project = "" }, service: { shelf, now }, signal } } = view;
  const environment = param(view, "environment");
  const folders = await shelf.foldersOf(project);
  const folder = folders.find((one) => one.environment === environment);
  if (folder === undefined) {
    throw notThere(`environment ${shown(environment ?? "")} of project ${shown(project)}`);
  }
  const seconds = folder.seconds.toSorted((a, b) => b - a);
  const page = pageNumber(view);
  const from = (page - 1) * PAGE;
  const found = seconds.slice(from, from + PAGE).map((one) => snapshotIn(folder, one));
  const described = new Array<DescribedSnapshot>(found.length);
  await concurrently(
    found.map((one, at) => async (signal) => {
      described[at] = await describeSnapshot(shelf.storage, one, signal);
    }),
    AT_A_TIME,
    signal,
  );
  const [newest] = described;
  const name = described.find(({ info }) => info.project.name)?.info.project.name ?? project;
  const label = environment ?? newest?.info.environment.id ?? "primary";
  return (
    <Layout
      view={view}
      title={`${label} · ${name}`}
      project={project}
      crumbs={[{ text: name, href: listPath(project) }, { text: label }]}
    >
      <h1 dir="auto">{line(name, 100)}</h1>
      <Environments
        project={project}
        own={environment}
        primary={newest?.info.environment.id ?? "primary"}
        all={folders.flatMap(({ environment, seconds }) => seconds.length > 0 ? [environment] : [])}
      />
      {found.length === 0
        ? <Empty>There are no snapshots here.</Empty>
        : (
          <form action={`/p/${project}/compare`} data-compare>
            <table class="list snapshots">
              <caption class="hidden">Snapshots of {label}, the newest first</caption>
              <thead>
                <tr>
                  <th scope="col">
                    <span class="hidden">Compare</span>
                  </th>
                  <th scope="col">Snapshot</th>
                  <th scope="col">State</th>
                  <th scope="col" class="number">Records</th>
                  <th scope="col" class="number">Assets</th>
                  <th scope="col" class="number">Size</th>
                  <th scope="col" class="number">Took</th>
                </tr>
              </thead>
              <tbody>
                {described.map((one) => (
                  <SnapshotRow one={one} environment={environment} now={now()} />
                ))}
              </tbody>
            </table>
            <div class="compare-bar">
              <button type="submit" class="primary">Compare two snapshots</button>
              <span class="soft" data-compare-hint>Tick two of them first.</span>
            </div>
          </form>
        )}
      <Pager
        from={from + 1}
        to={from + found.length}
        total={seconds.length}
        before={page > 1 ? href(`/p/${project}`, { environment, page: page - 1 }) : undefined}
        after={from + PAGE < seconds.length
          ? href(`/p/${project}`, { environment, page: page + 1 })
          : undefined}
      />
    </Layout>
  );
}

function Environments({ project, own, primary, all }: {
  readonly project: string;
  readonly own: string | undefined;
  readonly primary: string;
  readonly all: readonly (string | undefined)[];
}) {
  if (all.length < 2) return null;
  return (
    <nav class="tabs inline" aria-label="Environments">
      {all.map((one) => (
        <a href={listPath(project, one)} aria-current={one === own ? "page" : undefined}>
          {one ?? primary}
        </a>
      ))}
    </nav>
  );
}

function SnapshotRow({ one: { info, manifest }, environment, now }: {
  readonly one: DescribedSnapshot;
  readonly environment: string | undefined;
  readonly now: number;
}) {
  const { id, state, createdAt, durationMs, records, published, assets, bytes, labels, project } =
    info;
  const isSealed = state !== "incomplete";
  const segment = environment === undefined ? id : `${id}:${environment}`;
  const failures = manifest?.failures.length ?? 0;
  const warnings = (manifest?.warnings.length ?? 0) + (manifest?.findings.length ?? 0);
  const when = new Date(createdAt).toISOString().slice(0, 16).replace("T", " ");
  return (
    <tr>
      <td class="tick">
        {isSealed
          ? (
            <input
              type="checkbox"
              name="s"
              value={segment}
              aria-label={`Compare the snapshot of ${when}`}
            />
          )
          : null}
      </td>
      <th scope="row">
        {isSealed
          ? (
            <a href={snapshotPath(project.id, id, environment)}>
              <When at={createdAt} />
            </a>
          )
          : <When at={createdAt} />}
        <span class="soft ago">{ago(Date.parse(createdAt), now)}</span>
        {Object.entries(labels).map(([name, value]) => (
          <Badge>{line(value === "" ? name : `${name}=${value}`, 60)}</Badge>
        ))}
      </th>
      <td>
        <State of={state} />
        {failures > 0 ? <Badge kind="bad">{counted(failures, "failure")}</Badge> : null}
        {warnings > 0 ? <Badge>{counted(warnings, "note")}</Badge> : null}
      </td>
      <td class="number" data-label="Records">
        {records === null ? "–" : formatCount(records)}
        {published === null
          ? null
          : <span class="soft sub">{formatCount(published)} published</span>}
      </td>
      <td class="number" data-label="Assets">
        {assets === null ? "–" : formatCount(assets.count)}
        {assets === null ? null : <span class="soft sub">{formatBytes(assets.bytes)}</span>}
      </td>
      <td class="number" data-label="Size">{bytes === null ? "–" : formatBytes(bytes)}</td>
      <td class="number" data-label="Took">
        {durationMs === null ? "–" : took(durationMs)}
      </td>
    </tr>
  );
}
