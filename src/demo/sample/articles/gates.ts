import type { StoredItem } from "../../../simulator/stored_item.ts";
import { itemId } from "../ids.ts";
import { record } from "../record.ts";
import { between, block, document, each, file, p, rule, seo, to, web } from "../writing.ts";

/** Tommaso's long read about gates, of which an older version is public. */
export function gatesArticle(): StoredItem {
  return record({
    key: "article-gates",
    model: "article",
    created: "2025-03-02T09:00:00.000Z",
    updated: "2025-11-04T20:15:00.000Z",
    published: "2025-03-20T17:31:00.000Z",
    stage: "review",
    before: {
      minutes: 6,
      standfirst: each(
        "Two doors that meet at an angle, and the river that holds them shut.",
        "Due porte che si incontrano ad angolo, e il fiume che le tiene chiuse.",
        "Duas portas que se encontram em ângulo, e o rio que as mantém fechadas.",
      ),
      locks: [itemId("moon")],
    },
    attributes: {
      title: each(
        "Why gates lean on each other",
        "Perché le porte si appoggiano l'una all'altra",
        "Por que as comportas se apoiam uma na outra",
      ),
      slug: each("why-gates-lean", "perche-le-porte-si-appoggiano", "por-que-se-apoiam"),
      standfirst: each(
        "Two doors that meet at an angle, the river that holds them shut, and a mistake I made in 1983.",
        "Due porte che si incontrano ad angolo, il fiume che le tiene chiuse, e un mio errore del 1983.",
        "Duas portas que se encontram em ângulo, o rio que as mantém fechadas, e um erro meu de 1983.",
      ),
      body: each(
        document(
          p(
            "Make the doors straight and you must hold them shut. Let them lean, upstream, each on the " +
              "other's shoulder, and the river holds them for you: the harder it pushes, the tighter they " +
              "close. I know of no kinder use of an enemy.",
          ),
          {
            type: "code",
            language: "text",
            highlight: [1],
            code: "  upstream\n   \\  /     <- the river closes these\n    \\/\n downstream",
          },
          p(
            "The angle is the whole art. Too flat and the timber groans; too sharp and the gates stick " +
              "like a drawer. Eighteen degrees, said my professor. In 1983, at the ",
            to("moon", "Moon Lock"),
            ", I tried seventeen. They have groaned ever since, in F sharp, and there is a choir in the " +
              "village that tunes to them.",
          ),
          rule(),
          p(
            "The ",
            web("https://en.wikipedia.org/wiki/Mitre_(joint)", "mitre"),
            " is a hat, also. So is the " +
              "lock: it keeps the hill dry.",
          ),
          between(block("passage", "gates en passage", {
            heading: "To see it at home",
            steps: [
              block("step", "gates en step 1", {
                text: "Take two playing cards and a stream of the smaller sort.",
                minutes: 1,
                tip: block("tip", "gates en tip", {
                  text: document(p("Not the queens. They float, but they mind.")),
                  flag: null,
                }),
              }),
              block("step", "gates en step 2", {
                text: "Lean them together against the water. Let go.",
                minutes: 0.25,
                tip: null,
              }),
            ],
          })),
        ),
        document(
          p(
            "Se fai le porte dritte, devi tenerle chiuse. Se le lasci appoggiare, verso monte, ciascuna " +
              "alla spalla dell'altra, è il fiume che le tiene: più spinge, più si stringono. Non conosco " +
              "un uso più gentile di un nemico.",
          ),
          p(
            "L'angolo è tutta l'arte. Troppo piatto, e il legno geme; troppo acuto, e le porte si incastrano " +
              "come un cassetto. Diciotto gradi, diceva il mio professore. Nel 1983, alla ",
            to("moon", "Conca della Luna"),
            ", ne provai diciassette. Da allora gemono, in fa diesis, e il coro del paese ci si accorda.",
          ),
        ),
        document(
          p(
            "Se as portas são retas, é preciso segurá-las. Se elas se apoiam, rio acima, cada uma no ombro " +
              "da outra, é o rio que segura: quanto mais empurra, mais elas se fecham. Não conheço uso mais " +
              "gentil de um inimigo.",
          ),
          p(
            "O ângulo é a arte toda. Dezoito graus, dizia o meu professor. Em 1983, na ",
            to("moon", "Eclusa da Lua"),
            ", tentei dezessete. Desde então elas gemem, em fá sustenido, e o coro da cidade se afina por " +
              "elas.",
          ),
        ),
      ),
      written_by: itemId("tommaso"),
      section: itemId("section-works"),
      locks: [itemId("moon"), itemId("candle")],
      printed_on: "2025-03-20",
      minutes: 7,
      cover: file("wordmark"),
      photographs: [],
      film: null,
      seo: seo("Why gates lean", "Perché le porte si appoggiano", "Por que se apoiam", "wordmark"),
    },
  });
}
