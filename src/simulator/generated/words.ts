import { draw, pick } from "./random.ts";

/** Words by language; languages that aren't here get the English ones. */
const WORDS: Readonly<Record<string, readonly string[]>> = {
  en:
    ("river lock water gate barge towpath keeper weir bridge heron mill rain mooring rope lantern " +
      "morning slow quiet narrow long old between under across along opens waits turns carries keeps")
      .split(" "),
  it:
    ("fiume chiusa acqua cancello chiatta alzaia custode sbarramento ponte airone mulino pioggia " +
      "ormeggio corda lanterna mattina lento quieto stretto lungo vecchio tra sotto oltre lungo apre " +
      "aspetta gira porta tiene città più").split(" "),
  pt:
    ("rio eclusa água portão barcaça margem guarda açude ponte garça moinho chuva amarração corda " +
      "lanterna manhã lento calmo estreito longo velho entre sob através abre espera vira leva guarda")
      .split(" "),
};

/** What now and then stands at the end of a text, because readers of exports stumble over it. */
const RARITIES = ["🛶", "\u2028next line", '"quoted"', "tab\there", "back\\slash", "e\u0301"];

/**
 * A few words in a locale's language, always the same for the same arguments.
 *
 * @param locale The locale.
 * @param count How many words.
 * @param seed The project's seed.
 * @param parts What the words are for.
 */
export function words(
  locale: string,
  count: number,
  seed: number,
  ...parts: readonly number[]
): string {
  const list = WORDS[locale.split("-", 1)[0]!] ?? WORDS.en!;
  const start = draw(seed, ...parts);
  let text = "";
  // A linear congruential generator: one draw for all words, because texts are most of the work.
  for (let i = 0, number = start; i < count; i++) {
    number = Math.imul(number, 1664525) + 1013904223 | 0;
    text += (i > 0 ? " " : "") + pick(list, number >>> 12);
  }
  if (start % 40 === 0) text += ` ${pick(RARITIES, start >>> 8)}`;
  return text.charAt(0).toUpperCase() + text.slice(1);
}
