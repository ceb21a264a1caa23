/** @jsxImportSource hono/jsx */
import { secondsOf } from "../../snapshot/find_snapshots.ts";
import type { SnapshotInfo } from "../../snapshot/snapshot_info.ts";
import type { SnapshotFolder } from "../../snapshot/snapshot_folders.ts";
import { counted, formatBytes, formatCount } from "../../text/format.ts";
import { projects } from "../api/snapshots.ts";
import { Layout } from "./layout.tsx";
import { ago, Empty, line, State, When } from "./parts.tsx";
import { listPath, pathOfName, type View } from "./view.ts";

type Project = Awaited<ReturnType<typeof projects>>["projects"][number];

/** The projects, and how their snapshots are. */
export async function HomePage(view: View) {
  const { projects: all } = await projects(view.call);
  const folders = Map.groupBy(await view.call.service.shelf.folders(), ({ project }) => project);
  return (
    <Layout view={view} title="Projects">
      <h1>Projects</h1>
      {all.length === 0 ? <Empty>There are no snapshots here yet.</Empty> : null}
      <div class="cards">
        {all.map((one) => (
          <ProjectCard view={view} project={one} folders={folders.get(one.id) ?? []} />
        ))}
      </div>
    </Layout>
  );
}

function ProjectCard({ view, project: { id, name, environments, ...project }, folders }: {
  readonly view: View;
  readonly project: Project;
  readonly folders: readonly SnapshotFolder[];
}) {
  const now = view.call.service.now();
  // The schema says what it is; its type says it of the other side alone.
  const latest = project.latest as SnapshotInfo | null;
  const begun = Math.max(
    ...folders.filter(({ environment }) => environment === undefined)
      .flatMap(({ seconds }) => seconds),
  );
  const isUnfinished = latest !== null && begun > secondsOf(latest.id);
  return (
    <section class="card project" aria-labelledby={`p-${id}`}>
      <h2 id={`p-${id}`} dir="auto">
        <a href={listPath(id)}>{line(name ?? id, 100)}</a>
      </h2>
      {latest === null
        ? (
          <p class="health">
            <State of="incomplete" /> No snapshot is complete yet.
          </p>
        )
        : (
          <>
            <p class="health">
              <State of={latest.state} /> exported{" "}
              <a href={pathOfName(latest.name)}>
                {ago(Date.parse(latest.endedAt ?? latest.createdAt), now)}
              </a>
              <span class="soft">
                , <When at={latest.endedAt ?? latest.createdAt} />
              </span>
            </p>
            <p class="numbers">
              {latest.records === null ? null : <span>{counted(latest.records, "record")}</span>}
              {latest.assets === null
                ? null
                : <span>{counted(latest.assets.count, "asset file")}</span>}
              {latest.bytes === null
                ? null
                : <span>{formatBytes(latest.bytes + (latest.assets?.bytes ?? 0))}</span>}
            </p>
          </>
        )}
      {isUnfinished
        ? (
          <p class="note">
            An export that began {ago(begun * 1000, now)} isn't complete.
          </p>
        )
        : null}
      <form class="search wide" action={`/p/${id}/search`} role="search">
        <input
          type="search"
          name="q"
          required
          maxlength={200}
          placeholder="Text or id, in all snapshots"
          aria-label={`Search all snapshots of ${line(name ?? id, 100)}`}
        />
        <button type="submit">Search</button>
      </form>
      <h3>Environments</h3>
      <ul class="rows">
        {folders.filter(({ seconds }) => seconds.length > 0).map(({ environment, seconds }) => (
          <li>
            <a href={listPath(id, environment)}>
              {environment ?? environments.find(({ primary }) => primary)?.id ?? "primary"}
            </a>
            <span class="soft">
              {formatCount(seconds.length)}{" "}
              {seconds.length === 1 ? "snapshot" : "snapshots"}, newest{" "}
              {ago(Math.max(...seconds) * 1000, now)}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}
