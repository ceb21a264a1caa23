import { printableJson } from "../../text/printable.ts";
import type { Change } from "./changes.ts";

/** The keys of the lists, in the order in which changes come. */
const KEYS = ["schema", "records", "assets"] as const;
const KEY_OF = { schema: "schema", record: "records", asset: "assets" } as const;

/** Writes changes as one object of JSON, `{ schema, records, assets }`, piece by piece. */
export class DiffJson {
  /** How many of the lists were begun. */
  #begun = 0;
  #isEmpty = true;

  /** The text of changes. */
  render(changes: readonly Change[]): string {
    return changes.map(({ kind, ...change }) => {
      const head = this.#begin(KEYS.indexOf(KEY_OF[kind]) + 1);
      const comma = this.#isEmpty ? "" : ",";
      this.#isEmpty = false;
      return `${head}${comma}\n    ${printableJson(change)}`;
    }).join("");
  }

  /**
   * The rest of the text.
   *
   * @param notes What wasn't compared, and why.
   */
  end(notes: readonly string[]): string {
    const rest = this.#begin(KEYS.length) + (this.#isEmpty ? "]" : "\n  ]");
    return `${rest}${notes.length === 0 ? "" : `,\n  "notes": ${printableJson(notes)}`}\n}\n`;
  }

  #begin(count: number): string {
    let text = "";
    for (; this.#begun < count; this.#begun++) {
      const before = this.#begun === 0 ? "{" : this.#isEmpty ? "]," : "\n  ],";
      text += `${before}\n  ${JSON.stringify(KEYS[this.#begun])}: [`;
      this.#isEmpty = true;
    }
    return text;
  }
}
