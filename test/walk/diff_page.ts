/**
 * The page that `sluice diff --html` writes, in Chromium: with texts that try to be markup, narrow and wide, by
 * day and by night.
 *
 * @module
 */
import assert from "node:assert/strict";
import { DiffPage } from "../../src/cli/report/diff_html.ts";
import { ChangeTallies } from "../../src/cli/report/diff_values.ts";
import { printable } from "../../src/text/printable.ts";
import { HOSTILE_CHANGES, MARKUP } from "../support/hostile_changes.ts";
import { ROOT } from "../support/terminal.ts";

/** What Chromium did with a page. */
interface Seen {
  readonly width: number;
  readonly colorScheme: "light" | "dark";
  readonly events: readonly string[];
  readonly title: string;
  readonly overflow: number;
  readonly unsafe: number;
  readonly handlers: number;
  readonly background: string;
  readonly ink: string;
  readonly fontSize: string;
  readonly text: string;
}

async function seen(html: string): Promise<Seen[]> {
  const directory = await Deno.makeTempDir({ prefix: "sluice-page-" });
  try {
    await Deno.writeTextFile(`${directory}/page.html`, html);
    const { success, stdout, stderr } = await new Deno.Command("node", {
      args: [`${ROOT}test/walk/diff_page.cjs`, `${directory}/page.html`],
    }).output();
    const decoder = new TextDecoder();
    assert.ok(success, decoder.decode(stderr));
    return JSON.parse(decoder.decode(stdout));
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

/** How bright a colour is, from 0 to 255. */
function brightness(color: string): number {
  const [red, green, blue] = color.match(/\d+/g)!.map(Number);
  return (red! + green! + blue!) / 3;
}

Deno.test({
  name: "the page of differences is readable in Chromium, and nothing in it is obeyed",
  // Who runs the tests may have no browser; where all has to pass, there is one.
  ignore: Deno.env.get("SLUICE_TEST_TOOLS") === undefined &&
    Deno.env.get("SLUICE_TEST_CI") !== "true",
  async fn() {
    const page = new DiffPage();
    const tallies = new ChangeTallies();
    for (const change of HOSTILE_CHANGES) tallies.add(change);
    const end = [page.render(HOSTILE_CHANGES), page.end(tallies, MARKUP)].join("");
    const all = await seen(page.begin("1/1796045044", "live") + end);
    assert.deepEqual(all.map(({ width }) => width), [360, 360, 1280, 1280]);
    for (const { width, colorScheme, events, text, ...one } of all) {
      const what = `${width} ${colorScheme}`;
      assert.equal(one.title, "1/1796045044 → live", what);
      assert.equal(events.length, 1, events.join("\n"));
      assert.match(events[0]!, /^request file:.*page\.html$/);
      assert.deepEqual([one.overflow, one.unsafe, one.handlers], [0, 0, 0], what);
      assert.equal(one.fontSize, "16px");
      const contrast = brightness(one.background) - brightness(one.ink);
      assert.ok(colorScheme === "light" ? contrast > 150 : contrast < -150, `${what}: ${contrast}`);
      // They are shown as what they are.
      for (const markup of MARKUP) {
        const plain = printable(markup, 300).replaceAll(/\s+/g, " ");
        assert.ok(text.replaceAll(/\s+/g, " ").includes(plain.slice(0, 60).trim()), plain);
      }
    }
    // A page whose texts were markup would be noticed.
    const [control] = await seen(
      `<title>a</title>${MARKUP[0]}<img src=x onerror="document.title = 'owned'">`,
    );
    assert.equal(control!.title, "owned");
    assert.ok(control!.unsafe > 0 && control!.events.length > 1);
  },
});
