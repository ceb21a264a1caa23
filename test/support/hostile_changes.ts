import type { Change, RecordFieldChange } from "../../src/tools/diff.ts";
import { NASTY } from "./hostile_project.ts";

/** Texts that try to be markup, or to leave the place where they stand. */
export const MARKUP = [
  "<script>document.title = 'owned'</script>",
  '"><img src=x onerror="document.title = \'owned\'">',
  "'><svg/onload=document.title='owned'>",
  "</style><style>body { display: none }</style>",
  "</title><meta http-equiv=refresh content='0;url=http://127.0.0.1:9/'>",
  "<iframe srcdoc='<script>parent.document.title=1</script>'></iframe>",
  "<!-- <a href=javascript:alert(1)>click</a>",
  "&lt;b&gt; &#60;script&#62; ]]>",
  "<details open ontoggle=document.title='owned'>",
  "` onmouseover=alert(1) `",
  "\u202egnirts\u2066 \u{e0041} \x1b[2J \0",
  NASTY,
];

/** Differences whose every text is one of them. */
export const HOSTILE_CHANGES: readonly Change[] = MARKUP.flatMap((text): Change[] => {
  const versions = ["current" as const];
  const fields: RecordFieldChange[] = [
    {
      path: text,
      locale: text,
      change: "changed",
      before: text,
      after: `${text} ${text}`,
      versions,
    },
    {
      path: `a/${text}`,
      locale: null,
      change: "added",
      before: null,
      after: { a: text },
      versions,
    },
    { path: "b", locale: null, change: "moved", before: text, after: text, versions },
    {
      path: "c",
      locale: null,
      change: "removed",
      before: {
        schema: "dast",
        document: { type: "root", children: [{ type: "span", value: text }] },
      },
      after: null,
      versions,
    },
  ];
  const status = { before: text, after: `${text}2` };
  return [
    { kind: "schema", type: text, name: text, id: text, change: "changed", fields },
    { kind: "schema", type: "field", name: text, id: text, change: "added", fields: [] },
    {
      kind: "record",
      model: text,
      id: text,
      title: text,
      change: "changed",
      status,
      published: null,
      fields,
    },
    {
      kind: "record",
      model: text,
      id: text,
      title: null,
      change: "removed",
      status,
      published: null,
      fields,
    },
    { kind: "asset", id: text, filename: text, change: "replaced", fields },
  ];
});
