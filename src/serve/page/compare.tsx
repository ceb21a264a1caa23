/** @jsxImportSource hono/jsx */
import { limited } from "../../async/limited.ts";
import { counted, formatCount } from "../../text/format.ts";
import { type Change, diffSnapshots } from "../../tools/diff.ts";
import { visible } from "../api/diff.ts";
import { invalid } from "../failure.ts";
import { covers } from "../token.ts";
import { forbidden } from "../visibility.ts";
import { FieldChanges, Sign } from "./changes.tsx";
import { Layout } from "./layout.tsx";
import { Badge, Empty, line, When } from "./parts.tsx";
import { findNamed, href, listPath, param, snapshotPath, timeOfName, type View } from "./view.ts";

/** How long a comparison may take, in milliseconds. */
const BUDGET_MS = 20_000;
/** Differences that are shown; the others are counted. */
const MOST = 200;

/** What differs between two snapshots, the earlier one first. */
export async function ComparePage(view: View) {
  const { call } = view;
  const { url, params: { project = "" }, service: { shelf }, scope, signal } = call;
  if (!covers(scope, "preview")) throw forbidden("Comparisons", "preview");
  const segments = url.searchParams.getAll("s");
  if (segments.length !== 2) {
    throw invalid("s", "Tick two snapshots to compare: " + `${segments.length} were chosen.`);
  }
  const found = [await findNamed(call, segments[0]!), await findNamed(call, segments[1]!)]
    .sort((a, b) => timeOfName(a.id) - timeOfName(b.id));
  const [before, after] = [
    await shelf.open(found[0]!, signal),
    await shelf.open(found[1]!, signal),
  ];
  const model = param(view, "model");
  const { shown, groups, notes, isPartial } = await shelf.scans.run(async () => {
    const notes: string[] = [];
    const pages = diffSnapshots(
      { storage: shelf.storage, snapshot: before.found },
      { storage: shelf.storage, snapshot: after.found },
      {
        models: model === undefined ? undefined : [await knownModel(model)],
        onNote: (note) => notes.push(note),
        signal,
      },
    );
    return { notes, ...await read(visible(pages, covers(scope, "admin")), signal) };
  });
  const [a, b] = [before, after].map(({ found: { id, environment } }) => {
    return snapshotPath(project, id, environment);
  }) as [string, string];
  const sum = [...groups.values()].reduce((sum, count) => sum + count, 0);
  const at = (model: string | undefined) => {
    return `${href(`/p/${project}/compare`, { model })}${model === undefined ? "?" : "&"}${
      segments.map((one) => `s=${encodeURIComponent(one.toWellFormed())}`).join("&")
    }`;
  };
  return (
    <Layout
      view={view}
      title="Compare"
      project={project}
      crumbs={[
        { text: after.content.manifest?.project.name ?? project, href: listPath(project) },
        { text: "Compare" },
      ]}
    >
      <h1>What has changed</h1>
      <p class="under">
        from{" "}
        <a href={a}>
          <When at={timeOfName(before.found.name)} />
        </a>{" "}
        to{" "}
        <a href={b}>
          <When at={timeOfName(after.found.name)} />
        </a>
        {model === undefined ? null : (
          <>
            , of <code>{line(model, 80)}</code> alone · <a href={at(undefined)}>all of it</a>
          </>
        )}
      </p>
      {notes.map((note) => <p class="note">{line(note, 400)}</p>)}
      {isPartial
        ? <p class="note">There is more: comparing all of it takes too long for a page.</p>
        : null}
      {sum === 0 ? <Empty>Nothing differs.</Empty> : (
        <p class="groups">
          {[...groups].map(([group, count]) => (
            <a
              class="chip"
              href={group === SCHEMA || group === ASSETS || model !== undefined
                ? `#${anchor(group)}`
                : at(group)}
            >
              {line(group, 60)} <span class="soft">{formatCount(count)}</span>
            </a>
          ))}
        </p>
      )}
      {[...Map.groupBy(shown, groupOf)].map(([group, changes]) => (
        <section aria-labelledby={anchor(group)}>
          <h2 id={anchor(group)}>
            <bdi>{line(group, 80)}</bdi>
          </h2>
          {changes.map((change) => <ChangeItem change={change} before={a} after={b} />)}
        </section>
      ))}
      {sum > shown.length
        ? (
          <p class="note">
            {counted(sum - shown.length, "more difference isn't", "more differences aren't")} shown.
          </p>
        )
        : null}
    </Layout>
  );

  async function knownModel(key: string): Promise<string> {
    for (const { snapshot } of [before, after]) {
      const models = await snapshot.models({ signal });
      if (models.some(({ model }) => model.attributes.api_key === key)) return key;
    }
    throw invalid("model", "Neither snapshot has this model.");
  }
}

const [SCHEMA, ASSETS] = ["Models and settings", "Assets"];

function groupOf(change: Change): string {
  return change.kind === "record" ? change.model : change.kind === "schema" ? SCHEMA! : ASSETS!;
}

function anchor(group: string): string {
  return `g-${encodeURIComponent(group.toWellFormed())}`;
}

/** Reads differences: the first are kept, all are counted. */
async function read(pages: ReadableStream<readonly Change[]>, signal: AbortSignal) {
  const shown: Change[] = [];
  const groups = new Map<string, number>();
  let isPartial = false;
  try {
    await limited(BUDGET_MS, signal, async (signal) => {
      for await (const page of pages) {
        signal.throwIfAborted();
        for (const change of page) {
          const group = groupOf(change);
          groups.set(group, (groups.get(group) ?? 0) + 1);
          if (shown.length < MOST) shown.push(change);
        }
      }
    });
  } catch (error) {
    if (signal.aborted || !(error instanceof DOMException) || error.name !== "TimeoutError") {
      throw error;
    }
    isPartial = true;
  }
  return { shown, groups, isPartial };
}

function ChangeItem({ change, before, after }: {
  readonly change: Change;
  /** Where the pages of the snapshots are. */
  readonly before: string;
  readonly after: string;
}) {
  const { id, fields } = change;
  const base = change.change === "removed" ? before : after;
  const name = change.kind === "record"
    ? change.title
    : change.kind === "asset"
    ? change.filename
    : `${change.type.replaceAll("_", " ")} ${change.name}`;
  const to = change.kind === "schema"
    ? undefined
    : href(`${base}/${change.kind === "record" ? "record" : "upload"}`, { id });
  const head = (
    <>
      <Sign of={change.change} />
      <span class="name" dir="auto">{line(name ?? id, 160)}</span>
      {change.kind === "record" && change.status !== null
        ? (
          <Badge>
            {line(`${change.status.before ?? "none"} → ${change.status.after ?? "none"}`, 60)}
          </Badge>
        )
        : null}
      {change.change === "replaced" ? <Badge>file replaced</Badge> : null}
    </>
  );
  const link = to === undefined ? null : (
    <p class="soft">
      <a href={to}>
        {change.kind === "record" ? "The record" : "The upload"}
        <span class="hidden">{` ${line(name ?? id, 160)}`}</span>
      </a>{" "}
      <code>{line(id, 80)}</code>
    </p>
  );
  return (
    <details class="change" open={change.change === "changed"}>
      <summary>{head}</summary>
      {link}
      <FieldChanges of={fields} />
    </details>
  );
}
