import { CreateBucketCommand, S3Client } from "@aws-sdk/client-s3";
import { draw } from "../../src/simulator/generated/random.ts";
import { S3Storage } from "../../src/storage/s3/s3_storage.ts";
import { long } from "../support/long.ts";
import { exportWithOutage } from "../support/outage.ts";
import { ROOT } from "../support/terminal.ts";
import { SEED } from "../support/seed.ts";

const PORT = "8491";
const region = "us-east-1";
const credentials = {
  accessKeyId: "AKTESTRGW0000000001",
  secretAccessKey: "only4tests+rgw9c1f7d2e",
};

/** Runs a command of the script that starts a real server, one of this test's own. */
async function server(command: string, directory: string): Promise<void> {
  const { success, stderr } = await new Deno.Command("bash", {
    args: [`${ROOT}/test/s3/start-rgw.sh`, command],
    env: { RGW_DIR: directory, RGW_PORT: PORT, MON_PORT: "40311" },
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
}

Deno.test({
  name:
    `exportProject() to a real server whose gateway is killed, and back after 3, 10 and 40 s, is complete (SLUICE_TEST_SEED=${SEED})`,
  // It takes a server of its own, which is long in coming.
  ignore: long(0, 1) === 1,
  async fn() {
    const directory = await Deno.makeTempDir({ prefix: "sluice-test-rgw-" });
    try {
      await server("start", directory);
      const endpoint = `http://127.0.0.1:${PORT}`;
      const options = { endpoint, region, credentials };
      const client = new S3Client({
        ...options,
        forcePathStyle: true,
        // The SDK's own asks Deno for a permission.
        defaultUserAgentProvider: () => Promise.resolve([["test", "1"]]),
      });
      for (const seconds of [3, 10, 40]) {
        const bucket = `outage-${seconds}`;
        await client.send(new CreateBucketCommand({ Bucket: bucket }));
        using storage = new S3Storage({ ...options, bucket });
        await exportWithOutage(
          {
            storage,
            kill: () => server("kill-gateway", directory),
            start: () => server("start-gateway", directory),
          },
          seconds,
          draw(SEED, seconds),
        );
      }
      client.destroy();
    } finally {
      await server("wipe", directory);
    }
  },
});
