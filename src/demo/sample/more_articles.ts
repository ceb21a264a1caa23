import type { StoredItem } from "../memory_items.ts";
import { seo } from "./articles.ts";
import { itemId } from "./ids.ts";
import { record } from "./record.ts";
import {
  between,
  block,
  document,
  each,
  file,
  h,
  here,
  list,
  marked,
  measured,
  p,
  quote,
  rule,
  to,
} from "./writing.ts";

/** What came after the first issue, and what hasn't come out yet. */
export function moreArticles(): StoredItem[] {
  return [eels(), soup(), moons(), letters(), kettle(), silence()];
}

function eels(): StoredItem {
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

function soup(): StoredItem {
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

function moons(): StoredItem {
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

function letters(): StoredItem {
  return record({
    key: "article-letters",
    model: "article",
    created: "2025-12-01T10:00:00.000Z",
    updated: "2025-12-21T06:59:59.000Z",
    published: "2025-12-21T07:00:00.000Z",
    stage: "printed",
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

function kettle(): StoredItem {
  return record({
    key: "article-kettle",
    model: "article",
    created: "2026-02-02T08:00:00.000Z",
    updated: "2026-02-28T23:58:00.000Z",
    scheduled: "2026-03-20T06:00:00.000Z",
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

function silence(): StoredItem {
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
