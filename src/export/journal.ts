import type { ExportNotes, ManifestNote } from "../snapshot/manifest.ts";
import type { Unreadable } from "../source/datocms/unreadable.ts";
import type { Secrets } from "../text/secrets/secrets.ts";
import type { Emit } from "./events.ts";

/** Most resources that are remembered as missing by their ids. */
const MOST_LOST = 10_000;
/** Notes of one code that are kept: a project where everything fails must not fill the memory. */
const KEPT = 1000;
/** What there is of each kind. */
const KINDS = ["findings", "warnings", "failures"] as const;

/** Options of {@linkcode Journal}. */
export interface JournalOptions {
  /** Keeps secrets out of what is noted. */
  readonly redaction: Pick<Secrets, "redact">;
  /** Called with what is noted. */
  readonly emit: Emit;
}

/**
 * What an export notes for its manifest: findings, warnings and failures. Of each code the first thousand
 * are kept, and how many more there were.
 *
 * @example
 * ```ts
 * import { Secrets } from "../text/secrets/secrets.ts";
 * import { Journal } from "./journal.ts";
 *
 * const journal = new Journal({ redaction: new Secrets(["s3cr3t-token"]), emit: () => {} });
 * journal.addWarning("api_fallback", "s3cr3t-token was refused.");
 * console.assert(journal.notes.warnings[0]?.message === "[redacted] was refused.");
 * ```
 */
export class Journal {
  readonly #options: JournalOptions;
  readonly #notes = { findings: new Notes(), warnings: new Notes(), failures: new Notes() };
  /** What an earlier run has noted, and this one may come upon again. */
  readonly #restored = new Set<string>();
  /** Ids of what is noted as missing. */
  readonly #lost = new Set<string>();

  /**
   * @param options What is kept out of it, and who is told.
   */
  constructor(options: JournalOptions) {
    this.#options = options;
  }

  /** What was noted so far, without secrets. */
  get notes(): ExportNotes {
    const { findings, warnings, failures } = this.#notes;
    return {
      findings: findings.toArray(),
      warnings: warnings.toArray(),
      failures: failures.toArray(),
    };
  }

  /**
   * Takes over what an earlier run has noted, but for what it noted of assets: their files are gone through
   * again.
   *
   * @param notes What it has noted.
   */
  restore(notes: ExportNotes): void {
    for (const kind of KINDS) {
      for (const { code, message } of notes[kind]) {
        if (code.startsWith("asset_")) continue;
        this.#notes[kind].add(code, message);
        this.#restored.add(`${kind} ${code} ${message}`);
      }
    }
  }

  /**
   * Notes something that doesn't add up, or changed while it was read.
   *
   * @param code A stable name.
   * @param message One sentence.
   */
  addFinding(code: string, message: string): void {
    this.#add("findings", code, message);
    this.#options.emit({ type: "finding", code, message });
  }

  /**
   * Notes something that the user should know, but that loses nothing.
   *
   * @param code A stable name.
   * @param message One sentence.
   * @param isTold Whether it is told at once, too. @default {true}
   */
  addWarning(code: string, message: string, isTold = true): void {
    this.#add("warnings", code, message);
    if (isTold) this.#options.emit({ type: "warning", code, message });
  }

  /**
   * Notes something that is missing from the snapshot.
   *
   * @param code A stable name.
   * @param message One sentence.
   * @param isTold Whether it is told at once, too. @default {false}
   */
  addFailure(code: string, message: string, isTold = false): void {
    this.#add("failures", code, message);
    if (isTold) this.#options.emit({ type: "finding", code, message });
  }

  /**
   * Notes an entry of a listing that can't be kept.
   *
   * @param what What the listing lists.
   * @param entry The entry.
   */
  addUnreadable(what: string, { id, which, reason }: Unreadable): void {
    const message = `Of the ${what}, ${which} is missing: ${reason}.`;
    // A listing that is read another way after all comes upon it again.
    if (this.#lost.has(message)) return;
    if (this.#lost.size < 2 * MOST_LOST) this.#lost.add(id).add(message);
    this.addFailure("resource_unreadable", message);
  }

  /**
   * Whether a resource is noted as missing already.
   *
   * @param id The resource's id.
   */
  isLost(id: string): boolean {
    return this.#lost.has(id);
  }

  #add(kind: keyof ExportNotes, code: string, message: string): void {
    const shown = this.#options.redaction.redact(message);
    if (!this.#restored.has(`${kind} ${code} ${shown}`)) this.#notes[kind].add(code, shown);
  }
}

/** Notes of one kind, by code. */
class Notes {
  readonly #byCode = new Map<string, { kept: string[]; count: number }>();

  add(code: string, message: string): void {
    let notes = this.#byCode.get(code);
    if (notes === undefined) this.#byCode.set(code, notes = { kept: [], count: 0 });
    notes.count++;
    if (notes.kept.length < KEPT) notes.kept.push(message);
  }

  toArray(): ManifestNote[] {
    return [...this.#byCode].flatMap(([code, { kept, count }]) => {
      const messages = count > kept.length ? [...kept, `… and ${count - kept.length} more.`] : kept;
      return messages.map((message) => ({ code, message }));
    });
  }
}
