import { openLive, PAGES, rememberTheme, THEMES } from "../fixture/page";
import { expect, test } from "../fixture/test";

const WIDTHS = [320, 360, 390, 768, 1440, 3840];

for (const { name, path } of PAGES) {
  for (const theme of THEMES) {
    test(`${name}, ${theme}: a picture`, async ({ page, server }, info) => {
      await rememberTheme(page, server.url, theme);
      await openLive(page, path);
      await expect(page.locator("html")).toHaveAttribute("data-theme", theme);
      if (path === "/coin/BTC") await expect(page.getByTestId("candle-chart")).toHaveAttribute("data-state", "ready");
      const picture = info.outputPath(`${name.replaceAll(" ", "-")}-${theme}.png`);
      await page.screenshot({ path: picture, fullPage: true });
      await info.attach(`${name}, ${theme}, ${info.project.name}`, { path: picture, contentType: "image/png" });
    });
  }

  test(`${name}: no sideways scroll at any width`, { tag: "@once" }, async ({ page }) => {
    await openLive(page, path);
    for (const width of WIDTHS) {
      await page.setViewportSize({ width, height: 900 });
      const surplus = () => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      await expect.poll(surplus, { message: `${width} px` }).toBeLessThanOrEqual(0);
      await expect(page.getByTestId("strip"), `${width} px`).toBeInViewport();
      await expect(page.locator("h1"), `${width} px`).toBeVisible();
    }
  });
}
