import AxeBuilder from "@axe-core/playwright";
import { openLive, PAGES, rememberTheme, THEMES } from "../fixture/page";
import { expect, test } from "../fixture/test";

for (const { name, path } of PAGES) {
  for (const theme of THEMES) {
    test(`${name}, ${theme}: axe finds nothing`, async ({ page, server }) => {
      await rememberTheme(page, server.url, theme);
      await openLive(page, path);
      const { violations } = await new AxeBuilder({ page }).analyze();
      const found = violations.map((v) => `${v.id}: ${v.help}\n${v.nodes.map((n) => `  ${n.target.join(" ")}`).join("\n")}`);
      expect(found).toEqual([]);
    });
  }
}

test("with reduced motion nothing moves by itself", async ({ page }) => {
  await page.emulateMedia({ reducedMotion: "reduce" });
  await openLive(page, "/");
  const endless = () =>
    document.getAnimations().filter((a) => a.playState === "running" && a.effect?.getTiming().iterations === Infinity).length;
  expect(await page.evaluate(endless)).toBe(0);
});
