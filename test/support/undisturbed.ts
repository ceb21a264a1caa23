const TICK_MS = 10;
/** A process that isn't served for so long may see two things at once that are some time apart. */
const HICCUP_MS = 50;
/** The first, and at most three more. */
const ATTEMPTS = 4;

/**
 * Makes a test of something that depends on the time that passes: if it fails although the machine let this
 * process wait, as one that has too much to do does, it is run again, three times at most, and says so. What
 * is wrong on a machine that has time fails at once.
 *
 * @param test What is tested; it begins anew each time.
 * @param log Called with why it is run again. @default Writes to stderr
 */
export function undisturbed(
  test: () => Promise<void>,
  log: (line: string) => void = say,
): (context?: Deno.TestContext) => Promise<void> {
  return async (context) => {
    for (let attempt = 1;; attempt++) {
      let last = performance.now();
      let longest = 0;
      const look = () => {
        const now = performance.now();
        longest = Math.max(longest, now - last - TICK_MS);
        last = now;
      };
      const timer = setInterval(look, TICK_MS);
      try {
        return await test();
      } catch (error) {
        look();
        if (longest < HICCUP_MS || attempt === ATTEMPTS) throw error;
        const [why] = String(error).split("\n");
        log(
          `Run again (${attempt} of ${ATTEMPTS - 1}), as the machine was away for ` +
            `${Math.round(longest)} ms: ${context?.name ?? "a test"}: ${why}`,
        );
      } finally {
        clearInterval(timer);
      }
    }
  };
}

function say(line: string): void {
  Deno.stderr.writeSync(new TextEncoder().encode(`${line}\n`));
}
