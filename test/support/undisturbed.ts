const TICK_MS = 10;
/** A process that isn't served for so long may see two things at once that are some time apart. */
const HICCUP_MS = 50;
const ATTEMPTS = 10;

/**
 * Makes a test of something that depends on the time that passes: if it fails although the machine let this
 * process wait, as one that has too much to do does, it is run again, some times at most. What is wrong on a
 * machine that has time fails at once.
 *
 * @param test What is tested; it begins anew each time.
 */
export function undisturbed(test: () => Promise<void>): () => Promise<void> {
  return async () => {
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
      } finally {
        clearInterval(timer);
      }
    }
  };
}
