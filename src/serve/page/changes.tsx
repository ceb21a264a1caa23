/** @jsxImportSource hono/jsx */
import type { Json } from "../../text/json.ts";
import { compareTexts } from "../../text/compare_texts.ts";
import { counted } from "../../text/format.ts";
import type { FieldChange } from "../../tools/diff/changes.ts";
import { valueText } from "../../tools/diff/value_text.ts";
import { Badge, language, line, lines } from "./parts.tsx";

/** Fields of a change that are shown, and characters of a value. */
const [MOST_FIELDS, MOST_CHARACTERS] = [100, 4000];
/** The most characters of a value that stands beside another one. */
const SHORT = 32;
const SIGNS = { added: "+", removed: "−", changed: "~", replaced: "~", moved: "→" } as const;

/** What became of something, as a sign. */
export function Sign({ of: change }: { readonly of: keyof typeof SIGNS }) {
  return (
    <span class={`sign ${change}`}>
      <span aria-hidden="true">{SIGNS[change]}</span>
      <span class="hidden">{change}</span>
    </span>
  );
}

/** Values that differ, each with where it is. */
export function FieldChanges({ of: changes }: { readonly of: readonly FieldChange[] }) {
  const more = changes.length - MOST_FIELDS;
  return (
    <>
      <dl class="changes">
        {changes.slice(0, MOST_FIELDS).map((change) => (
          <div>
            <dt>
              <Sign of={change.change} />
              <code dir="ltr">{line(change.path, 300).replaceAll("/", " / ")}</code>
              {change.locale === null ? null : <Badge>{line(change.locale, 30)}</Badge>}
              {isPublishedOnly(change) ? <Badge kind="published">published</Badge> : null}
            </dt>
            <dd {...language(change.locale)}>
              <ChangedValue change={change} />
            </dd>
          </div>
        ))}
      </dl>
      {more > 0
        ? <p class="soft">{counted(more, "more value differs", "more values differ")}.</p>
        : null}
    </>
  );
}

function isPublishedOnly(change: FieldChange): boolean {
  const versions = "versions" in change ? change.versions as readonly string[] : [];
  return versions.length === 1 && versions[0] === "published";
}

function ChangedValue({ change: { change, before, after } }: { readonly change: FieldChange }) {
  if (change === "moved") {
    const [from, to] = [valueText(before), valueText(after)];
    return (
      <span lang="en" dir="ltr">{from === to ? "moved" : line(`moved from ${from} to ${to}`)}</span>
    );
  }
  if (change === "added") return <ins>{textOf(after)}</ins>;
  if (change === "removed") return <del>{textOf(before)}</del>;
  const [a, b] = [valueText(before), valueText(after)];
  const isShort = Math.max(a.length, b.length) <= SHORT;
  const whole = (
    <>
      <del>{cut(a)}</del>
      {isShort ? " → " : "\n"}
      <ins>{cut(b)}</ins>
    </>
  );
  const areTexts = typeof before === "string" || typeof before === "object";
  if (!areTexts || Math.max(a.length, b.length) > MOST_CHARACTERS) return whole;
  const parts = compareTexts(a, b);
  const same = parts.reduce(
    (sum, { kind, text }) => kind === "same" ? sum + text.trim().length : sum,
    0,
  );
  // Where hardly a word is left, one is read after the other.
  if (same < Math.min(a.length, b.length) / 3) return whole;
  return (
    <>
      {parts.map(({ kind, text }) => {
        if (kind === "same") return lines(text);
        return kind === "removed" ? <del>{lines(text)}</del> : <ins>{lines(text)}</ins>;
      })}
    </>
  );
}

function textOf(value: Json): string {
  return cut(valueText(value));
}

function cut(text: string): string {
  return lines(text, MOST_CHARACTERS);
}
