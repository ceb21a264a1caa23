/** @jsxImportSource hono/jsx */
import { limited } from "../../async/limited.ts";
import { counted, formatCount } from "../../text/format.ts";
import { findInSnapshots, type FoundEntry, searchSnapshot } from "../../tools/find.ts";
import type { Call } from "../call.ts";
import { covers } from "../token.ts";
import { Layout, SnapshotLayout } from "./layout.tsx";
import { Badge, line, When } from "./parts.tsx";
import {
  choice,
  href,
  listPath,
  param,
  pathOfName,
  type SnapshotView,
  timeOfName,
  type View,
} from "./view.ts";

/** How long a search may take, in milliseconds. */
const BUDGET_MS = 10_000;
/** Records and uploads that are listed. */
const MOST = 100;
const SNAPSHOTS = ["10", "30", "100"] as const;

/** A record or upload that was found, and in which snapshots. */
interface Found {
  /** Where it is in the newest snapshot that has it. */
  readonly newest: FoundEntry;
  /** The names of the snapshots that have it, the newest first. */
  readonly snapshots: string[];
}

/** What was found, and whether there may be more. */
interface Search {
  readonly found: readonly Found[];
  readonly isPartial: boolean;
}

/** A text or an id in all snapshots of a project. */
export async function SearchPage(view: View) {
  const { call } = view;
  const { params: { project = "" }, service: { shelf }, signal } = call;
  const folders = await shelf.foldersOf(project);
  const query = param(view, "q", 200);
  const environments = folders.flatMap(({ environment, seconds }) => {
    return environment !== undefined && seconds.length > 0 ? [environment] : [];
  });
  const environment = environments.find((one) => one === param(view, "environment"));
  const limit = Number(choice(view, "snapshots", ["30", ...SNAPSHOTS]));
  const searched: string[] = [];
  const search = query === undefined ? undefined : await searchOf(
    call,
    findInSnapshots(shelf.storage, query, {
      project,
      environment,
      limit,
      ignoreCase: true,
      onSnapshot: (name) => searched.push(name),
      onUnreadable: () => {},
      signal,
    }),
  );
  return (
    <Layout
      view={view}
      title={query === undefined ? "Search" : `Search: ${query}`}
      project={project}
      search={query ?? ""}
      crumbs={[{ text: project, href: listPath(project) }, { text: "Search" }]}
    >
      <h1>Search all snapshots</h1>
      <form class="filter">
        <label class="grow">
          <span>Text or id</span>
          <input type="search" name="q" value={query ?? ""} required maxlength={200} />
        </label>
        {environments.length === 0 ? null : (
          <label>
            <span>Environment</span>
            <select name="environment">
              <option value="">All</option>
              {environments.map((one) => (
                <option value={one} selected={one === environment}>{one}</option>
              ))}
            </select>
          </label>
        )}
        <label>
          <span>Newest snapshots</span>
          <select name="snapshots">
            {SNAPSHOTS.map((one) => (
              <option value={one} selected={Number(one) === limit}>{one}</option>
            ))}
          </select>
        </label>
        <button type="submit" class="primary">Search</button>
      </form>
      {search === undefined
        ? (
          <p class="soft">
            In the records and uploads of the newest snapshots; upper and lower case are the same.
          </p>
        )
        : (
          <>
            <p class="soft" role="status">
              {search.found.length === 0
                ? "Nothing was found"
                : counted(search.found.length, "record or upload", "records and uploads")} in{" "}
              {counted(searched.length, "snapshot")}.
              {search.isPartial
                ? " There may be more: search fewer snapshots, or for more of the text."
                : null}
            </p>
            <Results found={search.found} query={query!} />
          </>
        )}
    </Layout>
  );
}

/** Where a text or an id is in one snapshot. */
export async function WherePage(view: SnapshotView) {
  const { call, opened: { found: own }, base } = view;
  const { signal, service: { shelf } } = call;
  const query = param(view, "q", 200);
  const search = query === undefined ? undefined : await searchOf(
    call,
    searchSnapshot(shelf.storage, own, query, { ignoreCase: true, signal }),
  );
  // What is looked for by its id isn't what refers to it.
  const found =
    search?.found.filter(({ newest: { id, path } }) => id !== query || path !== "/id") ?? [];
  return (
    <SnapshotLayout
      view={view}
      title={query ?? "Where"}
      tab="/records"
      crumbs={[{ text: "Where it occurs" }]}
    >
      <h1>Where it occurs in this snapshot</h1>
      <form class="filter" action={`${base}/where`}>
        <label class="grow">
          <span>Text or id</span>
          <input type="search" name="q" value={query ?? ""} required maxlength={200} />
        </label>
        <button type="submit">Search</button>
      </form>
      {search === undefined ? null : (
        <>
          <p class="soft" role="status">
            {found.length === 0
              ? "Nothing else has it"
              : counted(found.length, "record or upload has it", "records and uploads have it")}.
            {search.isPartial ? " There may be more." : null}
          </p>
          <Results found={found} query={query!} />
        </>
      )}
    </SnapshotLayout>
  );
}

/** Reads what is found, within the time and the number that a page may have. */
async function searchOf(
  { scope, signal, service: { shelf: { scans } } }: Call,
  pages: ReadableStream<readonly FoundEntry[]> | AsyncIterable<readonly FoundEntry[]>,
): Promise<Search> {
  const isAll = covers(scope, "preview");
  const found = new Map<string, Found>();
  let isPartial = false;
  try {
    const read = async (signal: AbortSignal) => {
      for await (const page of pages) {
        signal.throwIfAborted();
        for (const entry of page) {
          if (entry.version === "current" && !isAll) continue;
          const key = JSON.stringify([entry.model, entry.id]);
          const known = found.get(key);
          if (known === undefined && found.size === MOST) isPartial = true;
          else if (known === undefined) {
            found.set(key, { newest: entry, snapshots: [entry.snapshot] });
          } else if (known.snapshots.at(-1) !== entry.snapshot) {
            known.snapshots.push(entry.snapshot);
          }
        }
      }
    };
    await scans.run(() => limited(BUDGET_MS, signal, read));
  } catch (error) {
    if (signal.aborted || !(error instanceof DOMException) || error.name !== "TimeoutError") {
      throw error;
    }
    isPartial = true;
  }
  return { found: [...found.values()], isPartial };
}

function Results({ found, query }: { readonly found: readonly Found[]; readonly query: string }) {
  return (
    <ol class="results">
      {found.map(({ newest: { model, id, path, text }, snapshots }) => {
        const [last, first] = [snapshots[0]!, snapshots.at(-1)!];
        const page = model === null ? "upload" : "record";
        return (
          <li>
            <p>
              <a href={href(`${pathOfName(last)}/${page}`, { id })}>
                {line(model ?? "Upload", 80)}
              </a>{" "}
              <code>{line(id, 80)}</code> <Badge>{line(fieldOf(path), 80)}</Badge>
            </p>
            <p class="excerpt" dir="auto">
              <Marked text={text} query={query} />
            </p>
            <p class="soft">
              {snapshots.length === 1
                ? (
                  <>
                    in the snapshot of <When at={timeOfName(last)} />
                  </>
                )
                : (
                  <>
                    in {formatCount(snapshots.length)} snapshots, from{" "}
                    <a href={href(`${pathOfName(first)}/${page}`, { id })}>
                      <When at={timeOfName(first)} />
                    </a>{" "}
                    to <When at={timeOfName(last)} />
                  </>
                )}
              {model === null ? null : (
                <>
                  {" · "}
                  <a href={href(`${pathOfName(last)}/history`, { id })}>History</a>
                </>
              )}
            </p>
          </li>
        );
      })}
    </ol>
  );
}

/** The field that a path leads into. */
function fieldOf(path: string): string {
  return path.replace(/^\/attributes\//, "").split("/").slice(0, 2).join(" / ");
}

/** A text in which what was looked for is marked. */
function Marked({ text, query }: { readonly text: string; readonly query: string }) {
  const parts = text.split(new RegExp(`(${RegExp.escape(query)})`, "iu"));
  return <>{parts.map((part, i) => i % 2 === 1 ? <mark>{line(part)}</mark> : line(part, 400))}</>;
}
