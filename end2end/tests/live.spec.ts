import { expectToMove, openLive, price, stripItem } from "../fixture/page";
import { expect, test } from "../fixture/test";

test("prices move on the homepage, on the strip and on a coin's page", async ({ page }) => {
  await openLive(page, "/");
  await expectToMove(price(page, "BTC"));
  await expectToMove(stripItem(page, "BTC"));
  await expect(stripItem(page, "BTC")).toHaveAttribute("data-freshness", "live");
  await openLive(page, "/coin/BTC");
  await expectToMove(page.getByTestId("coin-price"));
});

test("ten seconds of live prices shift nothing", async ({ page }) => {
  await page.addInitScript(() => {
    const layout = { shift: 0 };
    Object.assign(window, { layout });
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries() as (PerformanceEntry & { value: number })[]) layout.shift += entry.value;
    }).observe({ type: "layout-shift", buffered: true });
  });
  await openLive(page, "/");
  const shift = () => page.evaluate(() => (window as unknown as { layout: { shift: number } }).layout.shift);
  const loading = await shift();
  expect(loading, "while loading").toBeLessThan(0.02);
  const start = await page.evaluate(() => performance.now());
  await page.waitForFunction((from) => performance.now() - from > 10_000, start);
  await expectToMove(price(page, "BTC"));
  expect((await shift()) - loading, "while prices move").toBeLessThan(0.0005);
});

test("the stream speaks to a browser's EventSource as documented", { tag: "@once" }, async ({ page }) => {
  await page.goto("/");
  const messages = await page.evaluate(
    () =>
      new Promise<{ type: string; symbol?: string; data?: { symbol: string; price: number }; id: string }[]>((resolve, reject) => {
        const heard: { type: string; id: string }[] = [];
        const source = new EventSource("/api/realtime/BTC");
        source.onerror = () => reject(new Error("the stream failed"));
        source.onmessage = (event: MessageEvent<string>) => {
          heard.push({ ...JSON.parse(event.data), id: event.lastEventId });
          if (heard.length === 3) {
            source.close();
            resolve(heard);
          }
        };
      }),
  );
  expect(messages[0]).toMatchObject({ type: "connected", symbol: "BTC" });
  expect(messages[1]).toMatchObject({ type: "ticker", data: { symbol: "BTC" } });
  expect(messages[1]?.data?.price).toBeGreaterThan(0);
  expect(messages[1]?.id).not.toBe("");
});
