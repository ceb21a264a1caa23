import type { StoredItem } from "../../../simulator/stored_item.ts";
import { itemId } from "../ids.ts";
import { record } from "../record.ts";
import { document, each, file, measured, p, rule, seo, to } from "../writing.ts";

/** Tommaso's night piece, of which an older version is public. */
export function moonsArticle(): StoredItem {
  return record({
    key: "article-moons",
    model: "article",
    created: "2025-09-01T19:00:00.000Z",
    updated: "2026-02-11T22:22:22.000Z",
    published: "2025-09-21T06:02:00.000Z",
    stage: "review",
    before: {
      title: each("A moon over the Po", "Una luna sul Po", "Uma lua sobre o Pó"),
      photographs: [],
    },
    attributes: {
      title: each("Two moons over the Po", "Due lune sul Po", "Duas luas sobre o Pó"),
      slug: each("two-moons-over-the-po", "due-lune-sul-po", "duas-luas-sobre-o-po"),
      standfirst: each(
        "One is real, one is seven metres lower and wobbles.",
        "Una è vera, l'altra sta sette metri più giù e trema.",
        "Uma é de verdade, a outra fica sete metros abaixo e treme.",
      ),
      body: each(
        document(
          p(
            "When the chamber is empty and the night is clear, you can lie on the coping of the ",
            to("moon", "Moon Lock"),
            " and see the same moon twice. Then the gatekeeper fills the lock, for nobody, and the lower one " +
              "comes up to meet the upper one, taking ",
            measured("moons en measured", 15.5, "min"),
            ".",
          ),
          p("He isn't paid for it. I asked. It isn't in the regulations, but it isn't against them."),
        ),
        document(
          p(
            "Quando la conca è vuota e la notte è chiara, ci si può sdraiare sul bordo della ",
            to("moon", "Conca della Luna"),
            " e vedere due volte la stessa luna. Poi il manovratore riempie la conca, per nessuno, e quella " +
              "di sotto sale incontro a quella di sopra.",
          ),
        ),
        document(
          p(
            "Quando a câmara está vazia e a noite é clara, vê-se duas vezes a mesma lua. Então o operador enche " +
              "a eclusa, para ninguém, e a de baixo sobe ao encontro da de cima.",
          ),
          rule(),
          p("Ninguém o paga por isso. Perguntei."),
        ),
      ),
      written_by: itemId("tommaso"),
      section: itemId("section-rivers"),
      locks: [itemId("moon")],
      printed_on: "2025-09-21",
      minutes: 3,
      cover: file("ripple"),
      photographs: [file("ripple"), file("old-plan")],
      film: null,
      seo: seo("Two moons over the Po", "Due lune sul Po", "Duas luas sobre o Pó", "ripple"),
    },
  });
}
