/** @jsxImportSource hono/jsx */
import { compareItems } from "../../tools/diff/compare_items.ts";
import { SchemaPair } from "../../tools/diff/schema_pair.ts";
import { counted } from "../../text/format.ts";
import { historyOf } from "../api/records.ts";
import { notThere } from "../failure.ts";
import { shown } from "../shelf.ts";
import { versionFor } from "../visibility.ts";
import { FieldChanges } from "./changes.tsx";
import { SnapshotLayout } from "./layout.tsx";
import { Badge, Empty, line, Status, When } from "./parts.tsx";
import { recordOf } from "./record.tsx";
import { titleIn } from "./title.ts";
import { findNamed, href, param, pathOfName, type SnapshotView, timeOfName } from "./view.ts";

/** Snapshots that are read for a page. */
const PAGE = 30;
/** Fields that are named. */
const NAMED = 12;

type Entry = Awaited<ReturnType<typeof historyOf>>["history"][number];

/** Snapshots that have a record in just the same way, and what the earliest of them changed. */
interface Span {
  readonly newest: Entry;
  readonly oldest: Entry;
  readonly count: number;
  /** The entry before the earliest one. */
  readonly before: Entry | undefined;
}

/** A record over the snapshots of its environment. */
export async function HistoryPage(view: SnapshotView) {
  const { call, project, environment, base, opened } = view;
  const id = param(view, "id") ?? "";
  const version = versionFor(call.scope, undefined);
  const { history, nextCursor } = await historyOf(
    { ...call, params: { project, id } },
    { environment, version, limit: PAGE, cursor: param(view, "cursor", 1000) },
  );
  const record = await recordOf(view, id);
  const schema = await opened.snapshot.schema({ signal: call.signal });
  const item = record?.current ?? record?.published;
  const title = item === undefined ? id : titleIn(item, schema, undefined) ?? id;
  return (
    <SnapshotLayout
      view={view}
      title={`History of ${title}`}
      tab="/records"
      crumbs={[
        { text: title, href: item === undefined ? undefined : href(`${base}/record`, { id }) },
        { text: "History" },
      ]}
    >
      <h1>
        History of <bdi>{line(title, 160)}</bdi>
      </h1>
      <p class="under">
        <code>{line(id, 80)}</code>
      </p>
      {history.length === 0
        ? (
          <Empty>
            None of {nextCursor === undefined ? "the" : "these"} snapshots has this record.
          </Empty>
        )
        : null}
      <ol class="timeline">
        {spansOf(history).map((span) => (
          <SpanItem id={id} span={span} isEnd={nextCursor === undefined} />
        ))}
      </ol>
      {nextCursor === undefined ? null : (
        <nav class="pager" aria-label="Pages">
          <a href={href(`${base}/history`, { id, cursor: nextCursor })}>Older snapshots →</a>
        </nav>
      )}
    </SnapshotLayout>
  );
}

/** Puts those together that have it in the same way. */
function spansOf(history: readonly Entry[]): Span[] {
  const spans: Span[] = [];
  let newest: Entry | undefined;
  let count = 0;
  for (const [i, entry] of history.entries()) {
    newest ??= entry;
    count++;
    const isSame = entry.changed?.length === 0 &&
      entry.status === history[i + 1]?.status;
    if (isSame && i + 1 < history.length) continue;
    spans.push({ newest, oldest: entry, count, before: history[i + 1] });
    newest = undefined;
    count = 0;
  }
  return spans;
}

function SpanItem({ id, span, isEnd }: {
  readonly id: string;
  readonly span: Span;
  readonly isEnd: boolean;
}) {
  const { newest, oldest, count, before } = span;
  const fields = (oldest.changed ?? []).filter((field) => !/^(?:created|updated)_at$/.test(field));
  const segment = (name: string) => pathOfName(name).split("/").at(-1)!;
  return (
    <li>
      <p class="when">
        <a href={href(`${pathOfName(oldest.snapshot)}/record`, { id })}>
          <When at={oldest.createdAt} />
        </a>
        <Status of={oldest.status} />
        {count > 1
          ? (
            <span class="soft">
              and the same in {counted(count - 1, "later snapshot")}, until{" "}
              <When at={newest.createdAt} />
            </span>
          )
          : null}
      </p>
      {before === undefined
        ? (
          <p class="soft">
            {isEnd ? "The earliest snapshot that has it." : "Older snapshots follow."}
          </p>
        )
        : fields.length === 0
        ? <p class="soft">Its status is another one, no field.</p>
        : (
          <p>
            Changed: {fields.slice(0, NAMED).map((field) => <Badge>{line(field, 60)}</Badge>)}
            {fields.length > NAMED ? ` and ${counted(fields.length - NAMED, "more")}` : null}{" "}
            <a
              href={href(`${pathOfName(oldest.snapshot)}/revision`, {
                id,
                from: segment(before.snapshot),
              })}
            >
              Show what<span class="hidden">
                {" "}
                changed at {new Date(timeOfName(oldest.snapshot)).toISOString()}
              </span>
            </a>
          </p>
        )}
    </li>
  );
}

/** What of one record differs between two snapshots. */
export async function RevisionPage(view: SnapshotView) {
  const { call, base, opened, project } = view;
  const id = param(view, "id") ?? "";
  const from = param(view, "from") ?? "";
  const { shelf } = call.service;
  const other = await shelf.open(await findNamed(call, from), call.signal);
  const [before, after] = [
    await recordOf({ ...view, opened: other }, id),
    await recordOf(view, id),
  ];
  if (before === undefined && after === undefined) throw notThere(`record ${shown(id)} here`);
  const [a, b] = [before?.current ?? before?.published, after?.current ?? after?.published];
  const [old, schema] = [
    await other.snapshot.schema({ signal: call.signal }),
    await opened.snapshot.schema({ signal: call.signal }),
  ];
  const changes = compareItems(a, b, {
    schemas: new SchemaPair(old, schema),
    path: [],
    locale: null,
  });
  const title = titleIn((b ?? a)!, b === undefined ? old : schema, undefined) ?? id;
  const there = `/p/${project}/${from}`;
  return (
    <SnapshotLayout
      view={view}
      title={`Changes of ${title}`}
      tab="/records"
      crumbs={[
        { text: title, href: b === undefined ? undefined : href(`${base}/record`, { id }) },
        { text: "History", href: href(`${base}/history`, { id }) },
        { text: "Changes" },
      ]}
    >
      <h1>
        Changes of <bdi>{line(title, 160)}</bdi>
      </h1>
      <p class="under">
        From {a === undefined ? "nothing in" : null}{" "}
        <a href={href(`${there}/record`, { id })}>
          <When at={timeOfName(other.found.name)} />
        </a>{" "}
        to{" "}
        <a href={href(`${base}/record`, { id })}>
          <When at={timeOfName(opened.found.name)} />
        </a>{" "}
        <Status of={a?.meta?.status} />
        {a?.meta?.status === b?.meta?.status ? null : (
          <>
            → <Status of={b?.meta?.status} />
          </>
        )}
      </p>
      {changes.length === 0 ? <Empty>No field differs.</Empty> : <FieldChanges of={changes} />}
    </SnapshotLayout>
  );
}
