import type { Json } from "../../../content/resource.ts";
import type { StoredItem } from "../../../simulator/stored_item.ts";
import { itemId } from "../ids.ts";
import { record } from "../record.ts";
import { between, block, document, each, file, list, p, seo, to } from "../writing.ts";

/** Iara's long read about a colour, with a film. */
export function brownArticle(): StoredItem {
  const film: Json = {
    url: "https://vimeo.com/76979871",
    title: "Brown, in eleven parts",
    width: 640,
    height: 360,
    provider: "vimeo",
    provider_uid: "76979871",
    thumbnail_url: "https://i.vimeocdn.com/video/452001751_640.jpg",
  };
  return record({
    key: "article-brown",
    model: "article",
    created: "2025-03-03T12:00:00.000Z",
    updated: "2025-03-20T17:31:58.000Z",
    published: "2025-03-20T17:32:00.000Z",
    stage: "printed",
    attributes: {
      title: each("Eleven kinds of brown", "Undici tipi di marrone", "Onze tipos de marrom"),
      slug: each("eleven-kinds-of-brown", "undici-tipi-di-marrone", "onze-tipos-de-marrom"),
      standfirst: each(
        "A river is never dirty. It is carrying something.",
        "Un fiume non è mai sporco. Sta portando qualcosa.",
        "Um rio nunca está sujo. Está levando alguma coisa.",
      ),
      body: each(
        document(
          p("They call the Tietê brown, as one might call the sea wet. I counted. Before lunch I had six:"),
          list(
            "bulleted",
            "brown of the far bank, which is a photograph of itself;",
            "brown of the near bank, with feet in it;",
            "brown of tea, where the forest comes in;",
            "brown of the wake, which is nearly green;",
            "brown of the shadow of the bridge;",
            "brown of the capybara, who disagrees.",
          ),
          between(block("picture", "brown en picture", {
            image: file("ripple", "Rings of water, brown on brown"),
            caption: "Number four, a moment before it became number nine.",
          })),
          p(
            "The other five came up with the water in ",
            to("thrush", "Thrush Lock"),
            ": twenty-four metres of brown, going past my window like floors past a lift. Nobody else looked " +
              "up from the telephone. I have them all on film ☕.",
          ),
        ),
        document(
          p(
            "Lo dicono marrone, il Tietê, come si direbbe bagnato il mare. Io ho contato. Prima di pranzo " +
              "ero a sei; gli altri cinque sono saliti con l'acqua nella ",
            to(
              "thrush",
              "Chiusa del Tordo",
            ),
            ": ventiquattro metri di marrone davanti al finestrino, come piani davanti a un ascensore.",
          ),
        ),
        document(
          p(
            "Chamam o Tietê de marrom, como quem chama o mar de molhado. Eu contei. Antes do almoço eram " +
              "seis; os outros cinco subiram com a água na ",
            to(
              "thrush",
              "Eclusa do Sabiá",
            ),
            ": vinte e quatro metros de marrom passando pela janela, como andares pelo elevador.",
          ),
          between(block("picture", "brown pt picture", {
            image: file("heron-at-dusk"),
            caption: "O número sete, com garça.",
          })),
        ),
      ),
      written_by: itemId("iara"),
      section: itemId("section-fast-rivers"),
      locks: [itemId("thrush")],
      printed_on: "2025-03-20",
      minutes: 5,
      cover: file("ripple"),
      photographs: [file("ripple"), file("candle-lock"), file("heron-at-dusk")],
      film,
      seo: seo("Eleven kinds of brown", "Undici tipi di marrone", "Onze tipos de marrom", "ripple"),
    },
  });
}
