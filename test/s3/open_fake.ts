import type { S3StorageOptions } from "../../src/storage/s3/options.ts";
import { S3Storage } from "../../src/storage/s3/s3_storage.ts";
import { collect } from "../storage/bodies.ts";
import type { OpenedStorage } from "../storage/opened_storage.ts";
import { FakeS3, type FakeS3Options } from "./fake_s3.ts";

/** The smallest size of a part, so that tests are fast. */
export const PART = 5 * 1024 * 1024;

/** A storage on a fake. */
export interface OpenedFake extends OpenedStorage {
  readonly storage: S3Storage;
  readonly fake: FakeS3;
}

/** Opens a storage on a fake of its own. */
export async function openFake(
  options: FakeS3Options & Partial<S3StorageOptions> = {},
): Promise<OpenedFake> {
  const fake = await FakeS3.start(options);
  const queueSize = options.queueSize ?? 1;
  const storage = new S3Storage({
    bucket: "bucket",
    prefix: "some/prefix",
    endpoint: fake.endpoint,
    region: "us-east-1",
    credentials: { accessKeyId: "fake-key", secretAccessKey: "fake-secret" },
    partSize: PART,
    retryDelay: 1,
    // Those that try for a time say so.
    ...(options.retryFor === undefined && { maxAttempts: 6 }),
    ...options,
    queueSize,
  });
  return {
    fake,
    storage,
    leftovers: async () => [
      ...(await collect(storage.listUnfinishedUploads(""))).flat().map(({ key }) => key),
      ...[...fake.objects.all.keys()].filter((key) => key.includes(".sluice-")),
    ],
    holdWrites: () => fake.hold(),
    maxHeld: (queueSize + 1) * PART,
    sizes: [PART - 1, PART, PART + 1],
    async [Symbol.asyncDispose]() {
      storage.close();
      await fake[Symbol.asyncDispose]();
    },
  };
}
