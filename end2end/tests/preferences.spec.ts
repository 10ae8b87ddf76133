import { openLive, stripItem } from "../fixture/page";
import { expect, test } from "../fixture/test";

test("the theme is remembered, and the first HTML has it already", async ({ page }) => {
  await page.emulateMedia({ colorScheme: "light" });
  await openLive(page, "/");
  const html = page.locator("html");
  await page.getByTestId("theme-switch").selectOption("dark");
  await expect(html).toHaveAttribute("data-theme", "dark");
  const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const dark = await ground();

  const first = await (await page.request.get("/")).text();
  expect(first).toMatch(/<html[^>]*data-theme="dark"/);
  await page.reload();
  await expect(html).toHaveAttribute("data-theme", "dark");
  expect(await ground()).toBe(dark);

  const cookies = await page.context().cookies();
  const kept = cookies.find((cookie) => cookie.name === "mp_theme");
  expect(kept).toMatchObject({ value: "dark", path: "/", sameSite: "Lax" });
  expect((kept?.expires ?? 0) - Date.now() / 1000).toBeGreaterThan(300 * 86_400);
});

test("without a choice the system decides", async ({ page }) => {
  const grounds: string[] = [];
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    await page.goto("/");
    grounds.push(await page.evaluate(() => getComputedStyle(document.body).backgroundColor));
  }
  expect(grounds[0]).not.toBe(grounds[1]);
});

test("the visitor's own strip is remembered, and the first HTML has it already", async ({ page }) => {
  await openLive(page, "/");
  await expect(stripItem(page, "DOGE")).toHaveCount(0);
  await page.getByRole("button", { name: "Choose the assets of the strip" }).click();
  await page.getByTestId("strip-choices").getByRole("checkbox", { name: "DOGE" }).check();
  await expect(stripItem(page, "DOGE")).toBeVisible();

  const first = await (await page.request.get("/")).text();
  const items = first.match(/<[a-z]+[^>]*data-testid="strip-item"[^>]*>/g) ?? [];
  expect(items.filter((item) => item.includes('data-symbol="DOGE"'))).toHaveLength(1);
  await page.reload();
  await expect(stripItem(page, "DOGE")).toBeVisible();
  await expect(stripItem(page, "BTC")).toHaveCount(1);
});
