import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import type { Upload } from "../../src/content/resource.ts";
import { generateProject } from "../../src/simulator/generated/generated_project.ts";
import { uploadId } from "../../src/demo/sample/ids.ts";
import { sampleProject } from "../../src/demo/sample/sample_project.ts";
import type { DemoCma } from "../../src/simulator/server.ts";
import { call, errorOf, ids, list, start } from "./cma_request.ts";

const project = sampleProject();

/** Downloads an asset from where `--asset-host` would send the download, as it was uploaded. */
function download(
  cma: DemoCma,
  { attributes }: Upload,
  method = "GET",
  query = "?skip-default-optimizations=true&svg-sanitize=false",
): Promise<Response> {
  const url = String(attributes.url);
  assert.ok(url.startsWith("https://www.datocms-assets.com/"), url);
  return fetch(url.replace("https://www.datocms-assets.com", cma.assetHost) + query, { method });
}

Deno.test("GET /uploads pages, orders and filters", async () => {
  await using cma = start({ project });
  const uploads = (query = "") => list<Upload>(cma, `/uploads?${query}`);
  const all = await uploads("page[limit]=500");
  assert.equal(all.total, 13);
  assert.equal(all.data[0]?.id, uploadId("escape"), "the newest is first");
  assert.deepEqual((await uploads("page[limit]=4&page[offset]=2")).data, all.data.slice(2, 6));
  assert.deepEqual(ids((await uploads("order_by=_created_at_ASC")).data), ids(all.data).reverse());
  assert.deepEqual(ids((await uploads("order_by=id_ASC")).data), ids(all.data).sort());
  const sizes = (await uploads("order_by=size_DESC")).data.map((one) =>
    Number(one.attributes.size)
  );
  assert.deepEqual(sizes, sizes.toSorted((a, b) => b - a));
  const herons = await uploads("filter[fields][filename][eq]=heron.png");
  assert.deepEqual(ids(herons.data), [uploadId("heron-at-dusk"), uploadId("heron-at-dawn")]);
  assert.equal((await uploads("filter[fields][type][eq]=image")).total, 6);
  assert.equal((await uploads("filter[fields][md5][exists]=false")).total, 1);
  assert.ok((await uploads("filter[fields][size][gt]=1000")).total > 0);
  const two = [uploadId("map"), uploadId("ripple")];
  assert.deepEqual(ids((await uploads(`filter[ids]=${two}`)).data).sort(), two.sort());
  assert.deepEqual((await call<Upload>(cma, `/uploads/${two[0]}`)).body.data.id, two[0]);
});

Deno.test("GET /uploads refuses what it can't do", async () => {
  await using cma = start({ project });
  assert.equal(await errorOf(cma, "/uploads?page[limit]=501"), "422 INVALID_PARAMS");
  assert.equal(await errorOf(cma, "/uploads?order_by=mood_ASC"), "422 INVALID_PARAMS");
  assert.equal(
    await errorOf(cma, "/uploads?filter[query]=heron"),
    "422 INVALID_FILTER_FIELDS_PARAM",
  );
  assert.equal(await errorOf(cma, "/uploads/none"), "404 NOT_FOUND");
});

Deno.test("assets have the size, digest and type that their uploads tell", async () => {
  await using cma = start({ project });
  for (const upload of (await list<Upload>(cma, "/uploads?page[limit]=500")).data) {
    const { size, md5, mime_type, url } = upload.attributes;
    const response = await download(cma, upload);
    if (upload.id === uploadId("tickets")) {
      assert.equal(response.status, 404, "infected: its bytes are gone");
      await response.body?.cancel();
      continue;
    }
    const bytes = await response.bytes();
    const digest = createHash("md5").update(bytes).digest("hex");
    assert.equal(response.status, 200, url);
    assert.equal(response.headers.get("content-type"), mime_type);
    assert.equal(response.headers.get("content-length"), String(size));
    assert.equal(response.headers.get("etag"), `"${digest}"`);
    assert.equal(bytes.length, size);
    if (md5 !== null) assert.equal(digest, md5);
  }
  assert.equal(cma.log.count.asset, 13);
  assert.ok(cma.log.requests.every((one) => one.finishedAt !== undefined));
});

Deno.test("images are optimized and SVG is sanitized, unless the address asks for the file", async () => {
  const own = sampleProject();
  const png = own.primary.uploads.get(uploadId("heron-at-dawn"))!;
  const svg = own.primary.uploads.get(uploadId("wordmark"))!;
  const pdf = own.addUpload({
    filename: "lock.pdf",
    bytes: new Uint8Array(10),
    mimeType: "application/pdf",
  });
  await using cma = start({ project: own });
  const isOriginal = async (upload: Upload, query: string, from = cma) => {
    const response = await download(from, upload, "GET", query);
    assert.equal(response.status, 200);
    return (await response.bytes()).length === upload.attributes.size;
  };
  const skip = "?skip-default-optimizations=true";
  assert.equal(await isOriginal(png, ""), false);
  assert.equal(await isOriginal(png, skip), true);
  assert.equal(await isOriginal(svg, skip), false);
  assert.equal(await isOriginal(svg, `${skip}&svg-sanitize=false`), true);
  assert.equal(await isOriginal(pdf, ""), true);

  await using plain = start({ project: generateProject({ records: 0, uploads: 20 }) });
  const { data } = await list<Upload>(plain, "/uploads");
  const jpg = data.find(({ attributes }) => attributes.mime_type === "image/jpeg")!;
  assert.equal(await isOriginal(jpg, "", plain), true);
});

Deno.test("assets that aren't there aren't found, whatever their path", async () => {
  await using cma = start({ project });
  for (const path of ["/48213/none.png", "/48213/%ff", "/48213/..%2f..%2fdeno.json"]) {
    const response = await fetch(cma.assetHost + path);
    assert.equal(response.status, 404, path);
    await response.body?.cancel();
  }
});

Deno.test("assets answer HEAD without bytes, and nothing else", async () => {
  await using cma = start({ project });
  const upload = project.primary.uploads.get(uploadId("map"))!;
  const head = await download(cma, upload, "HEAD");
  assert.equal(head.headers.get("content-length"), String(upload.attributes.size));
  assert.equal((await head.bytes()).length, 0);
  const post = await download(cma, upload, "POST");
  assert.equal(post.status, 405);
  await post.body?.cancel();
});

Deno.test("raw videos are refused where the project says so", async () => {
  const own = sampleProject();
  const video = own.addUpload({
    filename: "lock.mp4",
    bytes: new Uint8Array(10),
    mimeType: "video/mp4",
  });
  await using cma = start({ project: own });
  const refused = await download(cma, video);
  assert.equal(refused.status, 422);
  await refused.body?.cancel();

  const generated = generateProject({ records: 0, uploads: 20 });
  await using other = start({ project: generated });
  const { data } = await list<Upload>(other, "/uploads");
  const served = data.find((one) => one.attributes.mime_type === "video/mp4")!;
  const response = await download(other, served);
  assert.equal(response.status, 200);
  assert.equal((await response.bytes()).length, served.attributes.size);
});

Deno.test("assets stream, and a reader may leave early", async () => {
  const big = generateProject({ records: 0, uploads: 1, assetBytes: 50_000_000 });
  await using cma = start({ project: big });
  const [upload] = (await list<Upload>(cma, "/uploads")).data;
  const response = await download(cma, upload!);
  const reader = response.body!.getReader();
  const { value } = await reader.read();
  assert.ok(value && value.length > 0 && value.length < 10_000_000);
  await reader.cancel();
  const [, logged] = cma.log.requests;
  while (logged?.finishedAt === undefined) await new Promise((resolve) => setTimeout(resolve, 1));
  assert.equal(logged.kind, "asset");
});
