import type { StoredItem } from "../../../simulator/stored_item.ts";
import { itemId } from "../ids.ts";
import { record } from "../record.ts";
import { document, each, file, here, measured, p, seo, to } from "../writing.ts";

/** Ada's report of the eels. */
export function eelsArticle(): StoredItem {
  return record({
    key: "article-eels",
    model: "article",
    created: "2025-05-20T22:10:00.000Z",
    updated: "2025-06-21T05:59:58.000Z",
    published: "2025-06-21T06:00:00.000Z",
    stage: "printed",
    attributes: {
      title: each(
        "The night shift goes upstream",
        "Il turno di notte risale la corrente",
        "O turno da noite sobe o rio",
      ),
      slug: each("the-night-shift", "il-turno-di-notte", "o-turno-da-noite"),
      standfirst: each(
        "They are as long as a pencil and they have come from the Sargasso Sea.",
        "Sono lunghe come una matita e arrivano dal Mar dei Sargassi.",
        "Têm o comprimento de um lápis e vêm do mar dos Sargaços.",
      ),
      body: each(
        document(
          p(
            "In May I leave the paddles shut after dark and put a wet rope down the ",
            to("term-weir", "weir"),
            ". That is all it takes. By eleven the rope is moving. They climb it like commuters: no hurry, no " +
              "talk, each one polite about the tail in front.",
          ),
          p(
            "I count them with a torch and a knitting row-counter. The record is ",
            measured("eels en measured", 1212, "eels"),
            ", on a night so still I could hear them breathe, or thought so. See ",
            here("notice-eels"),
            ".",
          ),
        ),
        document(
          p(
            "A maggio, quando fa buio, lascio chiuse le saracinesche e calo una cima bagnata dallo ",
            to("term-weir", "sbarramento"),
            ". Non serve altro. Alle undici la cima si muove. La salgono come pendolari: senza fretta, senza " +
              "parlare, con riguardo per la coda davanti.",
          ),
          p("Il record è di ", measured("eels it measured", 1212, "anguille"), "."),
        ),
        document(
          p(
            "Em maio, depois que escurece, deixo as comportas fechadas e desço uma corda molhada pelo ",
            to("term-weir", "açude"),
            ". É só isso. Às onze a corda se mexe. Sobem como quem vai ao trabalho: sem pressa, sem conversa, " +
              "com respeito pela cauda da frente.",
          ),
        ),
      ),
      written_by: itemId("ada"),
      section: itemId("section-slow-rivers"),
      locks: [itemId("candle"), itemId("seven-sisters")],
      printed_on: "2025-06-21",
      minutes: 3,
      cover: file("heron-at-dawn"),
      photographs: [],
      film: null,
      seo: seo("The night shift", "Il turno di notte", "O turno da noite", "heron-at-dawn"),
    },
  });
}
