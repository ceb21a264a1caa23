// page.cjs OPTIONS: uses the web page of snapshots in Chromium as people do, with and without a script, on a phone
// and on a desk, by day and by night; says as JSON what it saw. OPTIONS is JSON: url, token, the ids of records, and
// a folder for screenshots, if they are wanted.
const { createRequire } = require("node:module");
const { readFileSync } = require("node:fs");
const tools = createRequire(`${process.env.SLUICE_TEST_TOOLS}/`);
const { chromium } = tools("playwright-core");
const axe = readFileSync(tools.resolve("axe-core/axe.min.js"), "utf8");
const { url, token, project, changing, hostile, upload, shots } = JSON.parse(process.argv[2]);

/** Pages that everybody comes to, below the address. */
function placesOf(snapshot, older) {
  const at = `/p/${project}/${snapshot}`;
  return {
    projects: "/",
    snapshots: `/p/${project}`,
    snapshot: at,
    records: `${at}/records?model=article`,
    record: `${at}/record?id=${changing}`,
    differences: `${at}/record?id=${changing}&view=changes`,
    json: `${at}/record?id=${changing}&view=json`,
    hostile: `${at}/record?id=${hostile}`,
    history: `${at}/history?id=${changing}`,
    revision: `${at}/revision?id=${changing}&from=${older}`,
    referrers: `${at}/referrers?id=${changing}`,
    where: `${at}/where?q=${changing}`,
    media: `${at}/media`,
    upload: `${at}/upload?id=${upload}`,
    files: `${at}/files`,
    search: `/p/${project}/search?q=script`,
    compare: `/p/${project}/compare?s=${older}&s=${snapshot}`,
    missing: `/p/${project}/1`,
  };
}

(async () => {
  const browser = await chromium.launch({
    executablePath: process.env.SLUICE_TEST_CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox"],
  });
  const seen = { events: [], steps: [], pages: [] };
  const open = async (options) => {
    const context = await browser.newContext(options);
    const page = await context.newPage();
    page.on("console", (message) => {
      const isMissing = message.text().includes("404 (Not Found)") && page.url().endsWith("/1");
      if (["error", "warning"].includes(message.type()) && !isMissing) {
        seen.events.push(`${page.url()} console ${message.text()}`);
      }
    });
    page.on("pageerror", (error) => seen.events.push(`${page.url()} error ${error.message}`));
    page.on("dialog", (dialog) => dialog.dismiss().then(() => seen.events.push("dialog")));
    page.on("popup", () => seen.events.push("popup"));
    page.on("request", (request) => {
      if (!request.url().startsWith(url)) seen.events.push(`request ${request.url()}`);
    });
    await page.exposeFunction("tellPolicy", (told) => seen.events.push(`policy ${told}`));
    await page.addInitScript(() => {
      document.addEventListener("securitypolicyviolation", (event) => {
        globalThis.tellPolicy(`${event.violatedDirective} ${event.blockedURI}`);
      });
    });
    return page;
  };
  const logIn = async (page) => {
    await page.goto(`${url}/p/${project}`);
    await page.fill("#token", token);
    await page.press("#token", "Enter");
    await page.waitForURL(`${url}/p/${project}`);
  };
  try {
    // As somebody does who looks for a text that was there; each step is told.
    for (const javaScriptEnabled of [true, false]) {
      const page = await open({ viewport: { width: 1280, height: 900 }, javaScriptEnabled });
      const step = async (name) => {
        const heading = await page.locator("h1").innerText();
        seen.steps.push({
          javaScriptEnabled,
          name,
          heading,
          address: page.url().slice(url.length),
        });
      };
      await logIn(page);
      await step("snapshots");
      const boxes = page.locator("input[name=s]");
      await boxes.nth(0).check();
      await boxes.nth(3).check();
      await page.click("text=Compare two snapshots");
      await step("compare");
      await page.goto(`${url}/p/${project}`);
      await page.click("tbody tr:first-child th a");
      await step("snapshot");
      await page.click("tbody th a:text-is('Article')");
      await page.fill("main input[name=q]", "CANDLE");
      if (javaScriptEnabled) {
        await page.selectOption("select[name=sort]", "title");
        await page.waitForURL(/sort=title/);
      } else await page.click("text=Apply");
      await step("records");
      await page.click(`a[href*="record?id=${changing}"]`);
      await step("record");
      await page.click("nav[aria-label=Locales] a:text-is('it')");
      await step("locale");
      await page.click("a:has-text('Its history')");
      await step("history");
      await page.click("text=Show what >> nth=0");
      await step("revision");
      await page.click("a[aria-label='The same in the snapshot before']");
      await step("before");
      await page.click("text=Log out");
      await page.waitForURL(`${url}/login`);
      await step("out");
      await page.context().close();
    }
    for (const [width, colorScheme] of [[360, "dark"], [1280, "light"]]) {
      const page = await open({ viewport: { width, height: 900 }, colorScheme });
      await page.goto(`${url}/login`);
      const rows = [];
      const look = async (name) => {
        const { width: wide, scripts, ran } = await page.evaluate(() => ({
          width: document.documentElement.scrollWidth,
          scripts: [...document.scripts].filter(({ src }) => new URL(src, "x:").origin !== origin)
            .length,
          ran: globalThis.ran ?? null,
        }));
        const violations = await page.evaluate(`${axe};axe.run().then(({ violations }) => {
          return violations.map(({ id, nodes }) => id + ": " + nodes.slice(0, 3).map(({ html }) => html.slice(0, 160)).join(" | "));
        })`);
        rows.push({ name, overflow: wide - width, scripts, ran, violations });
        if (shots) await page.screenshot({ path: `${shots}/${name}-${width}-${colorScheme}.png` });
      };
      await look("login");
      await logIn(page);
      const ids = await page.locator("input[name=s]").evaluateAll((all) =>
        all.map((one) => one.value)
      );
      for (const [name, path] of Object.entries(placesOf(ids[0], ids.at(-1)))) {
        await page.goto(`${url}${path}`);
        await look(name);
      }
      seen.pages.push({ width, colorScheme, rows });
      await page.context().close();
    }
  } finally {
    await browser.close();
  }
  process.stdout.write(JSON.stringify(seen));
})().catch((error) => {
  process.stderr.write(`${error.stack}\n`);
  process.exit(1);
});
