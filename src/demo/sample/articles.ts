import type { Json } from "../../content/resource.ts";
import type { StoredItem } from "../memory_items.ts";
import { itemId, uploadId } from "./ids.ts";
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
  web,
} from "./writing.ts";

/** The long reads of the first issue. */
export function articles(): StoredItem[] {
  return [candle(), gates(), brown(), horse()];
}

function candle(): StoredItem {
  return record({
    key: "article-candle",
    model: "article",
    created: "2025-03-01T09:00:00.000Z",
    updated: "2025-03-20T17:29:58.000Z",
    published: "2025-03-20T17:30:00.000Z",
    stage: "printed",
    attributes: {
      title: each(
        "Nineteen years at Candle Lock",
        "Diciannove anni alla Chiusa della Candela",
        "Dezenove anos na Eclusa da Vela",
      ),
      slug: each("nineteen-years-at-candle-lock", "diciannove-anni", "dezenove-anos"),
      standfirst: each(
        "What a lock keeper does all day is wait, and she has become rather good at it.",
        "Quello che fa tutto il giorno una custode è aspettare, e lei è diventata piuttosto brava.",
        "O que uma guardiã de eclusa faz o dia todo é esperar, e ela ficou bem boa nisso.",
      ),
      body: each(
        document(
          p(
            "The window over the lower gates has had a light in it every night since 1796, and for the " +
              "last nineteen years the light has been mine. People think it guides the boats. It doesn't. " +
              "Boats don't come at night. It is so that the ",
            to("term-lock", "lock"),
            " knows somebody is there.",
          ),
          h("What waiting weighs"),
          p(
            "A boat rises ",
            measured("candle en measured", 2.43, "m"),
            " here, which takes nine minutes if nobody talks. Somebody always talks. I have been told of " +
              "two weddings, one inheritance and a great many hips. Then the upper gates open, the story " +
              "goes round the bend in the middle of a sentence, and I write down how I think it ended.",
          ),
          between(block("pull_quote", "candle en quote", {
            quote:
              "Somebody always talks. Then the upper gates open, and the story goes round the bend.",
            who: "Ada Wren",
          })),
          p(
            "If you come, ring once. ",
            marked("strong", "Once."),
            " Osric, of whom you can read elsewhere (",
            here("osric"),
            "), still rings three times, but he brings the cake himself.",
          ),
        ),
        document(
          p(
            "La finestra sopra le porte a valle è illuminata ogni notte dal 1796, e da diciannove anni la " +
              "luce è la mia. Si pensa che guidi le barche. No: di notte le barche non vengono. È perché la ",
            to("term-lock", "chiusa"),
            " sappia che c'è qualcuno.",
          ),
          h("Quanto pesa l'attesa"),
          p(
            "Qui una barca sale di ",
            measured("candle it measured", 2.43, "m"),
            ", e ci mette nove minuti se nessuno parla. Qualcuno parla sempre. Mi hanno raccontato due " +
              "matrimoni, un'eredità e moltissime anche. Poi si aprono le porte a monte, la storia gira " +
              "dietro l'ansa a metà di una frase, e io scrivo come credo che sia finita.",
          ),
          between(block("pull_quote", "candle it quote", {
            quote: "Qualcuno parla sempre. Poi si aprono le porte, e la storia gira dietro l'ansa.",
            who: "Ada Wren",
          })),
          p(
            "Se venite, suonate una volta. ",
            marked("strong", "Una."),
            " Osric (",
            here("osric"),
            ") suona " +
              "ancora tre volte, ma la torta la porta lui.",
          ),
        ),
        document(
          p(
            "A janela sobre as comportas de baixo tem uma luz toda noite desde 1796, e há dezenove anos a " +
              "luz é minha. Pensam que ela guia os barcos. Não guia: barco não vem de noite. É para que a ",
            to("term-lock", "eclusa"),
            " saiba que há alguém.",
          ),
          h("Quanto pesa esperar"),
          p(
            "Aqui um barco sobe ",
            measured("candle pt measured", 2.43, "m"),
            ", o que leva nove minutos se ninguém falar. Alguém sempre fala. Já me contaram dois " +
              "casamentos, uma herança e muitíssimos quadris. Então as comportas de cima se abrem, a " +
              "história dobra a curva no meio de uma frase, e eu escrevo como acho que terminou.",
          ),
          p(
            "Se vierem, toquem uma vez. ",
            marked("strong", "Uma."),
            " O Osric (",
            here("osric"),
            ") ainda " +
              "toca três, mas o bolo é ele quem traz.",
          ),
        ),
      ),
      written_by: itemId("ada"),
      section: itemId("section-slow-rivers"),
      locks: [itemId("candle")],
      printed_on: "2025-03-20",
      minutes: 4,
      cover: file("candle-lock"),
      photographs: [file("heron-at-dawn"), file("heron-at-dusk", "The same heron, later")],
      film: null,
      seo: seo("Nineteen years at Candle Lock", "Diciannove anni", "Dezenove anos", "candle-lock"),
    },
  });
}

function gates(): StoredItem {
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

function brown(): StoredItem {
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

function horse(): StoredItem {
  return record({
    key: "article-horse",
    model: "article",
    created: "2025-03-04T18:40:00.000Z",
    updated: "2025-03-20T17:32:58.000Z",
    published: "2025-03-20T17:33:00.000Z",
    stage: "printed",
    attributes: {
      // Not yet translated into Portuguese: Osric wants to read the translation first.
      title: each("In praise of the horse", "Elogio del cavallo"),
      slug: each("in-praise-of-the-horse", "elogio-del-cavallo"),
      standfirst: each(
        "It ran on grass and stopped when spoken to.",
        "Andava a erba e si fermava a voce.",
      ),
      body: each(
        document(
          p(
            "An engine will take you past a kingfisher at nine miles an hour. A horse takes you past at two " +
              "and a half, and by the time you have said “kingfisher” it is still there, and so is the horse.",
          ),
          quote("My father", "You steer a boat with your hip and a horse with your good name."),
          p(
            "At ",
            to("seven-sisters", "the Seven Sisters"),
            " we used to unhitch Duchess and let her climb the hill by herself. She would be at the top pound " +
              "before us, looking down, like a ",
            to("term-gongoozler", "gongoozler"),
            " with opinions.",
          ),
        ),
        document(
          p(
            "Un motore ti porta davanti a un martin pescatore a quindici all'ora. Un cavallo a quattro, e " +
              "quando hai finito di dire «martin pescatore» lui è ancora lì, e anche il cavallo.",
          ),
          quote("Mio padre", "La barca si guida con l'anca, il cavallo con il buon nome."),
        ),
      ),
      written_by: itemId("osric"),
      section: itemId("section-aboard"),
      locks: [itemId("seven-sisters")],
      printed_on: "2025-03-20",
      minutes: 3,
      cover: null,
      photographs: null,
      film: null,
      seo: { en: null, it: null },
    },
  });
}

/** The value of an article's SEO field. */
export function seo(en: string, it: string, pt: string, image: string): Json {
  const one = (title: string) => ({
    title,
    description: null,
    image: uploadId(image),
    twitter_card: "summary_large_image",
    no_index: false,
  });
  return each(one(en), one(it), one(pt));
}
