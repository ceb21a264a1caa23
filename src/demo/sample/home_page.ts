import type { Json } from "../../content/resource.ts";
import type { StoredItem } from "../../simulator/stored_item.ts";
import { itemId } from "./ids.ts";
import { record } from "./record.ts";
import { block, each, file } from "./writing.ts";

/** The only record of the home page's model. */
export function homePage(): StoredItem[] {
  return [record({
    key: "home",
    model: "home_page",
    created: "2025-02-01T08:00:00.000Z",
    published: "2025-02-20T08:00:00.000Z",
    updated: "2026-03-01T09:15:30.000Z",
    before: {
      tagline: each(
        "A magazine of rivers and locks",
        "Una rivista di fiumi e chiuse",
        "Uma revista de rios e eclusas",
      ),
      featured: [itemId("article-candle")],
    },
    attributes: {
      tagline: each(
        "Slackwater: a magazine of rivers, locks and waiting",
        "Slackwater: una rivista di fiumi, chiuse e attese",
        "Slackwater: uma revista de rios, eclusas e esperas",
      ),
      introduction: each(
        "Four times a year, when the water is neither coming nor going, we print what we have found.",
        "Quattro volte l'anno, quando l'acqua non viene e non va, stampiamo quello che abbiamo trovato.",
        "Quatro vezes por ano, quando a água não vem nem vai, imprimimos o que encontramos.",
      ),
      hero: each(
        hero("en", "The river is late. Sit down.", "Read about Candle Lock"),
        hero("it", "Il fiume è in ritardo. Accomodati.", "Leggi della Chiusa della Candela"),
        hero("pt-BR", "O rio está atrasado. Sente-se.", "Leia sobre a Eclusa da Vela"),
      ),
      featured: [itemId("article-candle"), itemId("article-brown"), itemId("article-gates")],
      letter_box_open: true,
    },
  })];
}

function hero(locale: string, headline: string, label: string): Json {
  return block("hero", `home hero ${locale}`, {
    headline,
    background: file("ripple"),
    button: block("button", `home button ${locale}`, { label, target: itemId("article-candle") }),
  });
}
