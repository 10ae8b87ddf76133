import { openLive, storyAbout, stories } from "../fixture/page";
import { expect, invented, tell, test, wordings } from "../fixture/news";

test("a story that is published appears by itself, with its source, asset and age", async ({ page, server }) => {
  const name = invented();
  await openLive(page, "/");
  await page.evaluate(() => document.documentElement.setAttribute("data-not-reloaded", ""));
  await server.publish({ source: "ledger_wire", title: `${name} lists Solana options for retail traders` });
  const story = storyAbout(page, name);
  await expect(story).toHaveCount(1, { timeout: 15_000 });
  await expect(story.getByTestId("story-sources")).toHaveText("Ledger Wire");
  await expect(story.locator("time")).toHaveText("just now");
  const chip = story.locator('[data-testid="story-chip"][data-symbol="SOL"]');
  await expect(chip).toHaveAttribute("href", "/coin/SOL");
  await expect(chip.locator(".price")).toHaveText(/^[0-9][0-9,.]+$/);
  await expect(page.locator("html[data-not-reloaded]")).toHaveCount(1);
  await expect(page.getByTestId("announcer").first()).toHaveText(/^\d+ new stor(y|ies)$/, { timeout: 15_000 });
});

test("two wordings of one event are one story with two sources", async ({ page, server }) => {
  const name = invented();
  await openLive(page, "/");
  await tell(server, name, wordings(name).slice(0, 2));
  const story = storyAbout(page, name);
  await expect(story).toHaveCount(1, { timeout: 15_000 });
  await expect(story.getByTestId("story-sources")).toHaveText(/^2 sources: /, { timeout: 15_000 });
  await expect(story.getByTestId("story-sources")).toContainText("Ledger Wire");
  await expect(story.getByTestId("story-sources")).toContainText("Chain Courier");
  expect(await server.stories(name)).toHaveLength(1);
});

test("new stories are counted while the reader is further down, and shown when asked for", async ({ page, server }) => {
  await openLive(page, "/");
  await expect.poll(() => stories(page).count()).toBeGreaterThan(0);
  // Among the stories with the keyboard: the list holds still.
  await stories(page).first().getByRole("link").first().focus();
  const first = await stories(page).first().getAttribute("data-story");
  const name = invented();
  await server.publish({ source: "ledger_wire", title: `${name} publishes its audited yearly report` });
  const counted = page.getByTestId("new-stories");
  await expect(counted).toHaveText(/^\d+ new stor(y|ies)$/, { timeout: 15_000 });
  await server.story(name);
  await expect(storyAbout(page, name)).toHaveCount(0);
  expect(await stories(page).first().getAttribute("data-story")).toBe(first);
  await counted.click();
  await expect(storyAbout(page, name)).toHaveCount(1, { timeout: 15_000 });
  await expect(counted).toBeHidden();
});

test("filters are in the address, in the first HTML, and can be shared", async ({ page, server, request }) => {
  const [solana, cardano] = [invented(), invented()];
  await server.publish({ source: "ledger_wire", title: `${solana} starts Solana custody` });
  await server.publish({ source: "chain_courier", title: `Cardano foundation hires ${cardano} as auditor` });
  await Promise.all([server.story(solana), server.story(cardano)]);

  await openLive(page, "/");
  await page.getByTestId("asset").selectOption("SOL");
  await expect(page).toHaveURL(/[?&]asset=SOL/);
  await expect(storyAbout(page, solana)).toHaveCount(1);
  await expect(storyAbout(page, cardano)).toHaveCount(0);
  await page.getByTestId("source").selectOption("chain_courier");
  await expect(page).toHaveURL(/[?&]source=chain_courier/);
  await expect(storyAbout(page, solana)).toHaveCount(0);

  const shared = await (await request.get("/?asset=ADA&source=chain_courier")).text();
  const list = /<ul class="stories">.*?<\/ul>/s.exec(shared)?.[0] ?? "";
  expect(list).toContain(cardano);
  expect(list).not.toContain(solana);
  expect(shared).toMatch(/<option[^>]*value="ADA"[^>]*selected|<option[^>]*selected[^>]*value="ADA"/);

  await page.getByTestId("clear-filter").click();
  await expect(page).toHaveURL(new RegExp(`^${server.url}/$`));
  await expect(storyAbout(page, cardano)).toHaveCount(1);
});

test("prices and stories come by one stream", { tag: "@once" }, async ({ page, server }) => {
  const streams: URL[] = [];
  page.on("request", (request) => {
    const url = new URL(request.url());
    if (/^\/api\/(realtime|sse)/.test(url.pathname)) streams.push(url);
  });
  const name = invented();
  await openLive(page, "/");
  await server.publish({ source: "ledger_wire", title: `${name} opens a research office for Bitcoin` });
  await expect(storyAbout(page, name)).toHaveCount(1, { timeout: 15_000 });
  await page.getByRole("link", { name: "News", exact: true }).click();
  await expect(page).toHaveURL(/\/news$/);
  await page.goBack();
  await expect(storyAbout(page, name)).toHaveCount(1);
  expect(streams).toHaveLength(1);
  expect(streams[0]?.searchParams.get("news")).toBe("1");
  expect(Number(streams[0]?.searchParams.get("lastEventId"))).toBeGreaterThan(0);
});
