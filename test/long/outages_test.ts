import { draw } from "../../src/simulator/generated/random.ts";
import { openFake } from "../s3/open_fake.ts";
import { long } from "../support/long.ts";
import { exportWithOutage } from "../support/outage.ts";
import { SEED } from "../support/seed.ts";

Deno.test(`exportProject() to S3 that is killed, and back after 3, 10 and 40 s, is complete (SLUICE_TEST_SEED=${SEED})`, async () => {
  for (const seconds of [3, 10, 40].slice(0, long(3, 1))) {
    await using opened = await openFake({
      retryFor: long(60_000, 3000),
      retryDelay: long(100, 5),
    });
    const { storage, fake } = opened;
    const server = { storage, kill: () => fake.stop(), start: () => fake.restart() };
    await exportWithOutage(server, long(seconds, seconds / 20), draw(SEED, seconds));
  }
});
