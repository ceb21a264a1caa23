import fc from "fast-check";
import type { Grammar } from "../../../src/cli/completions/grammar.ts";

/** Signs that mean something to a shell, besides letters. */
const SIGNS = [..."ab0 '\"`$\\()[]{}<>|&;:*?!#~=%^é→"];

/** What can be typed, with a command whose texts are made of such signs. */
export function odd(): fc.Arbitrary<Grammar> {
  const text = fc.string({ unit: fc.constantFrom(...SIGNS), minLength: 1, maxLength: 12 })
    // Shells leave out blanks at the ends of descriptions.
    .map((text) => `a${text}z`);
  const choices = fc.uniqueArray(text, { minLength: 1, maxLength: 4 });
  return fc.record({ about: text, choices, switchAbout: text, name: text }).map((texts) => ({
    flags: [],
    commands: [{
      name: "run",
      about: texts.about,
      words: [],
      flags: [
        { names: ["--form"], about: texts.about, value: { name: "form", choices: texts.choices } },
        { names: ["--free"], about: texts.about, value: { name: texts.name } },
        { names: ["--switch"], about: texts.switchAbout },
      ],
    }],
  }));
}
