import { statfs } from "node:fs/promises";

/** Where Linux keeps files in memory. */
const MEMORY = "/dev/shm";
/** What has to be free there, in bytes: containers often have 64 MiB. */
const ROOM = 2 ** 30;

/**
 * Makes a directory for a test whose subject isn't the disk: in memory where there is room, so that nobody
 * waits for what is flushed to a disk.
 *
 * @param prefix What its name begins with.
 * @return Its real path. It has to be removed.
 */
export async function temporaryPath(prefix: string = "sluice-test-"): Promise<string> {
  const dir = await inMemory ? MEMORY : undefined;
  return await Deno.realPath(await Deno.makeTempDir({ prefix, ...(dir && { dir }) }));
}

const inMemory: Promise<boolean> = statfs(MEMORY).then(
  ({ bavail, bsize }) => bavail * bsize >= ROOM,
  () => false,
);
