import { markToTagName, render } from "datocms-structured-text-generic-html-renderer";
import { defaultHandlers, type Handle, toMarkdown } from "mdast-util-to-markdown";
import type { JsonObject } from "../content/resource.ts";
import { isNode, itemOf, KNOWN_MARKS, placeholder, spanOf } from "./dast_rules.ts";

/** A node of a Markdown syntax tree (mdast), or of one of the extensions below. */
interface Markdown {
  readonly type: string;
  readonly children?: readonly Markdown[];
  readonly [property: string]: unknown;
}

type Child = Markdown | string | null | undefined | Child[];

/** DatoCMS's renderer speaks in HTML elements; this one makes the Markdown nodes that they stand for. */
const adapter = {
  renderNode(tag: string, attributes: object | null, ...content: Child[]): Markdown | Markdown[] {
    const children = flat(content);
    const heading = /^h([1-6])$/.exec(tag);
    if (heading) return { type: "heading", depth: Number(heading[1]), children };
    switch (tag) {
      case "p":
        return { type: "paragraph", children };
      case "ul":
        return { type: "list", ordered: false, spread: false, children };
      case "ol":
        return { type: "list", ordered: true, start: 1, spread: false, children };
      case "li":
        return { type: "listItem", spread: false, children };
      case "blockquote":
        return { type: "blockquote", children };
      case "footer":
        return { type: "paragraph", children: [text("— "), ...children] };
      case "pre": {
        const lang = (attributes as { "data-language"?: unknown })["data-language"];
        return {
          type: "code",
          lang: typeof lang === "string" ? lang : null,
          value: plain(children),
        };
      }
      case "hr":
        return { type: "thematicBreak" };
      case "br":
        return { type: "break" };
      case "a":
        return { type: "link", url: String((attributes as { href?: unknown }).href), children };
      case "strong":
        return { type: "strong", children };
      case "em":
        return { type: "emphasis", children };
      case "s":
        return { type: "delete", children };
      case "mark":
        return { type: "highlight", children };
      case "u":
        return [{ type: "html", value: "<u>" }, ...children, { type: "html", value: "</u>" }];
      case "code":
        return children.map(asCode);
      default:
        // A heading's level comes from the content.
        throw new TypeError(`"${tag}" is not an element of structured text`);
    }
  },
  renderFragment: (children: Child): Markdown[] => flat(children),
  renderText: (value: string): Markdown => text(value),
};

/** `~~` and `==`, as DatoCMS's own Markdown writes them. */
const handlers = {
  ...defaultHandlers,
  delete: attention("~"),
  highlight: attention("="),
};

/**
 * Renders a structured text document as CommonMark, with `~~strikethrough~~`, `==highlight==` and
 * `<u>underline</u>`. A block or inline record is left as a tag with its id, such as
 * `<block id="123"/>`, and a link to a record goes to `dato:item/<id>`: both as in DatoCMS's dastdown
 * format.
 *
 * @param value The field's value.
 * @return The Markdown text, without a line end.
 * @throws {Error} If the document holds something that structured text doesn't have.
 */
export function dastToMarkdown(value: JsonObject): string {
  const rendered = render(value as unknown as Parameters<typeof render>[0], {
    adapter,
    customNodeRules: [
      { appliable: isNode("block"), apply: ({ node }) => html(placeholder("block", node)) },
      {
        appliable: isNode("inlineBlock"),
        apply: ({ node }) => html(placeholder("inlineBlock", node)),
      },
      {
        appliable: isNode("inlineItem"),
        apply: ({ node }) => html(placeholder("inlineItem", node)),
      },
      {
        appliable: isNode("itemLink"),
        apply: ({ node, children }) =>
          adapter.renderNode("a", { href: `dato:item/${itemOf(node)}` }, children),
      },
      { appliable: isNode("span"), apply: ({ node }) => span(node) },
    ],
  });
  const root = { type: "root", children: merge(prune(flat(rendered))) };
  return toMarkdown(root as unknown as Parameters<typeof toMarkdown>[0], {
    bullet: "-",
    rule: "-",
    resourceLink: true,
    handlers,
    unsafe: [
      { character: "~", inConstruct: "phrasing" },
      { character: "=", before: "=", inConstruct: "phrasing" },
      { character: "=", after: "=", inConstruct: "phrasing" },
    ],
  }).trimEnd();
}

function span(node: object): Markdown[] {
  const { value, marks } = spanOf(node);
  const lines = value.split("\n")
    .flatMap((line, i) => i === 0 ? [text(line)] : [{ type: "break" }, text(line)]);
  // Markdown has no way to write a mark that a project added.
  return marks.filter((mark) => KNOWN_MARKS.has(mark)).reduce<Markdown[]>(
    (children, mark) => flat(adapter.renderNode(markToTagName(mark), null, children)),
    lines,
  );
}

function text(value: string): Markdown {
  return { type: "text", value };
}

function html(value: string): Markdown {
  return { type: "html", value };
}

function flat(content: Child): Markdown[] {
  if (content === null || content === undefined) return [];
  if (Array.isArray(content)) return content.flatMap(flat);
  return [typeof content === "string" ? text(content) : content];
}

/** In Markdown nothing can be inside code, so code goes inside all other marks. */
function asCode(node: Markdown): Markdown {
  if (node.type === "text") return { ...node, type: "inlineCode" };
  return node.children ? { ...node, children: node.children.map(asCode) } : node;
}

function plain(nodes: readonly Markdown[]): string {
  return nodes.map((node) => {
    if (node.type === "break") return "\n";
    return typeof node.value === "string" ? node.value : plain(node.children ?? []);
  }).join("");
}

const MERGED = new Set(["text", "inlineCode", "strong", "emphasis", "delete", "highlight"]);

/**
 * Without what Markdown can't write: text, code or marks that hold nothing, and line breaks at the ends
 * of a paragraph. A break at the end of marked text moves behind it.
 */
function prune(nodes: readonly Markdown[]): Markdown[] {
  return nodes.flatMap((node) => {
    if (node.value === "" && MERGED.has(node.type)) return [];
    if (!node.children) return [node];
    const children = prune(node.children);
    if (!MERGED.has(node.type) && !["paragraph", "heading", "link"].includes(node.type)) {
      return [{ ...node, children }];
    }
    const first = children.findIndex(({ type }) => type !== "break");
    const last = children.findLastIndex(({ type }) => type !== "break");
    const inner = first < 0 ? [] : [{ ...node, children: children.slice(first, last + 1) }];
    if (node.type === "heading") return first < 0 ? [{ ...node, children: [] }] : inner;
    if (node.type === "paragraph") return inner;
    return first < 0
      ? children
      : [...children.slice(0, first), ...inner, ...children.slice(last + 1)];
  });
}

/** Joins neighbours of the same kind: `**a****b**` would not be read as two strong texts. */
function merge(nodes: readonly Markdown[]): Markdown[] {
  const merged: Markdown[] = [];
  for (let from = 0; from < nodes.length;) {
    const first = nodes[from]!;
    let to = from + 1;
    if (MERGED.has(first.type)) { while (nodes[to]?.type === first.type) to++; }
    const alike = nodes.slice(from, to);
    merged.push(
      first.children
        ? { ...first, children: merge(alike.flatMap(({ children = [] }) => children)) }
        : alike.length === 1
        ? first
        : { ...first, value: alike.map(({ value }) => value).join("") },
    );
    from = to;
  }
  return merged;
}

function attention(marker: string): Handle {
  const handle: Handle = (node, _parent, state, info) =>
    marker.repeat(2) + state.containerPhrasing(node, { ...info, before: marker, after: marker }) +
    marker.repeat(2);
  return Object.assign(handle, {
    attention: () => ({ construct: "strong", markers: [marker], sizes: [2] }),
    peek: () => marker,
  });
}
