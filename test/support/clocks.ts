const HOUR = 60 * 60_000;

/** What the project's clock tells while ours tells the time. */
export const CLOCKS: Readonly<Record<string, () => Date>> = {
  "the same clock": () => new Date(),
  "a clock that is an hour slow": () => new Date(Date.now() - HOUR),
  "a clock that is an hour fast": () => new Date(Date.now() + HOUR),
  "a clock that stands still": () => new Date(Date.UTC(2026, 10, 21, 4, 30, 12, 345)),
  "a clock that tells seconds": () => new Date(Math.floor(Date.now() / 1000) * 1000),
};
