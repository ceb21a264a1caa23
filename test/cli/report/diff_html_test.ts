import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { DiffPage } from "../../../src/cli/report/diff_html.ts";
import { ChangeTallies } from "../../../src/cli/report/diff_values.ts";
import type { Change } from "../../../src/tools/diff.ts";
import { HOSTILE_CHANGES, MARKUP } from "../../support/hostile_changes.ts";

/** The page of some changes. */
function pageOf(changes: readonly Change[], notes: readonly string[] = []): string {
  const page = new DiffPage();
  const tallies = new ChangeTallies();
  for (const change of changes) tallies.add(change);
  return page.begin(MARKUP[0]!, "live") + page.render(changes) + page.end(tallies, notes);
}

Deno.test("the page of differences has no markup but its own, whatever texts try to be", () => {
  const page = pageOf(HOSTILE_CHANGES, MARKUP);
  const [, style = ""] = /<style>(.*?)<\/style>/s.exec(page)!;
  const body = page.replace(style, "");
  const tags = new Set(body.match(/<[^>]*>?/g)!.map((tag) => /^<\/?([a-z0-9]*)/.exec(tag)![1]));
  const known =
    "a bdi body code dd del details div dl dt h1 h2 head header html i ins main meta nav p section span style " +
    "summary table tbody td th thead title tr wbr";
  for (const tag of tags) assert.ok(tag === "" || known.split(" ").includes(tag!), tag);
  assert.equal(body.match(/<!/g)?.length, 1);
  // Attributes are ours: none has a value of the content's.
  const attributes = body.match(/<[a-z][^>]*>/g)!.flatMap((tag) =>
    tag.match(/ [a-z-]+="[^"]*"/g) ?? []
  );
  for (const attribute of attributes) {
    assert.match(
      attribute,
      /^ (?:class|title|dir|id|scope|lang|charset|http-equiv|name|content)="[\w #.,;:'=/+-]*"$|^ href="#g\d+"$/,
    );
  }
  assert.doesNotMatch(body, /<[^>]* on[a-z]+=|<[^>]*(?:javascript|https?):/i);
  // deno-lint-ignore no-control-regex -- they are what is looked for
  assert.doesNotMatch(body, /[\0-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/);
  // Nothing is loaded, nothing runs, and the style is the one that the policy allows.
  const digest = createHash("sha256").update(style).digest("base64");
  assert.ok(page.includes(`content="default-src 'none'; style-src 'sha256-${digest}';`));
  assert.doesNotMatch(style, /url\(|@import|expression|</);
});

Deno.test("the page of differences shows words that differ, and only counts what is too much", () => {
  const field = { path: "text", locale: "en", versions: ["current"] } as const;
  const change: Change = {
    kind: "record",
    model: "article",
    id: "1",
    title: "One & two",
    change: "changed",
    status: null,
    published: null,
    fields: [
      {
        ...field,
        change: "changed",
        before: "The old lock is open",
        after: "The new lock is open",
      },
      { ...field, change: "changed", before: 4, after: 5 },
      { ...field, change: "moved", before: 1, after: 0 },
    ],
  };
  const page = pageOf([change]);
  assert.ok(page.includes("The <del>old</del><ins>new</ins> lock is open"), page);
  assert.ok(page.includes("<del>4</del> → <ins>5</ins>"));
  assert.ok(page.includes("moved from 1 to 0"));
  assert.ok(page.includes("One &#38; two"));
  const many = pageOf(Array.from({ length: 3005 }, (_, i) => ({ ...change, id: `id${i}` })));
  assert.ok(
    many.includes("5 more differences aren&#39;t shown") ||
      many.includes("5 more differences aren't shown"),
  );
  assert.equal(many.match(/<summary/g)?.length, 3000);
  assert.ok(pageOf([]).includes("No differences."));
});
