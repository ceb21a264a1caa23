/** @jsxImportSource hono/jsx */
import type { Child } from "hono/jsx";
import { formatCount } from "../../text/format.ts";
import { printable } from "../../text/printable.ts";

/** Locales whose text runs from right to left. */
const RIGHT_TO_LEFT = /^(?:ar|arc|ckb|dv|fa|he|iw|ks|ku-arab|ps|sd|syr|ug|ur|yi)(?:-|$)/i;
/** Languages as browsers know them. */
const LANGUAGE = /^[a-z]{2,3}(?:-[A-Za-z0-9]{2,8}){0,3}$/;
const DAY = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeZone: "UTC" });
const MINUTE = new Intl.DateTimeFormat("en-GB", { timeStyle: "short", timeZone: "UTC" });
const AGO = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
const UNITS = [["year", 31_536_000], ["month", 2_592_000], ["day", 86_400], ["hour", 3600], [
  "minute",
  60,
]] as const;

/**
 * A text on one line, that shows what it would otherwise hide or turn around.
 *
 * @param text The text.
 * @param most The most characters of it.
 */
export function line(text: string, most = 300): string {
  return printable(text, most);
}

/**
 * A text of several lines. What isn't a character to be read is shown as what it is.
 *
 * @param text The text.
 * @param most The most characters of it.
 */
export function lines(text: string, most = 50_000): string {
  const cut = text.length > most ? `${text.slice(0, most)}…` : text;
  // deno-lint-ignore no-control-regex -- those are what is replaced
  return cut.replace(/\r\n?/g, "\n").replace(/[\0-\x08\x0b-\x1f\x7f-\x9f]/g, (char) => {
    const code = char.charCodeAt(0);
    return code < 0x20 ? String.fromCharCode(0x2400 + code) : "\ufffd";
  }).toWellFormed();
}

/**
 * The attributes of an element whose text is of a locale.
 *
 * @param locale The locale; `null` if it isn't known.
 */
export function language(locale: string | null): { readonly lang?: string; readonly dir: string } {
  if (locale === null || !LANGUAGE.test(locale)) return { dir: "auto" };
  return { lang: locale, dir: RIGHT_TO_LEFT.test(locale) ? "rtl" : "ltr" };
}

/** A time, for people: in UTC. */
export function When({ at, short = false }: {
  readonly at: string | number | null;
  /** Whether only the day is told. */
  readonly short?: boolean;
}) {
  const date = new Date(at ?? NaN);
  if (Number.isNaN(date.getTime())) return <span class="soft">–</span>;
  const day = DAY.format(date);
  return (
    <time datetime={date.toISOString()}>
      {short ? day : `${day}, ${MINUTE.format(date)}`}
    </time>
  );
}

/**
 * How long ago something was, for people.
 *
 * @param at When it was, in milliseconds since 1970.
 * @param now The time now.
 */
export function ago(at: number, now: number): string {
  const seconds = (at - now) / 1000;
  for (const [unit, size] of UNITS) {
    if (Math.abs(seconds) >= size) return AGO.format(Math.round(seconds / size), unit);
  }
  return "just now";
}

/**
 * How long something took, for people.
 *
 * @param ms How long, in milliseconds.
 */
export function took(ms: number): string {
  const all = Math.max(1, Math.round(ms / 1000));
  const [hours, minutes, seconds] = [Math.floor(all / 3600), Math.floor(all / 60) % 60, all % 60];
  const parts = [[hours, "h"], [minutes, "min"], [seconds, "s"]] as const;
  return parts.filter(([count]) => count > 0).map(([count, unit]) => `${count} ${unit}`).join(" ");
}

/** A short mark: a status, a state, a version. */
export function Badge({ kind, children }: { readonly kind?: string; readonly children: Child }) {
  return <span class={kind === undefined ? "badge" : `badge ${kind}`}>{children}</span>;
}

/** The status of a record. */
export function Status({ of: status }: { readonly of: unknown }) {
  if (typeof status !== "string") return null;
  const kind = status === "published" || status === "draft" || status === "updated" ? status : "";
  return <Badge kind={kind}>{line(status, 30)}</Badge>;
}

/** The state of a snapshot. */
export function State({ of: state }: { readonly of: "complete" | "partial" | "incomplete" }) {
  return <Badge kind={state}>{state === "incomplete" ? "not complete" : state}</Badge>;
}

/** Text to copy, with a button that does, where scripts run. */
export function Copy({ text, label }: { readonly text: string; readonly label: string }) {
  return (
    <button type="button" class="copy" data-copy={text} aria-label={label}>
      Copy
    </button>
  );
}

/** A menu that opens without a script. */
export function Menu({ label, children, name }: {
  readonly label: Child;
  /** What it does, beyond what its label says. */
  readonly name: string;
  readonly children: Child;
}) {
  return (
    <details class="menu">
      <summary>
        {label}
        <span class="hidden">{name}</span>
      </summary>
      <div class="menu-body">{children}</div>
    </details>
  );
}

/** Facts, each with its name. */
export function Facts({ of: facts }: { readonly of: readonly (readonly [string, Child])[] }) {
  return (
    <dl class="facts">
      {facts.filter(([, value]) => value !== null && value !== undefined).map(([name, value]) => (
        <div>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** Where a listing continues. */
export function Pager({ from, to, total, before, after }: {
  /** The number of the first entry, from 1. */
  readonly from: number;
  /** The number of the last one. */
  readonly to: number;
  readonly total: number;
  /** The address of the page before, if there is one. */
  readonly before: string | undefined;
  /** The address of the next page, if there is one. */
  readonly after: string | undefined;
}) {
  if (total === 0) return null;
  return (
    <nav class="pager" aria-label="Pages">
      <span class="soft">
        {formatCount(from)}–{formatCount(to)} of {formatCount(total)}
      </span>
      {before === undefined ? null : <a rel="prev" href={before}>← Previous</a>}
      {after === undefined ? null : <a rel="next" href={after}>Next →</a>}
    </nav>
  );
}

/** What is said where there is nothing. */
export function Empty({ children }: { readonly children: Child }) {
  return <p class="empty">{children}</p>;
}
