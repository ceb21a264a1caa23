import type { StoredItem } from "../../../simulator/stored_item.ts";
import { itemId } from "../ids.ts";
import { record } from "../record.ts";
import { between, block, document, each, h, p, quote } from "../writing.ts";

/** Letters, with all the characters that people put into letters. */
export function lettersArticle(): StoredItem {
  return record({
    key: "article-letters",
    model: "article",
    created: "2025-12-01T10:00:00.000Z",
    updated: "2025-12-21T06:59:59.000Z",
    published: "2025-12-21T07:00:00.000Z",
    stage: "printed",
    scheduled: {
      id: "512",
      unpublishAt: "2036-12-01T00:00:00.000Z",
      unpublishLocales: ["it", "pt-BR"],
    },
    attributes: {
      title: each("Letters to the editor", "Lettere al giornale", "Cartas à redação"),
      slug: each("letters", "lettere", "cartas"),
      // A line separator (U+2028) between the two lines, as it came from the typewriter's scanner.
      standfirst: each(
        "On eels, on cake,\u2028and on the word “quite”.",
        "Sulle anguille, sulla torta\u2028e sulla parola «alquanto».",
        "Sobre enguias, sobre bolo\u2028e sobre a palavra “bastante”.",
      ),
      body: each(
        document(
          quote(
            "A reader in Rovigo",
            "Sir, your eels were upside down on page nine. So, I find, am I.",
          ),
          quote(
            "D. Marsh, retired",
            'Three rings do NOT mean cake at Hatton \\ they mean "mind the swan".',
          ),
          h("The editor replies"),
          p("Thank you. We have turned the page round. As to swans, see the last issue, and the next."),
          between(block("pull_quote", "letters en quote", {
            quote: "So, I find, am I.",
            who: null,
          })),
        ),
        document(
          quote(
            "Un lettore di Rovigo",
            "Egregio, a pagina nove le anguille erano capovolte. Come me, scopro.",
          ),
        ),
        document(
          quote(
            "Uma leitora de Barra Bonita",
            "Prezados, o bolo era de fubá? É importante. Saudações, Z. 🧁",
          ),
        ),
      ),
      written_by: itemId("ada"),
      section: null,
      locks: [],
      printed_on: "2025-12-21",
      minutes: 1,
      cover: null,
      photographs: [],
      film: null,
      seo: each(null, null, null),
    },
  });
}
