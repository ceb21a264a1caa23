/**
 * Content Island's own client, as it is published, on a served snapshot: it reads the project and its contents.
 *
 * @module
 */
import assert from "node:assert/strict";
import { openSnapshot } from "../../src/tools/open.ts";
import { exportedToMemory, serveSnapshots } from "../support/served.ts";

const TOOLS = Deno.env.get("SLUICE_TEST_TOOLS");

/** What is asked of the client. */
interface Client {
  getProject(): Promise<{ id: string; languages: string[]; contentTypes: { name: string }[] }>;
  getContentList(query?: unknown): Promise<Model[]>;
  getContent(query: unknown): Promise<Model>;
  getRawContentList(query?: unknown): Promise<{ id: string; contentType: { name: string } }[]>;
  getContentListSize(query?: unknown): Promise<number>;
  updateContentFieldValue(content: string, field: string, value: unknown): Promise<boolean>;
}
type Model = { readonly id: string; readonly language: string } & Record<string, unknown>;

Deno.test({
  name: "Content Island's client reads the project and the contents of a served snapshot",
  // Who runs the tests may not have it; where all has to pass, it is there.
  ignore: TOOLS === undefined && Deno.env.get("SLUICE_TEST_CI") !== "true",
  // The client doesn't read what an error says.
  sanitizeResources: false,
  async fn() {
    const storage = await exportedToMemory({ tables: false, compress: "zstd" });
    const snapshot = await openSnapshot(storage, "latest");
    await using served = serveSnapshots(storage);
    const path = `${TOOLS}/node_modules/@content-island/api-client`;
    const { version } = JSON.parse(await Deno.readTextFile(`${path}/package.json`));
    assert.equal(version, "0.16.0");
    const { createClient } = await import(`file://${path}/dist/index.js`) as {
      createClient: (options: unknown) => Client;
    };
    for (const scope of ["preview", "read"] as const) {
      const domain = new URL(served.url).host;
      const options = { domain, secureProtocol: false, accessToken: served.tokens[scope] };
      const client = createClient(options);
      const project = await client.getProject();
      assert.deepEqual(project.languages, ["en", "it", "pt-BR"]);
      const version = scope === "read" ? "published" : "current";
      for (const { model } of await snapshot.models()) {
        const { api_key: name, modular_block: isBlock } = model.attributes;
        assert.ok(project.contentTypes.some((type) => type.name === name));
        if (isBlock) continue;
        const records = (await Array.fromAsync(snapshot.records(name, { version }))).flat();
        const raw = await client.getRawContentList({ contentType: name });
        assert.deepEqual(raw.map(({ id }) => id), records.map(({ id }) => id));
        assert.equal(await client.getContentListSize({ contentType: name }), records.length);
      }
      const articles = await client.getContentList({
        contentType: "article",
        language: "en",
        sort: { "fields.printed_on": "desc" },
        pagination: { take: 3, skip: 1 },
      });
      const records = (await Array.fromAsync(snapshot.records("article", { version }))).flat();
      const days = records.flatMap(({ attributes: { printed_on: day, title } }) => {
        return typeof day === "string" && Object.hasOwn(title as object, "en") ? [day] : [];
      });
      assert.ok(days.length >= 4);
      assert.deepEqual(
        articles.map(({ printed_on: day }) => day),
        days.toSorted().toReversed().slice(1, 4),
      );
      const [article] = articles;
      const record = (await snapshot.record(article!.id))![version]!;
      assert.equal(article!.title, (record.attributes.title as Record<string, string>).en);
      const again = await client.getContent({ "fields.slug": article!.slug, language: "en" });
      assert.deepEqual(again, article);
      const whole = await client.getContent({
        id: { in: [article!.id] },
        language: "en",
        includeRelatedContent: true,
      });
      assert.equal((whole.written_by as Model).id, record.attributes.written_by);
      assert.equal(typeof (whole.written_by as Model).name, "string");
      await assert.rejects(client.updateContentFieldValue(article!.id, "1", "x"), /403/);
    }
    assert.deepEqual(served.errors, []);
  },
});
