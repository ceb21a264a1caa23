import type { StoredItem } from "../../simulator/stored_item.ts";
import { itemId } from "./ids.ts";
import { record } from "./record.ts";
import { document, each, file, marked, p, to } from "./writing.ts";

/** Words that the magazine has had to explain. */
export function glossary(): StoredItem[] {
  const at = (minute: number) => `2025-02-05T11:${String(minute).padStart(2, "0")}:00.000Z`;
  return [
    record({
      key: "term-lock",
      model: "glossary_term",
      created: at(1),
      published: at(2),
      attributes: {
        term: each("lock", "chiusa", "eclusa"),
        meaning: each(
          document(
            p("A room with a door at each end, for turning a hill into a staircase of water."),
          ),
          document(
            p("Una stanza con una porta a ogni capo, per fare di una collina una scala d'acqua."),
          ),
          document(
            p("Um quarto com uma porta em cada ponta, que faz do morro uma escada de água."),
          ),
        ),
        see_also: [itemId("term-pound"), itemId("term-weir")],
        sound: null,
      },
    }),
    record({
      key: "term-pound",
      model: "glossary_term",
      created: at(3),
      published: at(4),
      attributes: {
        term: each("pound", "tratta", "trecho"),
        meaning: each(
          document(p("The level water between one ", to("term-lock", "lock"), " and the next.")),
          document(p("L'acqua piana tra una ", to("term-lock", "chiusa"), " e la successiva.")),
          document(p("A água parada entre uma ", to("term-lock", "eclusa"), " e a seguinte.")),
        ),
        see_also: [itemId("term-lock")],
        sound: null,
      },
    }),
    record({
      key: "term-weir",
      model: "glossary_term",
      created: at(5),
      published: at(6),
      attributes: {
        term: each("weir", "sbarramento", "açude"),
        meaning: each(
          document(
            p(
              "A low wall that the river is invited to go over, ",
              marked("emphasis", "slowly"),
              ".",
            ),
          ),
          document(
            p(
              "Un muretto che il fiume è invitato a scavalcare, ",
              marked("emphasis", "piano"),
              ".",
            ),
          ),
          document(
            p("Um muro baixo que o rio é convidado a pular, ", marked("emphasis", "devagar"), "."),
          ),
        ),
        see_also: [],
        sound: file("lock-bell"),
      },
    }),
    record({
      key: "term-springer",
      model: "glossary_term",
      created: at(7),
      published: at(8),
      updated: "2025-10-01T10:00:00.000Z",
      before: {
        meaning: each(document(p("A rope.")), document(p("Una cima.")), document(p("Um cabo."))),
      },
      attributes: {
        term: each("springer", "cima di spring", "espringue"),
        meaning: each(
          document(p("A rope that runs the wrong way along a boat, so that the boat doesn't.")),
          document(
            p("Una cima che corre al contrario lungo la barca, perché non lo faccia la barca."),
          ),
          document(
            p("Um cabo que corre ao contrário ao longo do barco, para que o barco não corra."),
          ),
        ),
        see_also: [],
        sound: null,
      },
    }),
    record({
      key: "term-windlass",
      model: "glossary_term",
      created: at(9),
      published: at(10),
      attributes: {
        term: each("windlass", "manovella", "manivela"),
        meaning: each(
          document(p(
            "A crank for the paddles. There is one at the bottom of every ",
            to(
              "term-lock",
              "lock",
            ),
            ".",
          )),
          document(p("Una manovella per le saracinesche. Ce n'è una in fondo a ogni chiusa.")),
          document(p("Uma manivela para as comportas. Há uma no fundo de cada eclusa.")),
        ),
        see_also: [itemId("term-lock")],
        sound: null,
      },
    }),
    record({
      key: "term-gongoozler",
      model: "glossary_term",
      created: at(11),
      published: at(12),
      attributes: {
        // A word that has no Portuguese yet.
        term: each("gongoozler", "umarell d'acqua"),
        meaning: each(
          document(p("Someone who watches boats and says nothing, at length.")),
          document(p("Chi guarda le barche e non dice nulla, a lungo.")),
        ),
        see_also: [],
        sound: null,
      },
    }),
    record({
      key: "term-freshet",
      model: "glossary_term",
      created: at(13),
      stage: undefined,
      attributes: {
        term: each("freshet", "piena improvvisa", "enxurrada"),
        meaning: each(null, null, null),
        see_also: [],
        sound: null,
      },
    }),
  ];
}
