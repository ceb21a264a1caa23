import type { StoredItem } from "../../simulator/stored_item.ts";
import { itemId } from "./ids.ts";
import { record } from "./record.ts";
import { each } from "./writing.ts";

/** The magazine's sections: a tree of two levels. */
export function sections(): StoredItem[] {
  const names: [key: string, parent: string | null, position: number, slug: string, ...string[]][] =
    [
      ["rivers", null, 1, "rivers", "Rivers", "Fiumi", "Rios"],
      ["works", null, 2, "works", "Works and engines", "Opere e macchine", "Obras e máquinas"],
      ["aboard", null, 3, "aboard", "Aboard", "A bordo", "A bordo"],
      ["fast-rivers", "rivers", 1, "fast", "That hurry", "Che hanno fretta", "Que têm pressa"],
      ["slow-rivers", "rivers", 2, "slow", "That don't", "Che non ne hanno", "Que não têm"],
      ["galley", "aboard", 1, "galley", "The galley", "La cambusa", "A cozinha"],
    ];
  return names.map(([key, parent, position, slug, en = "", it = "", pt = ""], i) =>
    record({
      key: `section-${key}`,
      model: "section",
      created: `2025-02-01T09:0${i}:00.000Z`,
      published: `2025-02-01T09:0${i}:00.040Z`,
      hasChildren: key === "rivers" || key === "aboard",
      attributes: {
        name: each(en, it, pt),
        slug,
        position,
        parent_id: parent === null ? null : itemId(`section-${parent}`),
      },
    })
  );
}
