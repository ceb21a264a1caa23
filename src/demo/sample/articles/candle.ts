import type { StoredItem } from "../../../simulator/stored_item.ts";
import { itemId } from "../ids.ts";
import { record } from "../record.ts";
import {
  between,
  block,
  document,
  each,
  file,
  h,
  here,
  marked,
  measured,
  p,
  seo,
  to,
} from "../writing.ts";

/** Ada's long read about her lock. */
export function candleArticle(): StoredItem {
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
