import { printable, shownAddress } from "../../text/printable.ts";
import type { Unlocked } from "../../tools/unlock.ts";
import { formatDuration } from "../text/format.ts";

/** What else is shown with locks. */
export interface UnlockTextOptions {
  /** Where they are. */
  readonly from: string;
  /** The time, in milliseconds since 1970. */
  readonly now: number;
  /** The command that removes those that may be held. */
  readonly force: string;
}

const WHAT = { export: "", assets: ", asset files", takeover: ", being taken over" } as const;

/**
 * Who held locks, and which are gone, for people.
 *
 * @param locks The locks.
 * @param options What else is shown.
 * @return Lines, with a line break at the end.
 */
export function renderUnlocked(
  locks: readonly Unlocked[],
  { from, now, force }: UnlockTextOptions,
): string {
  if (locks.length === 0) return `There is no lock in ${shownAddress(from)}.\n`;
  const held = locks.filter(({ removed }) => !removed).length;
  return [
    ...locks.map((lock) => {
      const { project, environment, kind, state, removed } = lock;
      const place = [project, environment].filter((name) => name !== null).join("/");
      const fate = removed ? `removed, ${state === "stale" ? "stale" : "by force"}` : "kept";
      return `${printable(place, 100)}${WHAT[kind]}: ${fate}: ${holderText(lock, now)}.`;
    }),
    ...(held === 0 ? [] : [
      "",
      "What is kept may be in use: it expires by itself if its program was killed. If you are sure that " +
      `nothing runs: ${force}`,
    ]),
    "",
  ].join("\n");
}

function holderText({ holder, state }: Unlocked, now: number): string {
  if (holder === null) return "it doesn't say whose it is";
  const { host, pid, startedAt, renewedAt } = holder;
  const where = host === null ? "an unknown host" : printable(host, 100);
  const age = formatDuration(Math.max(0, now - Date.parse(renewedAt)));
  return `${state === "held" ? "held" : "was held"} on ${where} by process ${pid} since ${
    printable(startedAt, 40)
  }, last heartbeat ${age} ago`;
}
