import { figure, price, rows, venueRow } from "../fixture/page";
import { VENUES } from "../fixture/server";
import { expect, test } from "../fixture/test";

test.describe("without JavaScript", () => {
  // The page asks for its script before the browser knows that it won't run it.
  test.use({ javaScriptEnabled: false, expectedMessages: [/was preloaded using link preload but not used/] });

  test("the homepage has the price of every asset", async ({ page }) => {
    await page.goto("/");
    expect(await rows(page).count()).toBeGreaterThanOrEqual(20);
    for (const symbol of ["BTC", "ETH", "SOL", "BNB", "DOGE", "1INCH"]) {
      expect(figure(await price(page, symbol).textContent()), symbol).toBeGreaterThan(0);
    }
  });

  test("a coin's page has its price and the audit of it", async ({ page, server }) => {
    await page.goto("/coin/BTC");
    const shown = figure(await page.getByTestId("coin-price").textContent());
    const known = (await server.ticker("BTC")).price;
    expect(Math.abs(shown / known - 1)).toBeLessThan(0.02);
    for (const venue of VENUES) expect(figure(await venueRow(page, venue).textContent()), venue).toBeGreaterThan(0);
  });
});

for (const path of ["/", "/coin/BTC", "/status"]) {
  test(`${path} is loaded anew where scripts are off`, { tag: "@once" }, async ({ request }) => {
    const html = await (await request.get(path)).text();
    const offers = html.match(/<noscript>.*?<\/noscript>/gs) ?? [];
    expect(offers.some((offer) => /<meta[^>]+http-equiv="refresh"/i.test(offer))).toBe(true);
    expect(html.replaceAll(/<noscript>.*?<\/noscript>/gs, "")).not.toMatch(/http-equiv="refresh"/i);
  });
}
