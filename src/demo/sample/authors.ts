import type { StoredItem } from "../../simulator/stored_item.ts";
import { record } from "./record.ts";
import { each, file } from "./writing.ts";

/** The people who write the magazine. All are invented. */
export function authors(): StoredItem[] {
  return [
    record({
      key: "ada",
      model: "author",
      created: "2025-02-03T08:12:00.000Z",
      published: "2025-02-03T08:30:11.250Z",
      updated: "2025-02-03T08:30:11.000Z",
      attributes: {
        name: "Ada Wren",
        slug: "ada-wren",
        biography: each(
          "Ada has kept **Candle Lock** for nineteen years. She writes between boats, in pencil, on the " +
            "backs of passage tickets.",
          "Ada custodisce la **Chiusa della Candela** da diciannove anni. Scrive tra una barca e l'altra, " +
            "a matita, sul retro dei biglietti di passaggio.",
          "Ada cuida da **Eclusa da Vela** há dezenove anos. Escreve entre um barco e outro, a lápis, no " +
            "verso dos bilhetes de passagem.",
        ),
        portrait: file("heron-at-dawn", "A heron, which Ada says is a fair likeness"),
        born_on: "1968-11-02",
        ink: { red: 38, green: 70, blue: 83, alpha: 255 },
        languages: '["en","it"]',
      },
    }),
    record({
      key: "tommaso",
      model: "author",
      created: "2025-02-03T08:20:00.000Z",
      published: "2025-02-03T08:31:40.000Z",
      updated: "2025-02-03T08:31:39.800Z",
      attributes: {
        name: "Tommaso Rive",
        slug: "tommaso-rive",
        biography: each(
          "Tommaso designed gates for thirty years and now explains them. He owns no boat, on principle.",
          "Tommaso ha progettato porte vinciane per trent'anni e adesso le spiega. Non possiede barche, per " +
            "principio.",
          "Tommaso projetou comportas por trinta anos e agora as explica. Não tem barco, por princípio.",
        ),
        portrait: null,
        born_on: "1951-05-17",
        ink: { red: 20, green: 20, blue: 20, alpha: 255 },
        languages: '["it","en"]',
      },
    }),
    record({
      key: "iara",
      model: "author",
      created: "2025-02-04T14:02:00.000Z",
      published: "2025-02-04T14:05:00.000Z",
      updated: "2025-06-19T21:44:09.000Z",
      before: {
        biography: each(
          "Iara photographs rivers from the inside.",
          "Iara fotografa i fiumi dall'interno.",
          "Iara fotografa rios por dentro.",
        ),
        ink: { red: 0, green: 119, blue: 182, alpha: 255 },
      },
      attributes: {
        name: "Iara Nogueira",
        slug: "iara-nogueira",
        biography: each(
          "Iara photographs rivers from the inside, with a camera that floats. She is writing a book about " +
            "the colour brown.",
          "Iara fotografa i fiumi dall'interno, con una macchina che galleggia. Sta scrivendo un libro sul " +
            "colore marrone.",
          "Iara fotografa rios por dentro, com uma câmera que boia. Está escrevendo um livro sobre a cor " +
            "marrom.",
        ),
        portrait: file("heron-at-dusk"),
        born_on: "1987-08-30",
        ink: { red: 143, green: 92, blue: 44, alpha: 255 },
        languages: '["pt-BR","en"]',
      },
    }),
    record({
      key: "osric",
      model: "author",
      created: "2025-03-11T10:00:00.000Z",
      published: "2025-03-11T10:00:30.000Z",
      updated: "2025-03-11T10:00:29.000Z",
      attributes: {
        name: "Osric Penhallow",
        slug: "osric-penhallow",
        biography: each(
          "Osric carried gravel for forty-one years aboard the *Patience*. He distrusts anything that goes " +
            "faster than a horse on a rope.",
          "Osric ha trasportato ghiaia per quarantun anni a bordo della *Patience*. Diffida di tutto ciò " +
            "che va più veloce di un cavallo alla corda.",
        ),
        portrait: null,
        born_on: "1939-01-21",
        ink: { red: 90, green: 24, blue: 24, alpha: 230 },
        languages: '["en"]',
      },
    }),
    record({
      key: "newcomer",
      model: "author",
      created: "2026-01-09T16:20:00.000Z",
      attributes: {
        name: "Bo Lindqvist-Amaral",
        slug: "bo-lindqvist-amaral",
        biography: each(
          "Bo starts in spring.",
          "Bo comincia in primavera.",
          "Bo começa na primavera.",
        ),
        portrait: null,
        born_on: null,
        ink: null,
        languages: null,
      },
    }),
  ];
}
