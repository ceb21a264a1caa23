import type { StoredItem } from "../../../simulator/stored_item.ts";
import { itemId } from "../ids.ts";
import { record } from "../record.ts";
import { document, each, here, list, marked, p } from "../writing.ts";

/** Osric's recipe. */
export function soupArticle(): StoredItem {
  return record({
    key: "article-soup",
    model: "article",
    created: "2025-08-30T16:00:00.000Z",
    updated: "2025-09-21T06:00:58.000Z",
    published: "2025-09-21T06:01:00.000Z",
    stage: "printed",
    attributes: {
      title: each("Soup for a flight of seven", "Zuppa per sette chiuse", "Sopa para sete eclusas"),
      slug: each("soup-for-a-flight-of-seven", "zuppa-per-sette-chiuse", "sopa-para-sete-eclusas"),
      standfirst: each(
        "One chamber per stage. If the soup is early, so are you.",
        "Una conca per fase. Se la zuppa è in anticipo, lo sei anche tu.",
        "Uma câmara por etapa. Se a sopa se adianta, você também.",
      ),
      body: each(
        document(
          p(
            "Every flight has its dish. Two locks are an egg; five are a stew. For ",
            here("seven-sisters"),
            ":",
          ),
          list(
            "numbered",
            "Bottom gates: onion, in butter, with the hatch shut.",
            "Second: leeks from whoever is on the towpath. There is always somebody.",
            "Third: water. You are surrounded by it. Use the tap.",
            "Fourth: potatoes, and a look at the weather.",
            "Fifth: nothing. Wind.",
            "Sixth: the end of the cheese.",
            "Top: parsley. Eat it moored, from the pan, with both hands.",
          ),
          p(marked("emphasis", "Serves four, or one who has wound the paddles alone.")),
        ),
        document(
          p(
            "Ogni scala ha il suo piatto. Per ",
            here("seven-sisters"),
            ": cipolla, porri, acqua del rubinetto, " +
              "patate, niente, il fondo del formaggio, prezzemolo. Una conca per ciascuno.",
          ),
        ),
        document(
          p(
            "Cada escada tem o seu prato. Para ",
            here("seven-sisters"),
            ": cebola, alho-poró, água da " +
              "torneira, batata, nada, o resto do queijo, salsinha. Uma câmara para cada um.",
          ),
        ),
      ),
      written_by: itemId("osric"),
      section: itemId("section-galley"),
      locks: [itemId("seven-sisters")],
      printed_on: "2025-09-21",
      minutes: 2,
      cover: null,
      photographs: [],
      film: null,
      seo: each(null, null, null),
    },
  });
}
