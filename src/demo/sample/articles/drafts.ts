import type { StoredItem } from "../../../simulator/stored_item.ts";
import { itemId } from "../ids.ts";
import { record } from "../record.ts";
import { document, each, file, p, to } from "../writing.ts";

/** An article that waits for its day, and for most of its words. */
export function kettleArticle(): StoredItem {
  return record({
    key: "article-kettle",
    model: "article",
    created: "2026-02-02T08:00:00.000Z",
    updated: "2026-02-28T23:58:00.000Z",
    scheduled: {
      id: "8041",
      publishAt: "2026-03-20T06:00:00.000Z",
      selective: { content_in_locales: ["en"], non_localized_content: true },
    },
    stage: "writing",
    creator: "311",
    attributes: {
      title: each("A short history of the kettle", "Breve storia del bollitore"),
      slug: each("a-short-history-of-the-kettle", "breve-storia-del-bollitore"),
      standfirst: each("It slides. That is the history.", null),
      body: each(
        document(
          p("[Bo: 900 words by the equinox, please. Start with the sliding. – A.]"),
          p("It slid. (See ", to("candle", "Candle Lock"), ", going up.)"),
        ),
        null,
      ),
      written_by: itemId("newcomer"),
      section: itemId("section-galley"),
      locks: [itemId("candle")],
      printed_on: "2026-03-20",
      minutes: 0,
      cover: file("candle-lock"),
      photographs: [],
      film: null,
      seo: { en: null, it: null },
    },
  });
}

/** An article with nothing in it yet. */
export function silenceArticle(): StoredItem {
  return record({
    key: "article-silence",
    model: "article",
    created: "2026-02-28T23:59:30.000Z",
    stage: "writing",
    attributes: {
      title: each("On silence", "Sul silenzio", "Sobre o silêncio"),
      slug: each("on-silence", "sul-silenzio", "sobre-o-silencio"),
      standfirst: each(null, null, null),
      body: each(null, null, null),
      written_by: itemId("osric"),
      section: null,
      locks: null,
      printed_on: null,
      minutes: 1,
      cover: null,
      photographs: null,
      film: null,
      seo: each(null, null, null),
    },
  });
}
