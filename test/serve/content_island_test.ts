import assert from "node:assert/strict";
import { gunzipSync } from "node:zlib";
import type { Item, JsonObject } from "../../src/content/resource.ts";
import { createToken } from "../../src/serve/token.ts";
import { openSnapshot } from "../../src/tools/open.ts";
import type { IslandContent, IslandProject } from "../../src/transform/content_island.ts";
import { MemoryStorage } from "../support/memory_storage.ts";
import { exportedToMemory, type Served, serveSnapshots } from "../support/served.ts";
import { putSmallSnapshot } from "../support/small_snapshot.ts";

const STORAGE = await exportedToMemory({ tables: false });
const SNAPSHOT = await openSnapshot(STORAGE, "latest");
const [PROJECT] = SNAPSHOT.name.split("/") as [string];
const AT = "/api/1.0";

async function json<T>(served: Served, path: string, scope: "read" | "preview" = "preview") {
  const response = await served.ask(`${AT}${path}`, { scope });
  assert.equal(response.status, 200, path);
  return await response.json() as T;
}

const list = async (served: Served, query = "", scope?: "read" | "preview") => {
  return await json<IslandContent[]>(served, `/contents${query}`, scope);
};

/** The values of a content's fields in a language. */
function valuesOf({ fields }: IslandContent, language: string): JsonObject {
  return Object.fromEntries(
    fields.filter((field) => field.language === language).map(({ name, value }) => [name, value]),
  ) as JsonObject;
}

/** A record of the snapshot that has a value of each of some fields. */
async function recordWith(model: string, ...keys: string[]): Promise<Item> {
  for await (const page of SNAPSHOT.records(model)) {
    const found = page.find(({ attributes }) => keys.every((key) => attributes[key]));
    if (found !== undefined) return found;
  }
  throw new Error(`no ${model} with ${keys}`);
}

Deno.test("the project is described with its languages and models, and each kind of field has its type", async () => {
  await using served = serveSnapshots(STORAGE);
  const project = await json<IslandProject>(served, "/project", "read");
  assert.deepEqual({ ...project, contentTypes: [] }, {
    id: PROJECT,
    name: "Slackwater",
    languages: ["en", "it", "pt-BR"],
    contentTypes: [],
  });
  const typeOf = (model: string) => project.contentTypes.find(({ name }) => name === model)!;
  const fieldOf = (model: string, field: string) => {
    const { type, tsType, isArray, isRequired } = typeOf(model).fields.find(({ name }) => {
      return name === field;
    })!;
    return [type, tsType, isArray, isRequired];
  };
  const related = (...models: string[]) => {
    return `${models.map((name) => typeOf(name).id)}|${models}`;
  };
  assert.equal(typeOf("article").type, "entity");
  const expected: Record<string, unknown[]> = {
    "article.title": ["short-text", "string", false, true],
    "article.slug": ["short-text", "string", false, false],
    "article.standfirst": ["long-text", "string", false, false],
    "article.body": ["long-text", "string", false, false],
    "article.written_by": [related("author"), "string", false, true],
    "article.locks": [related("lock"), "string[]", true, false],
    "article.printed_on": ["date", "string", false, false],
    "article.minutes": ["number", "number", false, true],
    "article.cover": ["media", "Media", false, false],
    "article.photographs": ["media", "Media[]", true, false],
    "article.film": ["long-text", "string", false, false],
    "article.seo": ["long-text", "string", false, false],
    "author.ink": ["color", "string", false, false],
    "author.languages": ["long-text", "string", false, false],
    "lock.place": ["long-text", "string", false, true],
    "lock.rise": ["number", "number", false, false],
    "lock.in_use": ["boolean", "boolean", false, false],
    "notice.from": ["date-time", "string", false, false],
    "home_page.hero": [related("hero"), "string", false, false],
  };
  for (const [path, shape] of Object.entries(expected)) {
    const [model, field] = path.split(".") as [string, string];
    assert.deepEqual(fieldOf(model, field), shape, path);
  }
  const [type, ...rest] = fieldOf("lock", "passages");
  assert.equal(type, related("passage", "picture"));
  assert.deepEqual(rest, ["string[]", true, false]);
});

Deno.test("a record is a content in its languages, and each of its blocks is one as well", async () => {
  await using served = serveSnapshots(STORAGE);
  const article = await recordWith("article", "film", "seo", "photographs");
  const [shown] = await list(served, `?id=${article.id}`);
  const titles = article.attributes.title as Record<string, string>;
  assert.deepEqual([shown!.id, shown!.name], [article.id, titles.en]);
  assert.equal(shown!.contentType.name, "article");
  assert.equal(shown!.lastUpdate, article.meta!.updated_at);
  assert.equal(shown!.status, article.meta!.status);
  const languages = [...new Set(shown!.fields.map(({ language }) => language))];
  assert.deepEqual(new Set(languages), new Set(Object.keys(titles)));
  for (const language of languages) {
    const own = valuesOf(shown!, language);
    const { attributes } = article;
    assert.equal(own.title, titles[language]);
    // What isn't localized is there in each language.
    assert.equal(own.minutes, attributes.minutes);
    assert.equal(own.written_by, attributes.written_by);
    assert.deepEqual(JSON.parse(own.film as string), attributes.film);
    const seo = (attributes.seo as JsonObject)[language];
    assert.deepEqual(seo ? JSON.parse(own.seo as string) : own.seo, seo ?? null);
    const photographs = attributes.photographs as { upload_id: string }[];
    const uploads = await Promise.all(
      photographs.map(({ upload_id }) => SNAPSHOT.upload(upload_id)),
    );
    assert.deepEqual(
      own.photographs,
      uploads.map((upload) => ({
        name: upload!.attributes.filename,
        url: upload!.attributes.url,
      })),
    );
    assert.equal(typeof own.body, "string");
  }
  const { ink } = (await recordWith("author", "ink")).attributes as Record<string, JsonObject>;
  const author = (await list(served, "?contentType=author&language=en")).map((one) => {
    return valuesOf(one, "en").ink;
  }).find((colour) => colour !== null);
  const hex = ["red", "green", "blue"].map((part) => {
    return Number(ink![part]).toString(16).padStart(2, "0");
  });
  assert.equal(author!.toString().slice(0, 7), `#${hex.join("")}`);

  const lock = await recordWith("lock", "passages");
  const blocks = lock.attributes.passages as unknown as Item[];
  const [own] = await list(served, `?id=${lock.id}`);
  assert.deepEqual(valuesOf(own!, "en").passages, blocks.map(({ id }) => id));
  const found = await list(served, `?id[in]=${blocks.map(({ id }) => id)}`);
  assert.deepEqual(found.map(({ id }) => id), blocks.map(({ id }) => id));
  for (const [i, block] of found.entries()) {
    assert.equal(block.contentType.id, blocks[i]!.relationships.item_type.data.id);
    assert.equal(block.lastUpdate, lock.meta!.updated_at);
  }
  // A block is in the language of the value that it is in.
  const heroes = await list(served, "?contentType=hero");
  assert.ok(heroes.length > 1);
  for (const { fields } of heroes) {
    assert.equal(new Set(fields.map(({ language }) => language)).size, 1);
  }
});

Deno.test("an export holds the project and all contents, byte for byte as they are listed", async () => {
  await using served = serveSnapshots(STORAGE, { exportRate: { limit: 100, seconds: 60 } });
  const seen: Record<string, string> = {};
  for (const scope of ["read", "preview"] as const) {
    const own = served.tokens[scope];
    assert.equal(own.startsWith("PREVIEW_"), scope === "preview");
    const response = await fetchRaw(`${served.url}${AT}/project/export`, own);
    assert.equal(response.headers.get("content-type"), "application/json");
    assert.equal(response.headers.get("content-encoding"), "gzip");
    const text = new TextDecoder().decode(gunzipSync(response.bytes));
    const { meta, project, contents, ...others } = JSON.parse(text);
    assert.deepEqual(others, {});
    const { exportedAt, ...rest } = meta;
    assert.deepEqual(rest, {
      schemaVersion: 1,
      projectId: PROJECT,
      view: scope === "preview" ? "preview" : "published",
    });
    assert.equal(new Date(exportedAt).toISOString(), exportedAt);
    assert.deepEqual(project, await json(served, "/project", scope));
    const listed = await (await served.ask(`${AT}/contents`, { scope })).text();
    assert.equal(text.slice(text.indexOf('"contents":') + '"contents":'.length, -2), listed);
    assert.equal(contents.length, await json<number>(served, "/contents/size", scope));
    assert.equal(new Set(contents.map(({ id }: IslandContent) => id)).size, contents.length);
    seen[scope] = listed;
  }
  assert.notEqual(seen.read, seen.preview);
});

/** A request whose answer stays compressed, as `fetch()` doesn't leave it. */
async function fetchRaw(url: string, token: string) {
  const { hostname, port, pathname } = new URL(url);
  using connection = await Deno.connect({ hostname, port: Number(port) });
  const request = `GET ${pathname} HTTP/1.1\r\nHost: ${hostname}:${port}\r\n` +
    `Authorization: Bearer ${token}\r\nConnection: close\r\n\r\n`;
  await connection.write(new TextEncoder().encode(request));
  const all = await new Response(connection.readable).bytes();
  const text = new TextDecoder("latin1").decode(all);
  const end = text.indexOf("\r\n\r\n");
  const headers = new Headers(
    text.slice(0, end).split("\r\n").slice(1).map((line) => {
      const colon = line.indexOf(":");
      return [line.slice(0, colon), line.slice(colon + 1).trim()] as [string, string];
    }),
  );
  let bytes = all.subarray(end + 4);
  if (headers.get("transfer-encoding") === "chunked") {
    const parts: Uint8Array<ArrayBuffer>[] = [];
    for (let at = 0;;) {
      const line = bytes.indexOf(0x0d, at);
      const size = Number.parseInt(new TextDecoder().decode(bytes.subarray(at, line)), 16);
      if (!(size > 0)) break;
      parts.push(bytes.slice(line + 2, line + 2 + size));
      at = line + 2 + size + 2;
    }
    bytes = await new Blob(parts).bytes();
  }
  return { headers, bytes };
}

Deno.test("contents are filtered, ordered and counted as they are asked for", async () => {
  await using served = serveSnapshots(STORAGE);
  const all = await list(served);
  const languagesOf = (content: IslandContent) => content.fields.map(({ language }) => language);
  const has = ({ fields }: IslandContent, name: string, ...values: unknown[]) => {
    return fields.some((field) => {
      const own = Array.isArray(field.value) ? field.value : [field.value];
      return field.name === name && own.some((value) => values.includes(value));
    });
  };
  const someLock = all.find(({ contentType }) => contentType.name === "lock")!;
  const someArticle = all.find(({ contentType, fields }) => {
    return contentType.name === "article" && fields.some(({ name, value }) => {
      return name === "locks" && (value as string[]).length > 0;
    });
  })!;
  const title = encodeURIComponent(valuesOf(someArticle, "en").title as string);
  const linked = (valuesOf(someArticle, "en").locks as string[])[0]!;
  const cases: [string, (content: IslandContent) => boolean][] = [
    ["contentType=article", ({ contentType }) => contentType.name === "article"],
    [
      `contentType=${someLock.contentType.id}`,
      ({ contentType }) => contentType.id === someLock.contentType.id,
    ],
    [
      "contentType[in]=article,passage",
      ({ contentType }) => ["article", "passage"].includes(contentType.name),
    ],
    ["contentType[ne]=article", ({ contentType }) => contentType.name !== "article"],
    [
      "contentType[nin]=article,lock",
      ({ contentType }) => !["article", "lock"].includes(contentType.name),
    ],
    [`id=${someLock.id}`, ({ id }) => id === someLock.id],
    [`id[ne]=${someLock.id}`, ({ id }) => id !== someLock.id],
    [`id[in]=${someLock.id},nothing`, ({ id }) => id === someLock.id],
    [`lastUpdate=${someLock.lastUpdate}`, (one) => one.lastUpdate === someLock.lastUpdate],
    ["language=it", (one) => languagesOf(one).includes("it")],
    ["fields.in_use=true", (one) => has(one, "in_use", true)],
    ["fields.in_use[ne]=true", (one) => !has(one, "in_use", true)],
    ["fields.chambers[in]=1,2", (one) => has(one, "chambers", 1, 2)],
    [`fields.locks=${linked}`, (one) => has(one, "locks", linked)],
    [`fields.title=${title}`, (one) => has(one, "title", decodeURIComponent(title))],
    ["fields.nothing=1", () => false],
    [
      "contentType=lock&fields.in_use=true",
      (one) => one.contentType.name === "lock" && has(one, "in_use", true),
    ],
  ];
  for (const [query, matches] of cases) {
    const expected = all.filter(matches);
    const found = await list(served, `?${query}`);
    const ids = (contents: readonly IslandContent[]) => contents.map(({ id }) => id);
    assert.deepEqual(ids(found), ids(expected), query);
    assert.equal(await json(served, `/contents/size?${query}`), expected.length, query);
    for (const skip of [0, 1]) {
      const some = await list(served, `?${query}&take=2&skip=${skip}`);
      assert.deepEqual(ids(some), ids(expected).slice(skip, skip + 2), query);
    }
    const one = await served.ask(`${AT}/content?${query}`, { scope: "preview" });
    assert.equal(one.status, expected.length === 0 ? 404 : 200, query);
    const { id } = await one.json();
    assert.equal(id, expected[0]?.id, query);
  }
  const italian = await list(served, "?language=it");
  assert.ok(italian.every((one) => languagesOf(one).every((language) => language === "it")));

  const locks = all.filter(({ contentType }) => contentType.name === "lock");
  const chambers = (one: IslandContent) => valuesOf(one, "en").chambers as number | null;
  const expected = locks.toSorted((a, b) => {
    const [x, y] = [chambers(a), chambers(b)];
    if (x === null || y === null) return x === y ? 0 : x === null ? 1 : -1;
    return y - x || (a.id < b.id ? -1 : 1);
  });
  const sorted = await list(served, "?contentType=lock&sort=fields.chambers:desc,id:asc");
  assert.deepEqual(sorted.map(({ id }) => id), expected.map(({ id }) => id));
  const part = await list(
    served,
    "?contentType=lock&sort=fields.chambers:desc,id:asc&skip=2&take=3",
  );
  assert.deepEqual(part, sorted.slice(2, 5));
});

Deno.test("related contents are in the place of their ids, as deep as is asked for", async () => {
  await using served = serveSnapshots(STORAGE);
  const article = await recordWith("article", "locks");
  const ids = article.attributes.locks as string[];
  const at = (content: IslandContent, name: string) => {
    return content.fields.find((field) => field.name === name)!.value;
  };
  const read = async (depth: string) => {
    return await json<IslandContent>(
      served,
      `/content?id=${article.id}&language=en&includeRelatedContent=${depth}`,
    );
  };
  for (const depth of ["false", "0"]) assert.deepEqual(at(await read(depth), "locks"), ids);
  for (const depth of ["true", "1", "2", "all"]) {
    const content = await read(depth);
    const locks = at(content, "locks") as IslandContent[];
    assert.deepEqual(locks.map(({ id }) => id), ids);
    for (const lock of locks) {
      assert.ok(lock.fields.every(({ language }) => language === "en"));
      const keeper = lock.fields.find(({ name }) => name === "keeper")?.value;
      if (keeper === undefined) continue;
      const isDeep = depth === "2" || depth === "all";
      assert.equal(typeof keeper, isDeep ? "object" : "string");
    }
  }
  // Blocks are found with their record, also when that was looked for.
  const found = await list(served, "?fields.in_use=true&includeRelatedContent=true&language=en");
  const passages = found.flatMap((one) => at(one, "passages") as IslandContent[]);
  assert.ok(passages.length > 0);
  assert.ok(passages.every((block) => Array.isArray(block.fields)));
});

Deno.test("what a client of Content Island may not do is told in the form of that service", async () => {
  const storage = new MemoryStorage();
  await putSmallSnapshot(storage, "1", 1_700_000_000);
  await putSmallSnapshot(storage, "2", 1_700_000_000);
  const { token, kept } = createToken({ name: "one", scope: "read", projects: ["1"] });
  await using served = serveSnapshots(storage, { tokens: [kept] });
  const own = { headers: { Authorization: `Bearer ${token}` } };
  const told = async (path: string, init: RequestInit = own) => {
    const response = await fetch(`${served.url}${AT}${path}`, init);
    const { error, ...others } = await response.json();
    assert.deepEqual(others, {});
    assert.equal(error.requestId, response.headers.get("x-request-id"));
    return [response.status, error.code];
  };
  assert.deepEqual(await told("/project", {}), [401, "UNAUTHORIZED"]);
  assert.deepEqual(
    await told("/project", { headers: { Authorization: `Bearer ${served.tokens.read}` } }),
    [403, "FORBIDDEN"],
  );
  for (const query of ["take=-1", "take=a", "sort=a", "sort=id", "nothing=1", "id[gt]=1"]) {
    assert.deepEqual(await told(`/contents?${query}`), [400, "VALIDATION_ERROR"], query);
  }
  assert.deepEqual(await told("/contents?includeRelatedContent=16"), [400, "VALIDATION_ERROR"]);
  assert.deepEqual(await told("/content?take=1"), [400, "VALIDATION_ERROR"]);
  assert.deepEqual(await told("/content/1", { ...own, method: "PUT", body: "{}" }), [
    403,
    "FORBIDDEN",
  ]);
  for (let n = 0; n < 5; n++) {
    await (await fetch(`${served.url}${AT}/project/export`, own)).body?.cancel();
  }
  const sixth = await fetch(`${served.url}${AT}/project/export`, own);
  assert.equal(sixth.status, 429);
  assert.match(sixth.headers.get("retry-after")!, /^[1-9]\d?$/);
  const { error } = await sixth.json();
  assert.deepEqual({ ...error, requestId: "" }, {
    code: "RATE_LIMITED",
    message: "Too many export requests for this project. Try again later.",
    requestId: "",
  });
});
