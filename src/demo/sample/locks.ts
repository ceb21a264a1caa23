import type { Json } from "../../content/resource.ts";
import type { StoredItem } from "../../simulator/stored_item.ts";
import { itemId } from "./ids.ts";
import { record } from "./record.ts";
import { between, block, document, each, file, measured, p, to } from "./writing.ts";

/** The locks that the magazine writes about. All are invented, and so are some of the rivers. */
export function locks(): StoredItem[] {
  return [
    record({
      key: "candle",
      model: "lock",
      created: "2025-02-10T07:00:00.000Z",
      published: "2025-02-10T07:10:00.000Z",
      updated: "2025-09-30T18:02:44.120Z",
      // What went public in February didn't yet know of the bell.
      before: { passages: [candlePassageUp(false)], rise: 2.4 },
      attributes: {
        position: 1,
        name: each("Candle Lock", "Chiusa della Candela", "Eclusa da Vela"),
        river: "Wend",
        place: { latitude: 52.2405, longitude: -1.1602 },
        rise: 2.43,
        chambers: 1,
        opened_on: "1796-04-05",
        in_use: true,
        water: { red: 74, green: 92, blue: 60, alpha: 255 },
        keeper: itemId("ada"),
        survey: JSON.stringify({ year: 2024, leaks: 2, moss: "thriving", gates: ["oak", "oak"] }),
        passages: [
          candlePassageUp(true),
          block("picture", "candle picture", {
            image: file("candle-lock", "The lower gates at first light"),
            caption: "The lower gates. The candle is the small window on the left.",
          }),
        ],
      },
    }),
    record({
      key: "moon",
      model: "lock",
      created: "2025-02-10T07:20:00.000Z",
      published: "2025-02-10T07:30:00.000Z",
      updated: "2025-02-10T07:29:58.000Z",
      attributes: {
        position: 2,
        name: each("Moon Lock", "Conca della Luna", "Eclusa da Lua"),
        river: "Po",
        place: { latitude: 45.0521, longitude: 10.4107 },
        rise: 7.1,
        chambers: 2,
        opened_on: "1931-06-21",
        in_use: true,
        water: { red: 132, green: 126, blue: 98, alpha: 255 },
        keeper: null,
        survey: JSON.stringify({ year: 2025, leaks: 0, pumps: { main: "ok", spare: "asleep" } }),
        passages: [
          block("passage", "moon passage", {
            heading: "Salita in due tempi",
            steps: [
              block("step", "moon step 1", {
                text: "Enter the lower chamber and tie to the floating bollards, bow first.",
                minutes: 4,
                tip: null,
              }),
              block("step", "moon step 2", {
                text: "Wait for the middle gates. They are slow; so was the man who paid for them.",
                minutes: 11.5,
                tip: block("tip", "moon tip", {
                  text: document(
                    p(
                      "The water rises ",
                      measured("moon measured", 7.1, "m"),
                      " in two goes. Keep a ",
                      to("term-springer", "springer"),
                      " on, and your tea off the stove.",
                    ),
                  ),
                  flag: { red: 233, green: 196, blue: 106, alpha: 255 },
                }),
              }),
            ],
          }),
        ],
      },
    }),
    record({
      key: "thrush",
      model: "lock",
      created: "2025-02-11T13:00:00.000Z",
      published: "2025-02-11T13:15:00.000Z",
      updated: "2025-02-11T13:14:59.000Z",
      attributes: {
        position: 3,
        name: each("Thrush Lock", "Chiusa del Tordo", "Eclusa do Sabiá"),
        river: "Tietê",
        place: { latitude: -22.5197, longitude: -48.5341 },
        rise: 24.8,
        chambers: 1,
        opened_on: "1973-11-20",
        in_use: true,
        water: { red: 143, green: 92, blue: 44, alpha: 255 },
        keeper: itemId("iara"),
        survey: JSON.stringify({ year: 2025, leaks: 1, capybaras: 9 }),
        passages: [],
      },
    }),
    record({
      key: "seven-sisters",
      model: "lock",
      created: "2025-02-12T09:00:00.000Z",
      published: "2025-02-12T09:05:00.000Z",
      updated: "2025-02-12T09:04:00.000Z",
      attributes: {
        position: 4,
        name: each("The Seven Sisters", "Le Sette Sorelle", "As Sete Irmãs"),
        river: "Wend",
        place: { latitude: 52.301, longitude: -1.2049 },
        rise: 18.2,
        chambers: 7,
        opened_on: "1799-10-14",
        in_use: true,
        water: null,
        keeper: itemId("osric"),
        survey: "null",
        passages: null,
      },
    }),
    record({
      key: "dry",
      model: "lock",
      created: "2025-04-01T00:00:00.000Z",
      attributes: {
        position: 5,
        // Nobody has found a Portuguese name for a lock without water.
        name: each("The Dry Lock", "La Chiusa Asciutta"),
        river: null,
        place: { latitude: 0, longitude: 0 },
        rise: 0,
        chambers: 0,
        opened_on: null,
        in_use: false,
        water: { red: 255, green: 255, blue: 255, alpha: 0 },
        keeper: null,
        survey: null,
        passages: [],
      },
    }),
  ];
}

/** Blocks three levels deep in modular content: a passage, its steps, a step's tip (and its picture). */
function candlePassageUp(withBell: boolean): Json {
  const enter = block("step", "candle step 1", {
    text: "Open one lower gate only. The other has been asleep since 1987 and wakes badly.",
    minutes: 3,
    tip: null,
  });
  const bell = block("step", "candle step 2", {
    text: "Ring the bell once. Twice means fire; three times means cake.",
    minutes: 0.5,
    tip: block("tip", "candle tip", {
      text: document(
        p("The bell is tuned a little flat, to be told from the ", to("term-weir", "weir"), "."),
        between(block("picture", "candle tip picture", {
          image: file("wordmark"),
          caption: "It has our name on it, which is how you know.",
        })),
      ),
      flag: { red: 231, green: 111, blue: 81, alpha: 255 },
    }),
  });
  const rise = block("step", "candle step 3", {
    text: withBell
      ? "Wind the paddles slowly. If the kettle slides, you are not winding slowly."
      : "Wind the paddles slowly.",
    minutes: 6,
    tip: null,
  });
  return block("passage", "candle passage", {
    heading: "Going up",
    steps: withBell ? [enter, bell, rise] : [enter, rise],
  });
}
