import { figure, link, openLive, row, stripItem, venueRow } from "../fixture/page";
import { VENUES } from "../fixture/server";
import { expect, test } from "../fixture/test";

const STRIP = ["BTC", "ETH", "SOL", "BNB"];

test("a venue that is cut is said to be down, and the price stays right", { tag: "@once" }, async ({ page, exchanges }) => {
  await openLive(page, "/coin/BTC");
  const sources = page.getByTestId("source-count");
  await expect(sources).toHaveText("3");
  await expect(venueRow(page, "binance")).toHaveAttribute("data-freshness", "live");

  await exchanges.cut("binance");
  await expect(venueRow(page, "binance")).toHaveAttribute("data-freshness", "down", { timeout: 5_000 });
  await expect(venueRow(page, "binance")).toContainText(/down/i);
  await expect(sources).toHaveText("2", { timeout: 5_000 });

  for (const venue of ["bybit", "okx"]) await expect(venueRow(page, venue)).toHaveAttribute("data-freshness", "live");
  const { venues } = await exchanges.ticker("BTC");
  const others = venues.filter((v) => v.venue !== "binance").map((v) => v.price ?? Number.NaN);
  const shown = figure(await page.getByTestId("coin-price").textContent());
  // The market moves between the two looks, though never by half a percent.
  expect(shown).toBeGreaterThan(Math.min(...others) * 0.995);
  expect(shown).toBeLessThan(Math.max(...others) * 1.005);
  await expect(stripItem(page, "BTC")).toHaveAttribute("data-freshness", "live");

  await exchanges.clear();
  await expect(venueRow(page, "binance")).toHaveAttribute("data-freshness", "live", { timeout: 40_000 });
  await expect(sources).toHaveText("3");
});

test("when every venue stalls nothing is live, and all come back", { tag: "@once" }, async ({ page, exchanges }) => {
  test.setTimeout(150_000);
  await openLive(page, "/");
  await expect(link(page)).toContainText("4/4");

  for (const venue of VENUES) await exchanges.fault(venue, "stall");
  await expect(link(page)).toContainText("0/4", { timeout: 35_000 });
  for (const symbol of STRIP) {
    await expect(stripItem(page, symbol)).toHaveAttribute("data-freshness", /^(stale|down)$/);
    // The last price stays.
    expect(figure(await row(page, symbol).getByTestId("price").textContent()), symbol).toBeGreaterThan(0);
  }

  await exchanges.clear();
  await expect(link(page)).toContainText("4/4", { timeout: 60_000 });
  for (const symbol of STRIP) await expect(stripItem(page, symbol)).toHaveAttribute("data-freshness", "live");
});
