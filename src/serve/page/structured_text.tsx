/** @jsxImportSource hono/jsx */
import { type Child, jsx } from "hono/jsx";
import { markToTagName } from "datocms-structured-text-generic-html-renderer";
import { isObject, type Json, type JsonObject } from "../../text/json.ts";
import { KNOWN_MARKS } from "../../transform/dast_rules.ts";
import { line, lines } from "./parts.tsx";

/** What a structured text refers to, as it is shown. */
export interface DastParts {
  /** A block that is in it, or in a line of it. */
  readonly block: (item: Json | undefined, isInline: boolean) => Child;
  /** A record that it links to; the words that link to it, if there are any. */
  readonly record: (id: Json | undefined, words?: Child) => Child;
}

/** Nodes within nodes that are shown; what is deeper is shown as JSON. */
const DEEPEST = 60;

/**
 * An address as a link may have it: nothing that runs, and nothing that leads to this server.
 *
 * @param url The address.
 * @return `undefined` if it is no such address.
 */
export function safeHref(url: unknown): string | undefined {
  if (typeof url !== "string") return undefined;
  const parsed = URL.parse(url);
  const isSafe = parsed !== null && /^(?:https?|mailto):$/.test(parsed.protocol);
  return isSafe ? parsed.href : undefined;
}

/** A link that leads away; where it can't, the address beside the words. */
export function Outside({ to, children }: { readonly to: unknown; readonly children: Child }) {
  const href = safeHref(to);
  if (href !== undefined) {
    return <a class="outside" href={href} rel="noopener noreferrer nofollow">{children}</a>;
  }
  return (
    <>
      {children}{" "}
      <code class="soft">{line(typeof to === "string" ? to : JSON.stringify(to) ?? "", 200)}</code>
    </>
  );
}

/** A structured text, whatever it is: what no structured text has is shown as JSON. */
export function StructuredText({ value, parts }: {
  readonly value: JsonObject;
  readonly parts: DastParts;
}) {
  const { document } = value;
  return (
    <div class="dast">
      {isObject(document) ? <Node node={document} parts={parts} depth={0} /> : <Odd node={value} />}
    </div>
  );
}

function Odd({ node }: { readonly node: unknown }) {
  return <code class="odd">{lines(JSON.stringify(node) ?? "", 2000)}</code>;
}

function Node({ node, parts, depth }: {
  readonly node: Json;
  readonly parts: DastParts;
  readonly depth: number;
}) {
  if (!isObject(node) || depth > DEEPEST) return <Odd node={node} />;
  const below = Array.isArray(node.children)
    ? node.children.map((child) => <Node node={child} parts={parts} depth={depth + 1} />)
    : [];
  switch (node.type) {
    case "root":
      return <>{below}</>;
    case "paragraph":
      // It may hold blocks, which paragraphs of HTML don't.
      return <div class="paragraph">{below}</div>;
    case "heading":
      // It isn't a heading of this page.
      return <div class={`heading level-${levelOf(node.level)}`}>{below}</div>;
    case "list":
      return node.style === "numbered" ? <ol>{below}</ol> : <ul>{below}</ul>;
    case "listItem":
      return <li>{below}</li>;
    case "blockquote":
      return (
        <blockquote>
          {below}
          {typeof node.attribution === "string" && node.attribution !== ""
            ? <footer>{line(node.attribution)}</footer>
            : null}
        </blockquote>
      );
    case "code":
      return (
        <pre tabindex={0}>
          <code>{typeof node.code === "string" ? lines(node.code) : <Odd node={node} />}</code>
        </pre>
      );
    case "thematicBreak":
      return <hr />;
    case "span":
      return <Words node={node} />;
    case "link":
      return <Outside to={node.url}>{below}</Outside>;
    case "itemLink":
      return <>{parts.record(node.item, below)}</>;
    case "inlineItem":
      return <>{parts.record(node.item)}</>;
    case "block":
    case "inlineBlock":
      return <>{parts.block(node.item, node.type === "inlineBlock")}</>;
    default:
      return <Odd node={node} />;
  }
}

function Words({ node }: { readonly node: JsonObject }) {
  if (typeof node.value !== "string") return <Odd node={node} />;
  const marks = Array.isArray(node.marks) ? node.marks : [];
  return marks.reduce<Child>((words, mark) => {
    if (typeof mark !== "string" || !KNOWN_MARKS.has(mark)) return words;
    return jsx(markToTagName(mark), {}, words);
  }, <span class="words">{lines(node.value)}</span>);
}

function levelOf(level: Json | undefined): number {
  return typeof level === "number" && level >= 1 && level <= 6 ? Math.floor(level) : 3;
}
