import AxeBuilder from "@axe-core/playwright";
import { openLive, rememberTheme, stories, storyAbout, THEMES } from "../fixture/page";
import { expect, invented, OUTLETS, tell, test, wordings } from "../fixture/news";

test.describe("without JavaScript", () => {
  // The page asks for its script before the browser knows that it won't run it.
  test.use({ javaScriptEnabled: false, expectedMessages: [/was preloaded using link preload but not used/] });

  test("the first HTML has the stories, the search and each story's page", async ({ page, server }) => {
    const name = invented();
    await server.publish({ source: "ledger_wire", title: `${name} joins the Bitcoin mining council` });
    const { id } = await server.story(name);
    for (const path of ["/", "/news", "/coin/BTC"]) {
      await expect
        .poll(async () => {
          await page.goto(path);
          return storyAbout(page, name).count();
        })
        .toBe(1);
    }
    await page.goto("/news");
    await page.getByTestId("news-search").fill(name);
    await page.getByRole("button", { name: "Search" }).click();
    await expect(page).toHaveURL(new RegExp(`[?&]q=${name}`));
    await expect(stories(page)).toHaveCount(1);
    await stories(page).first().getByRole("link", { name }).click();
    await expect(page).toHaveURL(new RegExp(`/news/${id}$`));
    await expect(page.locator("h1")).toContainText(name);
    await expect(page.getByTestId("report")).toHaveCount(1);
  });
});

test("a story's page has everyone who reported it, and grows while it is open", async ({ page, server }) => {
  const name = invented();
  const [first = "", second = "", third = ""] = wordings(name);
  await server.publish({ source: OUTLETS[0], title: first, link: "https://ledger-wire.example/a-museum" });
  await server.story(name);
  await server.publish({ source: OUTLETS[1], title: second });
  await expect.poll(async () => (await server.story(name)).sources.length, { timeout: 15_000 }).toBe(2);
  const { id } = await server.story(name);
  await openLive(page, `/news/${id}`);
  await expect(page.locator("h1")).toContainText(name);
  await expect(page.getByTestId("report")).toHaveCount(2);
  await expect(page.getByTestId("reaction-table")).toContainText("ETH");

  const links = page.getByTestId("timeline").getByRole("link");
  for (const link of await links.all()) {
    expect(await link.getAttribute("rel")).toBe("noopener noreferrer nofollow ugc");
    expect(await link.getAttribute("target")).toBe("_blank");
    expect(await link.getAttribute("href")).toMatch(/^https?:\/\//);
  }
  await server.publish({ source: OUTLETS[3], title: third });
  await expect(page.getByTestId("report")).toHaveCount(3, { timeout: 15_000 });
});

test("an item without a date says so", async ({ page, server }) => {
  const name = invented();
  await server.publish({ source: "ledger_wire", title: `${name} explains its staking tiers`, pubDate: "" });
  const { id } = await server.story(name);
  await openLive(page, `/news/${id}`);
  await expect(page.getByTestId("report").getByText("undated")).toBeVisible();
});

test("the news are turned page by page", async ({ page }) => {
  const ids = () => stories(page).evaluateAll((all) => all.map((s) => s.getAttribute("data-story") ?? ""));
  await openLive(page, "/news");
  await expect(stories(page)).toHaveCount(20);
  const firstPage = await ids();
  await page.getByTestId("older").click();
  await expect(page).toHaveURL(/[?&]before=/);
  await expect.poll(async () => (await ids()).some((id) => firstPage.includes(id))).toBe(false);
  const secondPage = await ids();
  expect(secondPage.length).toBeGreaterThan(0);
  // What is published meanwhile moves nothing on an older page.
  await page.reload();
  expect(await ids()).toEqual(secondPage);
  await page.getByTestId("newest").click();
  await expect(stories(page)).toHaveCount(20);
});

test("the news are searched", async ({ page, server }) => {
  const word = invented();
  await server.publish({ source: "ledger_wire", title: `${word} opens a museum of ledgers in Porto` });
  await server.story(word);
  await openLive(page, "/news");
  await page.getByTestId("news-search").fill(word);
  await page.getByTestId("news-search").press("Enter");
  await expect(page).toHaveURL(new RegExp(`/news\\?q=${word}$`));
  await expect(stories(page)).toHaveCount(1);
  await expect(page.getByTestId("older")).toBeHidden();

  await page.getByTestId("news-search").fill(`${word} nothinghasthisword`);
  await page.getByTestId("news-search").press("Enter");
  await expect(page.getByTestId("no-stories")).toBeVisible();
});

test("a coin's page lists its stories and marks them on the chart", async ({ page, server }) => {
  await openLive(page, "/coin/ETH");
  const chart = page.getByTestId("candle-chart");
  await expect(chart).toHaveAttribute("data-state", "ready", { timeout: 20_000 });
  const name = invented();
  await server.publish({ source: "ledger_wire", title: `${name} ships an Ethereum client for phones` });
  await expect(storyAbout(page, name)).toHaveCount(1, { timeout: 15_000 });
  await expect(chart.locator("market-chart")).toHaveAttribute("data-marks", /^[1-9]\d*$/);
  await expect(page.getByRole("list", { name: "Marks of the chart" })).toContainText("breaking story");
});

test("the status page has every feed with its state", async ({ page }) => {
  await openLive(page, "/status");
  const feeds = page.getByTestId("feed");
  await expect.poll(() => feeds.count()).toBeGreaterThanOrEqual(10);
  const wire = page.locator('[data-testid=feed][data-feed="ledger_wire"]');
  await expect(wire).toHaveAttribute("data-state", "ok", { timeout: 20_000 });
  await expect(wire).toContainText(/ago/);
});

test("the feed is announced to readers of RSS", { tag: "@once" }, async ({ page, request }) => {
  await page.goto("/");
  const feed = page.locator('link[rel="alternate"][type="application/rss+xml"]');
  const answer = await request.get((await feed.getAttribute("href")) ?? "");
  expect(answer.ok()).toBe(true);
  expect(answer.headers()["content-type"]).toMatch(/xml/);
});

for (const theme of THEMES) {
  test(`${theme}: pages with stories are fit for everybody and as wide as the screen`, async ({ page, server }) => {
    test.setTimeout(120_000);
    const name = invented();
    await tell(server, name, wordings(name));
    await expect.poll(async () => (await server.story(name)).sources.length, { timeout: 20_000 }).toBe(OUTLETS.length);
    const { id } = await server.story(name);
    await rememberTheme(page, server.url, theme);
    for (const path of ["/", "/news", `/news/${id}`, "/coin/ETH", "/status"]) {
      await openLive(page, path);
      const { violations } = await new AxeBuilder({ page }).analyze();
      expect(violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.target.join(" ")).join(", ")}`), path).toEqual([]);
      const before = page.viewportSize() ?? { width: 1440, height: 900 };
      for (const width of [320, 390, 1140, 1440, 3840]) {
        await page.setViewportSize({ width, height: 900 });
        const surplus = () => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
        await expect.poll(surplus, { message: `${path} at ${width} px` }).toBeLessThanOrEqual(0);
      }
      await page.setViewportSize(before);
    }
  });
}
