import type { Page } from "@playwright/test";
import { figure, openLive, row, rows } from "../fixture/page";
import { expect, test } from "../fixture/test";

const symbols = (page: Page): Promise<(string | null)[]> =>
  rows(page).evaluateAll((all) => all.map((r) => r.getAttribute("data-symbol")));

const prices = async (page: Page): Promise<number[]> => {
  const texts = await rows(page).getByTestId("price").allTextContents();
  return texts.map(figure);
};

test("the table is filtered by keyboard", async ({ page }) => {
  await openLive(page, "/");
  const all = await rows(page).count();
  await page.getByTestId("market-filter").focus();
  await page.keyboard.type("bitcoin");
  await expect.poll(() => symbols(page)).toEqual(["BTC", "BCH"]);
  await page.keyboard.press("ControlOrMeta+A");
  await page.keyboard.type("doge");
  await expect.poll(() => symbols(page)).toEqual(["DOGE"]);
  await page.keyboard.press("ControlOrMeta+A");
  await page.keyboard.type("nothing has this name");
  await expect(rows(page)).toHaveCount(0);
  await page.keyboard.press("ControlOrMeta+A");
  await page.keyboard.press("Delete");
  await expect(rows(page)).toHaveCount(all);
});

test("the table is sorted by keyboard", async ({ page }) => {
  await openLive(page, "/");
  const header = page.getByRole("columnheader", { name: /^price/i });
  await header.getByRole("button").focus();

  for (let press = 0; press < 2; press += 1) {
    await page.keyboard.press("Enter");
    await expect(header).toHaveAttribute("aria-sort", /^(ascending|descending)$/);
    const sign = (await header.getAttribute("aria-sort")) === "ascending" ? 1 : -1;
    // Two assets may change places while we look.
    await expect
      .poll(async () => {
        const shown = await prices(page);
        return shown.length > 1 && shown.every((p, i) => i === 0 || sign * (p - (shown[i - 1] ?? 0)) >= 0);
      })
      .toBe(true);
    await expect(header.getByRole("button"), "the button keeps the focus").toBeFocused();
  }
  const first = await symbols(page);
  await page.keyboard.press("Enter");
  await expect.poll(() => symbols(page)).not.toEqual(first);
});

test("a row opens its coin by keyboard", async ({ page }) => {
  await openLive(page, "/");
  await row(page, "SOL").getByRole("link").first().focus();
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/\/coin\/SOL$/);
  await expect(page.getByTestId("coin-price")).toBeVisible();
});
