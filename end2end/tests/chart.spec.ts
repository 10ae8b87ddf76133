import { createHash } from "node:crypto";
import { openLive } from "../fixture/page";
import { expect, test } from "../fixture/test";

test("the candle chart appears, moves, and changes its interval", async ({ page }) => {
  await openLive(page, "/coin/BTC");
  const chart = page.getByTestId("candle-chart");
  await expect(chart).toHaveAttribute("data-state", "ready", { timeout: 20_000 });
  const canvas = chart.locator("canvas").first();
  await expect(canvas).toBeVisible();
  await expect(page.getByRole("link", { name: /tradingview/i }).first()).toBeVisible();

  await chart.scrollIntoViewIfNeeded();
  // The picture of the chart alone: nothing else on it changes by itself.
  const picture = async () => createHash("sha256").update(await chart.screenshot()).digest("hex");
  await expect.poll(picture, { timeout: 20_000, message: "a candle moves" }).not.toBe(await picture());

  const answer = page.waitForResponse((response) => response.url().includes("/get_candles"));
  await page.getByText("1h", { exact: true }).click();
  expect((await answer).ok()).toBe(true);
  await expect(page.getByRole("radio", { name: "1h", exact: true })).toBeChecked();
  await expect(chart).toHaveAttribute("data-state", "ready");
});
