/** @jsxImportSource hono/jsx */
import type { Child } from "hono/jsx";
import { fileHref } from "./files_of_page.ts";
import { ago, line, Menu, State, When } from "./parts.tsx";
import { href, listPath, snapshotPath, type SnapshotView, type View } from "./view.ts";

/** Snapshots that a menu shows; a list has all. */
const IN_MENU = 30;

/** A link that leads up. */
export interface Crumb {
  /** What it says. */
  readonly text: string;
  /** Where it leads; `undefined` for the page itself. */
  readonly href?: string | undefined;
}

/** A page, from its head to its foot. */
export function Layout({ view, title, project, crumbs = [], search = "", bar, children }: {
  /** What it is made of; `null` if nobody has logged in. */
  readonly view: View | null;
  readonly title: string;
  /** The project's id, if it is of one. */
  readonly project?: string | undefined;
  readonly crumbs?: readonly Crumb[] | undefined;
  /** What is looked for. */
  readonly search?: string | undefined;
  /** What stands above the content on all pages of a snapshot. */
  readonly bar?: Child;
  readonly children: Child;
}) {
  return (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="robots" content="noindex, nofollow" />
        <title>{`${line(title, 120)} · Sluice`}</title>
        <link rel="stylesheet" href={fileHref("style.css")} />
        <link rel="icon" type="image/svg+xml" href={fileHref("icon.svg")} />
        <script src={fileHref("script.js")} defer></script>
      </head>
      <body>
        <a class="skip" href="#main">Skip to content</a>
        <header class="top">
          <a class="brand" href="/">
            <svg viewBox="0 0 24 24" width="22" height="22" aria-hidden="true">
              <path d="M3 5h4v14H3zM17 5h4v14h-4z" />
              <path class="water" d="M8.5 9h7M8.5 13h7M8.5 17h7" />
            </svg>
            Sluice
          </a>
          {crumbs.length === 0 ? null : (
            <nav class="crumbs" aria-label="Where this is">
              <ol>
                {crumbs.map(({ text, href }) => (
                  <li>
                    {href === undefined
                      ? <span aria-current="page">{line(text, 60)}</span>
                      : <a href={href}>{line(text, 60)}</a>}
                  </li>
                ))}
              </ol>
            </nav>
          )}
          <div class="tools">
            {project === undefined
              ? null
              : (
                <form class="search" action={`/p/${project}/search`} role="search">
                  <input
                    type="search"
                    name="q"
                    value={search}
                    required
                    maxlength={200}
                    placeholder="Text or id, in all snapshots"
                    aria-label="Search all snapshots for a text or an id"
                  />
                </form>
              )}
            {view === null || view.formToken === null ? null : (
              <form method="post" action="/logout">
                <input type="hidden" name="form" value={view.formToken} />
                <button type="submit" class="quiet">Log out</button>
              </form>
            )}
          </div>
        </header>
        {bar}
        <main id="main" tabindex={-1}>{children}</main>
        <footer>
          Times are in UTC. Snapshots are shown as they were exported; nothing here changes them.
        </footer>
      </body>
    </html>
  );
}

/** The pages of a snapshot that lead to others. */
const TABS = [
  ["", "Overview"],
  ["/records", "Records"],
  ["/media", "Media"],
  ["/files", "Files"],
] as const;

/** A page of a snapshot: other snapshots show the same place. */
export function SnapshotLayout({ view, title, tab, crumbs = [], children }: {
  readonly view: SnapshotView;
  readonly title: string;
  /** The path of the tab that it belongs to. */
  readonly tab: typeof TABS[number][0];
  readonly crumbs?: readonly Crumb[] | undefined;
  readonly children: Child;
}) {
  const { opened: { content: { manifest } }, project, environment, base } = view;
  const name = manifest?.project.name ?? project;
  const first = environment ?? manifest?.environment.id ?? "primary";
  return (
    <Layout
      view={view}
      title={title}
      project={project}
      crumbs={[
        { text: name, href: listPath(project) },
        { text: first, href: listPath(project, environment) },
        ...crumbs,
      ]}
      bar={
        <div class="bar">
          <SnapshotMenu view={view} />
          <nav class="tabs" aria-label="Of this snapshot">
            {TABS.map(([path, text]) => (
              <a href={`${base}${path}`} aria-current={path === tab ? "page" : undefined}>
                {text}
              </a>
            ))}
          </nav>
        </div>
      }
    >
      {children}
    </Layout>
  );
}

function SnapshotMenu({ view }: { readonly view: SnapshotView }) {
  const { seconds, opened, project, environment, call } = view;
  const { found: { id }, content: { manifest } } = opened;
  const own = Number(/\d+$/.exec(id)?.[0]);
  const at = seconds.indexOf(own);
  const now = call.service.now();
  const from = Math.max(0, Math.min(at - IN_MENU / 2, seconds.length - IN_MENU));
  const shown = seconds.slice(from, from + IN_MENU);
  const [newer, older] = [seconds[at - 1], at < 0 ? undefined : seconds[at + 1]];
  return (
    <nav class="switch" aria-label="Snapshots">
      {older === undefined ? null : (
        <a
          class="step"
          href={samePlace(view, older)}
          aria-label="The same in the snapshot before"
        >
          ‹
        </a>
      )}
      <Menu
        name=", choose another one"
        label={
          <>
            <span class="soft">Snapshot</span> <When at={manifest?.startedAt ?? own * 1000} />
            {manifest?.status === "partial" ? <State of="partial" /> : null}
          </>
        }
      >
        <ul>
          {shown.map((one) => (
            <li>
              <a href={samePlace(view, one)} aria-current={one === own ? "true" : undefined}>
                <When at={one * 1000} /> <span class="soft">{ago(one * 1000, now)}</span>
              </a>
            </li>
          ))}
        </ul>
        <a class="all" href={listPath(project, environment)}>
          {seconds.length > shown.length ? `All ${seconds.length} snapshots` : "All snapshots"}
        </a>
      </Menu>
      {newer === undefined
        ? null
        : (
          <a class="step" href={samePlace(view, newer)} aria-label="The same in the next snapshot">
            ›
          </a>
        )}
    </nav>
  );
}

/** The same page of another snapshot. */
function samePlace({ call: { url }, project, environment }: SnapshotView, seconds: number): string {
  const rest = url.pathname.split("/").slice(4).join("/");
  const kept = [...url.searchParams].filter(([name]) => name !== "page" && name !== "cursor");
  const path = snapshotPath(project, String(seconds), environment);
  return href(rest === "" ? path : `${path}/${rest}`, Object.fromEntries(kept));
}
