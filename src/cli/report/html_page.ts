import { createHash } from "node:crypto";

/** How pages look: on a phone and on a desk, by day and by night. */
const STYLE = `
:root { color-scheme: light dark; --page: #f6f6f3; --card: #fff; --ink: #1d2328; --soft: #5d676f;
  --line: #dcdcd5; --add: #13683a; --add-bg: #d9f2e0; --del: #a3262a; --del-bg: #fbe0de;
  --chg: #8a5a00; --move: #0b5d8f; --tag: #e9e9e2; --link: #0b5d8f; }
@media (prefers-color-scheme: dark) { :root { --page: #15191c; --card: #1e2428; --ink: #e6e9eb;
  --soft: #9aa6ae; --line: #333b41; --add: #7ee2a8; --add-bg: #143d27; --del: #ff9d99; --del-bg: #4a1d1e;
  --chg: #f0c36a; --move: #7fc4f0; --tag: #2c343a; --link: #7fc4f0; } }
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; scroll-padding-top: 1rem; }
body { display: flex; flex-direction: column; gap: 1.25rem; max-width: 60rem; margin: 0 auto;
  padding: 1.25rem clamp(.75rem, 3vw, 2rem) 4rem; background: var(--page); color: var(--ink);
  font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif;
  overflow-wrap: anywhere; }
header { order: -2; } nav { order: -1; }
h1 { margin: 0; font-size: 1.6rem; line-height: 1.2; letter-spacing: -.01em; }
header p { margin: .35rem 0 0; color: var(--soft); }
h2 { margin: 2rem 0 .6rem; font-size: 1.15rem; }
main > section:first-child h2 { margin-top: .25rem; }
a { color: var(--link); text-underline-offset: .15em; }
nav, details, div.change { background: var(--card); border: 1px solid var(--line); border-radius: .6rem; }
nav { padding: .5rem 1rem; }
table { width: 100%; border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .35rem 0 .35rem .75rem; text-align: right; }
th:first-child { padding-left: 0; text-align: start; }
thead th { overflow-wrap: normal; color: var(--soft); font-size: .85rem; font-weight: 500; }
tbody th { font-weight: 500; }
tbody tr { border-top: 1px solid var(--line); }
td.none { color: var(--soft); opacity: .6; }
td.added { color: var(--add); } td.removed { color: var(--del); } td.changed { color: var(--chg); }
.change { display: flex; flex-wrap: wrap; align-items: baseline; gap: .25rem .6rem; padding: .6rem .9rem; }
details, div.change { margin: .5rem 0; }
summary { cursor: pointer; list-style: none; border-radius: .6rem; }
summary::-webkit-details-marker { display: none; }
summary::after { content: "▸"; margin-inline-start: auto; color: var(--soft); }
details[open] > summary::after { content: "▾"; }
summary:focus-visible, a:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
.sign { flex: none; width: 1.1rem; font: 700 1rem/1 ui-monospace, Menlo, Consolas, monospace; text-align: center; }
.sign.added { color: var(--add); } .sign.removed { color: var(--del); }
.sign.changed, .sign.replaced { color: var(--chg); } .sign.moved { color: var(--move); }
.name { min-width: 0; font-weight: 600; }
code, .path { font: .85em/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
code { color: var(--soft); }
.path { min-width: 0; } .path i { margin: 0 .1em; color: var(--soft); font-style: normal; }
.tag { padding: .05rem .5rem; border-radius: 1rem; background: var(--tag); color: var(--soft); font-size: .8rem; }
dl { margin: 0; padding: 0 .9rem .75rem; }
dt { padding: .6rem 0 0 1.6rem; border-top: 1px solid var(--line); text-indent: -1.6rem; }
dt > * { text-indent: 0; } dt .sign { display: inline-block; margin-inline-end: .5rem; }
dt .tag { margin-inline-start: .5rem; }
dd { margin: .25rem 0 .7rem; padding-inline-start: 1.6rem; white-space: pre-wrap; }
ins, del { padding: .05em .15em; border-radius: .2em; text-decoration: none; -webkit-box-decoration-break: clone;
  box-decoration-break: clone; }
ins { background: var(--add-bg); color: var(--add); }
del { background: var(--del-bg); color: var(--del); text-decoration: line-through; text-decoration-thickness: 1px; }
.note { margin: .5rem 0; color: var(--soft); font-size: .9rem; }
@media (max-width: 30rem) { dd { padding-inline-start: 0; } th, td { padding-left: .5rem; }
  thead th { font-size: .8rem; } }
@media print { body { background: none; } details, nav, div.change { break-inside: avoid; } }
`;

/**
 * The beginning of a page of HTML that needs nothing else and runs nothing.
 *
 * @param title The page's title, as markup.
 * @param heading What stands above, as markup.
 * @param about What it is about, as markup.
 */
export function pageBegin(title: string, heading: string, about: string): string {
  const digest = createHash("sha256").update(STYLE).digest("base64");
  const policy =
    `default-src 'none'; style-src 'sha256-${digest}'; base-uri 'none'; form-action 'none'`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>${title}</title>
<style>${STYLE}</style>
</head>
<body>
<header><h1>${heading}</h1><p>${about}</p></header>
<main>
`;
}
