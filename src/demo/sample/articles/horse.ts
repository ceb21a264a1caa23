import type { StoredItem } from "../../../simulator/stored_item.ts";
import { itemId } from "../ids.ts";
import { record } from "../record.ts";
import { document, each, p, quote, to } from "../writing.ts";

/** Osric's long read, which has no Portuguese version. */
export function horseArticle(): StoredItem {
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
