import type { StoredItem } from "../../simulator/stored_item.ts";
import { brownArticle } from "./articles/brown.ts";
import { candleArticle } from "./articles/candle.ts";
import { eelsArticle } from "./articles/eels.ts";
import { gatesArticle } from "./articles/gates.ts";
import { horseArticle } from "./articles/horse.ts";
import { lettersArticle } from "./articles/letters.ts";
import { moonsArticle } from "./articles/moons.ts";
import { soupArticle } from "./articles/soup.ts";
import { kettleArticle, silenceArticle } from "./articles/drafts.ts";

/** The articles of the magazine, oldest first. */
export function articles(): StoredItem[] {
  return [
    candleArticle(),
    gatesArticle(),
    brownArticle(),
    horseArticle(),
    eelsArticle(),
    soupArticle(),
    moonsArticle(),
    lettersArticle(),
    kettleArticle(),
    silenceArticle(),
  ];
}
