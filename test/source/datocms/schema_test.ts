import assert from "node:assert/strict";
import fc from "fast-check";
import type { Resource } from "../../../src/content/resource.ts";
import { sampleProject } from "../../../src/demo/sample/sample_project.ts";
import { startDemoCma } from "../../../src/simulator/server.ts";
import { CmaError } from "../../../src/source/datocms/cma_error.ts";
import { readSchema } from "../../../src/source/datocms/schema.ts";
import { tableSchema } from "../../../src/transform/table_schema.ts";
import { apiError, json, testClient } from "../../support/cma.ts";
import { serveHttp } from "../../support/http_server.ts";
import { long } from "../../support/long.ts";

interface SiteDocument {
  readonly data: Resource;
  readonly included?: Resource[];
}

/** The sample project's API; `change` changes its answer to `GET /site`. */
function serveSample(change: (document: SiteDocument) => unknown = (document) => document) {
  const project = sampleProject();
  const environment = project.environments.get(project.primaryEnvironment)!;
  let asking = false;
  const cma = startDemoCma({
    project,
    rateLimit: false,
    apiToken: "demo",
    onRequest: async (request, url) => {
      if (url.pathname !== "/site" || asking) return undefined;
      asking = true;
      const response = await fetch(url, { headers: request.headers });
      asking = false;
      return json(change(await response.json()), { headers: { "x-environment": "main" } });
    },
  });
  const paths = () => cma.log.requests.map(({ path }) => new URL(path, cma.url).pathname);
  return Object.assign(cma, { environment, paths });
}

function idsOf(resources: readonly Resource[]): string[] {
  return resources.map(({ id }) => id).sort();
}

Deno.test("readSchema() reads everything in one request when the API includes it", async () => {
  const project = sampleProject();
  await using cma = startDemoCma({ project, rateLimit: false });
  const { site, document, schema, environment } = await readSchema(
    testClient(cma.url, { apiToken: cma.apiToken }),
  );
  const stored = project.environments.get(project.primaryEnvironment)!;
  assert.deepEqual(cma.log.requests.map(({ path }) => path), [
    "/site?include=item_types%2Citem_types.fields%2Citem_types.fieldsets",
  ]);
  assert.equal(site.id, stored.site.id);
  assert.deepEqual(document.data, site);
  assert.equal(environment, "main");
  assert.deepEqual(schema.locales, stored.site.attributes.locales);
  assert.deepEqual(idsOf(schema.itemTypes), idsOf(stored.itemTypes));
  assert.deepEqual(
    idsOf(schema.itemTypes.flatMap(({ id }) => schema.fields(id))),
    idsOf(stored.fields),
  );
  assert.deepEqual(
    idsOf(schema.itemTypes.flatMap(({ id }) => schema.fieldsets(id))),
    idsOf(stored.fieldsets),
  );
  assert.deepEqual(
    schema.fields(stored.fields[0]!.relationships.item_type.data.id).find(({ id }) =>
      id === stored.fields[0]!.id
    ),
    stored.fields[0],
  );
});

/** What an API might leave out, and what has to be asked for then. */
const LEFT_OUT: Record<
  string,
  [change: (document: SiteDocument) => unknown, asked: RegExp]
> = {
  "fieldsets": [
    ({ data, included = [] }) => ({
      data,
      included: included.filter(({ type }) => type !== "fieldset"),
    }),
    /^\/item-types\/[^/]+\/fieldsets$/,
  ],
  "fields": [
    ({ data, included = [] }) => ({
      data,
      included: included.filter(({ type }) => type !== "field"),
    }),
    /^\/item-types\/[^/]+\/fields$/,
  ],
  "everything": [({ data }) => ({ data }), /^\/item-types(\/[^/]+\/(fields|fieldsets))?$/],
  "the models' relationships": [
    ({ data, included = [] }) => ({
      data,
      included: included.map((each) =>
        each.type === "item_type" ? { ...each, relationships: {} } : each
      ),
    }),
    /^\/item-types\/[^/]+\/(fields|fieldsets)$/,
  ],
};

for (const [what, [change, asked]] of Object.entries(LEFT_OUT)) {
  Deno.test(`readSchema() asks for more when the API leaves out ${what}`, async () => {
    await using cma = serveSample(change);
    const { itemTypes, fields, fieldsets } = cma.environment;
    const { schema } = await readSchema(testClient(cma.url, { apiToken: cma.apiToken }));
    assert.deepEqual(idsOf(schema.itemTypes), idsOf(itemTypes));
    assert.deepEqual(idsOf(schema.itemTypes.flatMap(({ id }) => schema.fields(id))), idsOf(fields));
    assert.deepEqual(
      idsOf(schema.itemTypes.flatMap(({ id }) => schema.fieldsets(id))),
      idsOf(fieldsets),
    );
    const more = cma.paths().filter((path) => path !== "/site");
    assert.ok(more.length > 0 && new Set(more).size === more.length, more.join());
    for (const path of more) assert.match(path, asked);
  });
}

Deno.test("readSchema() fails with a clear sentence when the address isn't that of the API", async () => {
  const bodies: unknown[] = [{}, null, [], "hello", { data: null }, { data: { type: "item" } }, {
    data: { type: "site", attributes: {} },
  }, { data: { type: "site" } }];
  for (const body of bodies) {
    await using server = serveHttp(() => json(body));
    await assert.rejects(readSchema(testClient(server.url)), {
      name: "CmaError",
      message:
        `Expected a DatoCMS project from ${server.url}/site, but the answer holds none: check the API's address.`,
    });
  }
  await using html = serveHttp(() =>
    new Response("<html>", { headers: { "content-type": "text/html" } })
  );
  await assert.rejects(
    readSchema(testClient(html.url)),
    /status 200, text\/html\) isn't\): check the network and the API's address\.$/,
  );
});

Deno.test("readSchema() fails with a clear sentence when a part of the schema is no list", async () => {
  for (const answer of [{}, { data: null }, null, { data: { id: "1" } }]) {
    await using server = serveHttp((_request, url) =>
      url.pathname === "/site"
        ? json({ data: { id: "1", type: "site", attributes: { locales: ["en"] } } })
        : json(answer)
    );
    await assert.rejects(readSchema(testClient(server.url)), (error) => {
      assert.ok(error instanceof CmaError, String(error));
      assert.equal(
        error.message,
        "Expected a list of resources from GET /item-types, but the answer has none.",
      );
      return true;
    });
  }
});

Deno.test("readSchema() passes on what the API refuses, and the signal's reason", async () => {
  await using server = serveHttp(() => apiError(401, "INVALID_AUTHORIZATION_HEADER"));
  await assert.rejects(readSchema(testClient(server.url)), { name: "CmaError", status: 401 });
  const reason = new Error("cancelled");
  await assert.rejects(readSchema(testClient(server.url), AbortSignal.abort(reason)), reason);
});

Deno.test("readSchema() refuses two models of one api_key: their files would be the same", async () => {
  await using cma = serveSample((document) => {
    const models = document.included!.filter(({ type }) => type === "item_type");
    Object.assign(models[1]!.attributes!, { api_key: models[0]!.attributes!.api_key });
    return document;
  });
  await assert.rejects(readSchema(testClient(cma.url, { apiToken: cma.apiToken })), (error) => {
    return error instanceof CmaError &&
      /^Expected each model to have an api_key of its own, but two of the project have "\w+": rename one of them\.$/
        .test(error.message);
  });
});

Deno.test("readSchema() fails with one sentence when the answer isn't whole", async () => {
  const first = (type: string, { included = [] }: SiteDocument) => {
    return included.find((resource) => resource.type === type) as unknown as Record<
      string,
      unknown
    >;
  };
  const without = (resource: Record<string, unknown>, key: string) => {
    delete resource[key];
  };
  const cases: [change: (document: SiteDocument) => unknown, message: RegExp][] = [
    [
      (document) => ({ ...document, included: [null] }),
      /^Expected resources with a type and an id/,
    ],
    [(document) => ({ ...document, included: {} }), /^Expected resources with a type and an id/],
    [(document) => {
      Object.assign(document.data.relationships!.item_types!, { data: [null] });
    }, /^Expected resources with a type and an id .* one is null\.$/],
    [(document) => {
      document.data.attributes!.locales = ["en", null];
    }, /^Expected a DatoCMS project from /],
    [
      (document) => without(first("item_type", document), "attributes"),
      /^Expected api_key in the /,
    ],
    [(document) => without(first("field", document), "attributes"), /^Expected api_key in the /],
    [
      (document) => without(first("field", document), "relationships"),
      /^Expected field \S+ to be of model /,
    ],
  ];
  for (const [change, message] of cases) {
    await using cma = serveSample((document) => change(document) ?? document);
    await assert.rejects(readSchema(testClient(cma.url, { apiToken: cma.apiToken })), (error) => {
      assert.ok(error instanceof CmaError, String(error));
      assert.match(error.message, message);
      return true;
    });
  }
});

/** Every place in a JSON value: what holds it, and its key. */
function places(value: unknown, found: [holder: object, key: string][] = []): typeof found {
  if (typeof value !== "object" || value === null) return found;
  for (const [key, inner] of Object.entries(value)) {
    found.push([value, key]);
    places(inner, found);
  }
  return found;
}

Deno.test("readSchema() gives a schema or one sentence, whatever one value of the answer is", async () => {
  let document: unknown;
  await using cma = serveSample((whole) => document = whole);
  await readSchema(testClient(cma.url, { apiToken: cma.apiToken }));
  const text = JSON.stringify(document);
  const values: unknown[] = [
    null,
    "x",
    "@big",
    [],
    {},
    true,
    -1,
    [null],
    { toString: 1 },
    "__proto__",
    "\ud800",
  ];
  let answer = "";
  await using server = serveHttp(() => new Response(answer));
  const client = testClient(server.url, { retry: { maxAttempts: 1 } });
  const count = places(document).length;
  await fc.assert(
    fc.asyncProperty(fc.nat(count - 1), fc.constantFrom(...values), async (nth, value) => {
      const changed: unknown = JSON.parse(text);
      const [holder, key] = places(changed)[nth]!;
      Object.assign(holder, { [key]: value });
      // A number that no double holds is told apart from what the others are.
      answer = JSON.stringify(changed).replace('"@big"', "-12345678901234567890");
      try {
        const { schema } = await readSchema(client);
        assert.ok(tableSchema(schema).tables.length > 0);
      } catch (error) {
        assert.ok(error instanceof CmaError, `${key}: ${Deno.inspect(error)}`);
      }
    }),
    { numRuns: long(300, 100) },
  );
});
