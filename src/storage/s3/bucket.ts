import type { S3ClientOptions } from "./client.ts";
import { S3Objects } from "./objects.ts";
import { S3Requests } from "./requests.ts";
import { S3Uploads } from "./uploads.ts";

/**
 * S3's requests on one bucket.
 *
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations_Amazon_Simple_Storage_Service.html
 */
export class S3Bucket implements Disposable {
  /** The bucket's name. */
  readonly name: string;
  /** Sends requests. */
  readonly requests: S3Requests;
  /** The requests on objects. */
  readonly objects: S3Objects;
  /** The requests on uploads in parts. */
  readonly uploads: S3Uploads;

  /**
   * Names a bucket. Nothing is loaded or sent yet.
   *
   * @param name Its name.
   * @param options How S3 is reached.
   */
  constructor(name: string, options: S3ClientOptions) {
    this.name = name;
    this.requests = new S3Requests(name, options);
    this.objects = new S3Objects(this.requests);
    this.uploads = new S3Uploads(this.requests);
  }

  /** Closes the connections; a client that was given stays open. */
  [Symbol.dispose](): void {
    this.requests[Symbol.dispose]();
  }
}
