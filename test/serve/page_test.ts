import assert from "node:assert/strict";
import type { Item } from "../../src/content/resource.ts";
import { snapshotHandler } from "../../src/serve/handler.ts";
import { createToken } from "../../src/serve/token.ts";
import type { ServeOptions } from "../../src/serve/options.ts";
import { listPage } from "../../src/tools/list.ts";
import { openSnapshot } from "../../src/tools/open.ts";
import { secretsIn } from "../support/secret_scan.ts";
import {
  CHANGING_RECORD,
  exportedHistory,
  GONE_RECORD,
  HOSTILE,
  HOSTILE_RECORD,
} from "../support/served_history.ts";

const STORAGE = await exportedHistory();
const IDS = (await listPage(STORAGE)).snapshots.map(({ id }) => id);
const [NEWEST, , SECOND, OLDEST] = IDS as [string, string, string, string];
const PROJECT = (await openSnapshot(STORAGE, "latest")).name.split("/")[0]!;
const AT = `/p/${PROJECT}/${NEWEST}`;
const FORM = { "Content-Type": "application/x-www-form-urlencoded" };

/** A browser with its cookies, in front of a server. */
function browser(options: Partial<ServeOptions> = {}) {
  const publicUrl = options.publicUrl ?? "http://127.0.0.1:8080";
  const scopes = ["read", "preview", "admin"] as const;
  const made = scopes.map((scope) => [scope, createToken({ name: scope, scope })] as const);
  const errors: unknown[] = [];
  const handler = snapshotHandler(STORAGE, {
    publicUrl,
    tokens: made.map(([, { kept }]) => kept),
    rate: { limit: 100_000, seconds: 60 },
    onError: (error) => errors.push(error),
    ...options,
  });
  const tokens = Object.fromEntries(made.map(([scope, { token }]) => [scope, token]));
  let cookie = "";
  const from = (hostname: string) => {
    return { remoteAddr: { transport: "tcp", hostname, port: 1 } as const };
  };
  const ask = async (path: string, init: RequestInit = {}, address = "192.0.2.1") => {
    const headers = new Headers(init.headers);
    if (cookie !== "" && !headers.has("cookie")) headers.set("Cookie", cookie);
    const request = new Request(new URL(path, publicUrl), { redirect: "manual", ...init, headers });
    return await handler(request, from(address));
  };
  const post = (path: string, fields: Record<string, string>, headers: HeadersInit = {}) => {
    const sent = new Headers({ ...FORM, Origin: publicUrl });
    for (const [name, value] of new Headers(headers)) sent.set(name, value);
    return ask(path, { method: "POST", body: new URLSearchParams(fields), headers: sent });
  };
  const html = async (path: string, status = 200) => {
    const response = await ask(path);
    const text = await response.text();
    assert.equal(response.status, status, `${path}: ${text.slice(0, 2000)}`);
    assert.match(response.headers.get("content-type")!, /^text\/html; charset=utf-8$/);
    return text;
  };
  const formToken = async (path: string) => {
    return /name="form" value="([^"]+)"/.exec(await html(path))![1]!;
  };
  const logIn = async (scope: typeof scopes[number] = "admin", next = "/") => {
    const form = await formToken("/login");
    const response = await post("/login", { form, next, token: tokens[scope]! });
    assert.equal(response.status, 303, await response.text());
    const given = response.headers.get("set-cookie")!;
    cookie = given.split(";")[0]!;
    return { given, to: response.headers.get("location") };
  };
  return {
    ask,
    post,
    html,
    formToken,
    logIn,
    tokens,
    errors,
    get cookie() {
      return cookie;
    },
    set cookie(value) {
      cookie = value;
    },
  };
}

/** All pages, of a record, of a snapshot, of all. */
const pagesOf = (id: string) => [
  "/",
  `/p/${PROJECT}`,
  `/p/${PROJECT}/search?q=${id}`,
  `/p/${PROJECT}/search?q=script`,
  `/p/${PROJECT}/compare?s=${OLDEST}&s=${NEWEST}`,
  AT,
  `${AT}/records?model=notice`,
  `${AT}/records?model=notice&q=script&sort=title&locale=it&status=published`,
  `${AT}/record?id=${id}`,
  `${AT}/record?id=${id}&view=published`,
  `${AT}/record?id=${id}&view=json`,
  `${AT}/history?id=${id}`,
  `${AT}/revision?id=${id}&from=${OLDEST}`,
  `${AT}/where?q=script`,
  `${AT}/referrers?id=${id}`,
  `${AT}/media`,
  `${AT}/files?q=notice`,
];

Deno.test("a token that is posted becomes a cookie, and the way leads to where somebody wanted to go", async () => {
  const one = browser();
  const wanted = `${AT}/record?id=${CHANGING_RECORD}`;
  const asked = await one.ask(wanted);
  assert.equal(asked.status, 303);
  assert.equal(asked.headers.get("location"), `/login?next=${encodeURIComponent(wanted)}`);
  assert.match(await one.html(`/login?next=${encodeURIComponent(wanted)}`), /type="password"/);
  const { given, to } = await one.logIn("preview", wanted);
  assert.equal(to, wanted);
  assert.match(given, /^sluice=[\w.-]+; Path=\/; HttpOnly; SameSite=Strict; Max-Age=28800$/);
  assert.deepEqual(secretsIn(given, Object.values(one.tokens)), []);
  assert.match(await one.html(wanted), /The lock keeper who sold time/);
  // Where others lead isn't where anybody is sent.
  for (const next of ["//evil.example", "https://evil.example", "/p/\\evil", "/p/ x", "/page"]) {
    assert.equal((await one.logIn("read", next)).to, "/");
  }
  const secure = browser({ publicUrl: "https://backups.example.com" });
  const { given: cookie } = await secure.logIn();
  assert.match(cookie, /^__Host-sluice=[\w.-]+; Path=\/; .*SameSite=Strict; .*; Secure$/);
});

Deno.test("a cookie is good for 8 hours, for as long as its token is, and only as it was signed", async () => {
  let now = Date.UTC(2026, 5, 1);
  const one = browser({ now: () => now });
  await one.logIn();
  const { cookie } = one;
  assert.equal((await one.ask("/")).status, 200);
  for (let at = "sluice=".length; at < cookie.length; at++) {
    const letter = cookie[at] === "A" ? "B" : "A";
    one.cookie = cookie.slice(0, at) + letter + cookie.slice(at + 1);
    assert.equal((await one.ask("/")).status, 303, one.cookie);
  }
  one.cookie = cookie;
  now += 8 * 3_600_000 - 1000;
  assert.equal((await one.ask("/")).status, 200);
  now += 1000;
  assert.equal((await one.ask("/")).status, 303);
  const short = createToken({ name: "short", scope: "read", forMs: 60_000, now: new Date(now) });
  const other = browser({ now: () => now, tokens: [short.kept] });
  const form = await other.formToken("/login");
  const response = await other.post("/login", { form, token: short.token });
  other.cookie = response.headers.get("set-cookie")!.split(";")[0]!;
  assert.equal((await other.ask("/")).status, 200);
  now += 60_000;
  assert.equal((await other.ask("/")).status, 303);
  // A cookie is for pages alone: programs have tokens.
  assert.equal((await one.ask("/api/v1/projects")).status, 401);
});

Deno.test("forms of other websites, and those without what ours carry, change nothing", async () => {
  const one = browser();
  const form = await one.formToken("/login");
  const token = one.tokens.admin!;
  for (const Origin of ["https://evil.example", "null", "http://127.0.0.1.evil.example:8080"]) {
    assert.equal((await one.post("/login", { form, token }, { Origin })).status, 403);
  }
  const bare = await one.ask("/login", {
    method: "POST",
    headers: FORM,
    body: new URLSearchParams({ form, token }),
  });
  assert.equal(bare.status, 403);
  const json = { "Content-Type": "text/plain" };
  assert.equal((await one.post("/login", { form, token }, json)).status, 403);
  const without = await one.post("/login", { form: "x", token });
  assert.equal(without.headers.get("set-cookie"), null);
  assert.equal((await one.post("/login", { form, token: "x".repeat(70_000) })).status, 413);
  await one.logIn();
  const own = await one.formToken("/");
  assert.equal((await one.post("/logout", { form })).status, 403);
  assert.equal(
    (await one.post("/logout", { form: own }, { Origin: "https://e.example" })).status,
    403,
  );
  const out = await one.post("/logout", { form: own });
  assert.equal(out.status, 303);
  assert.match(out.headers.get("set-cookie")!, /^sluice=; .*Max-Age=0/);
  // What a form carries is of one login.
  await one.logIn();
  assert.equal((await one.post("/logout", { form: own })).status, 403);
});

Deno.test("ten failed logins a minute are taken from an address", async () => {
  let now = Date.UTC(2026, 5, 1);
  const one = browser({ now: () => now });
  const form = await one.formToken("/login");
  const attempt = async (token: string, address: string) => {
    const body = new URLSearchParams({ form, token });
    const headers = { ...FORM, Origin: "http://127.0.0.1:8080" };
    const response = await one.ask("/login", { method: "POST", body, headers }, address);
    assert.doesNotMatch(await response.text(), /slu_/);
    return response;
  };
  const wrong = createToken({ name: "other", scope: "admin" }).token;
  for (let i = 0; i < 10; i++) assert.equal((await attempt(wrong, "192.0.2.1")).status, 401);
  const refused = await attempt(one.tokens.admin!, "192.0.2.1");
  assert.equal(refused.status, 429);
  assert.equal(refused.headers.get("set-cookie"), null);
  assert.ok(Number(refused.headers.get("retry-after")) > 0);
  assert.equal((await attempt(one.tokens.admin!, "192.0.2.2")).status, 303);
  now += 60_000;
  assert.equal((await attempt(one.tokens.admin!, "192.0.2.1")).status, 303);
});

Deno.test("a token in the address is none, and another host's name is refused", async () => {
  const one = browser();
  for (const name of ["token", "access_token"]) {
    assert.equal((await one.ask(`/?${name}=${one.tokens.admin}`)).status, 303);
  }
  await one.logIn();
  for (const path of ["/", "/login", AT, "/page/style.css"]) {
    assert.equal((await one.ask(path, { headers: { Host: "evil.example" } })).status, 403, path);
  }
});

Deno.test("a link of another website leads on by a page of ours, as it comes without the cookie", async () => {
  const one = browser();
  const headers = { "Sec-Fetch-Site": "cross-site" };
  const response = await one.ask(`${AT}?a="><script>`, { headers });
  assert.equal(response.status, 200);
  const text = await response.text();
  assert.match(text, /http-equiv="refresh"/);
  assert.doesNotMatch(text, /<script>/);
  assert.equal((await one.ask(AT, { headers: { "Sec-Fetch-Site": "same-origin" } })).status, 303);
});

Deno.test("whatever editors wrote is text on every page, and pages allow nothing but our own files", async () => {
  const one = browser();
  await one.logIn();
  let shown = 0;
  for (const path of pagesOf(HOSTILE_RECORD)) {
    const response = await one.ask(path);
    const text = await response.text();
    assert.equal(response.status, 200, `${path}: ${text}`);
    assert.doesNotMatch(
      text,
      /<script>|<script src=\/\/|<img src=x|onerror=window[^&]*>(?!\{)|<!--/,
      path,
    );
    const scripts = [...text.matchAll(/<script[^>]*>/g)].map(([tag]) => tag);
    assert.equal(scripts.length, 1, path);
    assert.match(scripts[0]!, /^<script src="\/page\/script\.js\?v=[\w-]+" defer="">$/);
    assert.doesNotMatch(text, /<[^>]*\s(?:style|on\w+)=/, path);
    assert.doesNotMatch(text, /href="(?!\/|#|https?:|mailto:)/, path);
    if (text.includes("&lt;script&gt;window.ran=1&lt;/script&gt;")) shown++;
    const policy = response.headers.get("content-security-policy")!;
    assert.match(policy, /^default-src 'none'; script-src 'self'; style-src 'self';/);
    assert.match(policy, /frame-ancestors 'none'; base-uri 'none'/);
    assert.equal(response.headers.get("cache-control"), "private, no-store");
    assert.equal(response.headers.get("referrer-policy"), "same-origin");
  }
  assert.ok(shown >= 7, String(shown));
  const query = encodeURIComponent(HOSTILE);
  for (const path of [`/p/${PROJECT}/search?q=${query}`, `${AT}/where?q=${query}`]) {
    const text = await one.html(path);
    assert.doesNotMatch(text, /<script>|<img src=x/, path);
    assert.match(text, /<mark>/);
  }
  for (const path of [`${AT}/record?id=${query}`, `/p/${query}`, `${AT}/records?model=${query}`]) {
    assert.doesNotMatch(await one.html(path, 404), /<script>|<img src=x/);
  }
  assert.deepEqual(one.errors, []);
});

Deno.test("a page with all it needs is small", async () => {
  const one = browser();
  await one.logIn();
  let files = 0;
  const page = await one.html(`${AT}/records?model=article`);
  for (const [, path] of page.matchAll(/(?:href|src)="(\/page\/[^"]+)"/g)) {
    const response = await one.ask(path!);
    assert.equal(response.status, 200);
    assert.match(response.headers.get("cache-control")!, /immutable/);
    files += (await response.bytes()).length;
  }
  for (const path of pagesOf(CHANGING_RECORD).filter((path) => !path.includes("json"))) {
    const { length } = await (await one.ask(path)).bytes();
    assert.ok(files + length < 60_000, `${path}: ${files} + ${length}`);
  }
});

Deno.test("records are found, filtered, ordered, and shown in a locale", async () => {
  const one = browser();
  await one.logIn();
  const titles = async (query: string) => {
    const text = await one.html(`${AT}/records?model=article${query}`);
    return [...text.matchAll(/record\?id=[^"]+">([^<]+)<\/a>/g)].map(([, title]) => title);
  };
  const all = await titles("");
  assert.equal(all.length, 9);
  assert.deepEqual(await titles("&sort=oldest"), all.toReversed());
  const byTitle = await titles("&sort=title");
  assert.deepEqual(byTitle.toSorted(), all.toSorted());
  assert.deepEqual(
    byTitle,
    byTitle.toSorted((a, b) => a!.toLowerCase() < b!.toLowerCase() ? -1 : 1),
  );
  assert.deepEqual(await titles("&q=SOLD+time"), ["The lock keeper who sold time"]);
  assert.deepEqual(await titles("&q=diciannove&locale=it"), [
    "Diciannove anni alla Chiusa della Candela",
  ]);
  assert.deepEqual(await titles("&q=diciannove&locale=en"), []);
  assert.ok((await titles("&status=draft")).length < all.length);
  const changing = `${AT}/record?id=${CHANGING_RECORD}`;
  assert.match(await one.html(`${changing}&locale=it`), /<h1 lang="it" dir="ltr">Diciannove anni/);
  const current = await one.html(changing);
  assert.match(current, />not as published</);
  assert.match(current, /sluice restore \S+ --records \S+ --into new:rescue/);
  const published = await one.html(`${changing}&view=published`);
  assert.match(current, /She has become very good at it/);
  assert.doesNotMatch(published, /She has become very good at it/);
  const changes = await one.html(`${changing}&view=changes`);
  assert.match(changes, /<ins>very<\/ins>/);
});

Deno.test("what refers to a record or an upload is what has a reference to it, as the API says", async () => {
  const one = browser();
  await one.logIn();
  const api = async (path: string) => {
    const headers = { Authorization: `Bearer ${one.tokens.admin}` };
    const at = `/api/v1/projects/${PROJECT}/snapshots/${NEWEST}`;
    return await (await one.ask(`${at}${path}`, { headers })).json();
  };
  const idsOn = async (path: string) => {
    const [, list] = /<ol class="results">(.*?)<\/ol>/s.exec(await one.html(path))!;
    return [...list!.matchAll(/<code>([^<]+)<\/code>/g)].map(([, id]) => id);
  };
  const { records } = await api("/records?limit=500");
  const lock = records.find((item: Item) => typeof item.attributes.keeper === "string");
  const { keeper } = lock.attributes;
  const { in: incoming } = await api(`/records/${keeper}/references`);
  const ids = incoming.map(({ id }: Item) => id);
  assert.ok(ids.includes(lock.id));
  assert.deepEqual(await idsOn(`${AT}/referrers?id=${keeper}`), ids);
  assert.match(
    await one.html(`${AT}/record?id=${keeper}`),
    new RegExp(`referrers\\?id=${keeper}"`),
  );
  const texts = records.map((item: Item) => [item.id, JSON.stringify(item)]);
  const [, upload] = /"upload_id":"([^"]+)"/.exec(JSON.stringify(records))!;
  const users = texts.filter(([, text]: string[]) => text!.includes(`"upload_id":"${upload}"`));
  assert.deepEqual(
    await idsOn(`${AT}/referrers?id=${upload}&type=upload`),
    users.map(([id]: string[]) => id),
  );
  assert.deepEqual(await idsOn(`${AT}/referrers?id=nothing`), []);
});

Deno.test("a record's history says which snapshot changed which fields, and what", async () => {
  const one = browser();
  await one.logIn();
  const history = await one.html(`${AT}/history?id=${CHANGING_RECORD}`);
  const items = [...history.matchAll(/<li><p class="when">(.*?)<\/li>/gs)].map(([, text]) => text!);
  assert.equal(items.length, 3);
  assert.match(items[0]!, new RegExp(`/${NEWEST}/record.*>standfirst<`));
  assert.match(items[1]!, new RegExp(`/${SECOND}/record.*in 1 later snapshot.*>title<`));
  assert.match(items[2]!, /The earliest snapshot that has it/);
  const revision = await one.html(
    `/p/${PROJECT}/${SECOND}/revision?id=${CHANGING_RECORD}&from=${OLDEST}`,
  );
  assert.match(revision, /<ins>The lock keeper who sold time<\/ins>/);
  // What is gone is found without knowing where it was, and the menu of snapshots keeps the place.
  const found = await one.html(`/p/${PROJECT}/search?q=${GONE_RECORD}`);
  assert.match(found, new RegExp(`/p/${PROJECT}/${SECOND}/record\\?id=${GONE_RECORD}`));
  assert.match(await one.html(`${AT}/record?id=${GONE_RECORD}`, 404), /There is no record/);
  const there = await one.html(`/p/${PROJECT}/${SECOND}/record?id=${GONE_RECORD}&view=json`);
  assert.match(
    there,
    new RegExp(`href="/p/${PROJECT}/${NEWEST}/record\\?id=${GONE_RECORD}&amp;view=json"`),
  );
  const compared = await one.html(`/p/${PROJECT}/compare?s=${NEWEST}&s=${OLDEST}`);
  assert.match(compared, /The lock keeper who sold time/);
  assert.match(await one.html(`/p/${PROJECT}/compare?s=${NEWEST}`, 400), /Tick two snapshots/);
});

Deno.test("a login sees what its token may, and files are sent as they may be run", async () => {
  const reader = browser();
  await reader.logIn("read");
  const page = await reader.html(`${AT}/record?id=${CHANGING_RECORD}`);
  assert.doesNotMatch(page, /She has become very good at it|>Current</);
  assert.match(await reader.html(`/p/${PROJECT}/compare?s=${NEWEST}&s=${OLDEST}`, 403), /preview/);
  assert.equal((await reader.ask(`${AT}/file?path=manifest.json`)).status, 403);
  assert.equal((await reader.ask(`${AT}/download/current`)).status, 403);
  assert.equal((await reader.ask(`${AT}/download/archive`)).status, 403);
  const admin = browser();
  await admin.logIn();
  assert.equal((await admin.ask(`${AT}/file?path=../../secret.txt`)).status, 404);
  const site = await admin.ask(`${AT}/file?path=site.json`);
  assert.match(site.headers.get("content-disposition")!, /^attachment/);
  assert.equal(JSON.parse(await site.text()).data.id, PROJECT);
  const archive = await admin.ask(`${AT}/download/archive`);
  assert.equal(archive.status, 200);
  assert.ok((await archive.bytes()).length > 10_000);
  let [shown, saved] = [0, 0];
  const media = await admin.html(`${AT}/media`);
  for (const [, id] of media.matchAll(/upload\?id=([\w%-]+)"/g)) {
    assert.match(await admin.html(`${AT}/upload?id=${id}`), /Where it is used/);
    const response = await admin.ask(`${AT}/asset?id=${id}`);
    await response.body?.cancel();
    if (response.status === 404) continue;
    const type = response.headers.get("content-type")!;
    const isInline = response.headers.get("content-disposition") === "inline";
    const isPreviewed = media.includes(`/asset?id=${id}"`);
    assert.equal(isPreviewed, isInline && type.startsWith("image/"), type);
    if (isInline) assert.doesNotMatch(type, /svg|html|pdf/);
    if (isInline) shown++;
    else saved++;
  }
  assert.ok(shown > 0 && saved > 0);
  assert.deepEqual(admin.errors, []);
});

Deno.test("where nobody has to log in all is shown, and without pages there are none", async () => {
  const open = browser({ auth: false, tokens: [] });
  assert.doesNotMatch(await open.html("/"), /Log out/);
  for (const path of pagesOf(CHANGING_RECORD)) await open.html(path);
  assert.equal((await open.ask("/login")).headers.get("location"), "/");
  const none = browser({ ui: false });
  for (const path of ["/", "/login", AT, "/page/style.css"]) {
    const response = await none.ask(path);
    assert.equal(response.status, 401, path);
    assert.match(response.headers.get("content-type")!, /json/);
  }
});
