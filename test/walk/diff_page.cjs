// diff_page.cjs FILE: opens a page in Chromium, narrow and wide, by day and by night, with scripts and requests
// allowed as in any browser; says as JSON what it did.
const { createRequire } = require("node:module");
const { chromium } = createRequire(`${process.env.SLUICE_TEST_TOOLS}/`)("playwright-core");
const [, , file, shots] = process.argv;

(async () => {
  const browser = await chromium.launch({
    executablePath: process.env.SLUICE_TEST_CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox"],
  });
  const found = [];
  try {
    for (const width of [360, 1280]) {
      for (const colorScheme of ["light", "dark"]) {
        const page = await browser.newPage({ viewport: { width, height: 800 }, colorScheme });
        const events = [];
        page.on("request", (request) => events.push(`request ${request.url()}`));
        page.on("dialog", (dialog) => dialog.dismiss().then(() => events.push("dialog")));
        page.on("popup", () => events.push("popup"));
        page.on("console", (message) => events.push(`console ${message.text()}`));
        page.on("pageerror", (error) => events.push(`error ${error.message}`));
        await page.goto(`file://${file}`);
        await page.mouse.move(width / 2, 400);
        const seen = await page.evaluate(() => {
          const { scrollWidth, clientWidth } = document.documentElement;
          const style = (node, name) => getComputedStyle(node)[name];
          return {
            title: document.title,
            overflow: scrollWidth - clientWidth,
            unsafe:
              document.querySelectorAll("script, img, iframe, svg, object, form, input").length,
            handlers: [...document.querySelectorAll("*")].filter(({ attributes }) =>
              [...attributes].some(({ name }) =>
                name.startsWith("on")
              )
            ).length,
            background: style(document.body, "backgroundColor"),
            ink: style(document.body, "color"),
            fontSize: style(document.body, "fontSize"),
            text: document.body.innerText,
          };
        });
        if (shots !== undefined) {
          await page.screenshot({ path: `${shots}-${width}-${colorScheme}.png` });
        }
        found.push({ width, colorScheme, events, ...seen });
        await page.close();
      }
    }
  } finally {
    await browser.close();
  }
  process.stdout.write(JSON.stringify(found));
})();
