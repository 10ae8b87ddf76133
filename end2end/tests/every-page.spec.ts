import { link, openLive, PAGES, venueRow } from "../fixture/page";
import { VENUES } from "../fixture/server";
import { expect, test } from "../fixture/test";

for (const { name, path, status } of PAGES) {
  // The guard of fixture/test.ts sees to it that no page complains or talks to another host.
  test(`${name}: answers ${status}, comes alive, says that its data is simulated`, async ({ page }) => {
    const answer = await page.goto(path);
    expect(answer?.status()).toBe(status);
    await expect(link(page)).toContainText("Real-time");
    await expect(page.getByTestId("strip")).toBeVisible();
    await expect(page.getByTestId("simulated").first()).toBeVisible();
    await expect(page.locator("h1")).toHaveCount(1);
  });
}

test("pages are changed without losing the stream", { tag: "@once" }, async ({ page }) => {
  await page.addInitScript(() => {
    const own = window.EventSource;
    const counter = { streams: 0 };
    window.EventSource = class extends own {
      constructor(address: string | URL, options?: EventSourceInit) {
        super(address, options);
        counter.streams += 1;
      }
    };
    Object.assign(window, { counter });
  });
  await openLive(page, "/");
  await page.locator("[data-testid=market-row][data-symbol=ETH] a").first().click();
  await expect(page).toHaveURL(/\/coin\/ETH$/);
  for (const venue of VENUES) await expect(venueRow(page, venue)).toBeVisible();
  await page.goBack();
  await expect(page.getByTestId("market-row").first()).toBeVisible();
  await expect(link(page)).toContainText("Real-time");
  const opened = await page.evaluate(() => (window as unknown as { counter: { streams: number } }).counter.streams);
  expect(opened).toBe(1);
});
